/* SPDX-License-Identifier: MIT */
/*
 * lib/err.h - what went wrong, with which object, and why.
 *
 * Owns    struct err: one sentence for people, a class for exit codes, the
 *         errno for code.  Functions return 0 or -errno and fill the struct.
 * Leaves  printing in colour or JSON to the program.
 * Tests   tests/unit/lib/test_lib.c
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stddef.h>
#include <stdio.h>

/* Values are the documented exit statuses of vmctl. */
enum err_class {
    ERR_NONE        = 0,
    ERR_FAILED      = 1,
    ERR_USAGE       = 2,
    ERR_NOT_FOUND   = 3,   /* no such domain or device */
    ERR_STATE       = 4,   /* the object is in another state */
    ERR_CONFIG      = 5,
    ERR_RESOURCE    = 6,   /* memory, CPUs, ids, descriptors */
    ERR_PERMISSION  = 7,   /* not permitted, no hypervisor */
    ERR_TIMEOUT     = 8,
    ERR_PARTIAL     = 9,   /* some of several failed */
    ERR_UNSUPPORTED = 10,
    ERR_VERSION     = 11,  /* tool and hypervisor do not match */
};

struct err {
    enum err_class class;
    int  errnum;           /* positive errno, 0 if there is none */
    char what[96];         /* "cannot map the console ring" */
    char which[192];       /* "domain 3 (web)" */
    char why[256];         /* "grant reference 0 is not valid" */
};

#define ERR_INIT { .class = ERR_NONE }

/*
 * Fill @e (which may be NULL) and return @rc, so that a caller can write
 * "return err_set(...)".  @rc is 0 or -errno; @which may be NULL.
 */
int err_set(struct err *e, int rc, enum err_class class, const char *what,
            const char *which, const char *why_fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* As above; class and reason follow from @rc (-errno), @which (NULL: nothing)
 * is formatted. */
int err_errno(struct err *e, int rc, const char *what,
              const char *which_fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "what: which: why", always terminated; returns the length it needs. */
int err_format(const struct err *e, char *buf, size_t size);

/* One line on @f, prefixed by the program's name. */
void err_print(const struct err *e, FILE *f);

/* The exit status for @e; 1 when no class was given. */
int err_exit_status(const struct err *e);

#endif
