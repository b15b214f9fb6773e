/* SPDX-License-Identifier: MIT */
/*
 * vmx/vmcs.h - the control structure of a guest on Intel: fields by their
 * encodings, bits of the controls, and what a vcpu has beside it.
 *
 * Source  SDM vol. 3C, chapter 25 (fields), appendix A (which controls a CPU
 *         has), B (encodings), C (exit reasons).
 * Tests   tests/unit/hvm/test_vmx_exit.c, on tests/fake-arch/vmcs.c
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#define VMCS_HOST_RSP 0x6c14

#ifndef __ASSEMBLY__
#include <core/percpu.h>
#include <hvm/backend.h>
#include <hvm/hvm_domain.h>

enum vmcs_field {
    VMCS_VPID = 0x0000,
    VMCS_GUEST_SEL = 0x0800,             /* + 2 * enum hvm_seg */
    VMCS_HOST_ES = 0x0c00, VMCS_HOST_CS = 0x0c02, VMCS_HOST_SS = 0x0c04,
    VMCS_HOST_DS = 0x0c06, VMCS_HOST_FS = 0x0c08, VMCS_HOST_GS = 0x0c0a,
    VMCS_HOST_TR = 0x0c0c,

    VMCS_MSR_BITMAP = 0x2004, VMCS_TSC_OFFSET = 0x2010, VMCS_EPTP = 0x201a,
    VMCS_GUEST_PHYSICAL = 0x2400,
    VMCS_LINK = 0x2800, VMCS_GUEST_DEBUGCTL = 0x2802,
    VMCS_GUEST_PAT = 0x2804, VMCS_GUEST_EFER = 0x2806,
    VMCS_GUEST_PDPTE = 0x280a,           /* + 2 * number */
    VMCS_HOST_PAT = 0x2c00, VMCS_HOST_EFER = 0x2c02,

    VMCS_PIN = 0x4000, VMCS_PROC = 0x4002, VMCS_EXCEPTIONS = 0x4004,
    VMCS_PFEC_MASK = 0x4006, VMCS_PFEC_MATCH = 0x4008,
    VMCS_CR3_TARGETS = 0x400a, VMCS_EXIT = 0x400c,
    VMCS_EXIT_STORES = 0x400e, VMCS_EXIT_LOADS = 0x4010,
    VMCS_ENTRY = 0x4012, VMCS_ENTRY_LOADS = 0x4014, VMCS_ENTRY_EVENT = 0x4016,
    VMCS_ENTRY_ERROR = 0x4018, VMCS_PROC2 = 0x401e,
    VMCS_INSN_ERROR = 0x4400, VMCS_EXIT_REASON = 0x4402,
    VMCS_EXIT_EVENT = 0x4404, VMCS_IDT_EVENT = 0x4408,
    VMCS_IDT_ERROR = 0x440a, VMCS_INSN_LEN = 0x440c,
    VMCS_GUEST_LIMIT = 0x4800,           /* + 2 * enum hvm_seg */
    VMCS_GUEST_RIGHTS = 0x4814,          /* + 2 * enum hvm_seg */
    VMCS_GUEST_BLOCKING = 0x4824, VMCS_GUEST_ACTIVITY = 0x4826,
    VMCS_GUEST_SYSENTER_CS = 0x482a,
    VMCS_GUEST_TIMER = 0x482e,
    VMCS_HOST_SYSENTER_CS = 0x4c00,

    VMCS_CR0_OWNED = 0x6000, VMCS_CR4_OWNED = 0x6002,
    VMCS_CR0_SHADOW = 0x6004, VMCS_CR4_SHADOW = 0x6006,
    VMCS_QUALIFICATION = 0x6400,
    VMCS_GUEST_CR0 = 0x6800, VMCS_GUEST_CR3 = 0x6802, VMCS_GUEST_CR4 = 0x6804,
    VMCS_GUEST_BASE = 0x6806,            /* + 2 * enum hvm_seg */
    VMCS_GUEST_DR7 = 0x681a, VMCS_GUEST_RSP = 0x681c, VMCS_GUEST_RIP = 0x681e,
    VMCS_GUEST_RFLAGS = 0x6820, VMCS_GUEST_PENDING_DEBUG = 0x6822,
    VMCS_GUEST_SYSENTER_ESP = 0x6824, VMCS_GUEST_SYSENTER_EIP = 0x6826,
    VMCS_HOST_CR0 = 0x6c00, VMCS_HOST_CR3 = 0x6c02, VMCS_HOST_CR4 = 0x6c04,
    VMCS_HOST_FS_BASE = 0x6c06, VMCS_HOST_GS_BASE = 0x6c08,
    VMCS_HOST_TR_BASE = 0x6c0a, VMCS_HOST_GDTR_BASE = 0x6c0c,
    VMCS_HOST_IDTR_BASE = 0x6c0e, VMCS_HOST_SYSENTER_ESP = 0x6c10,
    VMCS_HOST_SYSENTER_EIP = 0x6c12, VMCS_HOST_RIP = 0x6c16,
};

/* Of the structure that is loaded on this CPU. */
uint64_t vmcs_read(unsigned int field);
void vmcs_write(unsigned int field, uint64_t val);

#define VMX_BIT(n) (1u << (n))
/* VMCS_PIN */
#define PIN_INTR          VMX_BIT(0)
#define PIN_NMI           VMX_BIT(3)
#define PIN_VIRTUAL_NMI   VMX_BIT(5)
#define PIN_TIMER         VMX_BIT(6)
/* VMCS_PROC */
#define PROC_INTR_WINDOW  VMX_BIT(2)
#define PROC_TSC_OFFSET   VMX_BIT(3)
#define PROC_HLT          VMX_BIT(7)
#define PROC_MWAIT        VMX_BIT(10)
#define PROC_RDPMC        VMX_BIT(11)
#define PROC_CR3_LOAD     VMX_BIT(15)
#define PROC_CR3_STORE    VMX_BIT(16)
#define PROC_CR8_LOAD     VMX_BIT(19)
#define PROC_CR8_STORE    VMX_BIT(20)
#define PROC_NMI_WINDOW   VMX_BIT(22)
#define PROC_IO           VMX_BIT(24)
#define PROC_MSR_BITMAP   VMX_BIT(28)
#define PROC_MONITOR      VMX_BIT(29)
#define PROC_SECONDARY    VMX_BIT(31)
/* VMCS_PROC2 */
#define PROC2_EPT         VMX_BIT(1)
#define PROC2_RDTSCP      VMX_BIT(3)
#define PROC2_VPID        VMX_BIT(5)
#define PROC2_WBINVD      VMX_BIT(6)
#define PROC2_REAL_MODE   VMX_BIT(7)     /* unrestricted guest */
#define PROC2_INVPCID     VMX_BIT(12)
/* VMCS_EXIT */
#define EXIT_SAVE_DEBUG   VMX_BIT(2)
#define EXIT_HOST64       VMX_BIT(9)
#define EXIT_SAVE_PAT     VMX_BIT(18)
#define EXIT_LOAD_PAT     VMX_BIT(19)
#define EXIT_SAVE_EFER    VMX_BIT(20)
#define EXIT_LOAD_EFER    VMX_BIT(21)
/* VMCS_ENTRY */
#define ENTRY_LOAD_DEBUG  VMX_BIT(2)
#define ENTRY_LONG_MODE   VMX_BIT(9)     /* the CPU keeps it at an exit */
#define ENTRY_LOAD_PAT    VMX_BIT(14)
#define ENTRY_LOAD_EFER   VMX_BIT(15)
/* VMCS_ENTRY_EVENT, _EXIT_EVENT, _IDT_EVENT; types as enum hvm_event_type */
#define EVENT_TYPE(e)     (((e) >> 8) & 7)
#define EVENT_ERROR       VMX_BIT(11)
#define EVENT_IRET        VMX_BIT(12)    /* NMIs are blocked no more */
#define EVENT_VALID       VMX_BIT(31)
/* VMCS_GUEST_BLOCKING */
#define BLOCKED_STI       1u
#define BLOCKED_MOV_SS    2u
#define BLOCKED_NMI       8u
/* VMCS_GUEST_RIGHTS */
#define RIGHTS_UNUSABLE   VMX_BIT(16)
/* VMCS_EXIT_REASON */
#define REASON_REFUSED    VMX_BIT(31)    /* the guest was not entered */

/* CR0: cache disabling is not for guests, and the CPU wants NE.  CR4: what
 * is not a guest's; MCE stays on for the machine's sake. */
#define CR0_OWNED  (X86_CR0_CD | X86_CR0_NW | X86_CR0_NE)
#define CR4_OWNED  (~(uint64_t)CR4_GUEST)
#define CR4_GUEST  (X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | \
                    X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PCE | \
                    X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_UMIP | \
                    X86_CR4_FSGSBASE | X86_CR4_PCIDE | X86_CR4_OSXSAVE | \
                    X86_CR4_SMEP | X86_CR4_SMAP)

/* MSRs that neither entry nor exit exchanges: the guest's are in the CPU
 * while its vcpu is. */
#define VMX_NR_LIVE 5u

struct vmx_vcpu {
    void *vmcs;
    uint64_t vmcs_maddr, eptp;
    uint64_t cr2;
    uint64_t dr6, live[VMX_NR_LIVE];   /* while not loaded */
    uint32_t proc;                     /* what VMCS_PROC holds */
    uint32_t cpu;                      /* where it was entered last */
    bool launched;
    bool flush;                        /* translations, before the next entry */
    bool new_pdptes;                   /* to be read, for PAE paging */
};

static inline struct vmx_vcpu *vmx_of(const struct vcpu *v)
{
    return v->hvm->hw;
}

struct vmx_cpu {
    struct vmx_vcpu *loaded;           /* NULL: none */
    uint64_t live[VMX_NR_LIVE];        /* the hypervisor's own */
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
};
DECLARE_PER_CPU(struct vmx_cpu, vmx_cpu);
extern const uint32_t vmx_live_msr[VMX_NR_LIVE];

void vmclear(uint64_t maddr);
void vmptrld(uint64_t maddr);
/* Make @s reachable; true: for a moment, vmcs_leave() follows. */
bool vmcs_reach(struct vmx_vcpu *s);
void vmcs_leave(struct vmx_vcpu *s);

/* struct hvm_backend's. */
uint64_t vmx_get_reg(const struct vcpu *v, enum hvm_reg reg);
void vmx_set_reg(struct vcpu *v, enum hvm_reg reg, uint64_t val);
void vmx_get_segment(const struct vcpu *v, enum hvm_seg seg,
                     struct hvm_segment *out);
void vmx_get_mode(const struct vcpu *v, struct hvm_mode *m);
void vmx_set_segment(struct vcpu *v, enum hvm_seg seg,
                     const struct hvm_segment *in);

/*
 * The controls of a kind: @cap says which bits may be 1 (high half) and must
 * be (low half).  @need and what there is of @want; false: a bit of @need
 * cannot be 1 or one of @never must be.
 */
static inline bool vmx_controls(uint64_t cap, uint32_t need, uint32_t want,
                                uint32_t never, uint32_t *out)
{
    uint32_t may = (uint32_t)(cap >> 32), must = (uint32_t)cap;

    *out = ((need | want) & may) | must;
    return (need & ~may) == 0 && (never & must) == 0;
}

/*
 * Access rights as the entry checks them (SDM vol. 3C, 27.3.1.2) from those
 * of the HVM save format: absent is unusable, code and data are accessed, a
 * TSS is busy, and granularity and limit agree.
 */
static inline uint32_t vmx_rights(enum hvm_seg seg, uint16_t attr,
                                  uint32_t *limit)
{
    uint32_t r = (attr & 0xffu) | (attr & 0xf00u) << 4;

    if (!(attr & 0x80) && seg != SEG_TR) {
        return (attr & 0x60u) | RIGHTS_UNUSABLE;
    }
    r |= attr & 0x10 ? 1 : 0;
    if (seg == SEG_TR) {
        r = (r & ~0x10u) | 0x82;
    }
    if (*limit >> 20 != 0) {
        *limit |= 0xfff;
        return r | 0x8000;
    }
    return (*limit & 0xfff) == 0xfff ? r : r & ~0x8000u;
}

/* vmx_exit.c: the exit just taken, by its row; or why there was no entry. */
enum exit_action vmx_exit(struct vcpu *v, struct vmx_vcpu *s, uint32_t reason);
enum exit_action vmx_refused(struct vcpu *v, uint32_t reason);
/* vmx_run.S: interrupts off in and out; 0, or the CPU refused the
 * instruction (VMCS_INSN_ERROR). */
int vmx_enter(struct cpu_regs *regs, bool launched);
extern const char vmx_leave[];

#endif
#endif
