/* SPDX-License-Identifier: MIT */
/*
 * hypercall/compat.h - hypercalls of 32-bit code: firmware and loaders.
 *
 * Owns    the rows that 32-bit callers have, and the structures whose layout
 *         differs.  A door reads its argument at an address no 32-bit caller
 *         can name: there it finds the structure in its own layout, or an
 *         array whose elements are widened on the way.
 * Tests   tests/unit/hypercall/test_compat.c
 */
#ifndef HYPERCALL_COMPAT_H
#define HYPERCALL_COMPAT_H

#include <hv/types.h>

/* Arguments EBX, ECX, EDX, ESI, EDI, EBP. */
long compat_hypercall(uint32_t nr, const uint32_t args[6]);

/* A copy by a door at @va: true if it is one of the addresses above, then
 * *@left is what was not copied. */
bool compat_copy(uint64_t va, void *buf, size_t bytes, bool to_guest,
                 size_t *left);

/* Memory of the caller; bytes not copied. */
typedef size_t (*compat_guest_fn)(uint64_t va, void *buf, size_t bytes,
                                  bool to_guest);
void compat_set_guest(compat_guest_fn fn);

#endif
