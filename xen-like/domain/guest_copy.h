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
#include <core/percpu.h>
#include <hv/errno.h>
#include <hv/types.h>

int must_check clear_guest(guest_handle_t dst, size_t bytes);

/*
 * The current guest has a p2m: its addresses mean something in its own page
 * tables only.  The copy is @hook's then; it returns bytes NOT done.  hvm/
 * fills it, init/ hands it down.
 */
typedef size_t (*guest_copy_fn)(uint64_t va, void *buf, size_t bytes,
                                bool to_guest);
void guest_copy_set_translated(guest_copy_fn fn);
static always_inline bool guest_is_translated(void)
{
    return unlikely(get_cpu_info()->translated != 0);
}
#ifdef HOST_TEST
int must_check copy_from_guest(void *dst, guest_handle_t src, size_t bytes);
int must_check copy_to_guest(guest_handle_t dst, const void *src, size_t bytes);
#else
int must_check copy_from_guest_any(void *dst, guest_handle_t src,
                                   size_t bytes);
int must_check copy_to_guest_any(guest_handle_t dst, const void *src,
                                 size_t bytes);

/*
 * One word between the guest and a register, inside stac()/clac(); a fault
 * goes to @fault, a label of the caller, which must clac() as well.
 */
#define GET_GUEST_WORD(v, va, i, fault) \
    __asm__ goto("1: movq %[src], %[out]\n" EXTABLE(1b, %l[fault]) \
                 : [out] "=r"(v) \
                 : [src] "m"(((const uint64_t *)(va))[i]) \
                 : \
                 : fault)
#define PUT_GUEST_WORD(va, i, v, fault) \
    __asm__ goto("1: movq %[in], %[dst]\n" EXTABLE(1b, %l[fault]) \
                 : \
                 : [in] "r"((uint64_t)(v)), \
                   [dst] "m"(((uint64_t *)(va))[i]) \
                 : "memory" \
                 : fault)

/* Structures of a few words, whose size the compiler knows, go word by word. */
#define GUEST_COPY_WORDS 9u
#define GUEST_COPY_SHORT(bytes) \
    (__builtin_constant_p(bytes) && (bytes) % 8 == 0 && \
     (bytes) <= GUEST_COPY_WORDS * 8)

static always_inline must_check int
copy_from_guest(void *dst, guest_handle_t src, size_t bytes)
{
    uint64_t *out = dst, v;

    if (!GUEST_COPY_SHORT(bytes) || guest_is_translated()) {
        return copy_from_guest_any(dst, src, bytes);
    }
    if (!guest_range_ok(src.va, bytes)) {
        return -EFAULT;
    }
    stac();
#pragma GCC unroll 9
    for (size_t i = 0; i < bytes / 8; i++) {
        GET_GUEST_WORD(v, src.va, i, fault);
        out[i] = v;
    }
    clac();
    return 0;
fault:
    clac();
    return -EFAULT;
}

static always_inline must_check int
copy_to_guest(guest_handle_t dst, const void *src, size_t bytes)
{
    const uint64_t *in = src;

    if (!GUEST_COPY_SHORT(bytes) || guest_is_translated()) {
        return copy_to_guest_any(dst, src, bytes);
    }
    if (!guest_range_ok(dst.va, bytes)) {
        return -EFAULT;
    }
    stac();
#pragma GCC unroll 9
    for (size_t i = 0; i < bytes / 8; i++) {
        PUT_GUEST_WORD(dst.va, i, in[i], fault);
    }
    clac();
    return 0;
fault:
    clac();
    return -EFAULT;
}
#endif
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

    if (guest_is_translated()) {
        return copy_from_guest_any(dst, src, sizeof(*dst));
    }
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
