/* SPDX-License-Identifier: MIT */
/*
 * A table per opcode map; a row says which operation and what follows the
 * opcode.  Group opcodes pick the operation by ModRM.reg.
 */
#include <emul/decode.h>

enum form {
    F_NONE,
    F_PLAIN,       /* nothing follows */
    F_IMM8_PORT,   /* in/out imm8 */
    F_RM,          /* ModRM, other operand is reg */
    F_RM_IMM8, F_RM_IMM,      /* ModRM and an immediate, sign-extended */
    F_RM_1, F_RM_CL,          /* shift by one, by CL */
    F_RM_SRC8, F_RM_SRC16, F_RM_SRC32,   /* r/m narrower than the register */
    F_RM_STACK,    /* push, pop: 8 bytes in 64-bit code */
    F_CR,          /* ModRM, always registers, no prefix widens */
    F_MOFFS,       /* accumulator and an address */
    F_MASK = 15,
    BYTE = 16,     /* operand is one byte */
    TO_REG = 32,
};

enum {             /* op of a row from here on: a group */
    G1 = 0x80, G2, G3, G4, G5, G8, G11, G1A,
};

struct row {
    uint8_t op, form;
};

static const uint8_t groups[][8] = {
    [G1 - G1] = { OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR,
                  OP_CMP },
    [G2 - G1] = { OP_ROL, OP_ROR, OP_RCL, OP_RCR, OP_SHL, OP_SHR, OP_SHL2,
                  OP_SAR },
    [G3 - G1] = { OP_TEST, OP_TEST, OP_NOT, OP_NEG },
    [G4 - G1] = { OP_INC, OP_DEC },
    [G5 - G1] = { OP_INC, OP_DEC, [6] = OP_PUSH },
    [G8 - G1] = { [4] = OP_BT, OP_BTS, OP_BTR, OP_BTC },
    [G11 - G1] = { OP_MOV },
    [G1A - G1] = { OP_POP },
};

#define ALU(at, op) \
    [at] = { op, F_RM | BYTE }, [at + 1] = { op, F_RM }, \
    [at + 2] = { op, F_RM | BYTE | TO_REG }, [at + 3] = { op, F_RM | TO_REG }
#define PAIR(at, op, form) [at] = { op, form | BYTE }, [at + 1] = { op, form }

static const struct row one_byte[256] = {
    ALU(0x00, OP_ADD), ALU(0x08, OP_OR),  ALU(0x10, OP_ADC), ALU(0x18, OP_SBB),
    ALU(0x20, OP_AND), ALU(0x28, OP_SUB), ALU(0x30, OP_XOR), ALU(0x38, OP_CMP),
    [0x63] = { OP_MOVSX, F_RM_SRC32 | TO_REG },
    PAIR(0x6c, OP_INS, F_PLAIN),    PAIR(0x6e, OP_OUTS, F_PLAIN),
    PAIR(0x80, G1, F_RM_IMM),       [0x83] = { G1, F_RM_IMM8 },
    PAIR(0x84, OP_TEST, F_RM),      PAIR(0x86, OP_XCHG, F_RM),
    PAIR(0x88, OP_MOV, F_RM),       PAIR(0x8a, OP_MOV, F_RM | TO_REG),
    [0x8f] = { G1A, F_RM_STACK },
    PAIR(0xa0, OP_MOV, F_MOFFS | TO_REG), PAIR(0xa2, OP_MOV, F_MOFFS),
    PAIR(0xa4, OP_MOVS, F_PLAIN),   PAIR(0xa6, OP_CMPS, F_PLAIN),
    PAIR(0xaa, OP_STOS, F_PLAIN),   PAIR(0xac, OP_LODS, F_PLAIN),
    PAIR(0xae, OP_SCAS, F_PLAIN),
    [0xc0] = { G2, F_RM_IMM8 | BYTE }, [0xc1] = { G2, F_RM_IMM8 },
    PAIR(0xc6, G11, F_RM_IMM),
    PAIR(0xd0, G2, F_RM_1),         PAIR(0xd2, G2, F_RM_CL),
    PAIR(0xe4, OP_IN, F_IMM8_PORT), PAIR(0xe6, OP_OUT, F_IMM8_PORT),
    PAIR(0xec, OP_IN, F_PLAIN),     PAIR(0xee, OP_OUT, F_PLAIN),
    [0xf4] = { OP_HLT, F_PLAIN },
    PAIR(0xf6, G3, F_RM),
    [0xfa] = { OP_CLI, F_PLAIN },   [0xfb] = { OP_STI, F_PLAIN },
    [0xfe] = { G4, F_RM | BYTE },   [0xff] = { G5, F_RM },
};

static const struct row two_byte[256] = {
    [0x06] = { OP_CLTS, F_PLAIN },
    [0x09] = { OP_WBINVD, F_PLAIN },
    [0x20] = { OP_MOV_FROM_CR, F_CR },
    [0x21] = { OP_MOV_FROM_DR, F_CR },
    [0x22] = { OP_MOV_TO_CR, F_CR },
    [0x23] = { OP_MOV_TO_DR, F_CR },
    [0x30] = { OP_WRMSR, F_PLAIN },
    [0x31] = { OP_RDTSC, F_PLAIN },
    [0x32] = { OP_RDMSR, F_PLAIN },
    [0x40 ... 0x4f] = { OP_CMOV, F_RM | TO_REG },
    [0x90 ... 0x9f] = { OP_SETCC, F_RM | BYTE },
    [0xa2] = { OP_CPUID, F_PLAIN },
    [0xa3] = { OP_BT, F_RM },
    [0xab] = { OP_BTS, F_RM },
    PAIR(0xb0, OP_CMPXCHG, F_RM),
    [0xb3] = { OP_BTR, F_RM },
    [0xb6] = { OP_MOVZX, F_RM_SRC8 | TO_REG },
    [0xb7] = { OP_MOVZX, F_RM_SRC16 | TO_REG },
    [0xba] = { G8, F_RM_IMM8 },
    [0xbb] = { OP_BTC, F_RM },
    [0xbe] = { OP_MOVSX, F_RM_SRC8 | TO_REG },
    [0xbf] = { OP_MOVSX, F_RM_SRC16 | TO_REG },
    PAIR(0xc0, OP_XADD, F_RM),
};

/* Moves of SSE and SSE2, by their prefix (SDM vol. 2, 2.1.2: F2 and F3 go
 * before 66).  Memory forms only: no other touches a device. */
enum { NO_PREFIX, P66, PF3, PF2 };
enum {
    SSE_STORE = 1, SSE_ALIGNED = 2, SSE_UPPER = 4, SSE_MERGE = 8,
    SSE_WIDE = 16,     /* 8 bytes with REX.W */
    SSE_GENERAL = 32,  /* MOVNTI: from a general register */
};
static const struct sse_row {
    uint8_t opcode, prefix, size, how;
} sse_rows[] = {
#define LOAD_STORE(at, to, prefix, size, how) \
    { at, prefix, size, how }, { to, prefix, size, (how) | SSE_STORE }
    LOAD_STORE(0x10, 0x11, NO_PREFIX, 16, 0),      /* movups */
    LOAD_STORE(0x10, 0x11, P66, 16, 0),            /* movupd */
    LOAD_STORE(0x10, 0x11, PF3, 4, 0),             /* movss */
    LOAD_STORE(0x10, 0x11, PF2, 8, 0),             /* movsd */
    LOAD_STORE(0x12, 0x13, NO_PREFIX, 8, SSE_MERGE),     /* movlps */
    LOAD_STORE(0x12, 0x13, P66, 8, SSE_MERGE),           /* movlpd */
    LOAD_STORE(0x16, 0x17, NO_PREFIX, 8, SSE_MERGE | SSE_UPPER),
    LOAD_STORE(0x16, 0x17, P66, 8, SSE_MERGE | SSE_UPPER),
    LOAD_STORE(0x28, 0x29, NO_PREFIX, 16, SSE_ALIGNED),  /* movaps */
    LOAD_STORE(0x28, 0x29, P66, 16, SSE_ALIGNED),        /* movapd */
    LOAD_STORE(0x6e, 0x7e, P66, 4, SSE_WIDE),            /* movd, movq */
    LOAD_STORE(0x6f, 0x7f, P66, 16, SSE_ALIGNED),        /* movdqa */
    LOAD_STORE(0x6f, 0x7f, PF3, 16, 0),                  /* movdqu */
#undef LOAD_STORE
    { 0x7e, PF3, 8, 0 },                                 /* movq */
    { 0xd6, P66, 8, SSE_STORE },                         /* movq */
    { 0xf0, PF2, 16, 0 },                                /* lddqu */
    { 0x2b, NO_PREFIX, 16, SSE_STORE | SSE_ALIGNED },    /* movntps */
    { 0x2b, P66, 16, SSE_STORE | SSE_ALIGNED },          /* movntpd */
    { 0xe7, P66, 16, SSE_STORE | SSE_ALIGNED },          /* movntdq */
    { 0xc3, NO_PREFIX, 4, SSE_STORE | SSE_WIDE | SSE_GENERAL },
};

struct cursor {
    const uint8_t *p, *end;
    bool short_of;             /* ran out of bytes */
};

static always_inline uint8_t take1(struct cursor *c)
{
    if (unlikely(c->p == c->end)) {
        c->short_of = true;
        return 0;
    }
    return *c->p++;
}

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

static int64_t take_signed(struct cursor *c, unsigned int bytes)
{
    unsigned int shift = 64 - bytes * 8;

    return (int64_t)(take(c, bytes) << shift) >> shift;
}

struct prefixes {
    uint8_t rex, seg;          /* seg: number + 1 */
    bool opsize, addrsize, rep, repne, lock;
};

static const bool is_prefix[256] = {
    [0x66] = true, [0x67] = true, [0xf0] = true, [0xf2] = true, [0xf3] = true,
    [0x26] = true, [0x2e] = true, [0x36] = true, [0x3e] = true,
    [0x64] = true, [0x65] = true,
};

static noinline void note_prefix(uint8_t b, bool mode64, struct prefixes *p)
{
    switch (b) {
    case 0x66: p->opsize = true; break;
    case 0x67: p->addrsize = true; break;
    case 0xf0: p->lock = true; break;
    case 0xf2:
    case 0xf3:
        p->rep = true;
        p->repne = b == 0xf2;
        break;
    case 0x64: case 0x65:
        p->seg = (uint8_t)(b - 0x64 + INSN_FS + 1);
        break;
    default:
        if (!mode64) {
            p->seg = (uint8_t)(((b >> 3) & 3) + 1);
        }
    }
}

/* The opcode behind them; 0 if the bytes end before it. */
static always_inline uint8_t take_prefixes(struct cursor *c, bool mode64,
                                           struct prefixes *p)
{
    uint8_t b = take1(c);

    while (unlikely(is_prefix[b])) {
        note_prefix(b, mode64, p);
        b = take1(c);
    }
    if (mode64 && (b & 0xf0) == 0x40) {
        p->rex = b;
        b = take1(c);                  /* REX is the last prefix */
    }
    return b;
}

/* 16-bit addresses: pairs of registers (SDM table 2-1). */
static void take_address16(struct cursor *c, uint8_t mod, uint8_t rm,
                           struct insn *out)
{
    enum { BX = 3, BP = 5, SI = 6, DI = 7, NO = INSN_NO_REG };
    static const uint8_t pairs[8][2] = {
        { BX, SI }, { BX, DI }, { BP, SI }, { BP, DI },
        { SI, NO }, { DI, NO }, { BP, NO }, { BX, NO },
    };

    if (mod == 0 && rm == 6) {
        out->disp = take_signed(c, 2);
        return;
    }
    out->base = pairs[rm][0];
    out->index = pairs[rm][1];
    out->disp = mod == 0 ? 0 : take_signed(c, mod);
    out->seg = out->base == BP ? INSN_SS : INSN_DS;
}

static void take_address(struct cursor *c, const struct prefixes *p,
                         uint8_t mod, uint8_t rm, bool mode64,
                         struct insn *out)
{
    uint8_t base = rm;

    if (rm == 4) {
        uint8_t sib = take1(c), index = (sib >> 3) & 7;

        base = sib & 7;
        index |= p->rex & 2 ? 8 : 0;
        if (index != 4) {
            out->index = index;
            out->shift = sib >> 6;
        }
    }
    if (mod == 0 && base == 5) {
        out->rip_relative = mode64 && rm == 5;
        out->disp = take_signed(c, 4);
        return;
    }
    out->base = base | (p->rex & 1 ? 8 : 0);
    out->seg = base == 4 || base == 5 ? INSN_SS : INSN_DS;
    if ((base == 4 || base == 5) && (p->rex & 1)) {
        out->seg = INSN_DS;               /* R12, R13 */
    }
    out->disp = mod == 0 ? 0 : take_signed(c, mod == 1 ? 1 : 4);
}

static void take_modrm(struct cursor *c, const struct prefixes *p,
                       unsigned int mode, struct insn *out)
{
    uint8_t m = take1(c), mod = m >> 6, rm = m & 7;

    out->reg = ((m >> 3) & 7) | (p->rex & 4 ? 8 : 0);
    out->rm = rm | (p->rex & 1 ? 8 : 0);
    out->mem = mod != 3;
    if (!out->mem) {
        return;
    }
    if (out->addr_size == 2) {
        take_address16(c, mod, rm, out);
    } else {
        take_address(c, p, mod, rm, mode == 8, out);
    }
}

/* 0f 01 d1 and 0f 01 /7 have no room in the table. */
static bool decode_0f01(struct cursor *c, const struct prefixes *p,
                        unsigned int mode, struct insn *out)
{
    if (c->p < c->end && *c->p == 0xd1) {
        c->p++;
        out->op = OP_XSETBV;
        return !p->opsize && !p->rep && !p->lock;
    }
    take_modrm(c, p, mode, out);
    out->op = OP_INVLPG;
    return out->mem && (out->reg & 7) == 7 && !p->lock;
}

static const struct sse_row *find_sse(uint8_t opcode, unsigned int prefix)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(sse_rows); i++) {
        if (sse_rows[i].opcode == opcode && sse_rows[i].prefix == prefix) {
            return &sse_rows[i];
        }
    }
    return NULL;
}

static bool decode_move(struct cursor *c, const struct sse_row *row,
                        const struct prefixes *p, unsigned int mode,
                        struct insn *out)
{
    take_modrm(c, p, mode, out);
    out->op = row->how & SSE_GENERAL ? OP_MOV : OP_SSE_MOV;
    out->size = (row->how & SSE_WIDE) && (p->rex & 8) ? 8 : row->size;
    out->to_reg = !(row->how & SSE_STORE);
    out->aligned = (row->how & SSE_ALIGNED) != 0;
    out->upper = (row->how & SSE_UPPER) != 0;
    out->merge = (row->how & SSE_MERGE) != 0;
    return out->mem;
}

static bool decode_sse(struct cursor *c, uint8_t opcode,
                       const struct prefixes *p, unsigned int mode,
                       struct insn *out)
{
    const struct sse_row *row = find_sse(opcode, p->repne ? PF2 : p->rep ? PF3
                                         : p->opsize ? P66 : NO_PREFIX);

    return row != NULL && !p->lock && decode_move(c, row, p, mode, out);
}

/*
 * C5 RvvvvLpp, or C4 RXBmmmmm WvvvvLpp (SDM vol. 2, 2.3): R, X, B, vvvv are
 * inverted; without a second source vvvv is all ones; pp counts as the
 * prefixes above do.  Outside of 64-bit code R and X tell it from LES, LDS.
 */
static bool decode_vex(struct cursor *c, bool three, struct prefixes p,
                       unsigned int mode, struct insn *out)
{
    uint8_t b1 = take1(c), b2 = three ? take1(c) : b1, opcode = take1(c);
    const struct sse_row *row = find_sse(opcode, b2 & 3);
    bool wide = (b2 & 4) != 0;

    if (mode == 2 || (mode == 4 && (b1 & 0xc0) != 0xc0) || p.rex != 0 ||
        p.opsize || p.rep || p.lock || (b2 & 0x78) != 0x78 ||
        (three && (b1 & 0x1f) != 1) || row == NULL ||
        (row->how & (SSE_MERGE | SSE_GENERAL))) {
        return false;
    }
    if (mode == 8) {
        p.rex = (uint8_t)((~b1 >> 5 & 4) |
                          (three ? (~b1 >> 5 & 3) | (b2 >> 4 & 8) : 0));
    }
    out->vex = true;
    if (!decode_move(c, row, &p, mode, out)) {
        return false;
    }
    if (wide && row->size == 16) {
        out->size = 32;
    }
    /* MOVSS and MOVSD do not look at the length, MOVD and MOVQ refuse it. */
    return !wide || row->size == 16 || opcode == 0x10 || opcode == 0x11;
}

static void take_immediate(struct cursor *c, unsigned int bytes,
                           struct insn *out)
{
    out->has_imm = true;
    out->imm = (uint64_t)take_signed(c, bytes);
}

/* What ModRM forms have in common, then what tells them apart. */
static bool decode_rm(struct cursor *c, struct row row,
                      const struct prefixes *p, unsigned int mode,
                      struct insn *out)
{
    unsigned int form = row.form & F_MASK;

    take_modrm(c, p, mode, out);
    if (row.op >= G1) {
        out->op = groups[row.op - G1][out->reg & 7];
    }
    out->to_reg = (row.form & TO_REG) != 0;
    out->high_byte = out->size == 1 && p->rex == 0 && out->reg >= 4;
    if (form == F_RM_STACK || out->op == OP_PUSH) {
        if (mode == 8 && out->size == 4) {
            out->size = 8;
        }
    }
    if (form == F_RM_IMM8) {
        take_immediate(c, 1, out);
    } else if (form == F_RM_IMM || (row.op == G3 && out->op == OP_TEST)) {
        take_immediate(c, min((unsigned int)out->size, 4u), out);
    } else if (form == F_RM_1) {
        out->has_imm = true;
        out->imm = 1;
    } else if (form == F_RM_CL) {
        out->by_cl = true;
    } else if (form >= F_RM_SRC8 && form <= F_RM_SRC32) {
        out->src_size = min((uint8_t)(1u << (form - F_RM_SRC8)), out->size);
    }
    return out->op != OP_NONE;
}

static bool lockable(const struct insn *in)
{
    return in->mem && !in->to_reg &&
           (in->op == OP_XCHG || in->op == OP_CMPXCHG || in->op == OP_XADD ||
            (in->op >= OP_ADD && in->op <= OP_XOR) ||
            (in->op >= OP_BTS && in->op <= OP_BTC) ||
            (in->op >= OP_NOT && in->op <= OP_DEC));
}

static always_inline bool decode_operands(struct cursor *c, struct row row,
                                          const struct prefixes *p,
                                          unsigned int mode, struct insn *out)
{
    bool small = (mode == 2) != p->opsize;

    out->op = row.op;
    out->size = row.form & BYTE ? 1 : p->rex & 8 ? 8 : small ? 2 : 4;
    switch (row.form & F_MASK) {
    case F_NONE:
        return false;
    case F_PLAIN:
        return !p->lock;
    case F_IMM8_PORT:
        out->imm_port = true;
        out->imm = take1(c);
        return !p->lock;
    case F_CR:
        out->rm = take1(c);   /* mod means nothing here */
        out->reg = ((out->rm >> 3) & 7) | (p->rex & 4 ? 8 : 0);
        out->rm = (out->rm & 7) | (p->rex & 1 ? 8 : 0);
        out->size = mode == 8 ? 8 : 4;
        return !p->lock;
    case F_MOFFS:
        out->mem = true;
        out->to_reg = (row.form & TO_REG) != 0;
        out->disp = (int64_t)take(c, out->addr_size);
        return !p->lock;
    default:
        return decode_rm(c, row, p, mode, out) &&
               (!p->lock || lockable(out));
    }
}

static always_inline struct insn blank(unsigned int mode)
{
    return (struct insn){ .seg = INSN_DS, .base = INSN_NO_REG,
                          .index = INSN_NO_REG, .addr_size = (uint8_t)mode };
}

static always_inline void plain(struct row row, unsigned int opcode,
                                unsigned int mode, unsigned int length,
                                struct insn *out)
{
    *out = blank(mode);
    out->op = row.op;
    out->size = row.form & BYTE ? 1 : mode == 2 ? 2 : 4;
    out->cond = opcode & 15;
    out->length = (uint8_t)length;
}

/* What kernels are emulated for most: an opcode and nothing else, or IN and
 * OUT of a port that is named. */
static always_inline bool decode_plain(const uint8_t *bytes, unsigned int n,
                                       unsigned int mode, struct insn *out)
{
    unsigned int wide = n >= 2 && bytes[0] == 0x0f, opcode;
    struct row row;

    if (n == 0) {
        return false;
    }
    opcode = bytes[wide];
    row = wide ? two_byte[opcode] : one_byte[opcode];
    if ((row.form & F_MASK) == F_PLAIN) {
        plain(row, opcode, mode, 1 + wide, out);
        return true;
    }
    if ((row.form & F_MASK) == F_IMM8_PORT && n >= 2) {
        plain(row, opcode, mode, 2, out);
        out->imm_port = true;
        out->imm = bytes[1];
        return true;
    }
    return false;
}

static noinline bool decode_any(const uint8_t *bytes, unsigned int n,
                                unsigned int mode, struct insn *out)
{
    struct cursor c = { bytes, bytes + min(n, INSN_MAX_BYTES), false };
    struct prefixes p = { 0 };
    uint8_t opcode = take_prefixes(&c, mode == 8, &p);
    bool ok;

    *out = blank(!p.addrsize ? mode : mode == 4 ? 2 : 4);
    out->rep = p.rep;
    out->repne = p.repne;
    out->lock = p.lock;
    out->rex = p.rex != 0;
    if (opcode == 0xc4 || opcode == 0xc5) {
        ok = decode_vex(&c, opcode == 0xc4, p, mode, out);
    } else if (opcode == 0x0f) {
        opcode = take1(&c);
        ok = opcode == 0x01
           ? decode_0f01(&c, &p, mode, out)
           : two_byte[opcode].op == OP_NONE
           ? decode_sse(&c, opcode, &p, mode, out)
           : decode_operands(&c, two_byte[opcode], &p, mode, out);
    } else {
        /* 63 is ARPL outside of 64-bit code. */
        ok = (opcode != 0x63 || mode == 8) &&
             decode_operands(&c, one_byte[opcode], &p, mode, out);
    }
    if (p.seg != 0) {
        out->seg = p.seg - 1;
    }
    out->cond = opcode & 15;
    out->length = (uint8_t)(c.p - bytes);
    return ok && !c.short_of;
}

bool insn_decode_mode(const uint8_t *bytes, unsigned int n, unsigned int mode,
                      struct insn *out)
{
    return decode_plain(bytes, n, mode, out) ||
           decode_any(bytes, n, mode, out);
}
