/* SPDX-License-Identifier: MIT */
/*
 * The table of device kinds, and <console>, the shortest of them.  Disks are
 * in device_disk.c, cards in device_nic.c.  Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_disk.h>
#include <config/device_nic.h>
#include <config/device_screen.h>
#include <config/device_serial.h>
#include <config/xml_table.h>
#include <stdlib.h>
#include <string.h>

static size_t console_count(const struct domain_def *def)
{
    return def->nr_consoles;
}

void device_take_console(struct xml_reader *r, xmlNode *n)
{
    struct console_def *c = DEF_GROW(r->def->consoles, r->def->nr_consoles);

    if (c == NULL) {
        abort();
    }
    c->line = (unsigned int)xmlGetLineNo(n);
    c->type = xml_attr(n, "type");
}

void device_take_console_target(struct xml_reader *r, xmlNode *n)
{
    struct console_def *c = &r->def->consoles[r->def->nr_consoles - 1];
    char *port = xml_attr(n, "port");

    free(c->target);
    c->target = xml_attr(n, "type");
    c->port = port == NULL ? 0 : (unsigned int)strtoul(port, NULL, 10);
    free(port);
}

static void console_defaults(struct domain_def *def, size_t i)
{
    struct console_def *c = &def->consoles[i];

    if (c->type == NULL) {
        c->type = strdup("pty");
    }
    if (c->target == NULL) {
        c->target = strdup("xen");
    }
}

static void console_validate(const struct domain_def *def, size_t i,
                             bool files, struct diag *dg)
{
    const struct console_def *c = &def->consoles[i];

    if (i > 0 || c->port != 0) {
        diag_warn(dg, c->line, "a second <console> is not honoured");
    } else if (strcmp(c->type, "pty") != 0) {
        diag_warn(dg, c->line, "<console type='%s'> is not honoured: the "
                  "console is a pty", c->type);
    } else if (strcmp(c->target, "xen") != 0 &&
               strcmp(c->target, "serial") != 0) {
        diag_error(dg, c->line, "<console>: unknown target type '%s'",
                   c->target);
    }
}

static void console_format(const struct domain_def *def, size_t i,
                           struct xml_out *o)
{
    const struct console_def *c = &def->consoles[i];
    char port[16];

    snprintf(port, sizeof(port), "%u", c->port);
    xml_open(o, "console", "type", c->type, NULL);
    xml_empty(o, "target", "type", c->target, "port", port, NULL);
    xml_close(o, "console");
}

const struct device_kind device_kinds[] = {
    { "disk", disk_count, disk_defaults, disk_validate, disk_format,
      disk_name, DEVICE_ARRAY(disks, nr_disks) },
    { "interface", nic_count, nic_defaults, nic_validate, nic_format,
      nic_name, DEVICE_ARRAY(nics, nr_nics) },
    { "input", input_count, input_defaults, input_validate, input_format,
      NULL, DEVICE_ARRAY(inputs, nr_inputs) },
    { "graphics", graphics_count, graphics_defaults, graphics_validate,
      graphics_format, NULL, DEVICE_ARRAY(graphics, nr_graphics) },
    { "video", video_count, video_defaults, video_validate, video_format,
      NULL, DEVICE_ARRAY(videos, nr_videos) },
    { "serial", serial_count, serial_defaults, serial_validate,
      serial_format, NULL, DEVICE_ARRAY(serials, nr_serials) },
    { "console", console_count, console_defaults, console_validate,
      console_format, NULL, DEVICE_ARRAY(consoles, nr_consoles) },
};
const size_t nr_device_kinds =
    sizeof(device_kinds) / sizeof(device_kinds[0]);
