/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic as the CPU does it.  Source  SDM vol. 2, and vol. 1, 3.4.3.1.
 */
#include <emul/alu.h>

static void put(uint64_t *flags, uint64_t flag, bool on)
{
    *flags = on ? *flags | flag : *flags & ~flag;
}

static bool top(uint64_t v, unsigned int size)
{
    return (v >> (size * 8 - 1)) & 1;
}

static void result_flags(uint64_t r, unsigned int size, uint64_t *flags)
{
    put(flags, EMUL_ZF, (r & size_mask(size)) == 0);
    put(flags, EMUL_SF, top(r, size));
    put(flags, EMUL_PF, !__builtin_parity((unsigned int)(r & 0xff)));
}

/* @carry: a bit of the result is set where the addition carried out of it. */
static void carry_flags(uint64_t carry, unsigned int size, uint64_t *flags)
{
    put(flags, EMUL_CF, top(carry, size));
    put(flags, EMUL_AF, (carry >> 3) & 1);
    put(flags, EMUL_OF, top(carry ^ carry << 1, size));
}

static uint64_t add(uint64_t a, uint64_t b, bool cf, unsigned int size,
                    uint64_t *flags)
{
    uint64_t r = a + b + cf;

    carry_flags((a & b) | ((a | b) & ~r), size, flags);
    return r;
}

static uint64_t sub(uint64_t a, uint64_t b, bool cf, unsigned int size,
                    uint64_t *flags)
{
    uint64_t r = a - b - cf;

    carry_flags((~a & b) | (~(a ^ b) & r), size, flags);
    return r;
}

static uint64_t logic(uint64_t r, uint64_t *flags)
{
    *flags &= ~(uint64_t)(EMUL_CF | EMUL_OF | EMUL_AF);
    return r;
}

/* One bit at a time: at most 63 steps. */
static uint64_t shift(enum insn_op op, uint64_t v, unsigned int n,
                      unsigned int size, uint64_t *flags)
{
    uint64_t m = size_mask(size), was = v, cf = *flags & EMUL_CF;
    unsigned int bits = size * 8;

    n &= size == 8 ? 63 : 31;
    if (n == 0) {
        return v;
    }
    for (unsigned int i = 0; i < n; i++) {
        bool right = op == OP_ROR || op == OP_RCR || op == OP_SHR ||
                     op == OP_SAR;
        uint64_t out = right ? v & 1 : top(v, size), in = 0;

        in = op == OP_ROL || op == OP_ROR ? out
           : op == OP_RCL || op == OP_RCR ? cf
           : op == OP_SAR ? top(v, size) : 0;
        was = v;
        v = right ? (v & m) >> 1 | in << (bits - 1) : (v << 1 | in) & m;
        cf = out;
    }
    put(flags, EMUL_CF, cf);
    put(flags, EMUL_OF, top(v ^ was, size));
    if (op >= OP_SHL) {
        result_flags(v, size, flags);
    }
    return v;
}

uint64_t alu(enum insn_op op, uint64_t dst, uint64_t src, unsigned int size,
             uint64_t *flags)
{
    bool cf = *flags & EMUL_CF;
    uint64_t r, m = size_mask(size);

    dst &= m;
    src &= m;
    switch (op) {
    case OP_ADD: r = add(dst, src, false, size, flags); break;
    case OP_ADC: r = add(dst, src, cf, size, flags); break;
    case OP_SUB:
    case OP_CMP: r = sub(dst, src, false, size, flags); break;
    case OP_SBB: r = sub(dst, src, cf, size, flags); break;
    case OP_NEG: r = sub(0, dst, false, size, flags); break;
    case OP_INC:
        r = add(dst, 1, false, size, flags);
        put(flags, EMUL_CF, cf);
        break;
    case OP_DEC:
        r = sub(dst, 1, false, size, flags);
        put(flags, EMUL_CF, cf);
        break;
    case OP_OR:  r = logic(dst | src, flags); break;
    case OP_TEST:
    case OP_AND: r = logic(dst & src, flags); break;
    case OP_XOR: r = logic(dst ^ src, flags); break;
    case OP_NOT: return ~dst & m;
    default:
        return op >= OP_ROL && op <= OP_SAR
             ? shift(op, dst, src & 63, size, flags) : dst;
    }
    result_flags(r, size, flags);
    return r & m;
}

bool alu_condition(uint64_t f, unsigned int cond)
{
    bool less = !(f & EMUL_SF) != !(f & EMUL_OF), on;

    switch (cond >> 1) {
    case 0: on = f & EMUL_OF; break;
    case 1: on = f & EMUL_CF; break;
    case 2: on = f & EMUL_ZF; break;
    case 3: on = f & (EMUL_CF | EMUL_ZF); break;
    case 4: on = f & EMUL_SF; break;
    case 5: on = f & EMUL_PF; break;
    case 6: on = less; break;
    default: on = less || (f & EMUL_ZF); break;
    }
    return on != (cond & 1);
}
