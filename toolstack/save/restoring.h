/* SPDX-License-Identifier: MIT */
/*
 * save/restoring.h - what the parts of the restorer share.
 * Private to save/.  Tests: tests/boot/dom0/save.sh.
 */
#ifndef SAVE_RESTORING_H
#define SAVE_RESTORING_H

#include <build/memory.h>
#include <lib/ctl.h>
#include <save/check.h>
#include <save/restore_pv.h>

/* Kept until the page tables are pinned. */
struct restored_vcpu {
    struct vcpu_guest_context *context;    /* NULL: not on line */
    struct xen_domctl_ext_vcpucontext ext;
    bool has_ext;
    uint8_t *xstate;
    size_t xstate_len;
    uint64_t xstate_mask;
    struct xen_domctl_vcpu_msr msrs[64];
    uint32_t nr_msrs;
};

struct restoring {
    struct hyp *h;
    unsigned int domid;
    const struct domain_def *def;
    struct save_reader *r;
    struct save_state s;
    struct guest_memory mem;           /* p2m: NO_FRAME where none */
    struct save_tsc tsc;
    uint8_t shared[SAVE_PAGE];
    struct restored_vcpu vcpu[SAVE_VCPUS_MAX];
    struct guest_ends *g;
    uint64_t shared_info;              /* machine address */
    struct buf *store;
    struct buf context, params;        /* not PV: records as they came */
    struct buf *emulator;              /* HVM: for its device model */
    struct err *e;
};

/* restore_pv.c: what all kinds need at the end. */
int restoring_channels(struct restoring *s);
int restoring_set_tsc(struct restoring *s);
int restoring_seed_grants(struct restoring *s);

int restoring_failed(struct restoring *s, int rc, const char *what);

/* restore_pages.c: records MEMORY and PAGES, the p2m list at the end. */
int restore_memory(struct restoring *s);
int restore_pages(struct restoring *s);
int restore_p2m_list(struct restoring *s);
int restore_pins(struct restoring *s);

/* restore_hvm.c */
int restore_take_context(struct restoring *s);
int restore_take_params(struct restoring *s);
int restore_take_emulator(struct restoring *s);
int restore_hvm_finish(struct restoring *s);

/* restore_vcpus.c: records about vCPUs, and putting them in at the end. */
int restore_take_vcpu(struct restoring *s);
int restore_take_ext(struct restoring *s);
int restore_take_xstate(struct restoring *s);
int restore_take_msrs(struct restoring *s);
int restore_set_xstate(struct restoring *s, uint32_t id);
int restore_vcpus(struct restoring *s);
void restore_vcpus_free(struct restoring *s);

/* The mfn of a page that must be plain memory, NO_FRAME if it is not. */
uint64_t restoring_plain(const struct restoring *s, uint64_t pfn);

#endif
