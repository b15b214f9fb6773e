/* SPDX-License-Identifier: MIT */
/*
 * config/device_kinds.h - kinds of devices, from parse to format, one row each.
 *
 * Owns    what is particular to a kind: its fields, defaults, checks, text.
 * Leaves  domain-level elements to xml_table, validate and xml_format.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_DEVICE_KINDS_H
#define CONFIG_DEVICE_KINDS_H

#include <config/def.h>
#include <config/diag.h>
#include <config/xml_out.h>
#include <libxml/tree.h>

struct xml_reader;

#define DEVICE_NAME 64u

struct device_kind {
    const char *element;
    size_t (*count)(const struct domain_def *def);
    void (*defaults)(struct domain_def *def, size_t i);
    /* @files: also look at the files that are named. */
    void (*validate)(const struct domain_def *def, size_t i, bool files,
                     struct diag *dg);
    void (*format)(const struct domain_def *def, size_t i,
                   struct xml_out *o);
    /*
     * For device_edit.h: what the device is called within its kind; left
     * empty if it has no name.  NULL where editing is not possible.
     */
    void (*name)(const struct domain_def *def, size_t i,
                 char name[DEVICE_NAME]);
    size_t array, nr, size;
};

/* The last three: where in struct domain_def the devices are. */
#define DEVICE_ARRAY(list, count)                                          \
    offsetof(struct domain_def, list), offsetof(struct domain_def, count), \
    sizeof(*((struct domain_def *)NULL)->list)

extern const struct device_kind device_kinds[];
extern const size_t nr_device_kinds;

/* Parse: called from the rows of xml_table.c. */
void device_take_disk(struct xml_reader *r, xmlNode *n);
void device_take_disk_driver(struct xml_reader *r, xmlNode *n);
void device_take_disk_source(struct xml_reader *r, xmlNode *n);
void device_take_disk_target(struct xml_reader *r, xmlNode *n);
void device_take_disk_readonly(struct xml_reader *r, xmlNode *n);
void device_take_disk_transient(struct xml_reader *r, xmlNode *n);
void device_take_nic(struct xml_reader *r, xmlNode *n);
void device_take_nic_mac(struct xml_reader *r, xmlNode *n);
void device_take_nic_source(struct xml_reader *r, xmlNode *n);
void device_take_nic_driver(struct xml_reader *r, xmlNode *n);
void device_take_nic_model(struct xml_reader *r, xmlNode *n);
void device_take_nic_target(struct xml_reader *r, xmlNode *n);
void device_take_nic_alias(struct xml_reader *r, xmlNode *n);
void device_take_nic_ip(struct xml_reader *r, xmlNode *n);
void device_take_nic_mtu(struct xml_reader *r, xmlNode *n);
void device_take_nic_outbound(struct xml_reader *r, xmlNode *n);
void device_take_nic_filter(struct xml_reader *r, xmlNode *n);
void device_take_graphics(struct xml_reader *r, xmlNode *n);
void device_take_graphics_listen(struct xml_reader *r, xmlNode *n);
void device_take_video(struct xml_reader *r, xmlNode *n);
void device_take_video_model(struct xml_reader *r, xmlNode *n);
void device_take_video_resolution(struct xml_reader *r, xmlNode *n);
void device_take_input(struct xml_reader *r, xmlNode *n);
void device_take_serial(struct xml_reader *r, xmlNode *n);
void device_take_serial_source(struct xml_reader *r, xmlNode *n);
void device_take_serial_target(struct xml_reader *r, xmlNode *n);
void device_take_console(struct xml_reader *r, xmlNode *n);
void device_take_console_target(struct xml_reader *r, xmlNode *n);

/* An attribute's value, NULL if absent; the caller frees it (xml_table.c). */
char *xml_attr(xmlNode *n, const char *name);

#endif
