/* SPDX-License-Identifier: MIT */
/*
 * VMX: what a CPU must have, on, a vcpu's turn, what comes to it next.  The
 * registers in its control structure are vmcs.c's.
 *
 * INV-VMX2  translations made from nested tables are of one EPT root and one
 *           VPID.  They are dropped before an entry that follows a change of
 *           the tables, or one on another CPU than the last.  So a number
 *           within the domain is VPID enough.
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/msr.h>
#include <core/log.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <lib/string.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <p2m/format.h>
#include <time/systime.h>
#include <vmx/vmcs.h>
#include <vmx/vmx.h>

#define MSR_VMX_BASIC      0x480u
#define MSR_VMX_MISC       0x485u
#define MSR_VMX_PROC2      0x48bu
#define MSR_VMX_EPT_VPID   0x48cu
#define MSR_VMX_TRUE_PIN   0x48du
#define MSR_VMX_TRUE_PROC  0x48eu
#define MSR_VMX_TRUE_EXIT  0x48fu
#define MSR_VMX_TRUE_ENTRY 0x490u
#define BASIC_TRUE         (1ull << 55)
#define FEATURE_LOCK       1ull
#define FEATURE_VMX        4ull        /* outside of SMX */
/* Walks of four levels, write-back, 2 MiB pages, INVEPT of one root. */
#define EPT_NEED           (1ull << 6 | 1ull << 14 | 1ull << 16 | \
                            1ull << 20 | 1ull << 25)
#define EPTP_WB_4_LEVELS   (6ull | 3ull << 3)

#define PAT_RESET 0x0007040600070406ull
#define DR6_RESET 0xffff0ff0ull
#define CPU_NONE  (~0u)
#define TURN_MS   5u

static uint32_t revision;              /* [I] from here on */
static uint64_t msr_bitmap;
static struct {
    uint32_t pin, proc, proc2, exit, entry;
} controls;

/* ---- the machine -------------------------------------------------------------- */

/* Everything that was made from the tables at @eptp. */
static void invept(uint64_t eptp)
{
    uint64_t desc[2] = { eptp, 0 };

    __asm__ volatile("invept %0, %1" :: "m"(desc), "r"(1ul) : "memory", "cc");
}

/* A page as VMXON and VMPTRLD want it. */
static void *alloc_region(uint64_t *maddr)
{
    uint32_t *p = heap_alloc_pages(0);

    if (p != NULL) {
        *p = revision;
        *maddr = mfn_to_maddr(virt_to_mfn(p));
    }
    return p;
}

/* Registers that are switched with the guest are its own: no exit.  Reads of
 * low and high numbers, then writes, a KiB each. */
static bool alloc_msr_bitmap(void)
{
    static const uint32_t own[] = {
        MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR,
        MSR_CSTAR, MSR_SFMASK, MSR_SYSENTER_CS, MSR_SYSENTER_ESP,
        MSR_SYSENTER_EIP,
    };
    uint8_t *map = heap_alloc_pages(0);

    if (map == NULL) {
        return false;
    }
    memset(map, 0xff, PAGE_SIZE);
    for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
        uint32_t at = (own[i] < 0x2000 ? 0 : 1024) + (own[i] & 0x1fff) / 8;

        map[at] &= (uint8_t)~(1u << (own[i] & 7));
        map[at + 2048] &= (uint8_t)~(1u << (own[i] & 7));
    }
    msr_bitmap = mfn_to_maddr(virt_to_mfn(map));
    return true;
}

static bool vmx_allowed(void)
{
    uint64_t f;

    if (rdmsr_safe(MSR_FEATURE_CONTROL, &f) != 0) {
        return false;
    }
    return !(f & FEATURE_LOCK) || (f & FEATURE_VMX);
}

static int vmx_cpu_on(void)
{
    struct vmx_cpu *c = &this_cpu(vmx_cpu);
    uint64_t maddr, f = rdmsr(MSR_FEATURE_CONTROL);
    bool failed;

    if (alloc_region(&maddr) == NULL) {
        return -ENOMEM;
    }
    if (!(f & FEATURE_LOCK)) {
        wrmsr(MSR_FEATURE_CONTROL, f | FEATURE_LOCK | FEATURE_VMX);
    }
    for (unsigned int i = 0; i < VMX_NR_LIVE; i++) {
        c->live[i] = rdmsr(vmx_live_msr[i]);
    }
    c->sysenter_cs = rdmsr(MSR_SYSENTER_CS);
    c->sysenter_esp = rdmsr(MSR_SYSENTER_ESP);
    c->sysenter_eip = rdmsr(MSR_SYSENTER_EIP);
    write_cr4(read_cr4() | X86_CR4_VMXE);
    __asm__ volatile("vmxon %[maddr]"
                     : "=@ccbe"(failed) : [maddr] "m"(maddr) : "memory");
    return failed ? -EINVAL : 0;
}

/* ---- the switch ---------------------------------------------------------------- */

/* What an exit loads, as it is now on this CPU. */
static void write_host_state(const struct vmx_cpu *c)
{
    unsigned int cpu = smp_processor_id();

    vmcs_write(VMCS_HOST_CR0, read_cr0());
    vmcs_write(VMCS_HOST_CR3, read_cr3());
    vmcs_write(VMCS_HOST_CR4, read_cr4());
    vmcs_write(VMCS_HOST_TR_BASE, desc_tss_base(cpu));
    vmcs_write(VMCS_HOST_GDTR_BASE, desc_gdt_base(cpu));
    vmcs_write(VMCS_HOST_SYSENTER_CS, c->sysenter_cs);
    vmcs_write(VMCS_HOST_SYSENTER_ESP, c->sysenter_esp);
    vmcs_write(VMCS_HOST_SYSENTER_EIP, c->sysenter_eip);
}

static void vmx_switch_to(struct vcpu *v)
{
    struct vmx_cpu *c = &this_cpu(vmx_cpu);
    struct vmx_vcpu *s = vmx_of(v);

    vmptrld(s->vmcs_maddr);
    c->loaded = s;
    write_host_state(c);
    for (unsigned int i = 0; i < VMX_NR_LIVE; i++) {
        wrmsr(vmx_live_msr[i], s->live[i]);
    }
    write_dr6(s->dr6);
}

static void vmx_switch_from(struct vcpu *v)
{
    struct vmx_cpu *c = &this_cpu(vmx_cpu);
    struct vmx_vcpu *s = vmx_of(v);

    for (unsigned int i = 0; i < VMX_NR_LIVE; i++) {
        s->live[i] = rdmsr(vmx_live_msr[i]);
        wrmsr(vmx_live_msr[i], c->live[i]);
    }
    s->dr6 = read_dr6();
    write_dr6(DR6_RESET);
    c->loaded = NULL;
    vmcs_leave(s);
}

/* ---- run ------------------------------------------------------------------------------ */

/* The entry takes them from the structure, not from memory. */
static void load_pdptes(struct vcpu *v, struct vmx_vcpu *s)
{
    uint64_t pdpte[4] = { 0 };
    uint64_t cr3 = vmcs_read(VMCS_GUEST_CR3) & 0xffffffe0u;

    s->new_pdptes = false;
    if (!(vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PG) ||
        !(vmcs_read(VMCS_GUEST_CR4) & X86_CR4_PAE) ||
        (vmcs_read(VMCS_GUEST_EFER) & EFER_LMA) ||
        hvm_copy_phys(v, cr3, pdpte, sizeof(pdpte), false) != 0) {
        return;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(pdpte); i++) {
        vmcs_write(VMCS_GUEST_PDPTE + 2 * i, pdpte[i]);
    }
}

static void drop_translations(struct vcpu *v, struct vmx_vcpu *s)
{
    uint32_t gen = atomic_load(&v->domain->hvm->flush_gen);
    uint32_t cpu = smp_processor_id();

    if (s->cpu != cpu || v->hvm->flush_seen != gen || s->flush) {
        s->cpu = cpu;
        v->hvm->flush_seen = gen;
        s->flush = false;
        invept(s->eptp);
    }
}

/* Exit when an NMI, or else an interrupt, could be taken. */
static void set_windows(const struct vcpu *v, struct vmx_vcpu *s)
{
    uint32_t proc = controls.proc;

    if (v->hvm->window) {
        proc |= atomic_load(&v->hvm->nmi_pending) ? PROC_NMI_WINDOW
                                                  : PROC_INTR_WINDOW;
    }
    if (proc != s->proc) {
        s->proc = proc;
        vmcs_write(VMCS_PROC, proc);
    }
}

/* An NMI of the machine ended the guest's turn and holds others off. */
static bool is_nmi(uint32_t reason)
{
    return reason == 0 &&
           EVENT_TYPE(vmcs_read(VMCS_EXIT_EVENT)) == HVM_EVENT_NMI;
}

static enum exit_action vmx_run(struct vcpu *v)
{
    struct vmx_vcpu *s = vmx_of(v);
    struct cpu_regs *r = guest_cpu_regs();
    uint32_t reason;

    drop_translations(v, s);
    if (s->new_pdptes) {
        load_pdptes(v, s);
    }
    set_windows(v, s);
    vmcs_write(VMCS_GUEST_RIP, r->rip);
    vmcs_write(VMCS_GUEST_RSP, r->rsp);
    vmcs_write(VMCS_GUEST_RFLAGS, r->rflags);
    if (read_cr2() != s->cr2) {
        write_cr2(s->cr2);
    }
    if (vmx_enter(r, s->launched) != 0) {
        local_irq_enable();
        return vmx_refused(v, ~0u);
    }
    s->cr2 = read_cr2();
    reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
    if (reason & REASON_REFUSED) {
        local_irq_enable();
        return vmx_refused(v, reason);
    }
    s->launched = true;
    r->rip = vmcs_read(VMCS_GUEST_RIP);
    r->rsp = vmcs_read(VMCS_GUEST_RSP);
    r->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
    if (is_nmi(reason)) {
        __asm__ volatile("int $2" ::: "memory");
    }
    local_irq_enable();                /* what came is served here */
    return vmx_exit(v, s, reason);
}

/* ---- vcpus ------------------------------------------------------------------------------- */

/* Memory that is 0 need not be fields that are (SDM vol. 3C, 25.11.3). */
static void clear_structure(void)
{
    static const uint16_t none[] = {
        VMCS_HOST_ES, VMCS_HOST_DS, VMCS_HOST_FS, VMCS_HOST_GS,
        VMCS_HOST_FS_BASE, VMCS_HOST_GS_BASE, VMCS_TSC_OFFSET,
        VMCS_PFEC_MASK, VMCS_PFEC_MATCH, VMCS_CR3_TARGETS, VMCS_EXIT_STORES,
        VMCS_EXIT_LOADS, VMCS_ENTRY_LOADS, VMCS_ENTRY_EVENT,
        VMCS_GUEST_DEBUGCTL, VMCS_GUEST_EFER, VMCS_GUEST_CR3,
        VMCS_GUEST_BLOCKING, VMCS_GUEST_ACTIVITY, VMCS_GUEST_PENDING_DEBUG,
        VMCS_GUEST_SYSENTER_CS, VMCS_GUEST_SYSENTER_ESP,
        VMCS_GUEST_SYSENTER_EIP, VMCS_GUEST_PDPTE, VMCS_GUEST_PDPTE + 2,
        VMCS_GUEST_PDPTE + 4, VMCS_GUEST_PDPTE + 6,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
        vmcs_write(none[i], 0);
    }
}

/* What stays as it is for the structure's life, or is set by context and
 * switches. */
static void init_structure(const struct vcpu *v, const struct vmx_vcpu *s)
{
    const struct {
        uint16_t field;
        uint64_t val;
    } rows[] = {
        { VMCS_PIN, controls.pin }, { VMCS_PROC, controls.proc },
        { VMCS_PROC2, controls.proc2 }, { VMCS_EXIT, controls.exit },
        { VMCS_ENTRY, controls.entry },
        { VMCS_EXCEPTIONS, 1u << 1 | 1u << 17 | 1u << 18 },
        { VMCS_MSR_BITMAP, msr_bitmap }, { VMCS_EPTP, s->eptp },
        { VMCS_LINK, ~0ull }, { VMCS_CR0_OWNED, CR0_OWNED },
        { VMCS_CR4_OWNED, CR4_OWNED },
        { VMCS_HOST_CS, HV_CS64 }, { VMCS_HOST_SS, HV_DS },
        { VMCS_HOST_TR, HV_TSS }, { VMCS_HOST_IDTR_BASE, desc_idt_base() },
        { VMCS_HOST_EFER, rdmsr(MSR_EFER) }, { VMCS_HOST_PAT, rdmsr(MSR_PAT) },
        { VMCS_HOST_RIP, (uint64_t)vmx_leave },
        { VMCS_GUEST_PAT, PAT_RESET }, { VMCS_GUEST_DR7, 0x400 },
    };

    clear_structure();
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        vmcs_write(rows[i].field, rows[i].val);
    }
    if (controls.proc2 & PROC2_VPID) {
        vmcs_write(VMCS_VPID, v->vcpu_id + 1);   /* INV-VMX2 */
    }
}

/*
 * A turn ends by itself after a while.  Bochs 2.7 needs it: there, interrupts
 * do not end the turn of a guest that was entered with its own off, before
 * the guest touches the flag.  Elsewhere one exit in 5 ms is not seen.
 */
static void limit_turn(void)
{
    uint64_t ticks = (uint64_t)tsc_khz * TURN_MS >>
                     (rdmsr(MSR_VMX_MISC) & 31);

    if (controls.pin & PIN_TIMER) {
        vmcs_write(VMCS_GUEST_TIMER, max(ticks, 1ull));
    }
}

static int vmx_vcpu_init(struct vcpu *v)
{
    struct vmx_vcpu *s = heap_new(struct vmx_vcpu);

    v->hvm->hw = s;
    if (s == NULL) {
        return -ENOMEM;
    }
    s->vmcs = alloc_region(&s->vmcs_maddr);
    if (s->vmcs == NULL) {
        return -ENOMEM;                /* vcpu_free() follows */
    }
    s->eptp = mfn_to_maddr(virt_to_mfn(v->domain->p2m->root)) |
              EPTP_WB_4_LEVELS;
    s->cpu = CPU_NONE;
    s->dr6 = DR6_RESET;
    v->hvm->shadow = true;             /* not looked at after each exit */
    s->proc = controls.proc;
    vmclear(s->vmcs_maddr);
    (void)vmcs_reach(s);
    init_structure(v, s);
    limit_turn();
    vmcs_leave(s);
    vmx_set_reg(v, HVM_CR0, X86_CR0_ET);
    vmx_set_reg(v, HVM_CR4, 0);
    return 0;
}

static void vmx_vcpu_free(struct vcpu *v)
{
    struct vmx_vcpu *s = vmx_of(v);

    if (s != NULL && s->vmcs != NULL) {
        heap_free_pages(s->vmcs, 0);
    }
    heap_free(s);
    v->hvm->hw = NULL;
}

/* ---- events ------------------------------------------------------------------------------------ */

static void vmx_inject(struct vcpu *v, const struct hvm_event *e)
{
    uint32_t val = EVENT_VALID | e->vector | (uint32_t)e->type << 8;

    if (e->type >= HVM_EVENT_SOFT) {
        return;                        /* the instruction makes it again */
    }
    if (e->type == HVM_EVENT_NMI &&
        (vmcs_read(VMCS_GUEST_BLOCKING) & BLOCKED_NMI)) {
        atomic_store(&v->hvm->nmi_pending, 1);   /* until its IRET */
        return;
    }
    /* Real mode pushes no error codes. */
    if (e->has_error && (vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PE)) {
        val |= EVENT_ERROR;
        vmcs_write(VMCS_ENTRY_ERROR, e->error);
    }
    vmcs_write(VMCS_ENTRY_EVENT, val);
}

/* set_windows() looks at it before each entry. */
static void vmx_open_window(struct vcpu *v, bool open)
{
}

static const struct hvm_backend backend = {
    .name = "VMX",
    .cpu_on = vmx_cpu_on,
    .vcpu_init = vmx_vcpu_init,
    .vcpu_free = vmx_vcpu_free,
    .switch_to = vmx_switch_to,
    .switch_from = vmx_switch_from,
    .run = vmx_run,
    .get_reg = vmx_get_reg,
    .set_reg = vmx_set_reg,
    .get_mode = vmx_get_mode,
    .get_segment = vmx_get_segment,
    .set_segment = vmx_set_segment,
    .inject = vmx_inject,
    .open_window = vmx_open_window,
};

/* ---- detection --------------------------------------------------------------------------------- */

/* One row a word of controls: what must be there, what is nice to have, what
 * must not be forced on us. */
static const struct {
    uint32_t msr, need, want, never;
    uint32_t *out;
} kinds[] = {
    { MSR_VMX_TRUE_PIN, PIN_INTR | PIN_NMI | PIN_VIRTUAL_NMI, PIN_TIMER, 0,
      &controls.pin },
    { MSR_VMX_TRUE_PROC,
      PROC_TSC_OFFSET | PROC_HLT | PROC_MWAIT | PROC_RDPMC | PROC_CR8_LOAD |
      PROC_CR8_STORE | PROC_IO | PROC_MSR_BITMAP | PROC_MONITOR |
      PROC_SECONDARY, 0, PROC_CR3_LOAD | PROC_CR3_STORE, &controls.proc },
    { MSR_VMX_PROC2, PROC2_EPT | PROC2_REAL_MODE | PROC2_WBINVD,
      PROC2_VPID | PROC2_RDTSCP | PROC2_INVPCID, 0, &controls.proc2 },
    { MSR_VMX_TRUE_EXIT,
      EXIT_SAVE_DEBUG | EXIT_HOST64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
      EXIT_SAVE_EFER | EXIT_LOAD_EFER, 0, 0, &controls.exit },
    { MSR_VMX_TRUE_ENTRY, ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER,
      0, ENTRY_LONG_MODE, &controls.entry },
};

static bool boot_text find_controls(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!vmx_controls(rdmsr(kinds[i].msr), kinds[i].need, kinds[i].want,
                          kinds[i].never, kinds[i].out)) {
            log_info("VMX: controls %#x are %#lx: not enough", kinds[i].msr,
                     rdmsr(kinds[i].msr));
            return false;
        }
    }
    return true;
}

const struct hvm_backend boot_text *vmx_probe(void)
{
    uint64_t basic;

    if (!has_cpu(X86_FEATURE_VMX) || !vmx_allowed()) {
        return NULL;
    }
    basic = rdmsr(MSR_VMX_BASIC);
    if (!(basic & BASIC_TRUE) || !find_controls() ||
        (rdmsr(MSR_VMX_EPT_VPID) & EPT_NEED) != EPT_NEED ||
        !alloc_msr_bitmap()) {
        return NULL;
    }
    revision = (uint32_t)basic & 0x7fffffffu;
    cpu_cr4 |= X86_CR4_VMXE;           /* stays: it cannot be cleared now */
    p2m_format = &p2m_format_ept;
    p2m_limit = 1ull << (min(cpu_ident.phys_addr_bits, 48u) - PAGE_SHIFT);
    return &backend;
}
