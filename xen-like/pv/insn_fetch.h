/* SPDX-License-Identifier: MIT */
/*
 * pv/insn_fetch.h - the bytes of a guest's instruction, copied once.
 *
 * Leaves their meaning to emul/decode.  Tests tests/guests/privop, mmu.
 */
#ifndef PV_INSN_FETCH_H
#define PV_INSN_FETCH_H

#include <arch/paging.h>
#include <domain/guest_copy.h>
#include <emul/decode.h>

#define INSN_FETCH_BYTES 16u
_Static_assert(INSN_FETCH_BYTES >= INSN_MAX_BYTES, "room for any");

/* How many of the bytes at @rip could be read. */
static inline unsigned int insn_fetch(uint64_t bytes[2], uint64_t rip)
{
    if (likely((rip & ~PAGE_MASK) <= PAGE_SIZE - INSN_FETCH_BYTES) &&
        copy_from_guest(bytes, guest_handle(rip), INSN_FETCH_BYTES) == 0) {
        return INSN_MAX_BYTES;
    }
    return INSN_MAX_BYTES -
           (unsigned int)copy_from_guest_some(bytes, rip, INSN_MAX_BYTES);
}

#endif
