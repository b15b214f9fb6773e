/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/backend.h - the processes that serve one VM's devices.
 *
 * Owns    what programs there are (backend_kinds.c, a row each); starting one,
 *         knowing it again after the worker was restarted (process id with
 *         start time), seeing its end, stopping it.
 * Leaves  when to start it again to keeper.h.
 * Tests   tests/unit/toolstack/test_lifecycle.c (VMCTL_BLKD)
 */
#ifndef LIFECYCLE_BACKEND_H
#define LIFECYCLE_BACKEND_H

#include <lifecycle/rundir.h>
#include <sys/types.h>

struct backend_kind {
    const char *name;          /* for messages: "block" */
    const char *program;       /* beside this program: "paravane-blkd" */
    const char *env;           /* names another program: "VMCTL_BLKD" */
    const char *pid_file;      /* in the run directory: "blkd.pid" */
    bool (*needed)(const struct domain_def *def);
};

/* In the order of starting; stopped in the opposite order. */
enum { BACKEND_BLOCK, BACKEND_NET, BACKEND_SCREEN, NR_BACKENDS };
extern const struct backend_kind backend_kinds[NR_BACKENDS];

struct backend {
    const struct backend_kind *kind;
    const struct rundir *run;
    unsigned int domid;
    char *const *args;         /* at its start, after the id; or NULL */
    pid_t pid;                 /* 0: none */
    int pidfd;                 /* readable when it has ended; -1 */
};

void backend_init(struct backend *b, const struct backend_kind *kind,
                  const struct rundir *run, unsigned int domid);

/* The program $env names, or the one beside this program. */
void backend_program(const struct backend_kind *kind, char path[PATH_MAX]);

/* "PROGRAM --domid N ARGS". */
int backend_start(struct backend *b, struct err *e);

/* Find the process of an earlier worker; false: there is none. */
bool backend_adopt(struct backend *b);

/* After pidfd became readable: reap and forget it. */
void backend_reap(struct backend *b);

/* Ask it to end, insist after @timeout_ms. */
void backend_stop(struct backend *b, unsigned int timeout_ms);

/* Start those that @def needs, in order; none is left after a failure. */
int backends_start(struct backend b[NR_BACKENDS],
                   const struct domain_def *def, struct err *e);
void backends_stop(struct backend b[NR_BACKENDS], unsigned int timeout_ms);

#endif
