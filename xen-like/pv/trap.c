/* SPDX-License-Identifier: MIT */
/*
 * The way into a guest kernel: one frame on its stack, for traps, events and
 * system calls alike, and the iret hypercall for the way back.
 *
 *   stack:  SS RSP RFLAGS CS+mask RIP [error code] R11 RCX   <- RSP
 */
#include <arch/cpu.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <event/evtchn.h>
#include <hv/errno.h>
#include <pv/pv_domain.h>
#include <pv/trap.h>
#include <xen/callback.h>

#define TRAP_PF 14

/*
 * The frame's words below @top; the stack pointer after it, or 0.  Nothing is
 * passed in memory: this is on the way of every trap, event and system call.
 */
static always_inline uint64_t put_frame(uint64_t top,
                                        const struct cpu_regs *regs,
                                        uint64_t rflags, uint64_t cs,
                                        bool has_error, uint64_t error)
{
    uint64_t at = top - 5 * sizeof(uint64_t);

    if (unlikely(!guest_range_ok(top - 64, 64))) {
        return 0;
    }
    stac();
    PUT_GUEST_WORD(top, -1, regs->ss, fault);
    PUT_GUEST_WORD(top, -2, regs->rsp, fault);
    PUT_GUEST_WORD(top, -3, rflags, fault);
    PUT_GUEST_WORD(top, -4, cs, fault);
    PUT_GUEST_WORD(top, -5, regs->rip, fault);
    if (has_error) {
        at -= sizeof(uint64_t);
        PUT_GUEST_WORD(at, 0, error, fault);
    }
    PUT_GUEST_WORD(at, -1, regs->r11, fault);
    PUT_GUEST_WORD(at, -2, regs->rcx, fault);
    clac();
    return at - 2 * sizeof(uint64_t);
fault:
    clac();
    return 0;
}

static noinline void no_room(struct vcpu *v, uint64_t top)
{
    domain_crash(v->domain, "v%u: no room for a frame below %#lx",
                 v->vcpu_id, top);
}

/*
 * Build the frame and point @regs at the handler.  The frame holds flags as
 * the guest kernel believes them: IF is "events not masked", CS has RPL 0
 * when its kernel was interrupted.
 */
static always_inline void bounce(struct cpu_regs *regs, struct vcpu *v,
                                 uint64_t rip, bool mask_events,
                                 bool has_error, uint64_t error)
{
    struct pv_vcpu *pv = v->pv;
    struct vcpu_info *info = v->info;
    uint64_t masked = atomic_load(&info->evtchn_upcall_mask);
    uint64_t top, rflags, cs = regs->cs;

    if (pv->in_kernel) {
        top = regs->rsp;
        cs &= ~3ull;
    } else {
        top = pv->kernel_sp;
        pv_toggle_mode(v);
    }
    rflags = (regs->rflags & ~(uint64_t)(X86_EFLAGS_IF | X86_EFLAGS_IOPL)) |
             (masked ? 0 : X86_EFLAGS_IF) | pv->iopl;
    top = put_frame(top & ~15ull, regs, rflags, cs | masked << 32, has_error,
                    error);
    if (unlikely(top == 0)) {
        no_room(v, regs->rsp);
        return;
    }
    if (mask_events) {
        atomic_store_relaxed(&info->evtchn_upcall_mask, 1);
    }
    regs->rip = rip;
    regs->cs = GUEST_CS64;
    regs->rflags &= ~(uint64_t)(X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF |
                                X86_EFLAGS_VM | X86_EFLAGS_AC);
    regs->rsp = top;
    regs->ss = GUEST_SS;
    regs->entry_vector |= ENTRY_SYSCALL;   /* rcx, r11 are in the frame */
}

static noinline void no_handler(const struct cpu_regs *regs, unsigned int nr,
                                int error_code)
{
    domain_crash(current->domain,
                 "v%u: trap %u (error %#x) at %#lx without a handler",
                 current->vcpu_id, nr, error_code, regs->rip);
}

void pv_inject_trap(struct cpu_regs *regs, unsigned int nr, int error_code)
{
    struct vcpu *v = current;
    const struct pv_trap *t = &v->pv->traps[nr & 255];

    if (unlikely(t->rip == 0)) {
        no_handler(regs, nr, error_code);
        return;
    }
    bounce(regs, v, t->rip, t->mask_events,
           error_code != TRAP_NO_ERROR_CODE, (uint32_t)error_code);
}

void pv_inject_page_fault(struct cpu_regs *regs, uint64_t cr2,
                          uint32_t error_code)
{
    struct vcpu *v = current;
    const struct pv_trap *t = &v->pv->traps[TRAP_PF];

    v->info->arch.cr2 = cr2;
    error_code &= ~4u;
    if (!v->pv->in_kernel) {
        error_code |= 4u;
    }
    if (unlikely(t->rip == 0)) {
        no_handler(regs, TRAP_PF, (int)error_code);
        return;
    }
    bounce(regs, v, t->rip, t->mask_events, true, error_code);
}

void pv_deliver_event(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    bounce(regs, v, v->pv->cb[PV_CB_EVENT].rip, true, false, 0);
}

void pv_guest_syscall(struct cpu_regs *regs, int kind)
{
    struct vcpu *v = current;
    const struct pv_callback *cb = &v->pv->cb[kind];

    if (unlikely(cb->rip == 0)) {
        pv_inject_trap(regs, 6, TRAP_NO_ERROR_CODE);     /* #UD */
        return;
    }
    bounce(regs, v, cb->rip, cb->mask_events, false, 0);
}

/* The guest finds its data selectors on top of the frame (xen-x86_64.h). */
void pv_failsafe(struct cpu_regs *regs)
{
    struct vcpu *v = current;
    uint64_t sels[4] = { read_ds(), read_es(), read_fs(), read_gs() };

    if (v->pv->cb[PV_CB_FAILSAFE].rip == 0) {
        domain_crash(v->domain, "v%u: bad return frame, no failsafe callback",
                     v->vcpu_id);
        return;
    }
    bounce(regs, v, v->pv->cb[PV_CB_FAILSAFE].rip,
           v->pv->cb[PV_CB_FAILSAFE].mask_events, false, 0);
    /* Below R11 and RCX come DS ES FS GS; the frame of two words is redone. */
    regs->rsp += 2 * sizeof(uint64_t);
    {
        uint64_t top[6] = { regs->rcx, regs->r11,
                            sels[0], sels[1], sels[2], sels[3] };

        regs->rsp -= sizeof(top);
        if (copy_to_guest(guest_handle(regs->rsp), top, sizeof(top)) != 0) {
            domain_crash(v->domain, "v%u: no room for a failsafe frame",
                         v->vcpu_id);
        }
    }
}

/* ---- tables and callbacks ---------------------------------------------------- */

static int trap_from_guest(const struct trap_info *t, struct pv_trap *out)
{
    if (!is_canonical(t->address)) {
        return -EINVAL;
    }
    out->rip = t->address;
    out->dpl = TI_GET_DPL(t);
    out->mask_events = TI_GET_IF(t) != 0;
    return 0;
}

long do_set_trap_table(uint64_t traps, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    struct pv_trap *table = current->pv->traps;
    struct trap_info t;

    if (traps == 0) {
        for (unsigned int i = 0; i < 256; i++) {
            table[i] = (struct pv_trap){ 0 };
        }
        return 0;
    }
    /* At most one entry per vector: a longer list repeats itself. */
    for (unsigned int i = 0; i <= 256; i++) {
        int rc;

        if (copy_from_guest(&t, guest_handle(traps + i * sizeof(t)),
                            sizeof(t)) != 0) {
            return -EFAULT;
        }
        if (t.address == 0) {
            return 0;
        }
        rc = trap_from_guest(&t, &table[t.vector]);
        if (rc != 0) {
            return rc;
        }
    }
    return -EINVAL;
}

static const int8_t callback_kinds[] = {
    [CALLBACKTYPE_event]     = PV_CB_EVENT,
    [CALLBACKTYPE_failsafe]  = PV_CB_FAILSAFE,
    [CALLBACKTYPE_syscall]   = PV_CB_SYSCALL,
    [CALLBACKTYPE_syscall32] = PV_CB_SYSCALL32,
    [CALLBACKTYPE_sysenter]  = PV_CB_SYSENTER,
    [CALLBACKTYPE_sysenter_deprecated] = -1,
    [CALLBACKTYPE_nmi]       = PV_CB_NMI,
};

static struct pv_callback *callback_slot(unsigned int type)
{
    if (type >= ARRAY_SIZE(callback_kinds) || callback_kinds[type] < 0) {
        return NULL;
    }
    return &current->pv->cb[callback_kinds[type]];
}

static long callback_register(uint64_t arg)
{
    struct callback_register reg;
    struct pv_callback *cb;

    if (copy_from_guest(&reg, guest_handle(arg), sizeof(reg)) != 0) {
        return -EFAULT;
    }
    cb = callback_slot(reg.type);
    if (cb == NULL) {
        return -ENOSYS;
    }
    if (!is_canonical(reg.address)) {
        return -EINVAL;
    }
    cb->rip = reg.address;
    cb->mask_events = (reg.flags & CALLBACKF_mask_events) != 0 ||
                      reg.type == CALLBACKTYPE_event;
    return 0;
}

static long callback_unregister(uint64_t arg)
{
    struct callback_unregister unreg;

    if (copy_from_guest(&unreg, guest_handle(arg), sizeof(unreg)) != 0) {
        return -EFAULT;
    }
    if (unreg.type == CALLBACKTYPE_nmi) {
        current->pv->cb[PV_CB_NMI] = (struct pv_callback){ 0 };
        return 0;
    }
    return callback_slot(unreg.type) != NULL ? -EINVAL : -ENOSYS;
}

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                    uint64_t a4, uint64_t a5)
{
    if (cmd == CALLBACKOP_register) {
        return callback_register(arg);
    }
    return cmd == CALLBACKOP_unregister ? callback_unregister(arg) : -ENOSYS;
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall,
                      uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct pv_callback *cb = current->pv->cb;

    if (!is_canonical(event) || !is_canonical(failsafe) ||
        !is_canonical(syscall)) {
        return -EINVAL;
    }
    cb[PV_CB_EVENT] = (struct pv_callback){ event, true };
    cb[PV_CB_FAILSAFE] = (struct pv_callback){ failsafe, false };
    cb[PV_CB_SYSCALL] = (struct pv_callback){ syscall, false };
    return 0;
}

long do_stack_switch(uint64_t ss, uint64_t sp, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5)
{
    struct pv_vcpu *pv = current->pv;

    pv->kernel_ss = (uint16_t)(ss | 3);
    pv->kernel_sp = sp;
    return 0;
}

/* ---- return ------------------------------------------------------------------- */

static noinline void bad_iret_frame(struct vcpu *v, uint64_t at)
{
    domain_crash(v->domain, "v%u: iret frame at %#lx unreadable",
                 v->vcpu_id, at);
}

/* A word of the frame, straight to its place; each is read once. */
#define IRET_WORD(v, field) \
    GET_GUEST_WORD(v, at, offsetof(struct iret_context, field) / 8, fault)

long do_iret(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
             uint64_t a5)
{
    struct vcpu *v = current;
    struct cpu_regs *regs = guest_cpu_regs();
    uint64_t at = regs->rsp, w, cs;

    if (unlikely(!guest_range_ok(at, sizeof(struct iret_context)))) {
        goto bad;
    }
    stac();
    IRET_WORD(cs, cs);
    if ((cs & 3) == 3 && v->pv->cr3_user == 0) {
        clac();
        return 0;                      /* no user tables: nowhere to go */
    }
    regs->cs = (uint16_t)(cs | 3);
    IRET_WORD(w, flags);
    if (!(w & VGCF_in_syscall)) {
        regs->entry_vector &= ~(uint32_t)ENTRY_SYSCALL;
        IRET_WORD(w, r11);
        regs->r11 = w;
        IRET_WORD(w, rcx);
        regs->rcx = w;
    }
    IRET_WORD(w, rip);
    regs->rip = w;
    IRET_WORD(w, rsp);
    regs->rsp = w;
    IRET_WORD(w, ss);
    regs->ss = (uint16_t)(w | 3);
    IRET_WORD(w, rflags);
    regs->rflags = pv_clean_rflags(w);
    atomic_store_relaxed(&v->info->evtchn_upcall_mask,
                         (w & X86_EFLAGS_IF) == 0);
    IRET_WORD(w, rax);
    clac();
    if ((cs & 3) == 3) {
        pv_toggle_mode(v);
    }
    return (long)w;
fault:
    clac();
bad:
    bad_iret_frame(v, at);
    return 0;
}

/* ---- small state ----------------------------------------------------------------- */

long do_fpu_taskswitch(uint64_t set, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    struct pv_vcpu *pv = current->pv;
    uint64_t ts = set != 0 ? X86_CR0_TS : 0;

    if (ts != pv->cr0_ts) {
        pv->cr0_ts = ts;
        if (ts != 0) {
            write_cr0(read_cr0() | X86_CR0_TS);
        } else {
            clts();
        }
    }
    return 0;
}
