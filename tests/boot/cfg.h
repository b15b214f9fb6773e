/* SPDX-License-Identifier: MIT */
/*
 * boot/cfg.h - boots.cfg as data: one struct boot per nested boot.
 *
 * Owns    the words of boots.cfg (see the head of that file) and their
 *         defaults; a boot "on = ours xen" becomes two.
 * Tests   tests/boot/run_boots --check, part of make check
 */
#ifndef BOOT_CFG_H
#define BOOT_CFG_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_LINES 24
#define MAX_BOOTS 200

struct lines {
    char *text[MAX_LINES];
    int n;
};

struct boot {
    char *name;              /* the block's name, then .ours or .xen */
    char *hv;                /* hypervisor's path on the boot disk */
    char *groups, *on;
    char *firmware, *machine, *memory, *cpus, *cpu, *qemu, *disk;
    char *hvargs, *ourargs, *xenargs, *kernel, *kargs, *image, *run;
    char *beside;            /* a program on this machine, see beside.h */
    char *guests;            /* directory: one boot for each ELF file there */
    char *last;              /* the line that ends the boot well */
    char *stop;              /* "off": waits for power-off, "last": kills */
    int timeout_s;
    struct lines expect;     /* all of them, in this order */
    struct lines reject;     /* none of them */
};

/* Reads @path into @boots; exits with file and line on a word it does not
 * know.  Returns how many. */
int cfg_read(const char *path, struct boot *boots, int max);

/* Is @group one of the boot's groups?  Every boot is in "all". */
bool cfg_in_group(const struct boot *b, const char *group);
/* Takes minutes beyond what a normal run has: only when asked for. */
bool cfg_is_long(const struct boot *b);

#endif
