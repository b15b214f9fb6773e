/* SPDX-License-Identifier: MIT */
/*
 * domain/multicall_state.h - the batch a vcpu is running.
 *
 * Lives on the stack of hypercall/multicall.c; vcpu.multicall points to it
 * while one of its entries runs, so that a continuation changes the entry.
 */
#ifndef DOMAIN_MULTICALL_STATE_H
#define DOMAIN_MULTICALL_STATE_H

#include <abi/public.h>
#include <hv/types.h>

struct mc_state {
    struct multicall_entry call;
    bool preempted;
};

#endif
