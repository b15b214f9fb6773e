/* SPDX-License-Identifier: MIT */
/*
 * A table per opcode map; a row says which operation, how wide, and what
 * follows the opcode.  Group opcodes pick the operation by ModRM.reg.
 */
#include <emul/decode.h>

enum form {
    F_NONE,
    F_PLAIN,       /* nothing follows */
    F_IMM8_PORT,   /* in/out imm8 */
    F_RM,          /* ModRM, other operand is reg */
    F_RM_IMM8, F_RM_IMM,      /* ModRM and an immediate, sign-extended */
    F_CR,          /* ModRM, always registers, 8 bytes */
};

struct row {
    uint8_t op;               /* OP_*; OP_NONE with a group: see @group */
    uint8_t form;
    uint8_t byte;             /* operand is one byte */
    const uint8_t *group;     /* OP_* by ModRM.reg */
};

static const uint8_t group1[8] = {
    OP_ADD, OP_OR, OP_NONE, OP_NONE, OP_AND, OP_SUB, OP_XOR, OP_NONE
};
static const uint8_t group8[8] = {
    OP_NONE, OP_NONE, OP_NONE, OP_NONE, OP_NONE, OP_BTS, OP_BTR, OP_BTC
};
static const uint8_t group11[8] = { OP_MOV };

static const struct row one_byte[256] = {
    [0x00] = { OP_ADD, F_RM, 1, NULL },  [0x01] = { OP_ADD, F_RM, 0, NULL },
    [0x08] = { OP_OR,  F_RM, 1, NULL },  [0x09] = { OP_OR,  F_RM, 0, NULL },
    [0x20] = { OP_AND, F_RM, 1, NULL },  [0x21] = { OP_AND, F_RM, 0, NULL },
    [0x28] = { OP_SUB, F_RM, 1, NULL },  [0x29] = { OP_SUB, F_RM, 0, NULL },
    [0x30] = { OP_XOR, F_RM, 1, NULL },  [0x31] = { OP_XOR, F_RM, 0, NULL },
    [0x6c] = { OP_INS, F_PLAIN, 1, NULL },  [0x6d] = { OP_INS, F_PLAIN, 0, NULL },
    [0x6e] = { OP_OUTS, F_PLAIN, 1, NULL }, [0x6f] = { OP_OUTS, F_PLAIN, 0, NULL },
    [0x80] = { OP_NONE, F_RM_IMM8, 1, group1 },
    [0x81] = { OP_NONE, F_RM_IMM, 0, group1 },
    [0x83] = { OP_NONE, F_RM_IMM8, 0, group1 },
    [0x86] = { OP_XCHG, F_RM, 1, NULL }, [0x87] = { OP_XCHG, F_RM, 0, NULL },
    [0x88] = { OP_MOV, F_RM, 1, NULL },  [0x89] = { OP_MOV, F_RM, 0, NULL },
    [0xc6] = { OP_NONE, F_RM_IMM8, 1, group11 },
    [0xc7] = { OP_NONE, F_RM_IMM, 0, group11 },
    [0xe4] = { OP_IN, F_IMM8_PORT, 1, NULL },  [0xe5] = { OP_IN, F_IMM8_PORT, 0, NULL },
    [0xe6] = { OP_OUT, F_IMM8_PORT, 1, NULL }, [0xe7] = { OP_OUT, F_IMM8_PORT, 0, NULL },
    [0xec] = { OP_IN, F_PLAIN, 1, NULL },      [0xed] = { OP_IN, F_PLAIN, 0, NULL },
    [0xee] = { OP_OUT, F_PLAIN, 1, NULL },     [0xef] = { OP_OUT, F_PLAIN, 0, NULL },
    [0xf4] = { OP_HLT, F_PLAIN, 0, NULL },
    [0xfa] = { OP_CLI, F_PLAIN, 0, NULL },     [0xfb] = { OP_STI, F_PLAIN, 0, NULL },
};

static const struct row two_byte[256] = {
    [0x06] = { OP_CLTS, F_PLAIN, 0, NULL },
    [0x09] = { OP_WBINVD, F_PLAIN, 0, NULL },
    [0x20] = { OP_MOV_FROM_CR, F_CR, 0, NULL },
    [0x21] = { OP_MOV_FROM_DR, F_CR, 0, NULL },
    [0x22] = { OP_MOV_TO_CR, F_CR, 0, NULL },
    [0x23] = { OP_MOV_TO_DR, F_CR, 0, NULL },
    [0x30] = { OP_WRMSR, F_PLAIN, 0, NULL },
    [0x31] = { OP_RDTSC, F_PLAIN, 0, NULL },
    [0x32] = { OP_RDMSR, F_PLAIN, 0, NULL },
    [0xa2] = { OP_CPUID, F_PLAIN, 0, NULL },
    [0xab] = { OP_BTS, F_RM, 0, NULL },
    [0xb0] = { OP_CMPXCHG, F_RM, 1, NULL }, [0xb1] = { OP_CMPXCHG, F_RM, 0, NULL },
    [0xb3] = { OP_BTR, F_RM, 0, NULL },
    [0xba] = { OP_NONE, F_RM_IMM8, 0, group8 },
    [0xbb] = { OP_BTC, F_RM, 0, NULL },
    [0xc0] = { OP_XADD, F_RM, 1, NULL },    [0xc1] = { OP_XADD, F_RM, 0, NULL },
};

struct cursor {
    const uint8_t *p, *end;
    bool short_of;             /* ran out of bytes */
};

static uint64_t take(struct cursor *c, unsigned int bytes)
{
    uint64_t v = 0;

    if ((size_t)(c->end - c->p) < bytes) {
        c->short_of = true;
        return 0;
    }
    for (unsigned int i = 0; i < bytes; i++) {
        v |= (uint64_t)c->p[i] << (8 * i);
    }
    c->p += bytes;
    return v;
}

struct prefixes {
    uint8_t rex;
    bool opsize, rep, lock;
};

static uint8_t take_prefixes(struct cursor *c, struct prefixes *p)
{
    for (;;) {
        uint8_t b = (uint8_t)take(c, 1);

        switch (b) {
        case 0x66: p->opsize = true; break;
        case 0xf0: p->lock = true; break;
        case 0xf2:
        case 0xf3: p->rep = true; break;
        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
        case 0x67:
            break;
        default:
            if ((b & 0xf0) == 0x40) {
                p->rex = b;
                b = (uint8_t)take(c, 1);   /* REX is the last prefix */
            }
            return b;
        }
        if (c->short_of) {
            return 0;
        }
    }
}

/* Skip the address bytes: the fault told the address already. */
static void take_modrm(struct cursor *c, const struct prefixes *p,
                       struct insn *out)
{
    uint8_t m = (uint8_t)take(c, 1), mod = m >> 6, rm = m & 7;

    out->reg = ((m >> 3) & 7) | (p->rex & 4 ? 8 : 0);
    out->rm = rm | (p->rex & 1 ? 8 : 0);
    out->mem = mod != 3;
    if (!out->mem) {
        return;
    }
    if (rm == 4) {
        uint8_t sib = (uint8_t)take(c, 1);

        if (mod == 0 && (sib & 7) == 5) {
            (void)take(c, 4);
        }
    } else if (mod == 0 && rm == 5) {
        (void)take(c, 4);
    }
    if (mod == 1) {
        (void)take(c, 1);
    } else if (mod == 2) {
        (void)take(c, 4);
    }
}

static void take_immediate(struct cursor *c, const struct row *row,
                           struct insn *out)
{
    unsigned int n = row->form == F_RM_IMM ? min((unsigned int)out->size, 4u)
                                           : 1;
    uint64_t v = take(c, n);

    out->has_imm = true;
    out->imm = n == 1 ? (uint64_t)(int64_t)(int8_t)v
             : n == 2 ? (uint64_t)(int64_t)(int16_t)v
                      : (uint64_t)(int64_t)(int32_t)v;
}

/* 0f 01 d1 and 0f 01 /7 have no room in the table. */
static bool decode_0f01(struct cursor *c, const struct prefixes *p,
                        struct insn *out)
{
    if (c->p < c->end && *c->p == 0xd1) {
        c->p++;
        out->op = OP_XSETBV;
        return true;
    }
    take_modrm(c, p, out);
    out->op = OP_INVLPG;
    return out->mem && (out->reg & 7) == 7;
}

static always_inline bool decode_operands(struct cursor *c, const struct row *row,
                            const struct prefixes *p, struct insn *out)
{
    out->op = row->op;
    out->size = row->byte ? 1 : p->rex & 8 ? 8 : p->opsize ? 2 : 4;
    switch (row->form) {
    case F_PLAIN:
        break;
    case F_IMM8_PORT:
        out->imm_port = true;
        out->imm = take(c, 1);
        break;
    case F_CR:
        take_modrm(c, p, out);
        out->mem = false;
        out->size = 8;
        break;
    case F_RM:
    case F_RM_IMM8:
    case F_RM_IMM:
        take_modrm(c, p, out);
        if (row->group != NULL) {
            out->op = row->group[out->reg & 7];
        }
        out->high_byte = row->byte && p->rex == 0 && out->reg >= 4;
        if (row->form != F_RM) {
            take_immediate(c, row, out);
        }
        break;
    default:
        return false;
    }
    return out->op != OP_NONE;
}

bool insn_decode(const uint8_t *bytes, unsigned int n, struct insn *out)
{
    struct cursor c = { bytes, bytes + min(n, INSN_MAX_BYTES), false };
    struct prefixes p = { 0 };
    uint8_t opcode = take_prefixes(&c, &p);
    bool ok;

    *out = (struct insn){ .rep = p.rep, .lock = p.lock };
    if (opcode == 0x0f) {
        opcode = (uint8_t)take(&c, 1);
        ok = opcode == 0x01 ? decode_0f01(&c, &p, out)
                            : decode_operands(&c, &two_byte[opcode], &p, out);
    } else {
        ok = decode_operands(&c, &one_byte[opcode], &p, out);
    }
    out->length = (uint8_t)(c.p - bytes);
    return ok && !c.short_of;
}
