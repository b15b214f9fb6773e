/* SPDX-License-Identifier: MIT */
/*
 * What the CPU holds of a PV vcpu, loaded and saved: frame, page tables, GDT,
 * LDT, segments, CR4, debug registers, FPU.  Everything is switched eagerly;
 * only what is already right is not written again.
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/extable.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <domain/domain.h>
#include <domain/tsc_aux.h>
#include <mm/map_boot.h>
#include <mm/tlb_flush.h>
#include <pv/pv_domain.h>
#include <pv/pv_switch.h>

#define CR4_SHARED (X86_CR4_TSD | X86_CR4_DE | X86_CR4_FSGSBASE)
#define CR4_GUEST  (CR4_SHARED | X86_CR4_OSXSAVE)
#define CR4_FIXED  (X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR | \
                    X86_CR4_OSXMMEXCPT)

/* What this CPU holds now, so that equal values are not written again. */
struct loaded {
    struct domain *domain;         /* whose page tables: for dirty_cpus */
    unsigned long cr4;
    uint64_t gdt_base;
    bool has_ldt, has_dr7, ts;
};
static DEFINE_PER_CPU(struct loaded, loaded);

/* CR4 that runs @v: ours plus what the guest may set. */
static unsigned long cr4_of(const struct vcpu *v)
{
    return (cpu_cr4 & ~CR4_SHARED) | (v->pv->cr4 & CR4_SHARED);
}

uint64_t pv_guest_cr4(const struct vcpu *v)
{
    return (cpu_cr4 & CR4_FIXED) | v->pv->cr4;
}

void pv_set_cr4(struct vcpu *v, uint64_t val)
{
    if (!has_cpu(X86_FEATURE_FSGSBASE)) {
        val &= ~(uint64_t)X86_CR4_FSGSBASE;
    }
    if (xstate_mask == 0) {
        val &= ~(uint64_t)X86_CR4_OSXSAVE;
    }
    v->pv->cr4 = val & CR4_GUEST;
    this_cpu(loaded).cr4 = cr4_of(v);
    write_cr4(cr4_of(v));
}

/* ---- debug registers ----------------------------------------------------------- */

#define DR7_ENABLED 0xffull
#define DR7_OFF     0x400ull

/*
 * DR0-DR3 are not unloaded, and may hold another guest's addresses, of an HVM
 * guest even ours: they are written whenever DR7 is going to arm them.
 */
static void load_debug(struct loaded *l, const struct pv_vcpu *pv)
{
    bool on = (pv->dr[7] & DR7_ENABLED) != 0;

    if (on) {
        write_dr0(pv->dr[0]);
        write_dr1(pv->dr[1]);
        write_dr2(pv->dr[2]);
        write_dr3(pv->dr[3]);
        write_dr6(pv->dr[6]);
        write_dr7(pv->dr[7]);
    } else if (l->has_dr7) {
        write_dr7(DR7_OFF);
    }
    l->has_dr7 = on;
}

void pv_load_debug(const struct vcpu *v)
{
    load_debug(&this_cpu(loaded), v->pv);
}

static void unload_debug(struct loaded *l)
{
    if (l->has_dr7) {
        write_dr7(DR7_OFF);
        l->has_dr7 = false;
    }
}

/* ---- page tables --------------------------------------------------------------- */

static uint64_t mode_cr3(const struct pv_vcpu *pv)
{
    return pv->in_kernel ? pv->cr3_kernel : pv->cr3_user;
}

void pv_load_cr3(struct vcpu *v)
{
    tlb_write_cr3(mode_cr3(v->pv));
}

void pv_toggle_mode(struct vcpu *v)
{
    struct pv_vcpu *pv = v->pv;

    pv->in_kernel = !pv->in_kernel;
    swapgs();
    if (pv->cr3_kernel != pv->cr3_user) {
        tlb_write_cr3(mode_cr3(pv));
    }
}

/* The CPU's tables belong to @d from now on (NULL: to nobody). */
static void own_tables(struct loaded *l, struct domain *d, uint64_t cr3)
{
    cpumask_t self = cpumask_of(smp_processor_id());
    struct domain *old = l->domain;

    if (d != NULL && d != old) {
        atomic_or(&d->dirty_cpus, self);
    }
    if (d != NULL && old == NULL) {
        atomic_or(&tlb_guest_cpus, self);
    }
    tlb_write_cr3(cr3);
    l->domain = d;
    if (old != NULL && old != d) {
        atomic_and(&old->dirty_cpus, ~self);
    }
    if (d == NULL && old != NULL) {
        atomic_and(&tlb_guest_cpus, ~self);
    }
}

void pv_load_idle(void)
{
    struct loaded *l = &this_cpu(loaded);
    unsigned int cpu = smp_processor_id();

    desc_load_gdt(desc_gdt_base(cpu));
    l->gdt_base = 0;
    if (l->has_ldt) {
        desc_load_ldt(cpu, 0, 0);
        l->has_ldt = false;
    }
    unload_debug(l);
    own_tables(l, NULL, map_idle_cr3());
}

/* ---- descriptor tables ------------------------------------------------------------ */

void pv_load_ldt(const struct vcpu *v)
{
    desc_load_ldt(smp_processor_id(), pv_ldt_va(v), v->pv->ldt_ents);
    this_cpu(loaded).has_ldt = v->pv->ldt_ents != 0;
}

static void load_tables(struct loaded *l, struct vcpu *v)
{
    unsigned int cpu = smp_processor_id();
    pte_t ours = pte_make(desc_gdt_page_mfn(cpu), PTE_P | PTE_RW | PTE_A |
                          PTE_D | PTE_NX);

    if (v->pv->area[PV_GDT_PAGES] != ours) {
        atomic_store(&v->pv->area[PV_GDT_PAGES], ours);
    }
    /* An NMI looks into the GDT: in between it must be there as well. */
    if (l->gdt_base != pv_gdt_va(v) && l->gdt_base != 0) {
        desc_load_gdt(desc_gdt_base(cpu));
    }
    own_tables(l, v->domain, mode_cr3(v->pv));
    if (l->gdt_base != pv_gdt_va(v)) {
        l->gdt_base = pv_gdt_va(v);
        desc_load_gdt(l->gdt_base);
    }
    if (v->pv->ldt_ents != 0 || l->has_ldt) {
        pv_load_ldt(v);
    }
}

/* ---- segments ------------------------------------------------------------------------ */

/* A selector the guest's tables do not support loads as null. */
#define LOAD_SEG(seg, sel) \
    do { \
        uint32_t s_ = (sel); \
        __asm__ volatile("1: movl %0, %%" #seg "\n" \
                         ".pushsection .text.fixup, \"ax\"\n" \
                         "2: xorl %0, %0\n" \
                         "   jmp 1b\n" \
                         ".popsection\n" \
                         EXTABLE(1b, 2b) : "+r"(s_)); \
    } while (0)

static void save_segments(struct pv_vcpu *pv)
{
    uint64_t gs = rdmsr(MSR_GS_BASE), shadow = rdmsr(MSR_KERNEL_GS_BASE);

    pv->ds = read_ds();
    pv->es = read_es();
    pv->fs = read_fs();
    pv->gs = read_gs();
    pv->fs_base = rdmsr(MSR_FS_BASE);
    pv->gs_base_kernel = pv->in_kernel ? gs : shadow;
    pv->gs_base_user = pv->in_kernel ? shadow : gs;
}

static void load_segments(const struct pv_vcpu *pv)
{
    if ((pv->ds | read_ds()) != 0) {
        LOAD_SEG(ds, pv->ds);
    }
    if ((pv->es | read_es()) != 0) {
        LOAD_SEG(es, pv->es);
    }
    if ((pv->fs | read_fs()) != 0) {
        LOAD_SEG(fs, pv->fs);
    }
    if ((pv->gs | read_gs()) != 0) {
        LOAD_SEG(gs, pv->gs);
    }
    wrmsr(MSR_FS_BASE, pv->fs_base);
    wrmsr(MSR_GS_BASE, pv->in_kernel ? pv->gs_base_kernel : pv->gs_base_user);
    wrmsr(MSR_KERNEL_GS_BASE,
          pv->in_kernel ? pv->gs_base_user : pv->gs_base_kernel);
}

/* ---- control registers ------------------------------------------------------------------- */

static void load_control(struct loaded *l, const struct vcpu *v)
{
    unsigned long cr4 = cr4_of(v);

    if (cr4 != l->cr4) {
        l->cr4 = cr4;
        write_cr4(cr4);
    }
    tsc_aux_load(v);
}

/* The FPU must be reachable for us whatever the guest set. */
static void fpu_save(struct vcpu *v)
{
    if (v->pv->cr0_ts != 0) {
        clts();
    }
    xstate_save(v->xstate);
}

static void fpu_load(struct vcpu *v)
{
    xstate_restore(v->xstate);
    if (v->pv->cr0_ts != 0) {
        write_cr0(read_cr0() | X86_CR0_TS);
    }
}

/* ---- the switch --------------------------------------------------------------------------- */

void pv_switch_from(struct vcpu *v)
{
    v->pv->regs = *guest_cpu_regs();
    save_segments(v->pv);
    fpu_save(v);
}

void pv_switch_to(struct vcpu *v)
{
    struct loaded *l = &this_cpu(loaded);

    load_tables(l, v);
    load_control(l, v);
    load_segments(v->pv);
    load_debug(l, v->pv);
    fpu_load(v);
    *guest_cpu_regs() = v->pv->regs;
}
