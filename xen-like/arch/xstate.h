/* SPDX-License-Identifier: MIT */
/*
 * arch/xstate.h - FPU, SSE, AVX... state of guests; switched eagerly.
 *
 * Owns    the set of components offered (xstate_mask), the image's size,
 *         save, restore and reset.  Falls back to FXSAVE without XSAVE.
 *         Standard (non-compacted) format, as guests see it.
 * Source  SDM vol. 1, chapter 13.
 */
#ifndef ARCH_XSTATE_H
#define ARCH_XSTATE_H

#include <hv/types.h>

/*
 * @image is 64-byte aligned, xstate_size bytes, in the same block.  @xcr0 is
 * what the guest set (always valid; XSTATE_FP at reset), @accum all bits ever set by it.
 */
struct xstate {
    uint64_t xcr0;                   /* [C] */
    uint64_t accum;                  /* [C] */
    uint8_t *image;                  /* [I] */
};

#define XSTATE_FP     0x001ul
#define XSTATE_SSE    0x002ul
#define XSTATE_YMM    0x004ul

extern uint64_t xstate_mask;         /* [I] components; 0: no XSAVE */
extern uint32_t xstate_size;         /* [I] bytes of an image, >= 512 */

void xstate_init(void);              /* boot CPU, after cpu_identify() */
void xstate_init_cpu(void);
/* The owner allocates xstate_bytes() (page-aligned or 64-byte aligned) and
 * places the struct in it; the returned pointer is @mem. */
size_t xstate_bytes(void);
struct xstate *xstate_place(void *mem);
/* Power-on state. */
void xstate_reset(struct xstate *x);
/* Save the FPU of this CPU into @x; load it from @x (and XCR0). */
void xstate_save(struct xstate *x);
void xstate_restore(struct xstate *x);
/* A legacy 512-byte FXSAVE image (vcpu_guest_context) in and out. */
void xstate_load_fxsave(struct xstate *x, const void *fx512);
void xstate_store_fxsave(const struct xstate *x, void *fx512);
/* The guest's XSETBV; the caller restores afterwards.  -EINVAL: refused. */
int must_check xstate_set_xcr0(struct xstate *x, uint64_t xcr0);
/* One XMM register of this CPU, or with @wide all of YMM, which its XCR0 must
 * have: of the guest that runs here.  No more of it changes. */
void xstate_get_xmm(unsigned int nr, bool wide, uint64_t v[4]);
void xstate_put_xmm(unsigned int nr, bool wide, const uint64_t v[4]);
/* What this CPU's XCR0 is, where a guest's XSETBV may not have come to us
 * (QEMU 7.2 does not intercept it); before a save. */
void xstate_note_xcr0(struct xstate *x);
/* The CPU's XCR0 after a change, its registers staying as they are. */
void xstate_load_xcr0(const struct xstate *x);

#endif
