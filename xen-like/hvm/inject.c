/* SPDX-License-Identifier: MIT */
/*
 * What a guest's CPU takes next.  Tested by tests/unit/hvm/test_inject.c.
 */
#include <arch/atomic.h>
#include <core/log.h>
#include <core/percpu.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <vdev/front.h>
#include <xen/sched.h>

enum { VEC_DE = 0, VEC_DB = 1, VEC_NMI = 2, VEC_DF = 8, VEC_PF = 14 };
#define DR6_BS 0x4000ull

/* #DE, #TS, #NP, #SS, #GP: two of these make a #DF. */
#define CONTRIBUTORY (1u << 0 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13)

static bool makes_double(const struct hvm_event *first, uint8_t second)
{
    if (first->type != HVM_EVENT_EXCEPTION || first->vector >= 32) {
        return false;
    }
    if (first->vector == VEC_PF) {
        return second == VEC_PF || ((CONTRIBUTORY >> second) & 1);
    }
    return ((CONTRIBUTORY >> first->vector) & 1) &&
           ((CONTRIBUTORY >> second) & 1);
}

void hvm_triple_fault(struct vcpu *v)
{
    glog_warn("v%u: triple fault at %#lx, CR2 %#lx", v->vcpu_id,
              guest_cpu_regs()->rip, hvm_backend->get_reg(v, HVM_CR2));
    domain_shutdown(v->domain, SHUTDOWN_reboot);
}

void hvm_inject_exception(struct vcpu *v, uint8_t vector, int error)
{
    struct hvm_event *e = &v->hvm->event;

    if (e->valid && e->type == HVM_EVENT_EXCEPTION) {
        if (e->vector == VEC_DF) {
            hvm_triple_fault(v);
            return;
        }
        if (makes_double(e, vector)) {
            vector = VEC_DF;
            error = 0;
        }
    }
    *e = (struct hvm_event){
        .valid = true, .vector = vector, .type = HVM_EVENT_EXCEPTION,
        .has_error = error != HVM_NO_ERROR,
        .error = error != HVM_NO_ERROR ? (uint32_t)error : 0,
    };
}

void hvm_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error)
{
    hvm_backend->set_reg(v, HVM_CR2, cr2);
    hvm_inject_exception(v, VEC_PF, (int)error);
}

static noinline void skip_watched(struct vcpu *v)
{
    hvm_backend->set_reg(v, HVM_SHADOW, 0);
    if (guest_cpu_regs()->rflags & X86_EFLAGS_TF) {
        hvm_backend->set_reg(v, HVM_DR6,
                             hvm_backend->get_reg(v, HVM_DR6) | DR6_BS);
        hvm_inject_exception(v, VEC_DB, HVM_NO_ERROR);
    }
}

void hvm_skip(struct vcpu *v, unsigned int len)
{
    struct cpu_regs *r = guest_cpu_regs();

    r->rip += len;
    r->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    if (unlikely(v->hvm->shadow || (r->rflags & X86_EFLAGS_TF))) {
        skip_watched(v);
    }
}

/* ---- interrupts -------------------------------------------------------------------- */

/* The vector that tells of event channels, if an event waits; or -1. */
static int upcall_vector(const struct vcpu *v)
{
    uint8_t vector = atomic_load(&v->domain->hvm->callback_vector);

    return vector != 0 && v->hvm->upcall_vector == 0 &&
           atomic_load(&v->info->evtchn_upcall_pending) != 0 ? vector : -1;
}

static bool nmi_waits(const struct vcpu *v)
{
    return atomic_load(&v->hvm->nmi_pending) != 0 && !v->hvm->nmi_masked;
}

static void nmi_mask(struct vcpu *v)
{
    if (hvm_backend->watch_iret != NULL) {
        v->hvm->nmi_masked = true;
        hvm_backend->watch_iret(v, true);
    }
}

void hvm_nmi_unmask(struct vcpu *v)
{
    if (v->hvm->nmi_masked) {
        v->hvm->nmi_masked = false;
        hvm_backend->watch_iret(v, false);
    }
}

bool hvm_has_interrupt(struct vcpu *v)
{
    return v->hvm->event.valid || nmi_waits(v) ||
           upcall_vector(v) >= 0 || vdev_irq_pending(v) >= 0;
}

static bool can_take(struct vcpu *v)
{
    return (guest_cpu_regs()->rflags & X86_EFLAGS_IF) != 0 &&
           hvm_backend->get_reg(v, HVM_SHADOW) == 0;
}

bool hvm_takes_interrupt(struct vcpu *v)
{
    return v->hvm->event.valid || nmi_waits(v) ||
           ((upcall_vector(v) >= 0 || vdev_irq_pending(v) >= 0) &&
            can_take(v));
}

/* Make an event of what goes first; @upcall and @irq: vectors, or -1. */
static void choose(struct vcpu *v, int upcall, int irq)
{
    struct hvm_event *e = &v->hvm->event;

    if (e->valid) {
        return;
    }
    if (nmi_waits(v) && hvm_backend->get_reg(v, HVM_SHADOW) == 0) {
        atomic_store(&v->hvm->nmi_pending, 0);
        nmi_mask(v);
        *e = (struct hvm_event){ .valid = true, .vector = VEC_NMI,
                                 .type = HVM_EVENT_NMI };
        return;
    }
    if ((upcall < 0 && irq < 0) || !can_take(v)) {
        return;
    }
    irq = upcall >= 0 ? upcall : vdev_irq_ack(v);
    if (irq >= 0) {
        *e = (struct hvm_event){ .valid = true, .vector = (uint8_t)irq,
                                 .type = HVM_EVENT_INTR };
    }
}

void hvm_window(struct vcpu *v, bool open)
{
    if (v->hvm->window != open) {
        v->hvm->window = open;
        hvm_backend->open_window(v, open);
    }
}

void hvm_inject_pending(struct vcpu *v)
{
    struct hvm_event *e = &v->hvm->event;
    int upcall = upcall_vector(v), irq = vdev_irq_pending(v);

    if (upcall < 0 && irq < 0 && !e->valid && !nmi_waits(v)) {
        hvm_window(v, false);
        return;
    }
    choose(v, upcall, irq);
    if (e->valid) {
        hvm_backend->inject(v, e);
        e->valid = false;
    }
    /* More to come, but not now: tell us when it can be. */
    hvm_window(v, nmi_waits(v) || upcall_vector(v) >= 0 ||
                  vdev_irq_pending(v) >= 0);
}
