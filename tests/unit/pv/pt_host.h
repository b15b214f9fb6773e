/* SPDX-License-Identifier: MIT */
/*
 * pt_host.h - a small machine for tests of frames and page tables: HOST_FRAMES
 * frames of RAM with a frame table, three domains, flushes written down.
 * The real mm/buddy, mm/heap, domain/page_type, domain/pages and pv/ run on it.
 */
#ifndef PT_HOST_H
#define PT_HOST_H

#include <domain/domain.h>
#include <domain/page_type.h>
#include <domain/pages.h>
#include <mm/frame_table.h>

#define HOST_FRAMES 2048u

extern struct domain host_domain[3];       /* domids 0, 1, 2; 0 is hardware */
extern unsigned int host_flushes;          /* tlb_flush_mask() calls */
extern bool host_flush_needed;             /* what tlb_filter() answers */
extern cpumask_t host_asked;               /* what it was asked last */
extern uint32_t host_stamp;
extern void (*host_on_flush)(void);        /* NULL: nothing */
extern void (*host_on_relax)(void);

/* All frames free, domains empty. */
void host_reset(void);
/* A cleared frame of domain @d. */
mfn_t host_frame(unsigned int d);
uint64_t host_word(mfn_t mfn);
unsigned int host_refs(mfn_t mfn);
unsigned int host_uses(mfn_t mfn);

#endif
