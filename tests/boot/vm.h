/* SPDX-License-Identifier: MIT */
/*
 * boot/vm.h - one QEMU with its serial line, judged line by line.
 *
 * Owns    the QEMU process (it dies with us, whatever happens), the log
 *         build/boot/NAME.log, and the verdict.
 * Tests   every nested boot
 */
#ifndef BOOT_VM_H
#define BOOT_VM_H

#include <stdio.h>
#include <sys/types.h>

#include "beside.h"
#include "cfg.h"
#include "qmp.h"

struct fact {
    char verdict;            /* 'P', 'F' or 'S' */
    char text[160];
};

struct vm {
    const struct boot *boot;
    const char *build;       /* the folder of what was built */
    pid_t pid;               /* 0: not running */
    int serial;              /* read end of the serial line */
    FILE *log;
    double started, ended;   /* seconds, monotonic */
    char line[4096];
    size_t len;
    int next_expect;         /* index into boot->expect */
    bool gone;               /* QEMU ended by itself */
    bool last_seen;
    double last_at, rejected_at; /* 0: not yet */
    struct qmp qmp;
    struct beside beside;
    struct fact *facts;
    int nr_facts, nr_failed;
    bool out_of_time;
    char why[256];           /* empty: passed */
};

extern bool vm_tell_story;   /* print expected and STORY lines as they come */

double vm_now(void);
int vm_start(struct vm *vm, const struct boot *b, const char *build);

/* Reads what the serial line has; true when the boot is over. */
bool vm_pump(struct vm *vm);

/* Over time?  Ends it, with the reason. */
bool vm_expired(struct vm *vm);
void vm_finish(struct vm *vm);
bool vm_passed(const struct vm *vm);

#endif
