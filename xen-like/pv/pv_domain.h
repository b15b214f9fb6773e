/* SPDX-License-Identifier: MIT */
/*
 * pv/pv_domain.h - state of PV domains and vcpus, creation and switch.
 *
 * Owns    struct pv_domain and pv_vcpu; the per-domain slot (L4 slot 260)
 *         with each vcpu's GDT and LDT; loading and saving what the CPU holds
 *         of a vcpu.
 * ABI     xen/arch-x86/xen.h (vcpu_guest_context), entry state in ABI notes
 *         of dom0/build.
 * Locks   [C] only on the CPU running the vcpu, or while it is descheduled
 */
#ifndef PV_PV_DOMAIN_H
#define PV_PV_DOMAIN_H

#include <arch/regs.h>
#include <domain/domain.h>
#include <domain/guest_ops.h>
#include <domain/page_type.h>

#define PV_GDT_PAGES      14u      /* the guest's; ours is the 15th */
#define PV_LDT_PAGES      16u
#define PV_AREA_PAGES     32u      /* GDT + LDT of one vcpu */
#define PV_AREA_SIZE      (PV_AREA_PAGES * PAGE_SIZE)
#define PV_LDT_OFFSET     (16u * PAGE_SIZE)

/* A callback: where to, and whether events are masked on the way. */
struct pv_callback {
    uint64_t rip;
    bool mask_events;
};

enum pv_callback_kind {
    PV_CB_EVENT, PV_CB_FAILSAFE, PV_CB_SYSCALL, PV_CB_SYSCALL32,
    PV_CB_SYSENTER, PV_CB_NMI, NR_PV_CALLBACKS
};

struct pv_trap {
    uint64_t rip;                  /* 0: not set */
    uint8_t dpl;                   /* int n allowed from this ring on */
    bool mask_events;
};

struct pv_vcpu {
    uint8_t in_kernel;             /* [C] guest kernel or guest user mode */
    uint64_t cr3_kernel;           /* [C] maddr; holds ref and type L4 */
    uint64_t cr3_user;             /* [C] the same, or 0 */
    uint64_t kernel_sp;            /* [C] stack_switch */
    uint16_t kernel_ss;
    struct pv_callback cb[NR_PV_CALLBACKS];
    struct pv_trap *traps;         /* [C] 256 rows */
    uint64_t cr0_ts;               /* X86_CR0_TS or 0: what the guest set */
    uint64_t cr4;                  /* guest's own bits: TSD DE FSGSBASE ... */
    uint64_t dr[8];                /* 0-3, 6, 7 */
    uint64_t fs_base, gs_base_kernel, gs_base_user;
    uint16_t ds, es, fs, gs;       /* selectors of the mode it was in */
    uint64_t iopl;                 /* as set by PHYSDEVOP_set_iopl */

    uint64_t gdt_mfns[PV_GDT_PAGES];
    unsigned int gdt_ents;         /* 0: none */
    uint64_t ldt_base;             /* guest linear */
    unsigned int ldt_ents;
    uint64_t ldt_mapped;           /* bit per LDT page mapped */
    pte_t *area;                   /* [I] 32 PTEs of the GDT and LDT area */

    struct cpu_regs regs;          /* while descheduled */
};

struct pv_domain {
    pte_t *l3;                     /* [I] of the per-domain slot */
    pte_t *l2;
    pte_t *l1[MAX_VCPUS / 16];     /* [I] each serves 16 vcpus */
};

extern const struct guest_ops pv_guest_ops;

int pv_domain_init(struct domain *d);
void pv_domain_free(struct domain *d);
int pv_vcpu_init(struct vcpu *v);
void pv_vcpu_free(struct vcpu *v);
int pv_relinquish(struct domain *d);      /* page-table roots, GDT, LDT */

/* Linear address of the vcpu's GDT while it is loaded. */
static inline uint64_t pv_gdt_va(const struct vcpu *v)
{
    return PERDOM_VIRT + v->vcpu_id * PV_AREA_SIZE;
}

static inline uint64_t pv_ldt_va(const struct vcpu *v)
{
    return pv_gdt_va(v) + PV_LDT_OFFSET;
}

/* Guest kernel <-> guest user on this CPU: GS bases and page tables. */
void pv_toggle_mode(struct vcpu *v);
/* Load the page tables of the current mode (after NEW_BASEPTR). */
void pv_load_cr3(struct vcpu *v);
/* CR4 as the guest reads it. */
uint64_t pv_guest_cr4(const struct vcpu *v);
/* The current vcpu writes CR4: takes the bits that are the guest's. */
void pv_set_cr4(struct vcpu *v, uint64_t val);

/* No vcpu's tables on this CPU any more: run on the hypervisor's own. */
void pv_load_idle(void);

/* Sanitise what a guest may have in its flags and selectors. */
static inline uint64_t pv_clean_rflags(uint64_t f)
{
    return (f & ~(uint64_t)(X86_EFLAGS_IOPL | X86_EFLAGS_VM | X86_EFLAGS_NT |
                            X86_EFLAGS_VIF | X86_EFLAGS_VIP)) |
           X86_EFLAGS_IF | X86_EFLAGS_MBS;
}

#endif
