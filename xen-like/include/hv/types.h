/* SPDX-License-Identifier: MIT */
/*
 * hv/types.h - machine frames and guest pointers, as types that do not mix.
 *
 * Owns    mfn_t, cpumask_t, guest_handle_t.
 * Shapes  frame numbers count 4 KiB frames; see STYLE section 1 for the terms.
 * Tests   every unit test includes it.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hv/compiler.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

typedef struct { uint64_t m; } mfn_t;

static inline mfn_t _mfn(uint64_t m) { return (mfn_t){ m }; }
static inline uint64_t mfn_x(mfn_t m) { return m.m; }
static inline mfn_t mfn_add(mfn_t m, uint64_t n) { return _mfn(m.m + n); }
static inline bool mfn_eq(mfn_t a, mfn_t b) { return a.m == b.m; }

#define INVALID_MFN _mfn(~0ull)

static inline uint64_t mfn_to_maddr(mfn_t m) { return m.m << PAGE_SHIFT; }
static inline mfn_t maddr_to_mfn(uint64_t ma) { return _mfn(ma >> PAGE_SHIFT); }

/* A set of physical CPUs; NR_CPUS fits one word. */
typedef uint64_t cpumask_t;

/* A guest's address of its argument.  Only domain/guest_copy opens it. */
typedef struct { uint64_t va; } guest_handle_t;

static inline guest_handle_t guest_handle(uint64_t va)
{
    return (guest_handle_t){ va };
}

static inline guest_handle_t guest_handle_add(guest_handle_t h, uint64_t bytes)
{
    return (guest_handle_t){ h.va + bytes };
}

#endif
