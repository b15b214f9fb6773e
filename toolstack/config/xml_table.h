/* SPDX-License-Identifier: MIT */
/*
 * config/xml_table.h - the elements of a domain, one row each.
 *
 * Owns    what becomes of every element that libvirt's schema has.
 * Leaves  walking the tree to xml_parse.c.  Private to config/.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_XML_TABLE_H
#define CONFIG_XML_TABLE_H

#include <config/def.h>
#include <config/diag.h>
#include <libxml/tree.h>

enum xml_treat {
    XML_TAKE,          /* honoured */
    XML_QUIET,         /* legal, says nothing new to us (addresses) */
    XML_STORE,         /* kept for dumpxml, of no effect by nature */
    XML_KEEP,          /* kept for dumpxml, not honoured: warn */
    XML_DROP,          /* inside a device, not honoured: warn */
    XML_REFUSE,        /* would not work: error "not supported" */
};

struct xml_reader {
    struct domain_def *def;
    struct diag *dg;
};

struct xml_row {
    const char *path;  /* below <domain>: "devices/disk/driver" */
    enum xml_treat treat;
    bool once;         /* at most one in its parent */
    bool text;         /* has character data */
    const char *attrs; /* names; a trailing '!' means: not honoured, warn */
    void (*take)(struct xml_reader *r, xmlNode *n);
    const char *why;   /* for KEEP, DROP and REFUSE */
};

/* xml_devices.c: the rows below <devices>. */
extern const struct xml_row xml_device_rows[];
extern const size_t nr_xml_device_rows;
/* Of its rows, those that set fields of the domain. */
void xml_take_controller(struct xml_reader *r, xmlNode *n);
void xml_take_memballoon(struct xml_reader *r, xmlNode *n);
void xml_take_emulator(struct xml_reader *r, xmlNode *n);

/* NULL if there is no such element. */
const struct xml_row *xml_row_find(const char *path);

#endif
