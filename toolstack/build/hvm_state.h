/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_state.h - what PVH and HVM guests are given alike.
 *
 * Owns    setting the state in which a guest begins, and the page tables for
 *         CPUs that cannot run a vCPU without paging.
 * Leaves  what that state is to hvm_context.h.
 * Tests   nested boots
 */
#ifndef BUILD_HVM_STATE_H
#define BUILD_HVM_STATE_H

#include <build/hvm_context.h>
#include <build/memory.h>

struct err;
struct hyp;

int hvm_state_set(struct hyp *h, unsigned int domid, const char *name,
                  const struct hvm_start *s, struct err *e);

/* Into page @page of @special. */
int hvm_state_ident_pt(const struct guest_memory *special, uint64_t page,
                       struct err *e);

#endif
