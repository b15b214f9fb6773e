/* SPDX-License-Identifier: MIT */
/*
 * Collects the messages about one configuration file in the order in which
 * they are found.  The parser and the validator add to it, vmctl/out shows it.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/diag.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void diag_init(struct diag *dg, const char *file, bool strict)
{
    memset(dg, 0, sizeof(*dg));
    dg->file = file;
    dg->strict = strict;
}

void diag_fini(struct diag *dg)
{
    for (size_t i = 0; i < dg->nr; i++) {
        free(dg->msg[i].text);
    }
    free(dg->msg);
    dg->msg = NULL;
    dg->nr = 0;
}

static void diag_add(struct diag *dg, enum diag_level level,
                     enum err_class class, unsigned int line,
                     const char *fmt, va_list ap)
{
    struct diag_msg *bigger;
    char *text;

    if (level == DIAG_ERROR) {
        dg->nr_errors++;
        if (dg->class == ERR_NONE) {
            dg->class = class;
        }
    }
    bigger = reallocarray(dg->msg, dg->nr + 1, sizeof(*bigger));
    if (bigger == NULL) {
        return;                        /* the count of errors still stands */
    }
    dg->msg = bigger;
    if (vasprintf(&text, fmt, ap) < 0) {
        return;
    }
    dg->msg[dg->nr++] = (struct diag_msg){ level, line, text };
}

void diag_warn(struct diag *dg, unsigned int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(dg, dg->strict ? DIAG_ERROR : DIAG_WARNING, ERR_CONFIG, line,
             fmt, ap);
    va_end(ap);
}

void diag_error(struct diag *dg, unsigned int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(dg, DIAG_ERROR, ERR_CONFIG, line, fmt, ap);
    va_end(ap);
}

void diag_error_class(struct diag *dg, enum err_class class, unsigned int line,
                      const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(dg, DIAG_ERROR, class, line, fmt, ap);
    va_end(ap);
}

static void diag_print_one(const struct diag *dg, const struct diag_msg *m,
                           FILE *f)
{
    fprintf(f, "%s:", dg->file);
    if (m->line != 0) {
        fprintf(f, "%u:", m->line);
    }
    fprintf(f, " %s: %s\n", m->level == DIAG_ERROR ? "error" : "warning",
            m->text);
}

void diag_print(const struct diag *dg, FILE *f)
{
    for (size_t i = 0; i < dg->nr; i++) {
        diag_print_one(dg, &dg->msg[i], f);
    }
}

bool diag_to_err(const struct diag *dg, struct err *e)
{
    char where[160];

    if (dg->nr_errors == 0) {
        return false;
    }
    for (size_t i = 0; i < dg->nr; i++) {
        if (dg->msg[i].level == DIAG_ERROR) {
            snprintf(where, sizeof(where), "%s:%u", dg->file,
                     dg->msg[i].line);
            err_set(e, -EINVAL, dg->class, "bad configuration", where, "%s",
                    dg->msg[i].text);
            return true;
        }
    }
    err_set(e, -ENOMEM, ERR_FAILED, "out of memory", dg->file, "%s",
            "the message is lost");
    return true;
}
