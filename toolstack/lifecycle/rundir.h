/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/rundir.h - what the host remembers of a running VM, by UUID.
 *
 * Owns    /run/vmctl/domains/UUID: live.xml (the configuration it runs with),
 *         NAME.pid of each process, lock (held by its worker);
 *         /run/vmctl/names/NAME, which makes names unique without a daemon.
 * Tests   tests/unit/toolstack/test_lifecycle.c (VMCTL_RUN_DIR)
 */
#ifndef LIFECYCLE_RUNDIR_H
#define LIFECYCLE_RUNDIR_H

#include <config/def.h>
#include <limits.h>

struct err;

struct rundir {
    char uuid[37];
    char path[128];
    int lock;                          /* descriptor, -1: not held */
};

/* Names the directory of a UUID; touches nothing. */
void rundir_init(struct rundir *r, const uint8_t uuid[16]);

/*
 * Create it for @def and hold its lock, which a worker inherits.  -EEXIST
 * (class state): the UUID or the name is in use.
 */
int rundir_create(struct rundir *r, const struct domain_def *def,
                  struct err *e);

/*
 * Held while the running configuration and the devices change, by those that
 * change them and by the worker while it stops or restarts the domain.  A
 * descriptor to close; -ENOENT: no such VM; -EBUSY: not within @timeout_ms.
 */
int rundir_change_lock(const struct rundir *r, unsigned int timeout_ms);

/* live.xml, written whole or not at all. */
int rundir_save(const struct rundir *r, const struct domain_def *def,
                int domid, struct err *e);
/* 0, or -ENOENT: no such VM runs here. */
int rundir_load(const struct rundir *r, struct domain_def *def,
                struct err *e);

/* The id it was last saved with; false: it was never started. */
bool rundir_domid(const struct rundir *r, unsigned int *domid);

/* Be its worker: 0, -EBUSY: somebody is, -ENOENT: it is gone. */
int rundir_lock(struct rundir *r);
bool rundir_has_worker(const struct rundir *r);
bool rundir_exists(const struct rundir *r);
/* Give the lock up; the worker that inherited it keeps it. */
void rundir_unlock(struct rundir *r);
/* Seconds since the directory last changed; 0 if it is not there. */
unsigned int rundir_age(const struct rundir *r);

/* Remove it all; the lock, if held, is given up last. */
void rundir_remove(struct rundir *r, const char *name);

/* A small text file in it; @text NULL: remove it. */
int rundir_write(const struct rundir *r, const char *file, const char *text);
int rundir_read(const struct rundir *r, const char *file, char *buf,
                size_t room);

/* The root of all run directories, $VMCTL_RUN_DIR or /run/vmctl. */
const char *rundir_root(void);

/* Call @fn with the UUID text of every VM. */
int rundir_each(void (*fn)(const char *uuid, void *arg), void *arg);

#endif
