/* SPDX-License-Identifier: MIT */
/*
 * Vectors to handlers.  From a guest: its own trap unless it is ours to
 * emulate.  From the hypervisor: a listed instruction that may fault, the
 * IRET to a guest that the guest spoilt, or our own fault and the end.
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/extable.h>
#include <arch/switch.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <entry/entry.h>
#include <irq/irq.h>
#include <lib/string.h>
#include <pv/priv_op.h>
#include <pv/pt_fault.h>
#include <pv/pv_domain.h>
#include <pv/pv_entry.h>
#include <pv/trap.h>
#include <smp/ipi.h>

enum {
    VEC_DE = 0, VEC_DB = 1, VEC_NMI = 2, VEC_BP = 3, VEC_OF = 4, VEC_UD = 6, VEC_NM = 7,
    VEC_DF = 8, VEC_TS = 10, VEC_NP = 11, VEC_SS = 12, VEC_GP = 13,
    VEC_PF = 14, VEC_AC = 17, VEC_MC = 18, VEC_CP = 21,
    FIRST_IRQ_VECTOR = 0x20, VEC_INT80 = 0x80,
};

#define HAS_ERROR_CODE ((1u << VEC_DF) | (1u << VEC_TS) | (1u << VEC_NP) | \
                        (1u << VEC_SS) | (1u << VEC_GP) | (1u << VEC_PF) | \
                        (1u << VEC_AC) | (1u << VEC_CP))

/* ---- faults of the hypervisor ----------------------------------------------------- */

/*
 * A guest's LDT page is mapped when the CPU first looks a selector up in it,
 * also if it is we who load the selector.
 */
static bool ldt_page_fault(struct cpu_regs *regs, uint64_t cr2,
                           uint32_t error)
{
    return cr2 >= PERDOM_VIRT && cr2 < IMAGE_VIRT && current != NULL &&
           current->pv != NULL && pv_handle_fault(regs, cr2, error);
}

#define IRET_FAULTS ((1u << VEC_NP) | (1u << VEC_SS) | (1u << VEC_GP))

/* Did IRET to a guest refuse the guest's frame?  Nothing else is its fault. */
static bool iret_refused(const struct cpu_regs *regs, unsigned int vec,
                         uint64_t cr2)
{
    return regs->rip == (uint64_t)pv_iretq &&
           (((IRET_FAULTS >> vec) & 1) != 0 ||
            (vec == VEC_PF && cr2 >= PERDOM_VIRT && cr2 < IMAGE_VIRT));
}

/*
 * The guest's frame in cpu_info was popped: put the registers back, and try
 * again with the LDT page that was missing, or let the guest's failsafe
 * handler look at it.
 */
static noreturn void iret_again(struct cpu_regs *regs, unsigned int vec,
                                uint64_t cr2)
{
    struct cpu_regs *guest = guest_cpu_regs();
    uint32_t error = regs->error_code;      /* the two frames overlap */

    memmove(guest, regs, offsetof(struct cpu_regs, error_code));
    guest->entry_vector = 0;
    guest->error_code = 0;
    local_irq_enable();
    if (!regs_from_guest(guest)) {
        domain_crash(current->domain, "v%u: returns to ring 0",
                     current->vcpu_id);
    } else if (vec != VEC_PF || !ldt_page_fault(guest, cr2, error)) {
        pv_failsafe(guest);
    }
    reset_stack_and_jump(get_cpu_info(), pv_resume);
}

static void hypervisor_fault(struct cpu_regs *regs, unsigned int vec,
                             uint64_t cr2)
{
    uint64_t to;

    if (iret_refused(regs, vec, cr2)) {
        iret_again(regs, vec, cr2);
    }
    if (vec == VEC_PF) {
        if (regs->rflags & X86_EFLAGS_IF) {
            local_irq_enable();
        }
        if (ldt_page_fault(regs, cr2, regs->error_code)) {
            return;
        }
    }
    to = extable_lookup(regs->rip);
    if (to != 0 && vec != VEC_DF && vec != VEC_MC) {
        regs->rip = to;
        return;
    }
    /* A guest's breakpoint on memory that we touched for it. */
    if (vec == VEC_DB) {
        write_dr6(0xffff0ff0);
        regs->rflags &= ~(uint64_t)X86_EFLAGS_TF;
        return;
    }
    panic_regs(regs, "exception %u, error %#x, address %#lx", vec,
               regs->error_code, cr2);
}

/* ---- faults of guests ---------------------------------------------------------------- */

static void guest_page_fault(struct cpu_regs *regs, uint64_t cr2)
{
    if (!pv_handle_fault(regs, cr2, regs->error_code)) {
        pv_inject_page_fault(regs, cr2, regs->error_code);
    }
}

#define ERROR_IDT 2u

/*
 * INT n that the gate's DPL refused.  The vector comes from the bytes: QEMU
 * 7.2 without hardware assistance reports n*16+2 instead of n*8+2 here.
 */
static noinline bool guest_int_n(struct cpu_regs *regs)
{
    const struct vcpu *v = current;
    uint8_t b[2];
    const struct pv_trap *t;

    if (copy_from_guest_some(b, regs->rip, sizeof(b)) != 0 || b[0] != 0xcd) {
        return false;
    }
    t = &v->pv->traps[b[1]];
    if (t->rip == 0 || t->dpl < (v->pv->in_kernel ? 1 : 3)) {
        regs->error_code = b[1] * 8u + ERROR_IDT;
        return false;
    }
    regs->rip += 2;
    pv_inject_trap(regs, b[1], TRAP_NO_ERROR_CODE);
    return true;
}

static void guest_gp(struct cpu_regs *regs)
{
    if ((regs->error_code & ERROR_IDT) && guest_int_n(regs)) {
        return;
    }
    if (regs->error_code == 0 && pv_priv_op(regs)) {
        return;
    }
    pv_inject_trap(regs, VEC_GP, (int)regs->error_code);
}

static void guest_debug(struct cpu_regs *regs)
{
    struct pv_vcpu *pv = current->pv;

    pv->dr[6] = read_dr6();
    write_dr6(0xffff0ff0);
    pv_inject_trap(regs, VEC_DB, TRAP_NO_ERROR_CODE);
}

/* The guest set CR0.TS; its kernel expects it clear in the handler. */
static void guest_no_device(struct cpu_regs *regs)
{
    (void)do_fpu_taskswitch(0, 0, 0, 0, 0, 0);
    pv_inject_trap(regs, VEC_NM, TRAP_NO_ERROR_CODE);
}

/* The gate lets user mode in; the guest's table decides. */
static void guest_int80(struct cpu_regs *regs)
{
    if (current->pv->traps[VEC_INT80].rip == 0) {
        regs->rip -= 2;
        pv_inject_trap(regs, VEC_GP, VEC_INT80 * 8 + ERROR_IDT);
        return;
    }
    pv_inject_trap(regs, VEC_INT80, TRAP_NO_ERROR_CODE);
}

static void guest_exception(struct cpu_regs *regs, unsigned int vec,
                            uint64_t cr2)
{
    switch (vec) {
    case VEC_PF:
        guest_page_fault(regs, cr2);
        return;
    case VEC_GP:
        guest_gp(regs);
        return;
    case VEC_DB:
        guest_debug(regs);
        return;
    case VEC_NM:
        guest_no_device(regs);
        return;
    case VEC_UD:
        if (pv_forced_cpuid(regs)) {
            return;
        }
        break;
    default:
        break;
    }
    pv_inject_trap(regs, vec, (HAS_ERROR_CODE >> vec) & 1
                              ? (int)regs->error_code : TRAP_NO_ERROR_CODE);
}

void boot_text traps_init(void)
{
    desc_set_gate_dpl(VEC_BP, 3);
    desc_set_gate_dpl(VEC_OF, 3);
    desc_set_gate_dpl(VEC_INT80, 3);
}

/* ---- dispatch --------------------------------------------------------------------------- */

/* Another CPU's panic stops us; from elsewhere it means nothing to us. */
static void nmi(void)
{
    if (ipi_must_stop()) {
        cpu_halt_forever();
    }
    log_warn("NMI on CPU %u", smp_processor_id());
}

static noinline void handle_other(struct cpu_regs *regs, unsigned int vec)
{
    uint64_t cr2;

    if (vec == VEC_NMI) {
        nmi();
        return;
    }
    if (vec >= FIRST_IRQ_VECTOR &&
        !(vec == VEC_INT80 && regs_from_guest(regs))) {
        irq_entry(regs);
        return;
    }
    cr2 = vec == VEC_PF ? read_cr2() : 0;
    if (!regs_from_guest(regs)) {
        hypervisor_fault(regs, vec, cr2);
        return;
    }
    if (vec == VEC_MC || vec == VEC_DF) {
        panic_regs(regs, "exception %u in a guest", vec);
    }
    local_irq_enable();
    if (vec == VEC_INT80) {
        guest_int80(regs);
    } else {
        guest_exception(regs, vec, cr2);
    }
}

void handle_vector(struct cpu_regs *regs)
{
    unsigned int vec = regs->entry_vector & 0xff;

    /* The most frequent faults of guests take a short way. */
    if (likely(regs_from_guest(regs))) {
        if (vec == VEC_PF) {
            uint64_t cr2 = read_cr2();

            local_irq_enable();
            guest_page_fault(regs, cr2);
            return;
        }
        if (vec == VEC_GP) {
            local_irq_enable();
            guest_gp(regs);
            return;
        }
    }
    handle_other(regs, vec);
}
