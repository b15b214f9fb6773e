/* SPDX-License-Identifier: MIT */
/*
 * Writes XML: two blanks a level, the five characters escaped.  What to write
 * is xml_format.c's business.  Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/xml_out.h>
#include <stdarg.h>
#include <string.h>

static void escaped(FILE *f, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '&':
            fputs("&amp;", f);
            break;
        case '\'':
            fputs("&apos;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\r':
            fputs("&#13;", f);
            break;
        default:
            fputc(*s, f);
        }
    }
}

static void start(struct xml_out *o, const char *tag, va_list ap)
{
    const char *name, *value;

    fprintf(o->f, "%*s<%s", o->depth * 2, "", tag);
    while ((name = va_arg(ap, const char *)) != NULL) {
        value = va_arg(ap, const char *);
        if (value != NULL) {
            fprintf(o->f, " %s='", name);
            escaped(o->f, value);
            fputc('\'', o->f);
        }
    }
}

void xml_open(struct xml_out *o, const char *tag, ...)
{
    va_list ap;

    va_start(ap, tag);
    start(o, tag, ap);
    va_end(ap);
    fputs(">\n", o->f);
    o->depth++;
}

void xml_empty(struct xml_out *o, const char *tag, ...)
{
    va_list ap;

    va_start(ap, tag);
    start(o, tag, ap);
    va_end(ap);
    fputs("/>\n", o->f);
}

void xml_text(struct xml_out *o, const char *tag, const char *text, ...)
{
    va_list ap;

    va_start(ap, text);
    start(o, tag, ap);
    va_end(ap);
    fputc('>', o->f);
    escaped(o->f, text);
    fprintf(o->f, "</%s>\n", tag);
}

void xml_close(struct xml_out *o, const char *tag)
{
    o->depth--;
    fprintf(o->f, "%*s</%s>\n", o->depth * 2, "", tag);
}

void xml_raw(struct xml_out *o, const char *xml)
{
    fprintf(o->f, "%*s%s\n", o->depth * 2, "", xml);
}
