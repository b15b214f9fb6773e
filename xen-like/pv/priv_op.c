/* SPDX-License-Identifier: MIT */
/*
 * Emulation of privileged instructions: fetch, decode, one row each.
 */
#include <arch/cpu.h>
#include <arch/xstate.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <emul/decode.h>
#include <pv/mmu_update.h>
#include <pv/insn_fetch.h>
#include <pv/priv_op.h>
#include <pv/pv_domain.h>
#include <pv/regs.h>
#include <pv/trap.h>

static bool op_in(const struct insn *in, struct cpu_regs *regs)
{
    uint16_t port = in->imm_port ? (uint16_t)in->imm : (uint16_t)regs->rdx;
    unsigned int bytes = min(in->size, (uint8_t)4);
    uint32_t v = pv_port_in(current, port, bytes);

    if (bytes == 4) {
        regs->rax = v;
    } else {
        uint64_t m = (1ull << (bytes * 8)) - 1;

        regs->rax = (regs->rax & ~m) | (v & m);
    }
    return true;
}

static bool op_out(const struct insn *in, struct cpu_regs *regs)
{
    uint16_t port = in->imm_port ? (uint16_t)in->imm : (uint16_t)regs->rdx;

    pv_port_out(current, port, min(in->size, (uint8_t)4), (uint32_t)regs->rax);
    return true;
}

/* String I/O: one element at a time, so a fault or interrupt can come in. */
static bool op_ins(const struct insn *in, struct cpu_regs *regs)
{
    unsigned int bytes = min(in->size, (uint8_t)4);
    int64_t step = regs->rflags & X86_EFLAGS_DF ? -(int64_t)bytes : bytes;
    uint32_t v;

    if (in->rep && regs->rcx == 0) {
        return true;
    }
    v = pv_port_in(current, (uint16_t)regs->rdx, bytes);
    if (copy_to_guest(guest_handle(regs->rdi), &v, bytes) != 0) {
        return false;
    }
    regs->rdi += step;
    if (in->rep && --regs->rcx != 0) {
        regs->rip -= in->length;         /* again */
    }
    return true;
}

static bool op_outs(const struct insn *in, struct cpu_regs *regs)
{
    unsigned int bytes = min(in->size, (uint8_t)4);
    int64_t step = regs->rflags & X86_EFLAGS_DF ? -(int64_t)bytes : bytes;
    uint32_t v = 0;

    if (in->rep && regs->rcx == 0) {
        return true;
    }
    if (copy_from_guest(&v, guest_handle(regs->rsi), bytes) != 0) {
        return false;
    }
    pv_port_out(current, (uint16_t)regs->rdx, bytes, v);
    regs->rsi += step;
    if (in->rep && --regs->rcx != 0) {
        regs->rip -= in->length;
    }
    return true;
}

/* The ABI masks events through vcpu_info; the instruction means nothing. */
static bool op_nothing(const struct insn *in, struct cpu_regs *regs)
{
    return true;
}

static bool op_clts(const struct insn *in, struct cpu_regs *regs)
{
    (void)do_fpu_taskswitch(0, 0, 0, 0, 0, 0);
    return true;
}

static bool op_wbinvd(const struct insn *in, struct cpu_regs *regs)
{
    if (current->domain->is_hardware) {
        wbinvd();
    }
    return true;
}

static bool op_rdmsr(const struct insn *in, struct cpu_regs *regs)
{
    uint64_t v;

    if (!pv_rdmsr(current, (uint32_t)regs->rcx, &v)) {
        return false;
    }
    regs->rax = (uint32_t)v;
    regs->rdx = v >> 32;
    return true;
}

static bool op_wrmsr(const struct insn *in, struct cpu_regs *regs)
{
    return pv_wrmsr(current, (uint32_t)regs->rcx,
                    (uint64_t)(uint32_t)regs->rdx << 32 | (uint32_t)regs->rax);
}

static bool op_mov_from_cr(const struct insn *in, struct cpu_regs *regs)
{
    struct vcpu *v = current;
    uint64_t *r = pv_reg(regs, in->rm);

    switch (in->reg) {
    case 0:
        *r = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP |
             X86_CR0_AM | X86_CR0_PG | v->pv->cr0_ts;
        return true;
    case 2:
        *r = v->info->arch.cr2;
        return true;
    case 3:
        *r = v->pv->cr3_kernel;
        return true;
    case 4:
        *r = pv_guest_cr4(v);
        return true;
    default:
        return false;
    }
}

static bool op_mov_to_cr(const struct insn *in, struct cpu_regs *regs)
{
    struct vcpu *v = current;
    uint64_t val = *pv_reg(regs, in->rm);

    switch (in->reg) {
    case 0:
        if ((val ^ (X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
                    X86_CR0_WP | X86_CR0_AM | X86_CR0_PG)) & ~X86_CR0_TS) {
            return false;
        }
        (void)do_fpu_taskswitch((val & X86_CR0_TS) != 0, 0, 0, 0, 0, 0);
        return true;
    case 2:
        v->info->arch.cr2 = val;
        return true;
    case 4:
        pv_set_cr4(v, val);            /* other bits are not the guest's */
        return true;
    default:
        return false;
    }
}

static bool op_mov_from_dr(const struct insn *in, struct cpu_regs *regs)
{
    long v = do_get_debugreg(in->reg, 0, 0, 0, 0, 0);

    if (in->reg > 7) {
        return false;
    }
    *pv_reg(regs, in->rm) = (uint64_t)v;
    return true;
}

static bool op_mov_to_dr(const struct insn *in, struct cpu_regs *regs)
{
    return in->reg <= 7 &&
           pv_set_debugreg(current, in->reg, *pv_reg(regs, in->rm)) == 0;
}

static bool op_xsetbv(const struct insn *in, struct cpu_regs *regs)
{
    uint64_t val = (uint64_t)(uint32_t)regs->rdx << 32 | (uint32_t)regs->rax;

    if ((uint32_t)regs->rcx != 0 || !(current->pv->cr4 & X86_CR4_OSXSAVE)) {
        return false;
    }
    if (xstate_set_xcr0(current->xstate, val) != 0) {
        return false;
    }
    xsetbv(0, val);              /* the CPU runs with the guest's own */
    return true;
}

static bool op_cpuid(const struct insn *in, struct cpu_regs *regs)
{
    uint32_t out[4];

    pv_cpuid(current, (uint32_t)regs->rax, (uint32_t)regs->rcx, out);
    regs->rax = out[0];
    regs->rbx = out[1];
    regs->rcx = out[2];
    regs->rdx = out[3];
    return true;
}

static bool op_rdtsc(const struct insn *in, struct cpu_regs *regs)
{
    uint64_t t = rdtsc();

    regs->rax = (uint32_t)t;
    regs->rdx = t >> 32;
    return true;
}

static bool (*const rows[])(const struct insn *, struct cpu_regs *) = {
    [OP_IN] = op_in,                   [OP_OUT] = op_out,
    [OP_INS] = op_ins,                 [OP_OUTS] = op_outs,
    [OP_CLI] = op_nothing,             [OP_STI] = op_nothing,
    [OP_CLTS] = op_clts,               [OP_WBINVD] = op_wbinvd,
    [OP_RDMSR] = op_rdmsr,             [OP_WRMSR] = op_wrmsr,
    [OP_MOV_FROM_CR] = op_mov_from_cr, [OP_MOV_TO_CR] = op_mov_to_cr,
    [OP_MOV_FROM_DR] = op_mov_from_dr, [OP_MOV_TO_DR] = op_mov_to_dr,
    [OP_XSETBV] = op_xsetbv,           [OP_CPUID] = op_cpuid,
    [OP_RDTSC] = op_rdtsc,
};

static bool fetch(uint64_t rip, struct insn *in)
{
    uint64_t bytes[INSN_FETCH_BYTES / 8] no_auto_init;
    unsigned int n = insn_fetch(bytes, rip);

    return insn_decode((const uint8_t *)bytes, n, in);
}

bool pv_priv_op(struct cpu_regs *regs)
{
    struct insn in;

    if (!current->pv->in_kernel || !fetch(regs->rip, &in) ||
        in.op >= ARRAY_SIZE(rows) || rows[in.op] == NULL || in.lock) {
        return false;
    }
    regs->rip += in.length;
    if (rows[in.op](&in, regs)) {
        return true;
    }
    regs->rip -= in.length;
    return false;
}

bool pv_forced_cpuid(struct cpu_regs *regs)
{
    static const uint8_t prefix[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    uint8_t bytes[sizeof(prefix)];

    if (copy_from_guest_some(bytes, regs->rip, sizeof(bytes)) != 0) {
        return false;
    }
    for (unsigned int i = 0; i < sizeof(prefix); i++) {
        if (bytes[i] != prefix[i]) {
            return false;
        }
    }
    regs->rip += sizeof(prefix);
    return op_cpuid(NULL, regs);
}
