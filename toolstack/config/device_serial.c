/* SPDX-License-Identifier: MIT */
/*
 * <serial>: reading its parts, its defaults, what cannot work, its text.
 * The row is in device_kinds.c.  Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_serial.h>
#include <config/xml_table.h>
#include <stdlib.h>
#include <string.h>

static struct serial_def *last(struct xml_reader *r)
{
    return &r->def->serials[r->def->nr_serials - 1];
}

void device_take_serial(struct xml_reader *r, xmlNode *n)
{
    struct serial_def *s = DEF_GROW(r->def->serials, r->def->nr_serials);

    if (s == NULL) {
        abort();                       /* the children must find it */
    }
    s->line = (unsigned int)xmlGetLineNo(n);
    s->type = xml_attr(n, "type");
}

void device_take_serial_source(struct xml_reader *r, xmlNode *n)
{
    free(last(r)->path);
    last(r)->path = xml_attr(n, "path");
}

void device_take_serial_target(struct xml_reader *r, xmlNode *n)
{
    char *port = xml_attr(n, "port");

    last(r)->port = port == NULL ? 0 : (unsigned int)strtoul(port, NULL, 10);
    free(port);
}

size_t serial_count(const struct domain_def *def)
{
    return def->nr_serials;
}

void serial_defaults(struct domain_def *def, size_t i)
{
    struct serial_def *s = &def->serials[i];

    if (s->type == NULL) {
        s->type = strdup("pty");
    }
}

static void check_type(const struct serial_def *s, struct diag *dg)
{
    bool file = strcmp(s->type, "file") == 0;

    if (!file && strcmp(s->type, "pty") != 0 && strcmp(s->type, "null") != 0) {
        diag_error_class(dg, ERR_UNSUPPORTED, s->line, "<serial type='%s'> is "
                         "not supported, only 'pty', 'file' and 'null'",
                         s->type);
    } else if (file && (s->path == NULL || s->path[0] != '/')) {
        diag_error(dg, s->line, "<serial type='file'> needs a <source path=>, "
                   "an absolute one");
    }
}

void serial_validate(const struct domain_def *def, size_t i, bool files,
                     struct diag *dg)
{
    const struct serial_def *s = &def->serials[i];

    if (def->type != GUEST_HVM) {
        diag_warn(dg, s->line, "<serial> is not honoured: only HVM guests "
                  "have a serial port");
    } else if (i > 0 || s->port != 0) {
        diag_warn(dg, s->line, "a second <serial> is not honoured");
    } else {
        check_type(s, dg);
    }
}

void serial_format(const struct domain_def *def, size_t i, struct xml_out *o)
{
    const struct serial_def *s = &def->serials[i];
    char port[16];

    snprintf(port, sizeof(port), "%u", s->port);
    xml_open(o, "serial", "type", s->type, NULL);
    if (s->path != NULL) {
        xml_empty(o, "source", "path", s->path, NULL);
    }
    xml_empty(o, "target", "port", port, NULL);
    xml_close(o, "serial");
}
