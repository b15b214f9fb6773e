/* SPDX-License-Identifier: MIT */
/*
 * domain/guest_copy.h - the only code that touches guest memory by address.
 *
 * Copies are range-checked (never into the hypervisor's range), recover from
 * faults and open SMAP only while they run.  Rule: copy in once, then use
 * the copy.  All return 0 or -EFAULT.
 * Tests   tests/fake-arch gives guest memory that faults on demand.
 */
#ifndef DOMAIN_GUEST_COPY_H
#define DOMAIN_GUEST_COPY_H

#include <hv/errno.h>
#include <hv/types.h>

int must_check copy_from_guest(void *dst, guest_handle_t src, size_t bytes);
int must_check copy_to_guest(guest_handle_t dst, const void *src, size_t bytes);
int must_check clear_guest(guest_handle_t dst, size_t bytes);
/* Some bytes only; returns how many were NOT copied (for strings, insns). */
size_t copy_from_guest_some(void *dst, uint64_t va, size_t bytes);

/* The i-th element of an array of structs of @size bytes; false: overflow. */
static inline guest_handle_t guest_handle_index(guest_handle_t h, uint64_t i,
                                                size_t size)
{
    return guest_handle(h.va + i * size);   /* range-checked by the copy */
}

#endif
