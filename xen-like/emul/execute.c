/* SPDX-License-Identifier: MIT */
/*
 * Operands in, operation (emul/alu), operands out.  See execute.h.
 */
#include <emul/alu.h>
#include <emul/execute.h>

#define VECTOR_SS 12u
#define VECTOR_GP 13u
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static enum emul_result fault(struct emul_ctx *c, uint8_t vector)
{
    c->vector = vector;
    c->error = 0;
    return EMUL_FAULT;
}

/* ---- registers ---------------------------------------------------------- */
static uint64_t reg_get(const struct emul_ctx *c, const struct insn *in,
                        unsigned int nr, unsigned int size)
{
    if (size == 1 && !in->rex && nr >= 4) {
        return (c->reg[nr - 4] >> 8) & 0xff;
    }
    return c->reg[nr] & size_mask(size);
}

/* 32-bit results clear the upper half; narrower ones leave the rest. */
static void reg_put(struct emul_ctx *c, const struct insn *in, unsigned int nr,
                    unsigned int size, uint64_t v)
{
    uint64_t *r = &c->reg[nr], m = size_mask(size);

    if (size == 1 && !in->rex && nr >= 4) {
        c->reg[nr - 4] = (c->reg[nr - 4] & ~0xff00ull) | (v & 0xff) << 8;
    } else {
        *r = size == 4 ? (uint32_t)v : (*r & ~m) | (v & m);
    }
}

/* An address or count register moves within its width. */
static void reg_add(uint64_t *r, int64_t by, unsigned int size)
{
    uint64_t m = size_mask(size), v = (*r + (uint64_t)by) & m;

    *r = size == 4 ? v : (*r & ~m) | v;
}

/* ---- memory ---------------------------------------------------------------- */
/* @offset in @seg -> linear; the last byte must be inside as well. */
static enum emul_result linear(struct emul_ctx *c, unsigned int seg,
                               uint64_t offset, unsigned int bytes, bool write,
                               uint64_t *out)
{
    const struct emul_seg *s = &c->seg[seg];
    uint8_t vector = seg == INSN_SS ? VECTOR_SS : VECTOR_GP;
    uint64_t last = offset + bytes - 1;

    if (c->mode == 8) {
        *out = offset + (seg >= INSN_FS ? s->base : 0);
        last = *out + bytes - 1;
        return ((int64_t)(*out << 16) >> 16) != (int64_t)*out ||
               ((int64_t)(last << 16) >> 16) != (int64_t)last
               ? fault(c, vector) : EMUL_OK;
    }
    *out = (uint32_t)(s->base + offset);
    if (!s->usable || (write && !s->writable) ||
        (s->expand_down ? offset <= s->limit ||
                          last > (s->big ? 0xffffffffu : 0xffffu)
                        : last > s->limit)) {
        return fault(c, vector);
    }
    return EMUL_OK;
}

static enum emul_result load(struct emul_ctx *c, unsigned int seg,
                             uint64_t offset, unsigned int size, uint64_t *v)
{
    uint64_t at;
    enum emul_result r = linear(c, seg, offset, size, false, &at);

    *v = 0;
    return r != EMUL_OK ? r : c->ops->read(c, at, v, size);
}

static enum emul_result store(struct emul_ctx *c, unsigned int seg,
                              uint64_t offset, unsigned int size, uint64_t v)
{
    uint64_t at;
    enum emul_result r = linear(c, seg, offset, size, true, &at);

    return r != EMUL_OK ? r : c->ops->write(c, at, &v, size);
}

/* Offset of the memory operand; @rsp_plus: POP counts from the popped RSP. */
static uint64_t address(const struct emul_ctx *c, const struct insn *in,
                        unsigned int rsp_plus)
{
    uint64_t a = (uint64_t)in->disp;

    if (in->rip_relative) {
        a += c->rip + in->length;
    }
    if (in->base != INSN_NO_REG) {
        a += c->reg[in->base] + (in->base == RSP ? rsp_plus : 0);
    }
    if (in->index != INSN_NO_REG) {
        a += c->reg[in->index] << in->shift;
    }
    return a & size_mask(in->addr_size);
}

/* The r/m operand, wherever it is. */
static enum emul_result rm_get(struct emul_ctx *c, const struct insn *in,
                               uint64_t at, unsigned int size, uint64_t *v)
{
    if (in->mem) {
        return load(c, in->seg, at, size, v);
    }
    *v = reg_get(c, in, in->rm, size);
    return EMUL_OK;
}

static enum emul_result rm_put(struct emul_ctx *c, const struct insn *in,
                               uint64_t at, uint64_t v)
{
    if (in->mem) {
        return store(c, in->seg, at, in->size, v);
    }
    reg_put(c, in, in->rm, in->size, v);
    return EMUL_OK;
}

static enum emul_result done(struct emul_ctx *c, const struct insn *in)
{
    c->rip += in->length;
    if (c->mode != 8) {
        c->rip = (uint32_t)c->rip;
    }
    return EMUL_OK;
}

/* ---- one element of a string ------------------------------------------------ */
/* After an element: count down, and is there another one? */
static enum emul_result element_done(struct emul_ctx *c, const struct insn *in,
                                     uint64_t elements, bool stop)
{
    if (in->rep) {
        reg_add(&c->reg[RCX], -(int64_t)elements, in->addr_size);
        c->again = (c->reg[RCX] & size_mask(in->addr_size)) != 0 && !stop;
    }
    return c->again ? EMUL_OK : done(c, in);
}

static enum emul_result port_string(struct emul_ctx *c, const struct insn *in,
                                    uint64_t elements, int64_t step)
{
    bool out = in->op == OP_OUTS;
    unsigned int size = min(in->size, (uint8_t)4), seg = out ? in->seg : INSN_ES;
    uint64_t *ptr = &c->reg[out ? RSI : RDI], v = 0, at;
    uint64_t m = size_mask(in->addr_size);
    uint16_t port = (uint16_t)c->reg[RDX];
    uint32_t val;
    enum emul_result r;

    step = step < 0 ? -(int64_t)size : size;
    if (elements > 1 && c->ops->port_rep != NULL && step > 0) {
        r = linear(c, seg, *ptr & m, size, !out, &at);
        /* Within what one segment check covers. */
        elements = min(elements, (PAGE_SIZE - (at & (PAGE_SIZE - 1))) / size);
        if (r == EMUL_OK && elements > 1 &&
            linear(c, seg, (*ptr & m) + (elements - 1) * size, size, !out,
                   &v) == EMUL_OK) {
            r = c->ops->port_rep(c, out, port, size, at, &elements);
        } else {
            r = EMUL_UNKNOWN;
        }
        if (r != EMUL_UNKNOWN) {
            if (r == EMUL_OK) {
                reg_add(ptr, (int64_t)(elements * size), in->addr_size);
                return element_done(c, in, elements, false);
            }
            return r;
        }
    }
    if (out) {
        r = load(c, seg, *ptr & m, size, &v);
        val = (uint32_t)v;
        r = r != EMUL_OK ? r : c->ops->port(c, true, port, size, &val);
    } else {
        r = linear(c, seg, *ptr & m, size, true, &at);
        r = r != EMUL_OK ? r : c->ops->port(c, false, port, size, &val);
        r = r != EMUL_OK ? r : c->ops->write(c, at, &val, size);
    }
    if (r != EMUL_OK) {
        return r;
    }
    reg_add(ptr, step, in->addr_size);
    return element_done(c, in, 1, false);
}

/* Which of source, destination and accumulator an operation reads, writes. */
enum { SI_IN = 1, DI_IN = 2, DI_OUT = 4, A_IN = 8, A_OUT = 16 };
static const uint8_t string_uses[] = {
    [OP_MOVS - OP_MOVS] = SI_IN | DI_OUT, [OP_CMPS - OP_MOVS] = SI_IN | DI_IN,
    [OP_STOS - OP_MOVS] = A_IN | DI_OUT,  [OP_LODS - OP_MOVS] = SI_IN | A_OUT,
    [OP_SCAS - OP_MOVS] = A_IN | DI_IN,
};

static enum emul_result string(struct emul_ctx *c, const struct insn *in)
{
    uint64_t m = size_mask(in->addr_size), left = c->reg[RCX] & m, v = 0, b = 0;
    int64_t step = c->rflags & EMUL_DF ? -(int64_t)in->size : in->size;
    enum emul_result r = EMUL_OK;
    bool stop = false;
    uint8_t uses;

    if (in->rep && left == 0) {
        return done(c, in);
    }
    if (in->op == OP_INS || in->op == OP_OUTS) {
        return port_string(c, in, in->rep ? left : 1, step);
    }
    uses = string_uses[in->op - OP_MOVS];
    if (uses & SI_IN) {
        r = load(c, in->seg, c->reg[RSI] & m, in->size, &v);
    }
    if (uses & A_IN) {
        v = c->reg[RAX] & size_mask(in->size);
    }
    if (r == EMUL_OK && (uses & DI_IN)) {
        r = load(c, INSN_ES, c->reg[RDI] & m, in->size, &b);
    }
    if (r == EMUL_OK && (uses & DI_OUT)) {
        r = store(c, INSN_ES, c->reg[RDI] & m, in->size, v);
    }
    if (r != EMUL_OK) {
        return r;
    }
    if (uses & DI_IN) {
        (void)alu(OP_CMP, v, b, in->size, &c->rflags);
        stop = in->repne == ((c->rflags & EMUL_ZF) != 0);
    }
    if (uses & A_OUT) {
        reg_put(c, in, RAX, in->size, v);
    }
    if (uses & SI_IN) {
        reg_add(&c->reg[RSI], step, in->addr_size);
    }
    if (uses & (DI_IN | DI_OUT)) {
        reg_add(&c->reg[RDI], step, in->addr_size);
    }
    return element_done(c, in, 1, stop);
}

/* ---- everything else ----------------------------------------------------------- */
static enum emul_result port_one(struct emul_ctx *c, const struct insn *in)
{
    uint16_t port = (uint16_t)(in->imm_port ? in->imm : c->reg[RDX]);
    unsigned int size = min(in->size, (uint8_t)4);
    uint32_t v = (uint32_t)reg_get(c, in, RAX, size);
    enum emul_result r = c->ops->port(c, in->op == OP_OUT, port, size, &v);

    if (r != EMUL_OK) {
        return r;
    }
    if (in->op == OP_IN) {
        reg_put(c, in, RAX, size, v);
    }
    return done(c, in);
}

static enum emul_result stack(struct emul_ctx *c, const struct insn *in)
{
    uint64_t v, m = size_mask(c->stack_size), rsp = c->reg[RSP];
    enum emul_result r;

    if (in->op == OP_PUSH) {
        r = rm_get(c, in, address(c, in, 0), in->size, &v);
        reg_add(&rsp, -(int64_t)in->size, c->stack_size);
        r = r != EMUL_OK ? r : store(c, INSN_SS, rsp & m, in->size, v);
        if (r == EMUL_OK) {
            c->reg[RSP] = rsp;
        }
    } else {
        r = load(c, INSN_SS, rsp & m, in->size, &v);
        reg_add(&rsp, in->size, c->stack_size);
        if (r == EMUL_OK && in->mem) {
            r = store(c, in->seg, address(c, in, in->size), in->size, v);
        }
        if (r == EMUL_OK) {
            c->reg[RSP] = rsp;
            if (!in->mem) {
                reg_put(c, in, in->rm, in->size, v);
            }
        }
    }
    return r != EMUL_OK ? r : done(c, in);
}

/* A bit number in a register may lie outside the operand it names. */
static uint64_t bit_address(const struct emul_ctx *c, const struct insn *in)
{
    unsigned int shift = 64 - in->size * 8;
    int64_t bit = (int64_t)(c->reg[in->reg] << shift) >> shift;
    uint64_t a = address(c, in, 0);

    if (in->mem && !in->has_imm) {
        a += (uint64_t)((bit >> (in->size == 8 ? 6 : in->size == 4 ? 5 : 4)) *
                        in->size);
    }
    return a & size_mask(in->addr_size);
}

static enum emul_result bit_op(struct emul_ctx *c, const struct insn *in)
{
    uint64_t at = bit_address(c, in), old, new, bit;
    enum emul_result r = rm_get(c, in, at, in->size, &old);

    bit = 1ull << ((in->has_imm ? in->imm : c->reg[in->reg]) &
                   (in->size * 8u - 1));
    new = in->op == OP_BTS ? old | bit : in->op == OP_BTR ? old & ~bit
                                                          : old ^ bit;
    if (r == EMUL_OK && in->op != OP_BT) {
        r = rm_put(c, in, at, new);
    }
    if (r != EMUL_OK) {
        return r;
    }
    c->rflags = (c->rflags & ~(uint64_t)EMUL_CF) | (old & bit ? EMUL_CF : 0);
    return done(c, in);
}

/* XCHG, XADD, CMPXCHG: both operands may change. */
static enum emul_result exchange(struct emul_ctx *c, const struct insn *in)
{
    uint64_t at = address(c, in, 0), old, reg, flags = c->rflags, new;
    enum emul_result r = rm_get(c, in, at, in->size, &old);
    bool equal = false;

    reg = new = reg_get(c, in, in->reg, in->size);
    if (in->op == OP_XADD) {
        new = alu(OP_ADD, old, reg, in->size, &flags);
    } else if (in->op == OP_CMPXCHG) {
        (void)alu(OP_CMP, c->reg[RAX], old, in->size, &flags);
        equal = flags & EMUL_ZF;
        new = equal ? reg : old;
    }
    if (r == EMUL_OK && in->mem) {
        r = store(c, in->seg, at, in->size, new);
    }
    if (r != EMUL_OK) {
        return r;
    }
    c->rflags = flags;
    if (in->op != OP_CMPXCHG) {
        reg_put(c, in, in->reg, in->size, old);
    } else if (!equal) {
        reg_put(c, in, RAX, in->size, old);
    }
    if (!in->mem && (in->op != OP_CMPXCHG || equal)) {
        reg_put(c, in, in->rm, in->size, new);
    }
    return done(c, in);
}

/* Moves: the destination is not read. */
static enum emul_result move(struct emul_ctx *c, const struct insn *in)
{
    uint64_t at = address(c, in, 0), v;
    unsigned int src = in->src_size ? in->src_size : in->size;
    enum emul_result r = EMUL_OK;

    if (in->op == OP_SETCC) {
        v = alu_condition(c->rflags, in->cond);
    } else if (in->to_reg) {
        r = rm_get(c, in, at, src, &v);
    } else {
        v = in->has_imm ? in->imm : reg_get(c, in, in->reg, in->size);
    }
    if (r != EMUL_OK) {
        return r;
    }
    if (in->op == OP_MOVSX) {
        v = (uint64_t)((int64_t)(v << (64 - src * 8)) >> (64 - src * 8));
    }
    if (in->op == OP_CMOV && !alu_condition(c->rflags, in->cond)) {
        v = reg_get(c, in, in->reg, in->size);   /* 32 bits: still extends */
    }
    if (in->to_reg) {
        reg_put(c, in, in->reg, in->size, v);
    } else {
        r = rm_put(c, in, at, v);
    }
    return r != EMUL_OK ? r : done(c, in);
}

/* What is loaded clears the rest of XMM, or leaves it; of YMM if it is VEX. */
static enum emul_result sse_move(struct emul_ctx *c, const struct insn *in)
{
    uint64_t v[4] = { 0 }, old[4], at;
    enum emul_result r;

    if (c->ops->xmm == NULL) {
        return EMUL_UNKNOWN;
    }
    r = linear(c, in->seg, address(c, in, 0), in->size, !in->to_reg, &at);
    if (r != EMUL_OK) {
        return r;
    }
    if (in->aligned && (at & (in->size - 1u)) != 0) {
        return fault(c, VECTOR_GP);
    }
    c->ops->xmm(c, in->reg, false, in->vex, old);
    if (!in->to_reg) {
        r = c->ops->write(c, at, &old[in->upper], in->size);
        return r != EMUL_OK ? r : done(c, in);
    }
    r = c->ops->read(c, at, &v[in->upper], in->size);
    if (r != EMUL_OK) {
        return r;
    }
    if (in->merge) {
        v[!in->upper] = old[!in->upper];
    }
    c->ops->xmm(c, in->reg, true, in->vex, v);
    return done(c, in);
}

static enum emul_result arithmetic(struct emul_ctx *c, const struct insn *in)
{
    uint64_t at = address(c, in, 0), rm, other, result, flags = c->rflags;
    enum emul_result r = rm_get(c, in, at, in->size, &rm);

    other = in->by_cl ? c->reg[RCX] & 0xff
          : in->has_imm ? in->imm : reg_get(c, in, in->reg, in->size);
    if (r != EMUL_OK) {
        return r;
    }
    result = in->to_reg ? alu(in->op, other, rm, in->size, &flags)
                        : alu(in->op, rm, other, in->size, &flags);
    if (in->op != OP_CMP && in->op != OP_TEST) {
        if (in->to_reg) {
            reg_put(c, in, in->reg, in->size, result);
        } else {
            r = rm_put(c, in, at, result);
        }
    }
    if (r != EMUL_OK) {
        return r;
    }
    c->rflags = flags;
    return done(c, in);
}

enum emul_result emul_execute(struct emul_ctx *c, const struct insn *in)
{
    static const struct {
        uint8_t first, last;
        enum emul_result (*run)(struct emul_ctx *c, const struct insn *in);
    } rows[] = {
        { OP_IN, OP_OUT, port_one },        { OP_INS, OP_OUTS, string },
        { OP_MOV, OP_MOV, move },           { OP_XCHG, OP_XADD, exchange },
        { OP_ADD, OP_SAR, arithmetic },     { OP_BT, OP_BTC, bit_op },
        { OP_TEST, OP_DEC, arithmetic },    { OP_PUSH, OP_POP, stack },
        { OP_MOVZX, OP_CMOV, move },        { OP_MOVS, OP_SCAS, string },
        { OP_SSE_MOV, OP_SSE_MOV, sse_move },
    };

    c->again = false;
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        if (in->op >= rows[i].first && in->op <= rows[i].last) {
            return rows[i].run(c, in);
        }
    }
    return EMUL_UNKNOWN;
}
