/* SPDX-License-Identifier: MIT */
/*
 * SVM: on and off, ASIDs, and the registers of a vcpu in its control block.
 *
 * A guest's TLB entries carry its ASID.  A vcpu gets a new one of its CPU
 * when it comes to another CPU, when its domain asks for a flush, and when
 * the CPU has used up its ASIDs (then with a flush of everything): so none
 * is ever used by two address spaces without a flush in between.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <core/log.h>
#include <core/panic.h>
#include <hvm/hvm_domain.h>
#include <lib/string.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <p2m/format.h>
#include <pv/pv_domain.h>
#include <svm/svm.h>
#include <svm/vmcb.h>
#include <vdev/front.h>

#define VM_CR_SVMDIS    0x10ull
#define IOPM_ORDER      2u           /* 12 KiB are used */
#define MSRPM_ORDER     1u
#define PAT_RESET       0x0007040600070406ull

struct svm_cpu {
    uint64_t host_maddr;             /* VMSAVE area of the hypervisor */
    uint64_t asid_gen;
    uint32_t next_asid, nr_asids;
};
static DEFINE_PER_CPU(struct svm_cpu, svm_cpu);

static uint64_t iopm_maddr, msrpm_maddr;     /* [I] of all guests */

static struct svm_vcpu *hw(const struct vcpu *v)
{
    return v->hvm->hw;
}

/* ---- the machine -------------------------------------------------------------- */

static void vmsave(uint64_t maddr)
{
    __asm__ volatile("vmsave %%rax" :: "a"(maddr) : "memory");
}

/* Registers that live in the block are the guest's own: no exit. */
static void msrpm_allow(uint8_t *map, uint32_t msr)
{
    uint32_t base = msr < 0x2000 ? 0 : msr < 0xc0010000u ? 0x800 : 0x1000;
    uint32_t bit = (msr & 0x1fff) * 2;

    map[base + bit / 8] &= (uint8_t)~(3u << (bit % 8));
}

static int alloc_maps(void)
{
    static const uint32_t own[] = {
        MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR,
        MSR_CSTAR, MSR_SFMASK, MSR_SYSENTER_CS, MSR_SYSENTER_ESP,
        MSR_SYSENTER_EIP,
    };
    uint8_t *iopm = heap_alloc_pages(IOPM_ORDER);
    uint8_t *msrpm = heap_alloc_pages(MSRPM_ORDER);

    if (iopm == NULL || msrpm == NULL) {
        return -ENOMEM;
    }
    memset(iopm, 0xff, PAGE_SIZE << IOPM_ORDER);
    memset(msrpm, 0xff, PAGE_SIZE << MSRPM_ORDER);
    for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
        msrpm_allow(msrpm, own[i]);
    }
    iopm_maddr = mfn_to_maddr(virt_to_mfn(iopm));
    msrpm_maddr = mfn_to_maddr(virt_to_mfn(msrpm));
    return 0;
}

static int svm_cpu_on(void)
{
    struct svm_cpu *c = &this_cpu(svm_cpu);
    void *hsave = heap_alloc_pages(0), *host = heap_alloc_pages(0);

    if (hsave == NULL || host == NULL) {
        return -ENOMEM;
    }
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, mfn_to_maddr(virt_to_mfn(hsave)));
    c->host_maddr = mfn_to_maddr(virt_to_mfn(host));
    c->nr_asids = cpuid(0x8000000a, 0).ebx;
    c->asid_gen = 1;
    c->next_asid = 1;                  /* 0 is the host's */
    vmsave(c->host_maddr);
    return 0;
}

/* ---- ASIDs ------------------------------------------------------------------------ */

static inline bool has_asid(const struct vcpu *v, const struct svm_vcpu *s)
{
    return s->asid_gen == this_cpu(svm_cpu).asid_gen &&
           s->asid_cpu == smp_processor_id() &&
           v->hvm->flush_seen == atomic_load(&v->domain->hvm->flush_gen);
}

static void take_asid(struct vcpu *v, struct svm_vcpu *s)
{
    struct svm_cpu *c = &this_cpu(svm_cpu);

    v->hvm->flush_seen = atomic_load(&v->domain->hvm->flush_gen);
    if (c->next_asid >= c->nr_asids) {
        c->asid_gen++;
        c->next_asid = 1;
        s->vmcb->tlb_control = TLB_FLUSH_ALL;   /* at this entry alone */
    }
    s->vmcb->asid = c->next_asid++;
    s->asid_gen = c->asid_gen;
    s->asid_cpu = smp_processor_id();
}

/* ---- run ------------------------------------------------------------------------------ */

/* CR8 of the guest: the hardware keeps it in the block while it runs. */
static uint8_t svm_get_tpr(const struct vcpu *v)
{
    return (uint8_t)(hw(v)->vmcb->vintr & 0xf);
}

/*
 * Does the guest's writing of CR8 matter now?  Lowering it may let a vector
 * through that nothing else keeps back.  And while a virtual interrupt is
 * asked for, QEMU 7.2 aborts at such a write unless it leaves the guest.
 */
static void watch_cr8(struct vcpu *v, struct vmcb *b)
{
    bool watch = v->hvm->window ||
                 (vdev_get_cr8(v) != 0 && vdev_irq_below_tpr(v) >= 0);

    b->cr_write = watch ? SVM_CR8 : 0;
}

/*
 * VMRUN of QEMU 7.2 sets its mark of a virtual interrupt without the lock that
 * its other threads take: an interrupt of the machine that comes in the same
 * moment stays in the local APIC, and nobody tells the CPU.  With one CPU and
 * its timer gone so, everything stands still.  Writing CR8 has the APIC look
 * again; nothing else changes, for it is always 0 here.
 */
static void look_for_lost_interrupts(void)
{
    load_cr8(0);
}

static inline bool watches_cr8(const struct vcpu *v)
{
    return vdev_get_cr8(v) != 0 || v->hvm->window ||
           hw(v)->vmcb->cr_write != 0;
}

/* Registers out of the block, then the exit. */
static inline enum exit_action take_exit(struct vcpu *v)
{
    struct svm_vcpu *s = hw(v);
    struct vmcb *b = s->vmcb;
    struct cpu_regs *r = guest_cpu_regs();

    b->tlb_control = 0;
    v->hvm->shadow = b->shadow & 1;
    r->rip = b->rip;
    r->rsp = b->rsp;
    r->rflags = b->rflags;
    r->rax = b->rax;
    return svm_exit(v, s);
}

static noinline enum exit_action left_amid_interrupts(struct vcpu *v)
{
    if (v->hvm->window) {
        look_for_lost_interrupts();
    }
    if (svm_get_tpr(v) != vdev_get_cr8(v)) {
        vdev_set_cr8(v, svm_get_tpr(v));
    }
    return take_exit(v);
}

/* The guest has run. */
static noinline enum exit_action svm_left(void)
{
    struct vcpu *v = current;

    return likely(svm_get_tpr(v) == vdev_get_cr8(v) && !v->hvm->window)
         ? take_exit(v) : left_amid_interrupts(v);
}

/* No register is kept over the entry: the guest's are many already. */
static inline enum exit_action enter(struct vcpu *v)
{
    struct svm_vcpu *s = hw(v);
    struct vmcb *b = s->vmcb;
    struct cpu_regs *r = guest_cpu_regs();

    b->vintr = (b->vintr & ~V_TPR_MASK) | vdev_get_cr8(v);
    b->rip = r->rip;
    b->rsp = r->rsp;
    b->rflags = r->rflags;
    b->rax = r->rax;
    svm_enter(s->vmcb_maddr, r, this_cpu(svm_cpu).host_maddr);
    return svm_left();
}

static noinline enum exit_action prepare_and_enter(struct vcpu *v)
{
    struct svm_vcpu *s = hw(v);

    if (!has_asid(v, s)) {
        take_asid(v, s);
    }
    if (watches_cr8(v)) {
        watch_cr8(v, s->vmcb);
    }
    return enter(v);
}

static enum exit_action svm_run(struct vcpu *v)
{
    return likely(has_asid(v, hw(v)) && !watches_cr8(v))
         ? enter(v) : prepare_and_enter(v);
}

/* ---- vcpus ------------------------------------------------------------------------------- */

static void init_block(const struct domain *d, struct vmcb *b)
{
    /* #DB and #AC: a guest could nest them for ever (APM vol. 2, 15.12). */
    b->exceptions = BIT32(1) | BIT32(17) | BIT32(18);
    b->misc1 = SVM_INTR | SVM_NMI | SVM_SMI | SVM_INIT | SVM_RDPMC |
               SVM_CPUID | SVM_INVD | SVM_HLT | SVM_INVLPGA | SVM_IOIO |
               SVM_MSR | SVM_FERR | SVM_SHUTDOWN;
    b->misc2 = SVM_MISC2_ALL;
    b->iopm = iopm_maddr;
    b->msrpm = msrpm_maddr;
    b->vintr = V_INTR_MASKING;
    b->np_enable = 1;
    b->ncr3 = mfn_to_maddr(virt_to_mfn(d->p2m->root));
    b->efer = EFER_SVME;
    b->pat = PAT_RESET;
    b->dr6 = 0xffff0ff0;
    b->dr7 = 0x400;
    b->cr0 = X86_CR0_ET;
}

static int svm_vcpu_init(struct vcpu *v)
{
    struct svm_vcpu *s = heap_new(struct svm_vcpu);
    struct vmcb *b = heap_alloc_pages(0);

    v->hvm->hw = s;
    if (s == NULL || b == NULL) {
        if (b != NULL) {
            heap_free_pages(b, 0);
        }
        return -ENOMEM;
    }
    s->vmcb = b;
    s->vmcb_maddr = mfn_to_maddr(virt_to_mfn(b));
    init_block(v->domain, b);
    return 0;
}

static void svm_vcpu_free(struct vcpu *v)
{
    struct svm_vcpu *s = hw(v);

    if (s != NULL && s->vmcb != NULL) {
        heap_free_pages(s->vmcb, 0);
    }
    heap_free(s);
    v->hvm->hw = NULL;
}

/* ---- registers ------------------------------------------------------------------------------ */

static const uint16_t reg_at[NR_HVM_REGS] = {
#define AT(reg, field) [HVM_##reg] = offsetof(struct vmcb, field)
    AT(CR0, cr0), AT(CR2, cr2), AT(CR3, cr3), AT(CR4, cr4), AT(DR6, dr6),
    AT(DR7, dr7), AT(EFER, efer), AT(PAT, pat), AT(STAR, star),
    AT(LSTAR, lstar), AT(CSTAR, cstar), AT(SFMASK, sfmask),
    AT(KERNEL_GS, kernel_gs), AT(SYSENTER_CS, sysenter_cs),
    AT(SYSENTER_ESP, sysenter_esp), AT(SYSENTER_EIP, sysenter_eip),
    AT(DEBUGCTL, debugctl), AT(TSC_OFFSET, tsc_offset), AT(SHADOW, shadow),
#undef AT
};

static uint64_t svm_get_reg(const struct vcpu *v, enum hvm_reg reg)
{
    uint64_t val = *(uint64_t *)((char *)hw(v)->vmcb + reg_at[reg]);

    return reg == HVM_EFER ? val & ~EFER_SVME
           : reg == HVM_SHADOW ? val & 1 : val;
}

static void svm_set_reg(struct vcpu *v, enum hvm_reg reg, uint64_t val)
{
    struct svm_vcpu *s = hw(v);

    if (reg == HVM_EFER) {
        val |= EFER_SVME;
    }
    if (reg == HVM_CR0 || reg == HVM_CR3 || reg == HVM_CR4 ||
        reg == HVM_EFER) {
        s->asid_gen = 0;               /* the guest's own tables change */
    }
    *(uint64_t *)((char *)s->vmcb + reg_at[reg]) = val;
}

static void svm_get_mode(const struct vcpu *v, struct hvm_mode *m)
{
    const struct vmcb *b = hw(v)->vmcb;

    m->cr3 = b->cr3;
    m->bits = hvm_mode_bits(b->cr0, b->cr4, b->efer);
    m->cpl = b->cpl & 3;
    m->code64 = (b->efer & EFER_LMA) && (b->seg[SEG_CS].attr & SEG_ATTR_L);
}

static struct vmcb_segment *segment(const struct vcpu *v, enum hvm_seg seg)
{
    struct vmcb *b = hw(v)->vmcb;

    switch (seg) {
    case SEG_LDTR:
        return &b->ldtr;
    case SEG_TR:
        return &b->tr;
    case SEG_GDTR:
        return &b->gdtr;
    case SEG_IDTR:
        return &b->idtr;
    default:
        return &b->seg[seg];
    }
}

static void svm_get_segment(const struct vcpu *v, enum hvm_seg seg,
                            struct hvm_segment *out)
{
    const struct vmcb_segment *s = segment(v, seg);

    *out = (struct hvm_segment){ s->sel, s->attr, s->limit, s->base };
    if (seg == SEG_SS) {               /* its DPL is the CPL, kept apart */
        out->attr = (uint16_t)((s->attr & ~0x60u) | (hw(v)->vmcb->cpl & 3u) << 5);
    }
}

static void svm_set_segment(struct vcpu *v, enum hvm_seg seg,
                            const struct hvm_segment *in)
{
    *segment(v, seg) = (struct vmcb_segment){ in->sel, in->attr, in->limit,
                                              in->base };
    if (seg == SEG_SS) {
        hw(v)->vmcb->cpl = (in->attr >> 5) & 3;
    }
}

/* ---- events ------------------------------------------------------------------------------------ */

static void svm_inject(struct vcpu *v, const struct hvm_event *e)
{
    hw(v)->vmcb->inject = EVENT_VALID | e->vector | (uint64_t)e->type << 8 |
                          (e->has_error ? EVENT_ERROR |
                           (uint64_t)e->error << 32 : 0);
}

static void svm_open_window(struct vcpu *v, bool open)
{
    struct vmcb *b = hw(v)->vmcb;

    if (open) {
        b->vintr |= V_IRQ | V_IGN_TPR | V_PRIO_MASK;
        b->misc1 |= SVM_VINTR;
    } else {
        b->vintr &= ~(V_IRQ | V_IGN_TPR | V_PRIO_MASK);
        b->misc1 &= ~SVM_VINTR;
    }
}

static void svm_watch_iret(struct vcpu *v, bool on)
{
    struct vmcb *b = hw(v)->vmcb;

    b->misc1 = on ? b->misc1 | SVM_IRET : b->misc1 & ~SVM_IRET;
}

static const struct hvm_backend backend = {
    .name = "SVM",
    .cpu_on = svm_cpu_on,
    .vcpu_init = svm_vcpu_init,
    .vcpu_free = svm_vcpu_free,
    .run = svm_run,
    .get_reg = svm_get_reg,
    .set_reg = svm_set_reg,
    .get_mode = svm_get_mode,
    .get_segment = svm_get_segment,
    .set_segment = svm_set_segment,
    .inject = svm_inject,
    .open_window = svm_open_window,
    .watch_iret = svm_watch_iret,
};

const struct hvm_backend boot_text *svm_probe(void)
{
    if (!has_cpu(X86_FEATURE_SVM) || !has_cpu(X86_FEATURE_NPT) ||
        (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) != 0 || alloc_maps() != 0) {
        return NULL;
    }
    p2m_format = &p2m_format_npt;
    p2m_limit = 1ull << (min(cpu_ident.phys_addr_bits, 48u) - PAGE_SHIFT);
    return &backend;
}
