/* SPDX-License-Identifier: MIT */
/*
 * emul/decode.h - bytes of one 64-bit-mode instruction to struct insn.
 *
 * Knows the forms a PV kernel can make us emulate: the privileged ones, and
 * moves and read-modify-writes on page-table entries.  Everything else is
 * refused, never guessed.  Takes bytes and nothing else: runs on the host.
 * Source  SDM vol. 2, 2.1-2.2 (prefixes, ModRM, SIB), appendix A.
 * Tests   tests/unit/emul/test_decode.c
 */
#ifndef EMUL_DECODE_H
#define EMUL_DECODE_H

#include <hv/types.h>

#define INSN_MAX_BYTES 15u

enum insn_op {
    OP_NONE, OP_IN, OP_OUT, OP_INS, OP_OUTS, OP_CLI, OP_STI, OP_HLT, OP_CLTS,
    OP_WBINVD, OP_RDMSR, OP_WRMSR, OP_MOV_FROM_CR, OP_MOV_TO_CR,
    OP_MOV_FROM_DR, OP_MOV_TO_DR, OP_XSETBV, OP_INVLPG, OP_CPUID, OP_RDTSC,
    OP_MOV, OP_XCHG, OP_CMPXCHG, OP_ADD, OP_OR, OP_AND, OP_SUB, OP_XOR,
    OP_BTS, OP_BTR, OP_BTC, OP_XADD,
};

struct insn {
    enum insn_op op;
    uint8_t length;            /* bytes, prefixes included */
    uint8_t size;              /* operand bytes: 1, 2, 4, 8 */
    uint8_t reg;               /* ModRM.reg with REX.R, or opcode register */
    uint8_t rm;                /* ModRM.rm with REX.B, when mod == 3 */
    bool mem;                  /* the r/m operand is memory */
    bool has_imm;              /* source is @imm, not @reg */
    bool imm_port;             /* IN/OUT with the port in @imm */
    bool rep, lock;
    bool high_byte;            /* byte register AH..BH (no REX) */
    uint64_t imm;              /* sign-extended */
};

/* Decode @n bytes (up to 15).  false: not one of ours, or too few bytes. */
bool must_check insn_decode(const uint8_t *bytes, unsigned int n,
                            struct insn *out);

#endif
