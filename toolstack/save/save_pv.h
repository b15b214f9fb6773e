/* SPDX-License-Identifier: MIT */
/*
 * save/save_pv.h - a suspended PV guest into a stream.
 *
 * Owns    the order of the records and what is asked of the hypervisor.
 * Leaves  suspending and resuming to suspend.h, the file to the caller.
 * Tests   tests/boot/dom0/save.sh
 */
#ifndef SAVE_SAVE_PV_H
#define SAVE_SAVE_PV_H

#include <lib/hypercall.h>
#include <save/writer.h>
#include <signal.h>
#include <stdbool.h>

struct err;

struct save_job {
    struct hyp *h;
    unsigned int domid;
    const char *xml;
    const char *store;         /* texts in a row, see save-format.md */
    size_t store_len;
    const char *disks;
    size_t disks_len;
    uint32_t kind;             /* SAVE_KIND_* */
    uint64_t memory_kib;       /* not PV: as configured */
    const void *emulator;      /* HVM: its device model's state */
    size_t emulator_len;
    bool pack;                 /* zstd */
    bool verify;               /* send all pages twice */
    volatile sig_atomic_t *cancel;     /* stop and return -EINTR */
    struct save_writer *w;
    uint64_t nr_pages;         /* out */
};

int save_pv(struct save_job *job, struct err *e);

#endif
