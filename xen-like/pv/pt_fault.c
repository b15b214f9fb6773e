/* SPDX-License-Identifier: MIT */
/*
 * Writes to page tables by plain instructions.  The instruction is fetched
 * once, decoded, its result computed from the entry, and the result goes the
 * way of every other entry update (pt_write_l1).  Only level 1, only the
 * guest kernel, only eight-byte entries in place.
 */
#include <arch/cpu.h>
#include <core/log.h>
#include <domain/guest_copy.h>
#include <emul/decode.h>
#include <pv/descriptor.h>
#include <pv/guest_walk.h>
#include <pv/insn_fetch.h>
#include <pv/pt_entry.h>
#include <pv/pt_fault.h>
#include <pv/pv_domain.h>
#include <pv/regs.h>

#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_RSVD    8u
#define PF_INSN    16u

/* Value of the source operand. */
static uint64_t source(const struct insn *in, struct cpu_regs *regs)
{
    uint64_t v;

    if (in->has_imm) {
        return in->imm;
    }
    if (in->high_byte) {
        return (*pv_reg(regs, in->reg - 4) >> 8) & 0xff;
    }
    v = *pv_reg(regs, in->reg);
    return in->size == 8 ? v : v & ((1ull << (in->size * 8)) - 1);
}

/* The old value a register gets back (xchg, xadd, failed cmpxchg). */
static void give_back(const struct insn *in, struct cpu_regs *regs,
                      unsigned int reg, uint64_t v)
{
    uint64_t *r = pv_reg(regs, reg), m;

    if (in->size == 8) {
        *r = v;
    } else if (in->size == 4) {
        *r = (uint32_t)v;
    } else {
        m = (1ull << (in->size * 8)) - 1;
        *r = (*r & ~m) | (v & m);
    }
}

static void set_flag(struct cpu_regs *regs, uint64_t flag, bool on)
{
    regs->rflags = on ? regs->rflags | flag : regs->rflags & ~flag;
}

#define EFLAGS_PF 0x04u
#define EFLAGS_ZF 0x40u
#define EFLAGS_SF 0x80u
#define EFLAGS_OF 0x800u

/* Flags of a logical result, of @size bytes. */
static void logic_flags(struct cpu_regs *regs, uint64_t r, unsigned int size)
{
    uint64_t m = size == 8 ? ~0ull : (1ull << (size * 8)) - 1;

    regs->rflags &= ~(uint64_t)(X86_EFLAGS_CF | EFLAGS_OF);
    set_flag(regs, EFLAGS_ZF, (r & m) == 0);
    set_flag(regs, EFLAGS_SF, (r >> (size * 8 - 1)) & 1);
    set_flag(regs, EFLAGS_PF, !__builtin_parity((unsigned int)(r & 0xff)));
}

struct rmw {
    uint64_t old, new;           /* the field, right-aligned */
    bool write;
};

/* What the instruction makes of @m->old; false: not emulated. */
static bool compute(const struct insn *in, struct cpu_regs *regs,
                    struct rmw *m)
{
    uint64_t src = source(in, regs);
    unsigned int bit = src & (in->size * 8 - 1);

    m->write = true;
    switch (in->op) {
    case OP_MOV:
    case OP_XCHG:
        m->new = src;
        return true;
    case OP_AND:
        m->new = m->old & src;
        return true;
    case OP_OR:
        m->new = m->old | src;
        return true;
    case OP_XOR:
        m->new = m->old ^ src;
        return true;
    case OP_BTR:
    case OP_BTS:
    case OP_BTC:
        if (!in->has_imm && src >= in->size * 8u) {
            return false;            /* addresses another word */
        }
        m->new = in->op == OP_BTR ? m->old & ~(1ull << bit)
               : in->op == OP_BTS ? m->old | (1ull << bit)
                                  : m->old ^ (1ull << bit);
        return true;
    case OP_CMPXCHG: {
        uint64_t mask = in->size == 8 ? ~0ull : (1ull << (in->size * 8)) - 1;

        m->write = (regs->rax & mask) == m->old;
        m->new = m->write ? src : m->old;
        return true;
    }
    default:
        return false;
    }
}

/* Registers and flags after the memory operand has been written. */
static void commit(const struct insn *in, struct cpu_regs *regs,
                   const struct rmw *m)
{
    uint64_t src = source(in, regs);

    switch (in->op) {
    case OP_XCHG:
        give_back(in, regs, in->reg, m->old);
        break;
    case OP_AND:
    case OP_OR:
    case OP_XOR:
        logic_flags(regs, m->new, in->size);
        break;
    case OP_BTR:
    case OP_BTS:
    case OP_BTC:
        set_flag(regs, X86_EFLAGS_CF,
                 (m->old >> (src & (in->size * 8 - 1))) & 1);
        break;
    case OP_CMPXCHG:
        set_flag(regs, EFLAGS_ZF, m->write);
        if (!m->write) {
            give_back(in, regs, 0, m->old);
        }
        break;
    default:
        break;
    }
    regs->rip += in->length;
}

/* One attempt against the entry as it is now. */
static int emulate_once(const struct insn *in, struct cpu_regs *regs,
                        pte_t *slot, unsigned int off)
{
    struct domain *d = current->domain;
    uint64_t mask = in->size == 8 ? ~0ull : (1ull << (in->size * 8)) - 1;
    pte_t old = atomic_load(slot), new;
    struct rmw m = { .old = (old >> (off * 8)) & mask };
    int rc;

    if (!compute(in, regs, &m)) {
        return -EINVAL;
    }
    if (m.write) {
        new = (old & ~(mask << (off * 8))) | (m.new & mask) << (off * 8);
        rc = pt_replace_l1(slot, old, new, d, d);
        if (rc != 0) {
            return rc;
        }
    }
    commit(in, regs, &m);
    return 0;
}

static bool ptwr_fault(struct cpu_regs *regs, uint64_t cr2, mfn_t table)
{
    unsigned int off = cr2 & 7;
    uint64_t bytes[INSN_FETCH_BYTES / 8] no_auto_init;
    struct insn in;
    unsigned int n = insn_fetch(bytes, regs->rip);
    pte_t *slot = (pte_t *)((char *)mfn_to_virt(table) + (cr2 & 0xff8));
    int rc = -EAGAIN;

    if (!insn_decode((const uint8_t *)bytes, n, &in) || !in.mem || in.to_reg ||
        off + in.size > 8) {
        return false;
    }
    /* Another vcpu may change the entry under us, but not for ever. */
    for (unsigned int i = 0; i < 64 && rc == -EAGAIN; i++) {
        rc = emulate_once(&in, regs, slot, off);
    }
    if (rc != 0) {
        glog_debug("refused write to a page table at %#lx", cr2);
    }
    return rc == 0;
}

static noinline bool write_to_table(struct cpu_regs *regs, uint64_t cr2)
{
    pte_t e = guest_walk_l1e(cr2);
    mfn_t table = pte_mfn(e);
    bool done;

    if ((e & (PTE_P | PTE_RW)) != PTE_P ||
        !guest_hold_table(table, current->domain->domid, PGT_L1)) {
        return false;
    }
    done = ptwr_fault(regs, cr2, table);
    guest_release_table(table);
    return done;
}

bool pv_handle_fault(struct cpu_regs *regs, uint64_t cr2, uint32_t error_code)
{
    struct vcpu *v = current;

    if (unlikely(cr2 >= PERDOM_VIRT && cr2 - pv_gdt_va(v) < PV_AREA_SIZE)) {
        return !(error_code & PF_PRESENT) && pv_map_ldt_page(v, cr2);
    }
    if ((error_code & (PF_PRESENT | PF_WRITE | PF_RSVD | PF_INSN)) ==
            (PF_PRESENT | PF_WRITE) &&
        v->pv->in_kernel && guest_range_ok(cr2, 8)) {
        return write_to_table(regs, cr2);
    }
    return false;
}
