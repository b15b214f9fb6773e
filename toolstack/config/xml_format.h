/* SPDX-License-Identifier: MIT */
/*
 * config/xml_format.h - struct domain_def as libvirt domain XML.
 *
 * Owns    order and spelling.  Reading the text back gives the same def.
 * Tests   tests/unit/toolstack/test_xml.c, tests/golden/
 */
#ifndef CONFIG_XML_FORMAT_H
#define CONFIG_XML_FORMAT_H

#include <config/def.h>
#include <stdio.h>

/* @domid < 0: not running, no id attribute. */
void xml_format(const struct domain_def *def, int domid, FILE *f);

#endif
