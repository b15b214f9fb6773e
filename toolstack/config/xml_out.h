/* SPDX-License-Identifier: MIT */
/*
 * config/xml_out.h - indented XML onto a stream.
 *
 * Owns    indentation and escaping.
 * Tests   tests/unit/toolstack/test_xml.c (golden files)
 */
#ifndef CONFIG_XML_OUT_H
#define CONFIG_XML_OUT_H

#include <stdio.h>

struct xml_out {
    FILE *f;
    int depth;
};

/*
 * Attributes are name, value, name, value..., ended by NULL; a pair whose
 * value is NULL is left out: xml_open(o, "disk", "type", "file", NULL, NULL).
 */
void xml_open(struct xml_out *o, const char *tag, ...);
void xml_empty(struct xml_out *o, const char *tag, ...);
void xml_text(struct xml_out *o, const char *tag, const char *text, ...);
void xml_close(struct xml_out *o, const char *tag);

/* A complete element that is XML already, at the current depth. */
void xml_raw(struct xml_out *o, const char *xml);

#endif
