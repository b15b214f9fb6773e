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

#include <arch/extable.h>
#include <arch/paging.h>
#include <arch/smap.h>
#include <hv/errno.h>
#include <hv/types.h>

int must_check copy_from_guest(void *dst, guest_handle_t src, size_t bytes);
int must_check copy_to_guest(guest_handle_t dst, const void *src, size_t bytes);
int must_check clear_guest(guest_handle_t dst, size_t bytes);
/* The same for one 32-bit word, in registers: hot calls take no more. */
#ifdef HOST_TEST
static inline int must_check get_guest_u32(uint32_t *dst, guest_handle_t src)
{
    return copy_from_guest(dst, src, sizeof(*dst));
}
#else
static inline int must_check get_guest_u32(uint32_t *dst, guest_handle_t src)
{
    uint32_t v = 0;
    int rc = 0;

    if (!guest_range_ok(src.va, sizeof(v))) {
        return -EFAULT;
    }
    __asm__ __volatile__(
        SMAP_INSN(0xcb)
        "1: movl (%[src]), %[v]\n"
        "2:\n"
        SMAP_INSN(0xca)
        ".pushsection .text.fixup, \"ax\"\n"
        "3: movl %[fault], %[rc]\n"
        "   jmp 2b\n"
        ".popsection\n"
        EXTABLE(1b, 3b)
        : [v] "+r"(v), [rc] "+r"(rc)
        : [src] "r"(src.va), [fault] "i"(-EFAULT)
        : "memory");
    *dst = v;
    return rc;
}
#endif
/* Some bytes only; returns how many were NOT copied (for strings, insns). */
size_t copy_from_guest_some(void *dst, uint64_t va, size_t bytes);

/* The i-th element of an array of structs of @size bytes; false: overflow. */
static inline guest_handle_t guest_handle_index(guest_handle_t h, uint64_t i,
                                                size_t size)
{
    return guest_handle(h.va + i * size);   /* range-checked by the copy */
}

#endif
