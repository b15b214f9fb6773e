/* SPDX-License-Identifier: MIT */
/*
 * save/guest_pv.h - a PV guest as the saver sees it: its p2m list, the types
 * of its pages, its pages without machine frame numbers.
 *
 * Owns    maps of its frames, each shorter than a call; its p2m list.
 * Leaves  the stream to save_pv.h.
 * Tests   tests/boot/dom0/save.sh; parts in tests/unit/save/
 */
#ifndef SAVE_GUEST_PV_H
#define SAVE_GUEST_PV_H

#include <lib/ctl.h>
#include <save/format.h>
#include <save/tables.h>
#include <stdbool.h>

struct err;

struct guest_pv {
    struct hyp *h;
    unsigned int domid;
    struct xen_domctl_getdomaininfo info;
    uint8_t shared[SAVE_PAGE];         /* a copy of the shared info page */
    uint32_t p2m_form;
    uint64_t nr_pfns;
    uint64_t *p2m;                     /* mfn, or NO_FRAME: no memory */
    uint64_t *list;                    /* pfns of the list's own frames */
    uint64_t nr_list;
    uint64_t nr_pages;                 /* pfns with memory */
    struct reverse reverse;
};

/* Of a guest that is suspended.  guest_pv_close() in any case. */
int guest_pv_open(struct guest_pv *g, struct hyp *h, unsigned int domid,
                  struct err *e);
void guest_pv_close(struct guest_pv *g);

/* Pages of a batch, ready to be written. */
struct page_batch {
    uint32_t count;
    uint32_t with_data;
    uint64_t entries[SAVE_BATCH];
    uint8_t *data;                     /* SAVE_BATCH pages */
};

/*
 * The next pages from *@pfn on, at most SAVE_BATCH; *@pfn becomes the first
 * that was not looked at.  0 or -errno; count 0: there are no more.
 */
int guest_pv_batch(const struct guest_pv *g, uint64_t *pfn,
                   struct page_batch *b, struct err *e);

/* The pfn of one of its frames, NO_FRAME if it has none such. */
uint64_t guest_pv_pfn(const struct guest_pv *g, uint64_t mfn);

#endif
