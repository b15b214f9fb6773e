/* SPDX-License-Identifier: MIT */
/*
 * hvm/backend.h - what svm/ and vmx/ do, each in its own words.
 *
 * Owns    struct hvm_backend, the one table a vendor fills; init/ hands it
 *         down with hvm_set_backend() on a machine that has the feature.
 * Rules   a backend knows the hardware's control block and its exit codes;
 *         what an exit means is in hvm/.  All calls but run() are
 *         for a vcpu that is current or not running.
 */
#ifndef HVM_BACKEND_H
#define HVM_BACKEND_H

#include <domain/domain.h>
#include <hvm/exit.h>

/* Segments by their number in instructions, then the tables. */
enum hvm_seg {
    SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR,
    SEG_GDTR, SEG_IDTR, NR_HVM_SEGS
};

/* @attr as in the HVM save format: bits 0-7 type, S, DPL, P of the
 * descriptor, 8-11 AVL, L, D/B, G. */
struct hvm_segment {
    uint16_t sel, attr;
    uint32_t limit;
    uint64_t base;
};

#define SEG_ATTR_L 0x200u                /* of CS: 64-bit code */

/* Registers the hardware keeps for a guest; the general ones, RIP, RSP and
 * RFLAGS are in guest_cpu_regs() or, while descheduled, v->hvm->regs. */
enum hvm_reg {
    HVM_CR0, HVM_CR2, HVM_CR3, HVM_CR4, HVM_DR6, HVM_DR7, HVM_EFER, HVM_PAT,
    HVM_STAR, HVM_LSTAR, HVM_CSTAR, HVM_SFMASK, HVM_KERNEL_GS,
    HVM_SYSENTER_CS, HVM_SYSENTER_ESP, HVM_SYSENTER_EIP, HVM_DEBUGCTL,
    HVM_TSC_OFFSET, HVM_SHADOW,          /* 1: after STI or MOV SS */
    NR_HVM_REGS
};

enum hvm_event_type {                    /* as the hardware counts them */
    HVM_EVENT_INTR = 0, HVM_EVENT_NMI = 2, HVM_EVENT_EXCEPTION = 3,
    HVM_EVENT_SOFT = 4
};

struct hvm_event {
    bool valid, has_error;
    uint8_t vector;
    uint8_t type;                        /* enum hvm_event_type */
    uint32_t error;
};

/* How a vcpu reads addresses: what all walks and fetches ask for. */
struct hvm_mode {
    uint64_t cr3;
    uint32_t bits;                       /* HVM_MODE_BITS of CR0, CR4, EFER */
    uint8_t cpl;
    bool code64;
};
/* CR0.PG, WP; CR4.PAE, LA57; EFER.LMA, NXE: no two at one place. */
#define HVM_MODE_CR0  0x80010000u
#define HVM_MODE_CR4  0x00001020u
#define HVM_MODE_EFER 0x00000c00u
static inline uint32_t hvm_mode_bits(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return ((uint32_t)cr0 & HVM_MODE_CR0) | ((uint32_t)cr4 & HVM_MODE_CR4) |
           ((uint32_t)efer & HVM_MODE_EFER);
}

struct hvm_backend {
    const char *name;
    int (*cpu_on)(void);                 /* each CPU; 0, -errno */
    int (*vcpu_init)(struct vcpu *v);
    void (*vcpu_free)(struct vcpu *v);
    /* The vcpu's state goes to this CPU, or from it; may be NULL. */
    void (*switch_to)(struct vcpu *v);
    void (*switch_from)(struct vcpu *v);
    /* Enter with interrupts off; back with interrupts on, the exit handled:
     * by its own table, which calls hvm/exit for what vendors share. */
    enum exit_action (*run)(struct vcpu *v);
    uint64_t (*get_reg)(const struct vcpu *v, enum hvm_reg reg);
    void (*set_reg)(struct vcpu *v, enum hvm_reg reg, uint64_t val);
    void (*get_mode)(const struct vcpu *v, struct hvm_mode *m);
    void (*get_segment)(const struct vcpu *v, enum hvm_seg seg,
                        struct hvm_segment *out);
    void (*set_segment)(struct vcpu *v, enum hvm_seg seg,
                        const struct hvm_segment *in);
    /* Deliver at the next entry; or exit as soon as an interrupt could be. */
    void (*inject)(struct vcpu *v, const struct hvm_event *e);
    void (*open_window)(struct vcpu *v, bool open);
    /* Call hvm_nmi_unmask() when the guest's next IRET begins, or do not.
     * NULL: the hardware masks NMIs itself. */
    void (*watch_iret)(struct vcpu *v, bool on);
};

extern const struct hvm_backend *hvm_backend;   /* NULL: no such guests */
void hvm_set_backend(const struct hvm_backend *b);

#endif
