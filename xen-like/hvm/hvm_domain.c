/* SPDX-License-Identifier: MIT */
/*
 * Hardware-assisted domains and vcpus: made, switched to and from, started by
 * INIT and SIPI, taken apart.  Registers in and out are hvm/context.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <domain/tsc_aux.h>
#include <domain/vtime.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <p2m/p2m.h>
#include <pv/pv_domain.h>
#include <sched/sched.h>
#include <smp/call.h>
#include <vdev/front.h>
#include <xen/hvm/params.h>

#define PAT_RESET 0x0007040600070406ull

/* ---- domains ------------------------------------------------------------------------ */

static void nothing(void *unused)
{
}

/*
 * Every CPU that runs a vcpu of @d has left the guest, or does now, and
 * enters it again with a new ASID; and whoever reads its memory with
 * interrupts off (hvm/guest_walk) is done.
 */
static void flush(struct domain *d)
{
    cpumask_t cpus;

    atomic_add(&d->hvm->flush_gen, 1);
    cpus = atomic_load(&d->dirty_cpus) & atomic_load(&cpu_online_mask) &
           ~cpumask_of(smp_processor_id());
    if (cpus != 0) {
        smp_call(cpus, nothing, NULL);
    }
}

int hvm_domain_init(struct domain *d)
{
    int rc;

    if (!d->cfg_hvm) {
        return 0;
    }
    if (hvm_backend == NULL) {
        return -EOPNOTSUPP;
    }
    d->hvm = heap_new(struct hvm_domain);
    if (d->hvm == NULL) {
        return -ENOMEM;
    }
    rc = p2m_init(d, flush);
    if (rc != 0) {
        heap_free(d->hvm);
        d->hvm = NULL;
    }
    return rc;
}

int hvm_relinquish(struct domain *d)
{
    return p2m_relinquish(d);
}

void hvm_domain_free(struct domain *d)
{
    p2m_free(d);
    heap_free(d->hvm);
    d->hvm = NULL;
}

/* ---- vcpus --------------------------------------------------------------------------- */

int hvm_vcpu_init(struct vcpu *v)
{
    void *x;
    int rc;

    if (v->domain->hvm == NULL) {
        return 0;
    }
    v->hvm = heap_new(struct hvm_vcpu);
    x = heap_alloc(xstate_bytes());
    v->xstate = x != NULL ? xstate_place(x) : NULL;
    rc = v->hvm != NULL && x != NULL ? hvm_backend->vcpu_init(v) : -ENOMEM;
    if (rc != 0) {
        hvm_vcpu_free(v);
        return rc;
    }
    v->hvm->sipi = -1;
    v->hvm->wait_for_sipi = 1;
    v->hvm->mtrr_def = 0xc06;
    v->info->evtchn_upcall_mask = 0;   /* the CPU's own flag decides */
    return 0;
}

void hvm_vcpu_free(struct vcpu *v)
{
    if (v->domain->hvm == NULL) {
        return;
    }
    if (v->hvm != NULL) {
        hvm_backend->vcpu_free(v);
    }
    heap_free(v->hvm);
    v->hvm = NULL;
    heap_free(v->xstate);
    v->xstate = NULL;
}

/* ---- reset, INIT, start-up (SDM vol. 3A, 9.1.1, 8.4.4) ---------------------------------- */

static void reset_segments(struct vcpu *v, uint8_t vector)
{
    static const uint16_t attr[NR_HVM_SEGS] = {
        [SEG_ES] = 0x93, [SEG_CS] = 0x9b, [SEG_SS] = 0x93, [SEG_DS] = 0x93,
        [SEG_FS] = 0x93, [SEG_GS] = 0x93, [SEG_LDTR] = 0x82, [SEG_TR] = 0x8b,
    };

    for (unsigned int i = 0; i < NR_HVM_SEGS; i++) {
        struct hvm_segment s = { .attr = attr[i], .limit = 0xffff };

        if (i == SEG_CS) {
            s.sel = (uint16_t)(vector << 8);
            s.base = (uint64_t)vector << 12;
        }
        hvm_backend->set_segment(v, i, &s);
    }
}

/* The current vcpu begins in real mode at @vector * 4096. */
static void start_at(struct vcpu *v, uint8_t vector)
{
    struct cpu_regs *r = guest_cpu_regs();

    memset(r, 0, sizeof(*r));
    r->rflags = X86_EFLAGS_MBS;
    r->rdx = cpuid(1, 0).eax;
    reset_segments(v, vector);
    hvm_backend->set_reg(v, HVM_CR0, X86_CR0_ET);
    hvm_backend->set_reg(v, HVM_CR2, 0);
    hvm_backend->set_reg(v, HVM_CR3, 0);
    hvm_backend->set_reg(v, HVM_CR4, 0);
    hvm_backend->set_reg(v, HVM_EFER, 0);
    hvm_backend->set_reg(v, HVM_DR6, 0xffff0ff0);
    hvm_backend->set_reg(v, HVM_DR7, 0x400);
    hvm_backend->set_reg(v, HVM_PAT, PAT_RESET);
    hvm_backend->set_reg(v, HVM_SHADOW, 0);
    v->hvm->event.valid = false;
    v->hvm->io.resume = HVM_RESUME_NONE;
    atomic_store(&v->hvm->nmi_pending, 0);
    hvm_nmi_unmask(v);
    vdev_vcpu_reset(v);
    /* The reset emptied the IRR; an event that was told there is told again. */
    if (atomic_load(&v->hvm->upcall_vector) != 0 &&
        atomic_load(&v->info->evtchn_upcall_pending) != 0) {
        vdev_set_vector(v, atomic_load(&v->hvm->upcall_vector));
    }
}

void hvm_vcpu_init_signal(struct vcpu *v)
{
    atomic_store(&v->hvm->sipi, -1);
    atomic_store(&v->hvm->wait_for_sipi, 1);
    atomic_store(&v->hvm->init_pending, 1);
    vcpu_kick(v);
}

void hvm_vcpu_sipi(struct vcpu *v, uint8_t vector)
{
    if (atomic_xchg(&v->hvm->wait_for_sipi, 0) == 0) {
        return;                        /* it runs: SIPI means nothing */
    }
    atomic_store(&v->hvm->sipi, (int16_t)vector);
    atomic_store(&v->is_initialised, 1);
    atomic_store(&v->is_up, 1);
    atomic_store(&v->blocked, 0);
    sched_wake(v);
}

void hvm_vcpu_nmi(struct vcpu *v)
{
    atomic_store(&v->hvm->nmi_pending, 1);
    vcpu_kick(v);
}

void hvm_vcpu_signals(struct vcpu *v)
{
    int16_t vector;

    atomic_store(&v->hvm->init_pending, 0);
    vector = (int16_t)atomic_xchg(&v->hvm->sipi, -1);
    if (vector >= 0) {
        start_at(v, (uint8_t)vector);
        return;
    }
    atomic_store(&v->is_up, 0);        /* until a SIPI comes */
    if (atomic_load(&v->hvm->sipi) >= 0) {
        atomic_store(&v->is_up, 1);
    }
    sched_sleep_nosync(v);
}

/* ---- events ------------------------------------------------------------------------------- */

/* vdev/ leaves the line alone while no callback by GSI is asked for. */
static void event_notify(struct vcpu *v)
{
    uint8_t vector = atomic_load(&v->hvm->upcall_vector);

    if (vector != 0) {
        vdev_set_vector(v, vector);
    } else if (v->vcpu_id == 0 &&
               atomic_load(&v->domain->hvm->callback_vector) == 0) {
        vdev_callback_level(v->domain->vdev, true);
    }
}

void hvm_callback_update(struct vcpu *v)
{
    vdev_callback_level(v->domain->vdev,
                        atomic_load(&v->info->evtchn_upcall_pending) != 0);
}

/* Drivers do what leads here first, and again after a loader or a restore:
 * events that come in between are found when their ports are unmasked. */
void hvm_latch_layout(struct vcpu *v)
{
    struct hvm_mode m no_auto_init;

    hvm_backend->get_mode(v, &m);
    atomic_store(&v->domain->info32, !m.code64);
    vtime_update_wallclock(v->domain);
}

/* ---- the switch ------------------------------------------------------------------------------ */

static void load_null_segments(void)
{
    __asm__ volatile("mov %0, %%ds\n mov %0, %%es" :: "r"(0));
}

static void switch_to(struct vcpu *v)
{
    struct hvm_vcpu *h = v->hvm;

    pv_load_idle();                    /* our own tables and descriptors */
    load_null_segments();
    atomic_or(&v->domain->dirty_cpus, cpumask_of(smp_processor_id()));
    write_dr0(h->dr[0]);
    write_dr1(h->dr[1]);
    write_dr2(h->dr[2]);
    write_dr3(h->dr[3]);
    tsc_aux_load(v);
    xstate_restore(v->xstate);
    if (hvm_backend->switch_to != NULL) {
        hvm_backend->switch_to(v);
    }
    *guest_cpu_regs() = h->regs;
    get_cpu_info()->translated = 1;
}

static void switch_from(struct vcpu *v)
{
    struct hvm_vcpu *h = v->hvm;

    h->regs = *guest_cpu_regs();
    if (hvm_backend->switch_from != NULL) {
        hvm_backend->switch_from(v);
    }
    h->dr[0] = read_dr0();
    h->dr[1] = read_dr1();
    h->dr[2] = read_dr2();
    h->dr[3] = read_dr3();
    xstate_note_xcr0(v->xstate);
    xstate_save(v->xstate);
    get_cpu_info()->translated = 0;
    atomic_and(&v->domain->dirty_cpus, ~cpumask_of(smp_processor_id()));
}

/* The whole of a vcpu travels in the HVM context; this is for tools that
 * look at a guest. */
static int set_context(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    return -EOPNOTSUPP;
}

static void get_context(struct vcpu *v, struct vcpu_guest_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
    memcpy(&ctx->user_regs, &v->hvm->regs, sizeof(v->hvm->regs));
    ctx->ctrlreg[0] = hvm_backend->get_reg(v, HVM_CR0);
    ctx->ctrlreg[2] = hvm_backend->get_reg(v, HVM_CR2);
    ctx->ctrlreg[3] = hvm_backend->get_reg(v, HVM_CR3);
    ctx->ctrlreg[4] = hvm_backend->get_reg(v, HVM_CR4);
    ctx->flags = VGCF_i387_valid | VGCF_in_kernel;
    xstate_store_fxsave(v->xstate, &ctx->fpu_ctxt);
}

const struct guest_ops hvm_guest_ops = {
    .name = "hvm",
    .switch_from = switch_from,
    .switch_to = switch_to,
    .resume = vcpu_loop,
    .set_context = set_context,
    .get_context = get_context,
    .event_notify = event_notify,
    .event_deliverable = hvm_takes_interrupt,
};
