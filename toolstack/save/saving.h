/* SPDX-License-Identifier: MIT */
/*
 * save/saving.h - what the savers of PV guests and of others share: records
 * that all guests have, pages by the batch, the order of steps.
 * Private to save/.  Tests: tests/boot/dom0/save.sh, hvm-save.sh.
 */
#ifndef SAVE_SAVING_H
#define SAVE_SAVING_H

#include <save/guest_pv.h>
#include <save/save_pv.h>
#include <sys/uio.h>

struct saving;

typedef int saving_step(struct saving *s);
typedef int saving_open(struct saving *s);
typedef int saving_batch(const struct guest_pv *g, uint64_t *pfn,
                         struct page_batch *b, struct err *e);

struct saving {
    struct save_job *job;
    struct guest_pv g;         /* of others: p2m, nr_pfns, nr_pages, info */
    saving_batch *next;
    struct page_batch batch;
    uint8_t *packed;
    struct err *e;
};

/* open(), then all steps, then everything is given back. */
int saving_run(struct save_job *job, saving_step *const *steps,
               unsigned int nr, saving_batch *next, saving_open *open,
               struct err *e);

int saving_cannot(struct saving *s, int rc, const char *what);
int saving_add(struct saving *s, const char *name, const void *data,
               size_t len);
int saving_parts(struct saving *s, const char *name,
                 const struct iovec *parts, unsigned int nr);

saving_step saving_xml, saving_tsc, saving_cpuid, saving_memory, saving_pages,
            saving_outside, saving_end;
int saving_xstate(struct saving *s, uint32_t id);

#endif
