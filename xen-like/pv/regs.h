/* SPDX-License-Identifier: MIT */
/*
 * pv/regs.h - a general register of a frame by its number in instructions.
 */
#ifndef PV_REGS_H
#define PV_REGS_H

#include <arch/regs.h>
#include <hv/types.h>

static inline uint64_t *pv_reg(struct cpu_regs *r, unsigned int nr)
{
    uint64_t *const by_nr[16] = {
        &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
        &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
    };

    return by_nr[nr & 15];
}

#endif
