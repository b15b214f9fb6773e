/* SPDX-License-Identifier: MIT */
/*
 * hvm/hvm_domain.h - state of hardware-assisted domains and vcpus.
 *
 * Owns    struct hvm_domain and hvm_vcpu; creation, context, guest_ops.
 * Locks   [C] only on the CPU running the vcpu, or while it is descheduled
 */
#ifndef HVM_HVM_DOMAIN_H
#define HVM_HVM_DOMAIN_H

#include <arch/regs.h>
#include <domain/domain.h>
#include <domain/guest_ops.h>
#include <hvm/backend.h>
#include <xen/hvm/params.h>

#define HVM_NR_MTRR_FIXED 11u
#define HVM_NR_MTRR_VAR   8u

struct hvm_domain {
    uint64_t params[HVM_NR_PARAMS];  /* [a] */
    uint8_t callback_vector;         /* [a] 0: none */
    uint8_t callback_gsi_on;         /* [a] the line is up for an event */
    uint32_t callback_gsi;           /* [a] 0: none */
    int64_t tsc_offset;              /* [I] guest TSC = host's + this */
    uint32_t flush_gen;              /* [a] ask all vcpus for a new ASID */
};

/* One access to a device that is answered elsewhere: sent, then done again
 * with the answer at hand. */
enum hvm_io_state { HVM_IO_NONE, HVM_IO_WAIT, HVM_IO_READY };
struct hvm_io {
    uint8_t state;                   /* [C] enum hvm_io_state */
    bool write, mmio;
    uint8_t bytes;
    uint64_t addr, data;
};

#define HVM_INSN_BYTES 15u

struct hvm_vcpu {
    void *hw;                        /* [I] svm or vmx state */
    struct cpu_regs regs;            /* while descheduled */
    uint64_t dr[4];                  /* while descheduled */
    uint64_t tsc_aux;
    struct hvm_event event;          /* [C] to be delivered next */
    struct hvm_io io;                /* [C] */
    uint8_t insn[HVM_INSN_BYTES];    /* [C] of the access in io, as first seen */
    uint8_t insn_len;
    uint8_t upcall_vector;           /* [a] 0: the domain's callback */
    uint8_t hypercall_len;           /* [C] bytes of the call being made */
    uint8_t halted_for_sipi;         /* [a] an AP that waits */
    uint8_t nmi_pending;             /* [a] */
    uint32_t flush_seen;             /* [C] */
    uint64_t mtrr_def, mtrr_fixed[HVM_NR_MTRR_FIXED];
    uint64_t mtrr_var[2 * HVM_NR_MTRR_VAR];
    uint64_t misc_msr[4];
};

extern const struct guest_ops hvm_guest_ops;

int hvm_domain_init(struct domain *d);
int hvm_relinquish(struct domain *d);
void hvm_domain_free(struct domain *d);
int hvm_vcpu_init(struct vcpu *v);
void hvm_vcpu_free(struct vcpu *v);

/* entry/vcpu_loop: run the current vcpu, act on its exits, for ever. */
noreturn void vcpu_loop(void);

#endif
