/* SPDX-License-Identifier: MIT */
/*
 * arch/smap.h - open and close the door to user pages.
 *
 * stac()/clac() are three-byte no-ops whose addresses are recorded in section
 * .smap; smap_patch() turns them into the instructions when the CPU has SMAP
 * (before W^X is sealed).  Only domain/guest_copy and the frame builders of
 * pv/ and entry/ use them; entries from guests begin with clac.
 */
#ifndef ARCH_SMAP_H
#define ARCH_SMAP_H

#ifdef __ASSEMBLY__
.macro SMAP_INSN last:req
901:
    .byte 0x0f, 0x1f, 0x00          /* nopl (%rax) */
    .pushsection .smap, "a"
    .balign 8
    .quad 901b, \last
    .popsection
.endm
.macro STAC
    SMAP_INSN 0xcb
.endm
.macro CLAC
    SMAP_INSN 0xca
.endm
#else
#include <hv/compiler.h>

#define SMAP_INSN(last) \
    "901: .byte 0x0f, 0x1f, 0x00\n" \
    ".pushsection .smap, \"a\"\n" \
    ".balign 8\n" \
    ".quad 901b, " #last "\n" \
    ".popsection\n"

/* Inline also where code is built small. */
static always_inline void stac(void)
{
    __asm__ volatile(SMAP_INSN(0xcb) ::: "memory");
}

static always_inline void clac(void)
{
    __asm__ volatile(SMAP_INSN(0xca) ::: "memory");
}

/* Boot, text still writable; and cpu_cr4 then has SMAP. */
void smap_patch(void);
#endif
#endif
