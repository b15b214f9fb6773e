/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_state.h - what PVH and HVM guests are given alike.
 *
 * Owns    setting the state in which a guest begins, the page tables for CPUs
 *         that cannot run a vCPU without paging, and the parameters that name
 *         the special pages of the store and the console.
 * Leaves  what that state is to hvm_context.h.
 * Tests   nested boots
 */
#ifndef BUILD_HVM_STATE_H
#define BUILD_HVM_STATE_H

#include <build/hvm_context.h>
#include <build/memory.h>

struct err;
struct guest_ends;
struct hyp;

struct hvm_param {
    uint32_t index;                /* HVM_PARAM_*, xen/hvm/params.h */
    uint64_t value;
};

int hvm_state_set(struct hyp *h, unsigned int domid, const char *name,
                  const struct hvm_start *s, struct err *e);

/* Into page @page of @special. */
int hvm_state_ident_pt(const struct guest_memory *special, uint64_t page,
                       struct err *e);

/* What both have, from @g's ports, then the @nr rows of @more; fills @g's
 * frames. */
int hvm_state_params(struct hyp *h, unsigned int domid, const char *name,
                     struct guest_ends *g, const struct hvm_param *more,
                     size_t nr, struct err *e);

#endif
