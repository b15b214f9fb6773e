/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/saver.h - the process that saves a VM, as its worker sees it.
 *
 * Owns    the file "saver" of the run directory, locked while the process
 *         lives: its id, the two names of the file it writes and, shortly
 *         before the second becomes true, which inode that will be.  So the
 *         worker can end what a killed saver began: a guest whose file is
 *         complete is destroyed, any other is resumed and the rest removed.
 * Tests   tests/unit/save/test_file.c, tests/boot/dom0/save.sh
 */
#ifndef LIFECYCLE_SAVER_H
#define LIFECYCLE_SAVER_H

#include <lifecycle/rundir.h>
#include <sys/types.h>

struct saver {
    const struct rundir *run;
    int fd;                    /* -1: not begun */
};

/* 0, or -EBUSY (class state): somebody saves it already. */
int saver_begin(struct saver *s, const struct rundir *run,
                const char *partial, const char *final, struct err *e);
/* @inode is whole; from its renaming on the VM is saved.  0 or -errno. */
int saver_commit(struct saver *s, ino_t inode);
/* Done, well or badly; the guest is not left suspended. */
void saver_end(struct saver *s);
/* Leave, but let the worker resume the guest should it suspend yet. */
void saver_leave(struct saver *s);

enum saver_state {
    SAVER_NONE,                /* nobody here has asked the guest to suspend */
    SAVER_AT_WORK,
    SAVER_DIED,                /* the guest is to run on */
    SAVER_SAVED,               /* died too, but the file is complete */
};

/* @pid: of the saver that is at work. */
enum saver_state saver_look(const struct rundir *run, pid_t *pid);
/* Whoever saves it, its file is complete. */
bool saver_is_done(const struct rundir *run);
/* After one that died: remove its partial file and its trace. */
void saver_clear(const struct rundir *run);

#endif
