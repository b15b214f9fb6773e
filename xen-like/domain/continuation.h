/* SPDX-License-Identifier: MIT */
/*
 * domain/continuation.h - preempt a hypercall and resume it later.
 *
 * A door that runs long asks hypercall_preempt() at most every 64 items; when
 * it says yes, the door returns hypercall_continue(): the guest re-executes
 * the call with the arguments given, and finds progress in them (or in
 * private state), which is validated again.  Works inside multicall too.
 */
#ifndef DOMAIN_CONTINUATION_H
#define DOMAIN_CONTINUATION_H

#include <core/softirq.h>
#include <hv/types.h>

static inline bool hypercall_preempt(void)
{
    return softirq_pending();
}

/* Arrange that @op runs again with these arguments; return its value. */
long must_check hypercall_continue(unsigned int op, unsigned int nr_args,
                                   const uint64_t *args);
#define HYPERCALL_CONTINUE(op, ...) \
    hypercall_continue((op), \
        sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
        (uint64_t[]){ __VA_ARGS__ })

#endif
