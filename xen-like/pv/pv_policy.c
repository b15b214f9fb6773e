/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of the processor: CPUID leaves and MSRs, by table.
 * Default deny: a leaf that has no row reads 0, an MSR that has none is #GP.
 * Source  SDM vol. 2A CPUID, APM vol. 3 appendix E; xen/arch-x86/cpuid.h for
 *         the hypervisor's leaves.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <domain/tsc_aux.h>
#include <lib/cpu_policy.h>
#include <lib/string.h>
#include <pv/priv_op.h>
#include <pv/pv_domain.h>
#include <time/systime.h>

/* ---- CPUID ------------------------------------------------------------------ */

#define BIT(n) (1u << (n))

/* Leaf 1 ECX: not MONITOR, DS-CPL, VMX, SMX, EIST, TM2, PDCM, PCID, DCA,
 * TSC-deadline, debug store; OSXSAVE follows the guest's CR4. */
#define L1_ECX_OFF (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | \
                    BIT(8) | BIT(15) | BIT(17) | BIT(18) | BIT(24) | BIT(27))
/* EDX: not VME, PSE, PGE, PSE36, debug store, thermal monitor. */
#define L1_EDX_OFF (BIT(1) | BIT(3) | BIT(13) | BIT(17) | BIT(21) | BIT(29))
/* Leaf 7 EBX: what user space computes with, and FSGSBASE. */
#define L7_EBX_ON  (BIT(0) | BIT(3) | BIT(5) | BIT(8) | BIT(9) | BIT(18) | \
                    BIT(19) | BIT(23) | BIT(24) | BIT(29))
#define L7_ECX_ON  (BIT(8) | BIT(9) | BIT(10))
#define L7_EDX_ON  BIT(4)
#define D1_EAX_ON  (BIT(0) | BIT(1) | BIT(2))
/* 80000001 ECX: not SVM, IBS, SKINIT, WDT, LWP, performance counters. */
#define E1_ECX_OFF (BIT(2) | BIT(10) | BIT(12) | BIT(13) | BIT(15) | BIT(23) | \
                    BIT(24) | BIT(28) | BIT(29))
#define E1_EDX_OFF (BIT(1) | BIT(3) | BIT(13) | BIT(17) | BIT(26))

#define MAX_BASIC_LEAF 0xdu
#define MAX_EXT_LEAF   0x80000008u
#define HV_LEAF        0x40000000u
#define HV_MAX_LEAF    0x40000005u

static void from_host(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    struct cpuid_regs h = cpuid(leaf, sub);

    r[0] = h.eax;
    r[1] = h.ebx;
    r[2] = h.ecx;
    r[3] = h.edx;
}

static void leaf_1(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    r[1] = (r[1] & 0x0000ff00u) | (v->vcpu_id * 2) << 24 |
           v->domain->max_vcpus << 16;
    r[2] = (r[2] & ~L1_ECX_OFF) | BIT(31);
    /* PV kernels ask before they write CR4 whether XSAVE will be theirs: in
     * their own mode the bit shows ours, as it does on Xen. */
    if ((v->pv->cr4 & X86_CR4_OSXSAVE) || v->pv->in_kernel) {
        r[2] |= BIT(27);
    }
    if (xstate_mask == 0) {
        r[2] &= ~(BIT(26) | BIT(27) | BIT(28));
    }
    r[3] &= ~L1_EDX_OFF;
}

static void leaf_7(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    if (sub != 0) {
        memset(r, 0, 16);
        return;
    }
    r[0] = 0;
    r[1] &= L7_EBX_ON;
    r[2] &= L7_ECX_ON;
    r[3] &= L7_EDX_ON;
    if (!has_cpu(X86_FEATURE_FSGSBASE)) {
        r[1] &= ~BIT(0);
    }
}

static void leaf_d(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    uint64_t mask = xstate_mask & (XSTATE_FP | XSTATE_SSE | XSTATE_YMM);

    switch (sub) {
    case 0:
        r[0] = (uint32_t)mask;
        r[2] = mask & XSTATE_YMM ? 576 + 256 : 576;
        r[3] = 0;
        r[1] = min(r[1], r[2]);
        break;
    case 1:
        r[0] &= D1_EAX_ON;
        /* The compacted image of what the guest enabled: these components
         * lie as in the standard one. */
        r[1] = v->xstate->xcr0 & mask & XSTATE_YMM ? 576 + 256 : 576;
        r[2] = r[3] = 0;
        break;
    default:
        if (sub >= 32 || !(mask & (1ull << sub))) {
            memset(r, 0, 16);
        }
    }
}

static void leaf_e1(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    r[2] &= ~E1_ECX_OFF;
    r[3] = (r[3] & ~E1_EDX_OFF) | BIT(11);     /* SYSCALL in long mode */
}

static void leaf_e8(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    r[1] = r[2] = r[3] = 0;
}

static void leaf_e7(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    r[0] = r[1] = r[2] = 0;
    r[3] &= BIT(8);
}

static void leaf_topology(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    memset(r, 0, 16);
    r[2] = sub & 0xff;
    r[3] = v->vcpu_id * 2;
}

static void leaf_zero(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    memset(r, 0, 16);
}

/* Rows start from the host's answer; @fix makes it the guest's. */
static const struct {
    uint32_t leaf;
    void (*fix)(struct vcpu *v, uint32_t sub, uint32_t r[4]);
} leaves[] = {
    { 0x0, NULL },           { 0x1, leaf_1 },         { 0x2, NULL },
    { 0x4, NULL },           { 0x5, leaf_zero },      { 0x7, leaf_7 },
    { 0xb, leaf_topology },  { 0xd, leaf_d },
    { 0x80000000, NULL },    { 0x80000001, leaf_e1 }, { 0x80000002, NULL },
    { 0x80000003, NULL },    { 0x80000004, NULL },    { 0x80000005, NULL },
    { 0x80000006, NULL },    { 0x80000007, leaf_e7 }, { 0x80000008, leaf_e8 },
};

static void hv_leaf(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    switch (leaf - HV_LEAF) {
    case 0:
        r[0] = HV_MAX_LEAF;
        memcpy(&r[1], "XenVMMXenVMM", 12);
        break;
    case 1:
        r[0] = 4u << 16 | 17;
        break;
    case 2:
        r[0] = 1;                      /* one hypercall page, by this MSR */
        r[1] = 0x40000000;
        r[2] = BIT(0);                 /* MMU_PT_UPDATE_PRESERVE_AD */
        break;
    case 3:
        if (sub == 0) {
            r[2] = tsc_khz;
        }
        break;
    case 5:
        r[1] = cpu_ident.phys_addr_bits;
        break;
    default:
        break;
    }
}

void pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    memset(out, 0, 16);
    if (leaf >= HV_LEAF && leaf <= HV_MAX_LEAF) {
        hv_leaf(v, leaf, sub, out);
        return;
    }
    if (leaf > (leaf & 0x80000000u ? cpu_ident.max_ext_leaf
                                   : cpu_ident.max_leaf)) {
        return;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(leaves); i++) {
        if (leaves[i].leaf != leaf) {
            continue;
        }
        from_host(leaf, sub, out);
        if (leaves[i].fix != NULL) {
            leaves[i].fix(v, sub, out);
        }
    }
    if (v->domain->policy != NULL) {
        cpu_policy_mask(v->domain->policy, leaf, sub, out);
    }
    if (leaf == 0) {
        out[0] = min(out[0], MAX_BASIC_LEAF);
    } else if (leaf == 0x80000000u) {
        out[0] = min(out[0], MAX_EXT_LEAF);
    }
}

/* ---- MSRs -------------------------------------------------------------------- */

enum msr_vendor { ANY, AMD, INTEL };

struct msr_row {
    uint32_t first, last;
    uint8_t vendor;
    bool (*write)(struct vcpu *v, uint32_t msr, uint64_t val);   /* NULL: #GP */
    bool (*read)(struct vcpu *v, uint32_t msr, uint64_t *val);
    uint64_t value;                      /* read where @read is NULL */
};

static bool rd_host(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    return rdmsr_safe(msr, val) == 0;
}

static bool wr_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
{
    return true;
}

static bool rd_apic_base(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = 0xfee00800ull | (v->vcpu_id == 0 ? 0x100 : 0);
    return true;
}

static bool rd_efer(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = rdmsr(MSR_EFER) & 0xd01;          /* SCE LME LMA NX */
    return true;
}

static bool wr_base(struct vcpu *v, uint32_t msr, uint64_t val)
{
    if (!is_canonical(val)) {
        return false;
    }
    wrmsr(msr, val);
    if (msr == MSR_FS_BASE) {
        v->pv->fs_base = val;
    } else if (msr == MSR_GS_BASE) {
        v->pv->gs_base_kernel = val;
    } else {
        v->pv->gs_base_user = val;
    }
    return true;
}

static bool rd_base(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = rdmsr(msr);
    return true;
}

/* Two machine-check banks, empty. */
#define MCE_BANKS 2u

static bool rd_bank(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = (msr & 3) == 0 ? ~0ull : 0;
    return true;
}

static const struct msr_row msr_rows[] = {
    { 0xc0000100, 0xc0000102, ANY,   wr_base,       rd_base, 0 },
    { 0xc0000103, 0xc0000103, ANY,   tsc_aux_write, tsc_aux_read, 0 },
    { 0xc0000080, 0xc0000080, ANY,   NULL,          rd_efer, 0 },
    { 0x0000001b, 0x0000001b, ANY,   NULL,          rd_apic_base, 0 },
    { 0x0000003a, 0x0000003a, INTEL, NULL,          NULL, 1 },
    { 0x0000008b, 0x0000008b, ANY,   wr_ignore,     rd_host, 0 },
    { 0x000000ce, 0x000000ce, INTEL, NULL,          NULL, 0 },
    { 0x0000010a, 0x0000010a, INTEL, NULL,          NULL, 4 },
    { 0x00000140, 0x00000140, INTEL, wr_ignore,     NULL, 0 },
    { 0x00000179, 0x00000179, ANY,   NULL,          NULL, MCE_BANKS },
    { 0x0000017a, 0x0000017a, ANY,   wr_ignore,     NULL, 0 },
    { 0x000001a0, 0x000001a0, INTEL, wr_ignore,     NULL, 0x801801 },
    { 0x00000277, 0x00000277, ANY,   NULL,          NULL, PAT_VALUE },
    { 0x00000400, 0x00000400 + MCE_BANKS * 4 - 1, ANY, wr_ignore, rd_bank, 0 },
    { 0xc0010000, 0xc0010007, AMD,   wr_ignore,     NULL, 0 },
    { 0xc0010015, 0xc0010015, AMD,   wr_ignore,     NULL, 0 },
    { 0xc0011029, 0xc0011029, AMD,   wr_ignore,     NULL, 0 },
};

static const struct msr_row *msr_find(uint32_t msr)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(msr_rows); i++) {
        const struct msr_row *r = &msr_rows[i];

        if (msr >= r->first && msr <= r->last &&
            (r->vendor == ANY ||
             (r->vendor == AMD) == (cpu_ident.vendor == CPU_VENDOR_AMD))) {
            return r;
        }
    }
    return NULL;
}

bool pv_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    const struct msr_row *r = msr_find(msr);

    if (r == NULL || r->read != NULL) {
        return r != NULL && r->read(v, msr, val);
    }
    *val = r->value;
    return true;
}

bool pv_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val)
{
    const struct msr_row *r = msr_find(msr);

    return r != NULL && r->write != NULL && r->write(v, msr, val);
}
