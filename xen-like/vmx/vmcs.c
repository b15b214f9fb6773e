/* SPDX-License-Identifier: MIT */
/*
 * The control structure of a vcpu: where it is loaded, its fields, and the
 * registers in it or beside it.  A field that this CPU does not have is our
 * mistake, whatever the guest does.
 *
 * INV-VMX1  a control structure is loaded on one CPU, the one that its vcpu
 *           is loaded on, and nowhere while the vcpu is not: it is cleared
 *           when the vcpu leaves.  Others' registers are reached by loading
 *           it for a moment.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <core/panic.h>
#include <vmx/vmcs.h>

const uint32_t vmx_live_msr[VMX_NR_LIVE] = {
    MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE,
};
static const uint8_t live_reg[VMX_NR_LIVE] = {
    HVM_STAR, HVM_LSTAR, HVM_CSTAR, HVM_SFMASK, HVM_KERNEL_GS,
};
DEFINE_PER_CPU(struct vmx_cpu, vmx_cpu);

/* ---- fields ----------------------------------------------------------------------- */

uint64_t vmcs_read(unsigned int field)
{
    uint64_t val;
    bool failed;

    __asm__ volatile("vmread %[field], %[val]"
            : "=@ccbe"(failed), [val] "=rm"(val)
            : [field] "r"((uint64_t)field) : "memory");
    BUG_ON(failed);
    return val;
}

void vmcs_write(unsigned int field, uint64_t val)
{
    bool failed;

    __asm__ volatile("vmwrite %[val], %[field]"
                     : "=@ccbe"(failed)
                     : [field] "r"((uint64_t)field), [val] "rm"(val)
                     : "memory");
    BUG_ON(failed);
}

/* ---- where it is loaded: INV-VMX1 ------------------------------------------------ */

void vmclear(uint64_t maddr)
{
    __asm__ volatile("vmclear %0" :: "m"(maddr) : "memory", "cc");
}

void vmptrld(uint64_t maddr)
{
    __asm__ volatile("vmptrld %0" :: "m"(maddr) : "memory", "cc");
}

/* Make @s reachable; true: for a moment, vmcs_leave() follows. */
bool vmcs_reach(struct vmx_vcpu *s)
{
    if (this_cpu(vmx_cpu).loaded == s) {
        return false;
    }
    vmptrld(s->vmcs_maddr);
    return true;
}

void vmcs_leave(struct vmx_vcpu *s)
{
    struct vmx_vcpu *mine = this_cpu(vmx_cpu).loaded;

    vmclear(s->vmcs_maddr);
    s->launched = false;
    if (mine != NULL) {
        vmptrld(mine->vmcs_maddr);
    }
}

/* ---- registers ------------------------------------------------------------------------------ */

static const uint16_t field_of[NR_HVM_REGS] = {
    [HVM_CR0] = VMCS_GUEST_CR0, [HVM_CR3] = VMCS_GUEST_CR3,
    [HVM_CR4] = VMCS_GUEST_CR4, [HVM_DR7] = VMCS_GUEST_DR7,
    [HVM_EFER] = VMCS_GUEST_EFER, [HVM_PAT] = VMCS_GUEST_PAT,
    [HVM_SYSENTER_CS] = VMCS_GUEST_SYSENTER_CS,
    [HVM_SYSENTER_ESP] = VMCS_GUEST_SYSENTER_ESP,
    [HVM_SYSENTER_EIP] = VMCS_GUEST_SYSENTER_EIP,
    [HVM_DEBUGCTL] = VMCS_GUEST_DEBUGCTL, [HVM_TSC_OFFSET] = VMCS_TSC_OFFSET,
    [HVM_SHADOW] = VMCS_GUEST_BLOCKING,
};

/* The live MSR that is @reg, or VMX_NR_LIVE. */
static unsigned int live_of(enum hvm_reg reg)
{
    unsigned int i = 0;

    while (i < VMX_NR_LIVE && live_reg[i] != reg) {
        i++;
    }
    return i;
}

/* Not in the structure: kept beside it, some in the CPU while loaded there.
 * NULL: in the structure. */
static uint64_t *beside(struct vmx_vcpu *s, enum hvm_reg reg)
{
    unsigned int i = live_of(reg);

    return reg == HVM_CR2 ? &s->cr2 : reg == HVM_DR6 ? &s->dr6
         : i < VMX_NR_LIVE ? &s->live[i] : NULL;
}

static uint64_t get_field(enum hvm_reg reg)
{
    uint64_t val = vmcs_read(field_of[reg]);

    switch (reg) {
    case HVM_CR0:
        return (val & ~CR0_OWNED) | (vmcs_read(VMCS_CR0_SHADOW) & CR0_OWNED);
    case HVM_CR4:
        return (val & ~CR4_OWNED) | (vmcs_read(VMCS_CR4_SHADOW) & CR4_OWNED);
    case HVM_SHADOW:
        return (val & (BLOCKED_STI | BLOCKED_MOV_SS)) != 0;
    default:
        return val;
    }
}

uint64_t vmx_get_reg(const struct vcpu *v, enum hvm_reg reg)
{
    struct vmx_vcpu *s = vmx_of(v);
    uint64_t *kept = beside(s, reg), val;
    bool moment;

    if (kept != NULL) {
        if (this_cpu(vmx_cpu).loaded != s || reg == HVM_CR2) {
            return *kept;
        }
        return reg == HVM_DR6 ? read_dr6() : rdmsr(vmx_live_msr[live_of(reg)]);
    }
    moment = vmcs_reach(s);
    val = get_field(reg);
    if (moment) {
        vmcs_leave(s);
    }
    return val;
}

static void set_blocking(uint64_t val)
{
    uint64_t old = vmcs_read(VMCS_GUEST_BLOCKING);
    uint64_t new = (old & ~(uint64_t)(BLOCKED_STI | BLOCKED_MOV_SS)) |
                   (val != 0 ? BLOCKED_STI : 0);

    if (new != old) {
        vmcs_write(VMCS_GUEST_BLOCKING, new);
    }
}

static void set_field(enum hvm_reg reg, uint64_t val)
{
    switch (reg) {
    case HVM_CR0:
        vmcs_write(VMCS_CR0_SHADOW, val);
        val = (val & ~CR0_OWNED) | X86_CR0_NE;
        break;
    case HVM_CR4:
        vmcs_write(VMCS_CR4_SHADOW, val);
        val = (val & ~CR4_OWNED) | X86_CR4_VMXE | (cpu_cr4 & X86_CR4_MCE);
        break;
    case HVM_EFER:
        vmcs_write(VMCS_ENTRY, (vmcs_read(VMCS_ENTRY) & ~ENTRY_LONG_MODE) |
                               (val & EFER_LMA ? ENTRY_LONG_MODE : 0));
        break;
    case HVM_SHADOW:
        set_blocking(val);
        return;
    default:
        break;
    }
    vmcs_write(field_of[reg], val);
}

static void set_kept(struct vmx_vcpu *s, enum hvm_reg reg, uint64_t val)
{
    *beside(s, reg) = val;
    if (this_cpu(vmx_cpu).loaded != s || reg == HVM_CR2) {
        return;
    }
    if (reg == HVM_DR6) {
        write_dr6(val);
    } else {
        wrmsr(vmx_live_msr[live_of(reg)], val);
    }
}

void vmx_set_reg(struct vcpu *v, enum hvm_reg reg, uint64_t val)
{
    struct vmx_vcpu *s = vmx_of(v);
    bool moment;

    if (beside(s, reg) != NULL) {
        set_kept(s, reg, val);
        return;
    }
    if (reg == HVM_CR0 || reg == HVM_CR3 || reg == HVM_CR4 ||
        reg == HVM_EFER) {
        s->flush = s->new_pdptes = true;
    }
    moment = vmcs_reach(s);
    set_field(reg, val);
    if (moment) {
        vmcs_leave(s);
    }
}

/* ---- segments ----------------------------------------------------------------------------- */

void vmx_get_segment(const struct vcpu *v, enum hvm_seg seg,
                            struct hvm_segment *out)
{
    bool moment = vmcs_reach(vmx_of(v));
    uint32_t r;

    *out = (struct hvm_segment){
        .limit = (uint32_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * seg),
        .base = vmcs_read(VMCS_GUEST_BASE + 2 * seg),
    };
    if (seg <= SEG_TR) {
        r = (uint32_t)vmcs_read(VMCS_GUEST_RIGHTS + 2 * seg);
        out->sel = (uint16_t)vmcs_read(VMCS_GUEST_SEL + 2 * seg);
        out->attr = r & RIGHTS_UNUSABLE
                    ? r & 0x60u : (r & 0xffu) | (r >> 4 & 0xf00u);
    }
    if (moment) {
        vmcs_leave(vmx_of(v));
    }
}

void vmx_get_mode(const struct vcpu *v, struct hvm_mode *m)
{
    bool moment = vmcs_reach(vmx_of(v));
    uint64_t efer = vmcs_read(VMCS_GUEST_EFER);
    uint32_t cs = (uint32_t)vmcs_read(VMCS_GUEST_RIGHTS + 2 * SEG_CS);
    uint32_t ss = (uint32_t)vmcs_read(VMCS_GUEST_RIGHTS + 2 * SEG_SS);

    m->cr3 = vmcs_read(VMCS_GUEST_CR3);
    m->bits = hvm_mode_bits(get_field(HVM_CR0), get_field(HVM_CR4), efer);
    m->cpl = ss >> 5 & 3;
    m->code64 = (efer & EFER_LMA) && (cs >> 4 & SEG_ATTR_L) &&
                !(cs & RIGHTS_UNUSABLE);
    if (moment) {
        vmcs_leave(vmx_of(v));
    }
}

void vmx_set_segment(struct vcpu *v, enum hvm_seg seg,
                            const struct hvm_segment *in)
{
    bool moment = vmcs_reach(vmx_of(v));
    uint32_t limit = seg <= SEG_TR ? in->limit : in->limit & 0xffff;

    if (seg <= SEG_TR) {
        vmcs_write(VMCS_GUEST_RIGHTS + 2 * seg,
                   vmx_rights(seg, in->attr, &limit));
        vmcs_write(VMCS_GUEST_SEL + 2 * seg, in->sel);
    }
    vmcs_write(VMCS_GUEST_LIMIT + 2 * seg, limit);
    vmcs_write(VMCS_GUEST_BASE + 2 * seg, in->base);
    if (moment) {
        vmcs_leave(vmx_of(v));
    }
}
