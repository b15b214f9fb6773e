/* SPDX-License-Identifier: MIT */
/*
 * Segment bases and debug registers a PV guest sets by hypercall.
 */
#include <arch/cpu.h>
#include <arch/extable.h>
#include <arch/msr.h>
#include <domain/domain.h>
#include <hv/errno.h>
#include <pv/pv_domain.h>
#include <pv/pv_switch.h>
#include <pv/trap.h>

/* Load GS with @sel as user mode will see it: between two swapgs. */
static void load_user_gs(uint16_t sel)
{
    __asm__ volatile("swapgs\n"
                     "1: movl %k0, %%gs\n"
                     "2: mfence\n"
                     "   swapgs\n"
                     ".pushsection .text.fixup, \"ax\"\n"
                     "3: xorl %k0, %k0\n"
                     "   jmp 1b\n"
                     ".popsection\n"
                     EXTABLE(1b, 3b)
                     : "+r"(sel) :: "memory");
}

long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct pv_vcpu *pv = current->pv;

    if (which == SEGBASE_GS_USER_SEL) {
        load_user_gs((uint16_t)base);
        return 0;
    }
    if (!is_canonical(base)) {
        return -EINVAL;
    }
    switch (which) {
    case SEGBASE_FS:
        wrmsr(MSR_FS_BASE, base);
        pv->fs_base = base;
        return 0;
    case SEGBASE_GS_USER:
        wrmsr(MSR_KERNEL_GS_BASE, base);
        pv->gs_base_user = base;
        return 0;
    case SEGBASE_GS_KERNEL:
        wrmsr(MSR_GS_BASE, base);
        pv->gs_base_kernel = base;
        return 0;
    default:
        return -EINVAL;
    }
}

/* ---- debug registers (SDM vol. 3B, 17.2) ----------------------------------------- */

#define DR7_FIXED    0x400ul
#define DR7_GD       0x2000ul
#define DR7_RESERVED 0xffffffff0000dc00ul
#define DR6_FIXED    0xffff0ff0ul
#define DR6_RESERVED 0xffffffff00001000ul

static int check_dr7(uint64_t *val)
{
    if (*val & (0xffffffff00000000ul | DR7_GD)) {
        return -EPERM;                 /* GD would trap our own accesses */
    }
    *val = (*val & ~DR7_RESERVED) | DR7_FIXED;
    for (unsigned int i = 0; i < 4; i++) {
        /* I/O breakpoints need CR4.DE; never on our ports. */
        if (((*val >> (i * 2)) & 3) != 0 && ((*val >> (16 + i * 4)) & 3) == 2) {
            return -EPERM;
        }
    }
    return 0;
}

/* The current vcpu's @reg changed. */
static void load_dr(const struct vcpu *v, unsigned int reg)
{
    if (reg == 6) {
        write_dr6(v->pv->dr[6]);
    } else {
        pv_load_debug(v);
    }
}

int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t val)
{
    int rc = 0;

    switch (reg) {
    case 0 ... 3:
        if (!guest_range_ok(val, 8)) {
            return -EPERM;             /* no breakpoints on our memory */
        }
        break;
    case 4:
    case 6:
        reg = 6;
        val = (val & ~DR6_RESERVED) | DR6_FIXED;
        break;
    case 5:
    case 7:
        reg = 7;
        rc = check_dr7(&val);
        break;
    default:
        return -ENODEV;
    }
    if (rc == 0) {
        v->pv->dr[reg] = val;
        if (v == current) {
            load_dr(v, reg);
        }
    }
    return rc;
}

long do_set_debugreg(uint64_t reg, uint64_t value, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5)
{
    return reg > 7 ? -ENODEV
                   : pv_set_debugreg(current, (unsigned int)reg, value);
}

long do_get_debugreg(uint64_t reg, uint64_t a1, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5)
{
    if (reg > 7) {
        return -ENODEV;
    }
    if (reg == 4 || reg == 5) {
        reg += 2;
    }
    return (long)current->pv->dr[reg];
}
