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
#define REG_AT(name) offsetof(struct cpu_regs, name)
    static const uint8_t at[16] = {
        REG_AT(rax), REG_AT(rcx), REG_AT(rdx), REG_AT(rbx), REG_AT(rsp),
        REG_AT(rbp), REG_AT(rsi), REG_AT(rdi), REG_AT(r8), REG_AT(r9),
        REG_AT(r10), REG_AT(r11), REG_AT(r12), REG_AT(r13), REG_AT(r14),
        REG_AT(r15),
    };
#undef REG_AT

    return (uint64_t *)((char *)r + at[nr & 15]);
}

#endif
