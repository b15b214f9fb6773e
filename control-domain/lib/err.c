/* SPDX-License-Identifier: MIT */
/*
 * The error value that every control-domain function fills.  It allocates
 * nothing, so it can report an allocation failure.  Printing beyond one plain
 * line is left to the programs.  Covered by tests/unit/lib/test_lib.c.
 */
#include <lib/err.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const struct {
    int errnum;
    enum err_class class;
} classes[] = {
    { EINVAL,      ERR_FAILED },
    { ENOENT,      ERR_NOT_FOUND },
    { ESRCH,       ERR_NOT_FOUND },
    { ENODEV,      ERR_NOT_FOUND },
    { ENXIO,       ERR_NOT_FOUND },
    { EBUSY,       ERR_STATE },
    { EEXIST,      ERR_STATE },
    { ENOMEM,      ERR_RESOURCE },
    { ENOSPC,      ERR_RESOURCE },
    { EMFILE,      ERR_RESOURCE },
    { ENFILE,      ERR_RESOURCE },
    { EPERM,       ERR_PERMISSION },
    { EACCES,      ERR_PERMISSION },
    { ETIMEDOUT,   ERR_TIMEOUT },
    { ENOSYS,      ERR_UNSUPPORTED },
    { EOPNOTSUPP,  ERR_UNSUPPORTED },
};

static enum err_class class_of(int errnum)
{
    size_t i;

    if (errnum < 0) {
        errnum = -errnum;
    }
    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (classes[i].errnum == errnum) {
            return classes[i].class;
        }
    }
    return ERR_FAILED;
}

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

int err_set(struct err *e, int rc, enum err_class class, const char *what,
            const char *which, const char *why_fmt, ...)
{
    va_list ap;

    if (e == NULL) {
        return rc;
    }
    e->class = class;
    e->errnum = rc < 0 ? -rc : 0;
    copy_text(e->what, sizeof(e->what), what);
    copy_text(e->which, sizeof(e->which), which);
    va_start(ap, why_fmt);
    vsnprintf(e->why, sizeof(e->why), why_fmt, ap);
    va_end(ap);
    return rc;
}

int err_errno(struct err *e, int rc, const char *what,
              const char *which_fmt, ...)
{
    va_list ap;

    if (e == NULL) {
        return rc;
    }
    e->class = class_of(rc);
    e->errnum = rc < 0 ? -rc : rc;
    copy_text(e->what, sizeof(e->what), what);
    e->which[0] = '\0';
    if (which_fmt != NULL) {
        va_start(ap, which_fmt);
        vsnprintf(e->which, sizeof(e->which), which_fmt, ap);
        va_end(ap);
    }
    copy_text(e->why, sizeof(e->why), strerror(e->errnum));
    return rc;
}

int err_format(const struct err *e, char *buf, size_t size)
{
    const char *sep1 = e->which[0] != '\0' ? ": " : "";
    const char *sep2 = e->why[0] != '\0' ? ": " : "";

    return snprintf(buf, size, "%s%s%s%s%s", e->what, sep1, e->which, sep2,
                    e->why);
}

void err_print(const struct err *e, FILE *f)
{
    char line[sizeof(e->what) + sizeof(e->which) + sizeof(e->why) + 8];

    err_format(e, line, sizeof(line));
    fprintf(f, "%s: %s\n", program_invocation_short_name, line);
}

int err_exit_status(const struct err *e)
{
    return e->class == ERR_NONE ? ERR_FAILED : (int)e->class;
}
