/* SPDX-License-Identifier: MIT */
/*
 * arch/xstate.c - XSAVE, or FXSAVE on CPUs without it.
 */
#include <arch/xstate.h>

#include <arch/cpu.h>

#include <hv/errno.h>
#include <lib/string.h>

/* What guests are offered (pv/pv_policy).  The hypervisor enables no more, so
 * that a guest's XCR0 is normally ours and a switch writes none. */
#define KNOWN (XSTATE_FP | XSTATE_SSE | XSTATE_YMM)
#define FXSAVE_BYTES 512u
#define HEADER(x)    ((uint64_t *)((x)->image + FXSAVE_BYTES))

uint64_t xstate_mask;
uint32_t xstate_size = FXSAVE_BYTES;

void boot_text xstate_init(void)
{
    struct cpuid_regs r;

    if (!has_cpu(X86_FEATURE_XSAVE)) {
        return;
    }
    r = cpuid(13, 0);
    xstate_mask = (((uint64_t)r.edx << 32) | r.eax) & KNOWN;
    xstate_init_cpu();
    xstate_size = cpuid(13, 0).ebx;       /* for what XCR0 now enables */
}

void xstate_init_cpu(void)
{
    clts();
    if (xstate_mask != 0) {
        xsetbv(0, xstate_mask);
    }
    __asm__ volatile("fninit");
}

size_t xstate_bytes(void)
{
    return ROUND_UP((size_t)xstate_size, 64) + sizeof(struct xstate) + 64;
}

/* The struct is first, the image at the next 64-byte boundary. */
struct xstate *xstate_place(void *mem)
{
    struct xstate *x = mem;

    x->image = (uint8_t *)ROUND_UP((uintptr_t)(x + 1), 64);
    xstate_reset(x);
    return x;
}

void xstate_reset(struct xstate *x)
{
    static const uint16_t fcw = 0x37f;
    static const uint32_t mxcsr = 0x1f80;

    memset(x->image, 0, xstate_size);
    memcpy(x->image, &fcw, sizeof(fcw));
    memcpy(x->image + 24, &mxcsr, sizeof(mxcsr));
    x->xcr0 = XSTATE_FP;
    x->accum = XSTATE_FP | XSTATE_SSE;
    if (xstate_mask != 0) {
        HEADER(x)[0] = XSTATE_FP | XSTATE_SSE;
    }
}

/* Everything the guest ever enabled: it may have switched bits off again. */
void xstate_save(struct xstate *x)
{
    uint32_t lo, hi;

    if (xstate_mask == 0) {
        __asm__ volatile("fxsaveq (%0)" :: "r"(x->image) : "memory");
        return;
    }
    if (x->xcr0 != xstate_mask) {
        xsetbv(0, xstate_mask);
    }
    lo = (uint32_t)x->accum;
    hi = (uint32_t)(x->accum >> 32);
    if (has_cpu(X86_FEATURE_XSAVEOPT)) {
        __asm__ volatile("xsaveopt64 (%0)" :: "r"(x->image), "a"(lo), "d"(hi)
                         : "memory");
    } else {
        __asm__ volatile("xsave64 (%0)" :: "r"(x->image), "a"(lo), "d"(hi)
                         : "memory");
    }
}

void xstate_restore(struct xstate *x)
{
    if (xstate_mask == 0) {
        __asm__ volatile("fxrstorq (%0)" :: "r"(x->image));
        return;
    }
    if (xgetbv(0) != xstate_mask) {
        xsetbv(0, xstate_mask);
    }
    /* All components, so that nothing of the previous vcpu stays. */
    __asm__ volatile("xrstor64 (%0)"
                     :: "r"(x->image), "a"((uint32_t)xstate_mask),
                        "d"((uint32_t)(xstate_mask >> 32)));
    if (x->xcr0 != xstate_mask) {
        xsetbv(0, x->xcr0);
    }
}

void xstate_load_fxsave(struct xstate *x, const void *fx512)
{
    static const uint32_t mxcsr_known = 0xffff;
    uint32_t mxcsr;

    xstate_reset(x);
    memcpy(x->image, fx512, FXSAVE_BYTES);
    memcpy(&mxcsr, x->image + 24, sizeof(mxcsr));
    mxcsr &= mxcsr_known;                 /* others would fault on load */
    memcpy(x->image + 24, &mxcsr, sizeof(mxcsr));
}

void xstate_store_fxsave(const struct xstate *x, void *fx512)
{
    memcpy(fx512, x->image, FXSAVE_BYTES);
}

int xstate_set_xcr0(struct xstate *x, uint64_t xcr0)
{
    if (xstate_mask == 0 || (xcr0 & ~xstate_mask) != 0 ||
        (xcr0 & XSTATE_FP) == 0) {
        return -EINVAL;
    }
    if ((xcr0 & XSTATE_YMM) && !(xcr0 & XSTATE_SSE)) {
        return -EINVAL;
    }
    x->xcr0 = xcr0;
    x->accum |= xcr0;
    return 0;
}

void xstate_note_xcr0(struct xstate *x)
{
    uint64_t now = xstate_mask != 0 ? xgetbv(0) : x->xcr0;

    if (now != x->xcr0 && xstate_set_xcr0(x, now) != 0) {
        xstate_load_xcr0(x);              /* not one of ours: as it was */
    }
}

void xstate_load_xcr0(const struct xstate *x)
{
    if (xstate_mask != 0) {
        xsetbv(0, x->xcr0);
    }
}

/* An instruction names its register: a row for each. */
#define EACH_XMM(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) \
    X(11) X(12) X(13) X(14) X(15)

#define WITH_REGISTER(nr, wide, legacy, vex) \
    switch ((nr) + ((wide) ? 16 : 0)) { \
    EACH_XMM(legacy) \
    EACH_XMM(vex) \
    }
#define CASE(n, insn) case n: \
        __asm__ volatile(insn :: "r"(v) : "memory"); \
        break;
#define GET_XMM(n) CASE(n, "movups %%xmm" #n ", (%0)")
#define GET_YMM(n) CASE(n + 16, "vmovups %%ymm" #n ", (%0)")
#define PUT_XMM(n) CASE(n, "movups (%0), %%xmm" #n)
#define PUT_YMM(n) CASE(n + 16, "vmovups (%0), %%ymm" #n)

void xstate_get_xmm(unsigned int nr, bool wide, uint64_t v[4])
{
    WITH_REGISTER(nr, wide, GET_XMM, GET_YMM)
}

void xstate_put_xmm(unsigned int nr, bool wide, const uint64_t v[4])
{
    WITH_REGISTER(nr, wide, PUT_XMM, PUT_YMM)
}
