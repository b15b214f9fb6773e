/* SPDX-License-Identifier: MIT */
/*
 * config/xml_parse.h - libvirt domain XML into struct domain_def.
 *
 * Owns    syntax: well-formed, known elements and attributes, values of the
 *         right shape.  Nothing is dropped in silence: an element that libvirt
 *         knows and this version does not honour gives a warning.
 * Leaves  missing values to defaults.h, sense to validate.h.
 * Limits  1 MiB; no DTD, no entities, no includes, no network.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_XML_PARSE_H
#define CONFIG_XML_PARSE_H

#include <config/def.h>
#include <config/diag.h>

#define XML_MAX_BYTES (1024u * 1024u)

/*
 * Read @path ("-" is standard input) into @def, which the caller has
 * initialised and frees.  0, or -EINVAL with at least one error in @dg.
 */
int xml_parse_file(const char *path, struct domain_def *def, struct diag *dg);
int xml_parse_memory(const char *text, size_t len, struct domain_def *def,
                     struct diag *dg);

/*
 * One device instead of a domain, <disk>...</disk>: it is then the only one
 * in @def, and @element is its kind.
 */
#define DEVICE_WORD 32u
int xml_parse_device(const char *text, size_t len, struct domain_def *def,
                     char element[DEVICE_WORD], struct diag *dg);
int xml_parse_device_file(const char *path, struct domain_def *def,
                          char element[DEVICE_WORD], struct diag *dg);

#endif
