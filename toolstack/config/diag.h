/* SPDX-License-Identifier: MIT */
/*
 * config/diag.h - what is wrong with a configuration file, and where.
 *
 * Owns    the list of messages of one file: line, level, text; the exit class
 *         of the first error.  In strict mode a warning is an error.
 * Leaves  printing in colour or JSON to vmctl/out.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_DIAG_H
#define CONFIG_DIAG_H

#include <lib/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DIAG_MAX_ERRORS 20u            /* then the reading stops */

enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag_msg {
    enum diag_level level;
    unsigned int line;                 /* 0: the file as a whole */
    char *text;
};

struct diag {
    const char *file;                  /* borrowed, for messages */
    bool strict;
    struct diag_msg *msg;
    size_t nr;
    unsigned int nr_errors;
    enum err_class class;              /* of the first error */
};

void diag_init(struct diag *dg, const char *file, bool strict);
void diag_fini(struct diag *dg);

/* A legal wish that is not honoured: an error if the user asked for that. */
void diag_warn(struct diag *dg, unsigned int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* An error of class ERR_CONFIG. */
void diag_error(struct diag *dg, unsigned int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* An error of another class (ERR_UNSUPPORTED, ERR_RESOURCE...). */
void diag_error_class(struct diag *dg, enum err_class class, unsigned int line,
                      const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "FILE:LINE: warning: text" lines on @f. */
void diag_print(const struct diag *dg, FILE *f);

/* The first error as a struct err; false if there is none. */
bool diag_to_err(const struct diag *dg, struct err *e);

#endif
