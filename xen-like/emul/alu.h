/* SPDX-License-Identifier: MIT */
/*
 * emul/alu.h - results and flags of arithmetic, of numbers only.
 * Tests   tests/unit/emul/test_execute.c, tests/fuzz/fuzz_emul.c
 */
#ifndef EMUL_ALU_H
#define EMUL_ALU_H

#include <emul/decode.h>

#define EMUL_CF 0x001u
#define EMUL_PF 0x004u
#define EMUL_AF 0x010u
#define EMUL_ZF 0x040u
#define EMUL_SF 0x080u
#define EMUL_DF 0x400u
#define EMUL_OF 0x800u

static inline uint64_t size_mask(unsigned int bytes)
{
    return ~0ull >> (64 - bytes * 8);
}

/* @dst op @src, of @size bytes; @flags is RFLAGS, updated.  Operations of two
 * operands (OP_ADD..OP_CMP, OP_TEST), one (OP_NOT..OP_DEC) and shifts. */
uint64_t alu(enum insn_op op, uint64_t dst, uint64_t src, unsigned int size,
             uint64_t *flags);
/* Does condition @cond (0..15) hold? */
bool alu_condition(uint64_t flags, unsigned int cond);

#endif
