/* SPDX-License-Identifier: MIT */
/*
 * arch/extable.h - where to go on when an instruction faults.
 *
 * An instruction that may fault on a guest's (or firmware's) account is
 * listed with the address that handles it.  The fault entry asks
 * extable_lookup(rip) and continues there, or panics.
 *
 *   C   __asm__ volatile("1: wrmsr\n2:\n"
 *                        "3: mov %[err], %0\n jmp 2b\n" EXTABLE(1b, 3b) ...)
 *   .S  EXTABLE from=1b to=3b
 */
#ifndef ARCH_EXTABLE_H
#define ARCH_EXTABLE_H

#ifdef __ASSEMBLY__
.macro EXTABLE from:req to:req
    .pushsection .extable, "a"
    .balign 8
    .quad \from, \to
    .popsection
.endm
#else
#include <stdint.h>

#define EXTABLE(from, to) \
    ".pushsection .extable, \"a\"\n" \
    ".balign 8\n" \
    ".quad " #from ", " #to "\n" \
    ".popsection\n"

/* The recovery address of @rip, or 0. */
uint64_t extable_lookup(uint64_t rip);
void extable_init(void);       /* sorts the table; before W^X is sealed */
#endif
#endif
