/* SPDX-License-Identifier: MIT */
/*
 * CPUID and MSRs of a hardware-assisted guest.
 * Tested by tests/guests/hvm/.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <domain/tsc_aux.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <hvm/tsc.h>
#include <lib/cpu_policy.h>
#include <lib/hypercall_page.h>
#include <lib/string.h>
#include <p2m/p2m.h>
#include <domain/page_type.h>
#include <pv/priv_op.h>
#include <time/systime.h>
#include <vdev/front.h>
#include <xen/arch-x86/cpuid.h>

#define BIT(n) (1u << (n))

/* ---- CPUID ------------------------------------------------------------------- */

#define HV_LEAF      0x40000000u
#define HV_MAX_LEAF  0x40000005u
#define HCALL_MSR    0x40000000u
#define LEAF1_OSXSAVE BIT(27)

static void hv_leaf(const struct vcpu *v, uint32_t leaf, uint32_t sub,
                    uint32_t r[4])
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
        r[0] = 1;
        r[1] = HCALL_MSR;
        break;
    case 3:
        if (sub == 0) {
            r[2] = tsc_khz;
        }
        break;
    case 4:
        r[0] = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |
               XEN_HVM_CPUID_UPCALL_VECTOR | XEN_HVM_CPUID_X2APIC_VIRT;
        if (!v->domain->is_hardware) {    /* devices find no foreign frames */
            r[0] |= XEN_HVM_CPUID_IOMMU_MAPPINGS;
        }
        r[1] = v->vcpu_id;
        r[2] = v->domain->domid;
        break;
    default:
        break;
    }
}

static uint32_t xsave_bytes(uint64_t xcr0)
{
    return xcr0 & XSTATE_YMM ? 576 + 256 : 576;
}

/* What the policy cannot know. */
static void dynamic(const struct vcpu *v, uint32_t leaf, uint32_t sub,
                    uint32_t r[4])
{
    uint32_t apic_id = v->vcpu_id * 2;
    uint64_t xcr0;

    if (leaf == 0xd) {
        xstate_note_xcr0(v->xstate);
    }
    xcr0 = v->xstate->xcr0;
    if (leaf == 1) {
        r[1] = (r[1] & 0x00ffffffu) | apic_id << 24;
        if (hvm_backend->get_reg(v, HVM_CR4) & X86_CR4_OSXSAVE) {
            r[2] |= LEAF1_OSXSAVE;
        }
    } else if (leaf == 0xb) {
        memset(r, 0, 16);
        r[2] = sub & 0xff;
        r[3] = apic_id;
    } else if (leaf == 0xd && sub == 0) {
        r[1] = xsave_bytes(xcr0);
    } else if (leaf == 0xd && sub == 1) {
        r[1] = r[0] != 0 ? xsave_bytes(xcr0) : 0;
    }
}

void hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    const struct cpu_leaf *l;

    out[0] = out[1] = out[2] = out[3] = 0;
    if (leaf - HV_LEAF <= HV_MAX_LEAF - HV_LEAF) {
        hv_leaf(v, leaf, sub, out);
        return;
    }
    l = cpu_policy_find(v->domain->policy, leaf, sub);
    if (l != NULL) {
        out[0] = l->a;
        out[1] = l->b;
        out[2] = l->c;
        out[3] = l->d;
    }
    dynamic(v, leaf, sub, out);
}

/* ---- MSRs ----------------------------------------------------------------------- */

#define MTRR_CAP      (HVM_NR_MTRR_VAR | 1u << 8 | 1u << 10)

struct msr_row {
    uint32_t first, last;
    bool (*read)(struct vcpu *v, uint32_t msr, uint64_t *val);   /* NULL: #GP */
    bool (*write)(struct vcpu *v, uint32_t msr, uint64_t val);
};

static bool rd_efer(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = hvm_backend->get_reg(v, HVM_EFER);
    return true;
}

static bool wr_efer(struct vcpu *v, uint32_t msr, uint64_t val)
{
    uint64_t old = hvm_backend->get_reg(v, HVM_EFER);
    bool paging = (hvm_backend->get_reg(v, HVM_CR0) & X86_CR0_PG) != 0;

    if ((val & ~hvm_efer_known()) != 0 || (paging && ((old ^ val) & EFER_LME))) {
        return false;
    }
    hvm_backend->set_reg(v, HVM_EFER, (val & ~EFER_LMA) | (old & EFER_LMA));
    return true;
}

static bool rd_tsc(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = hvm_tsc_at(v, rdtsc());
    return true;
}

static bool wr_tsc(struct vcpu *v, uint32_t msr, uint64_t val)
{
    hvm_set_tsc(v, val, rdtsc());
    return true;
}

static bool wr_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
{
    return true;
}

static bool rd_pat(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = hvm_backend->get_reg(v, HVM_PAT);
    return true;
}

/* Each byte one of the six memory types (SDM vol. 3A, 12.12.2). */
static bool memory_types_ok(uint64_t val)
{
    for (unsigned int i = 0; i < 8; i++) {
        unsigned int t = (val >> (8 * i)) & 0xff;

        if (t > 7 || t == 2 || t == 3) {
            return false;
        }
    }
    return true;
}

static bool wr_pat(struct vcpu *v, uint32_t msr, uint64_t val)
{
    if (!memory_types_ok(val)) {
        return false;
    }
    hvm_backend->set_reg(v, HVM_PAT, val);
    return true;
}

/* MTRRs are kept for the guest to read: the memory it has is write-back. */
static uint64_t *mtrr(struct vcpu *v, uint32_t msr)
{
    static const uint16_t fixed[HVM_NR_MTRR_FIXED] = {
        0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e,
        0x26f,
    };

    if (msr == MSR_MTRR_DEF_TYPE) {
        return &v->hvm->mtrr_def;
    }
    if (msr >= 0x200 && msr < 0x200 + 2 * HVM_NR_MTRR_VAR) {
        return &v->hvm->mtrr_var[msr - 0x200];
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++) {
        if (fixed[i] == msr) {
            return &v->hvm->mtrr_fixed[i];
        }
    }
    return NULL;
}

static bool rd_mtrr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    const uint64_t *m = mtrr(v, msr);

    *val = m != NULL ? *m : 0;
    return m != NULL;
}

static bool wr_mtrr(struct vcpu *v, uint32_t msr, uint64_t val)
{
    uint64_t *m = mtrr(v, msr);

    if (m == NULL || (msr >= 0x250 && msr <= 0x26f && !memory_types_ok(val))) {
        return false;
    }
    *m = val;
    return true;
}

static bool rd_mtrr_cap(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = MTRR_CAP;
    return true;
}

static bool rd_zero(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = 0;
    return true;
}

/* AMD's kernels look into SYSCFG, of which nothing is set here. */
static bool rd_syscfg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = 0;
    return cpu_ident.vendor == CPU_VENDOR_AMD;
}

static bool wr_syscfg(struct vcpu *v, uint32_t msr, uint64_t val)
{
    return cpu_ident.vendor == CPU_VENDOR_AMD;
}

/* Fill a page of the guest's with call stubs (xen/arch-x86/cpuid.h). */
static bool wr_hypercall_page(struct vcpu *v, uint32_t msr, uint64_t val)
{
    mfn_t mfn = guest_frame(v->domain, val >> PAGE_SHIFT);

    if ((val & ~PAGE_MASK) != 0 ||
        !page_get_writable(mfn, v->domain->domid)) {
        return false;
    }
    hypercall_page_hvm(mfn_to_virt(mfn), cpu_ident.vendor != CPU_VENDOR_INTEL);
    page_put_writable(mfn_to_page(mfn));
    hvm_latch_layout(v);
    return true;
}

/* Those the hardware keeps travel without an exit; only their neighbours come
 * here.  What PV guests may read without harm, these may too. */
static const struct msr_row rows[] = {
    { MSR_EFER, MSR_EFER, rd_efer, wr_efer },
    { MSR_TSC_AUX, MSR_TSC_AUX, tsc_aux_read, tsc_aux_write },
    { 0xc0000080, 0xc0000103, NULL, NULL },
    { MSR_TSC, MSR_TSC, rd_tsc, wr_tsc },
    { MSR_PAT, MSR_PAT, rd_pat, wr_pat },
    { MSR_MTRRCAP, MSR_MTRRCAP, rd_mtrr_cap, NULL },
    { 0x200, 0x26f, rd_mtrr, wr_mtrr },
    { MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, rd_mtrr, wr_mtrr },
    { MSR_DEBUGCTL, MSR_DEBUGCTL, rd_zero, wr_ignore },
    { MSR_SYSCFG, MSR_SYSCFG, rd_syscfg, wr_syscfg },
    { HCALL_MSR, HCALL_MSR, NULL, wr_hypercall_page },
};

static const struct msr_row *find(uint32_t msr)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        if (msr >= rows[i].first && msr <= rows[i].last) {
            return &rows[i];
        }
    }
    return NULL;
}

bool hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    int rc = vdev_msr_is(msr) ? vdev_msr(v, false, msr, val) : 0;
    const struct msr_row *r = rc == 0 ? find(msr) : NULL;

    if (rc != 0) {
        return rc > 0;
    }
    if (r == NULL) {
        return pv_rdmsr(v, msr, val);
    }
    return r->read != NULL && r->read(v, msr, val);
}

bool hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val)
{
    int rc = vdev_msr_is(msr) ? vdev_msr(v, true, msr, &val) : 0;
    const struct msr_row *r = rc == 0 ? find(msr) : NULL;

    if (rc != 0) {
        return rc > 0;
    }
    if (r == NULL) {
        return pv_wrmsr(v, msr, val);
    }
    return r->write != NULL && r->write(v, msr, val);
}
