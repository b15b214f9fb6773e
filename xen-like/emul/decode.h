/* SPDX-License-Identifier: MIT */
/*
 * emul/decode.h - bytes of one instruction to struct insn.
 *
 * Knows the forms that a PV kernel can make us emulate (privileged ones,
 * moves and read-modify-writes of page-table entries) and those by which
 * drivers and firmware touch devices, in 16, 32 and 64-bit code: SSE moves to
 * and from memory among them, and their VEX forms.  Everything else is
 * refused, never guessed.  Takes bytes and nothing else: runs on the
 * host.
 * Source  SDM vol. 2, 2.1-2.2 (prefixes, ModRM, SIB), appendix A.
 * Tests   tests/unit/emul/, tests/fuzz/fuzz_emul.c (against Zydis)
 */
#ifndef EMUL_DECODE_H
#define EMUL_DECODE_H

#include <hv/types.h>

#define INSN_MAX_BYTES 15u

/* Of the groups by ModRM.reg: ADD..CMP and ROL..SAR are in that order. */
enum insn_op {
    OP_NONE, OP_IN, OP_OUT, OP_INS, OP_OUTS, OP_CLI, OP_STI, OP_HLT, OP_CLTS,
    OP_WBINVD, OP_RDMSR, OP_WRMSR, OP_MOV_FROM_CR, OP_MOV_TO_CR,
    OP_MOV_FROM_DR, OP_MOV_TO_DR, OP_XSETBV, OP_INVLPG, OP_CPUID, OP_RDTSC,
    OP_MOV, OP_XCHG, OP_CMPXCHG, OP_XADD,
    OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP,
    OP_ROL, OP_ROR, OP_RCL, OP_RCR, OP_SHL, OP_SHR, OP_SHL2, OP_SAR,
    OP_BT, OP_BTS, OP_BTR, OP_BTC,
    OP_TEST, OP_NOT, OP_NEG, OP_INC, OP_DEC, OP_PUSH, OP_POP,
    OP_MOVZX, OP_MOVSX, OP_SETCC, OP_CMOV,
    OP_MOVS, OP_CMPS, OP_STOS, OP_LODS, OP_SCAS,
    OP_SSE_MOV,                /* between an XMM, YMM register and memory */
};

enum insn_seg { INSN_ES, INSN_CS, INSN_SS, INSN_DS, INSN_FS, INSN_GS };
#define INSN_NO_REG 0xffu

struct insn {
    uint8_t op;                /* enum insn_op */
    uint8_t length;            /* bytes, prefixes included */
    uint8_t size;              /* operand bytes: 1, 2, 4, 8; SSE: to 32 */
    uint8_t src_size;          /* MOVZX, MOVSX: of the r/m operand */
    uint8_t reg;               /* ModRM.reg with REX.R */
    uint8_t rm;                /* ModRM.rm with REX.B, when mod == 3 */
    uint8_t cond;              /* SETCC, CMOV: low four bits of the opcode */
    bool mem;                  /* the r/m operand is memory */
    bool to_reg;               /* @reg is the destination, r/m the source */
    bool has_imm;              /* source is @imm, not @reg */
    bool by_cl;                /* shift by CL */
    bool imm_port;             /* IN/OUT with the port in @imm */
    bool rep, lock;
    bool repne;                /* the rep prefix was F2 */
    bool rex;                  /* byte registers 4..7 are SPL..DIL */
    bool high_byte;            /* byte register AH..BH as @reg (no REX) */
    uint8_t addr_size;         /* 2, 4, 8: of address and count registers */
    uint8_t seg;               /* enum insn_seg, the override or the default */
    uint8_t base, index;       /* registers of the address, INSN_NO_REG */
    uint8_t shift;             /* of the index */
    bool aligned;              /* SSE: the address is, or #GP */
    bool upper;                /* SSE: the register's upper half */
    bool merge;                /* SSE: a load leaves its other half as it is */
    bool vex;                  /* a load clears what is above, up to YMM */
    bool rip_relative;         /* @disp counts from the next instruction */
    int64_t disp;
    uint64_t imm;              /* sign-extended */
};

/* Decode @n bytes (up to 15) of code of @mode bytes: 2, 4, 8.  false: not
 * one of ours, or too few bytes. */
bool must_check insn_decode_mode(const uint8_t *bytes, unsigned int n,
                                 unsigned int mode, struct insn *out);

static inline bool must_check insn_decode(const uint8_t *bytes, unsigned int n,
                                          struct insn *out)
{
    return insn_decode_mode(bytes, n, 8, out);
}

#endif
