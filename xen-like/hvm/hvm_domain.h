/* SPDX-License-Identifier: MIT */
/*
 * hvm/hvm_domain.h - state of hardware-assisted domains and vcpus.
 *
 * Owns    struct hvm_domain and hvm_vcpu; creation, context, guest_ops.
 * Locks   [C] only on the CPU running the vcpu, or while it is descheduled
 */
#ifndef HVM_HVM_DOMAIN_H
#define HVM_HVM_DOMAIN_H

#include <arch/atomic.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <domain/guest_ops.h>
#include <emul/decode.h>
#include <hvm/backend.h>
#include <xen/hvm/params.h>

#define HVM_NR_MTRR_FIXED 11u
#define HVM_NR_MTRR_VAR   8u

struct hvm_domain {
    uint64_t params[HVM_NR_PARAMS];  /* [a] */
    uint8_t callback_vector;         /* [a] 0: none */
    uint64_t tsc_now;                /* the CPU's, of all vcpus in a context */
    uint32_t flush_gen;              /* [a] ask all vcpus for a new ASID */
};

/*
 * Device accesses of one instruction, in order (hvm/io).
 *
 * INV-HVM1  an instruction that is begun again takes from the list what it
 *           has had: each access is made once.
 * INV-HVM2  only instructions that fit the exit are emulated.
 * INV-HVM3  what a walk remembers is compared with the guest's tables, as
 *           they are now, before it is used.
 */
enum hvm_resume { HVM_RESUME_NONE, HVM_RESUME_PORT, HVM_RESUME_EMULATE };
#define HVM_IO_LOG 12u
struct hvm_io_entry {
    bool write, mmio;
    uint8_t bytes;
    uint32_t count;
    uint64_t addr, data;
};
struct hvm_io {                      /* [C] */
    uint8_t resume;                  /* enum hvm_resume: what to go on with */
    bool pending;                    /* the last entry waits for its answer */
    bool for_port;                   /* the exit was one of string ports */
    uint64_t hole;                   /* gfn + 1 the exit found empty, or 0 */
    uint8_t nr, next;
    bool port_write;                 /* of hvm_exit_port */
    uint8_t port_bytes, port_len;
    uint16_t port;
    struct hvm_io_entry log[HVM_IO_LOG];
};

#define HVM_INSN_BYTES 15u
struct insn_bytes {                  /* 0 beyond @len */
    union {
        uint8_t b[HVM_INSN_BYTES];
        uint64_t w[2];
    };
    uint8_t len, mode;
};
#define HVM_NEAR       8u
#define HVM_WALKS      8u

/*
 * A walk of four levels as it went.  It would go the same way again as long
 * as the mode is the same and every entry it read still says what it said;
 * both are looked at before it is believed (INV-HVM3).
 */
struct hvm_walk_note {               /* [C] hvm/guest_walk */
    uint64_t page;                   /* linear page + 1; 0: none */
    uint64_t cr3, gaddr;
    uint32_t bits;                   /* of the mode */
    uint8_t how, nr;                 /* what it was for; entries read */
    const uint64_t *slot[4];
    uint64_t entry[4];
};

struct hvm_vcpu {
    void *hw;                        /* [I] svm or vmx state */
    struct cpu_regs regs;            /* while descheduled */
    uint64_t dr[4];                  /* while descheduled */
    struct hvm_event event;          /* [C] to be delivered next */
    struct hvm_io io;                /* [C] */
    struct insn_bytes insn;          /* [C] of the access in io, as first seen */
    struct insn_bytes decoded_from;  /* [C] and what it means, last time */
    struct insn decoded;
    bool window;                     /* [C] an exit is asked for */
    bool shadow;                     /* [C] there may be one (HVM_SHADOW) */
    uint8_t upcall_vector;           /* [a] 0: the domain's callback */
    uint8_t nmi_pending;             /* [a] */
    bool nmi_masked;                 /* [C] one is being served: until IRET */
    uint8_t init_pending;            /* [a] */
    uint8_t wait_for_sipi;           /* [a] */
    int16_t sipi;                    /* [a] vector to start at, -1: none */
    uint32_t flush_seen;             /* [C] */
    uint64_t mtrr_def, mtrr_fixed[HVM_NR_MTRR_FIXED];
    uint64_t mtrr_var[2 * HVM_NR_MTRR_VAR];
    struct {                         /* [C] hvm/guest_walk: frames of RAM */
        uint64_t gfn;                /* + 1 */
        void *va;
    } near[HVM_NEAR];
    struct hvm_walk_note walks[HVM_WALKS];
    uint32_t near_gen;               /* [C] flush_gen they were true for */
    char line[80];                   /* [C] of port 0xe9 */
    uint8_t line_len;
};

extern const struct guest_ops hvm_guest_ops;

int hvm_domain_init(struct domain *d);
int hvm_relinquish(struct domain *d);
void hvm_domain_free(struct domain *d);
int hvm_vcpu_init(struct vcpu *v);
void hvm_vcpu_free(struct vcpu *v);

/* The current vcpu's mode decides in which layout its domain's shared_info
 * is from now on (abi/info32.h). */
void hvm_latch_layout(struct vcpu *v);

/* Hooks of vdev/: the target @v may be anywhere. */
void hvm_vcpu_init_signal(struct vcpu *v);
void hvm_vcpu_sipi(struct vcpu *v, uint8_t vector);
void hvm_vcpu_nmi(struct vcpu *v);
/* Before an entry: INIT and start-up requests to the current vcpu. */
void hvm_vcpu_signals(struct vcpu *v);
static inline bool hvm_vcpu_has_signals(const struct vcpu *v)
{
    return atomic_load(&v->hvm->init_pending) != 0 ||
           atomic_load(&v->hvm->sipi) >= 0;
}
/* Events by a line: up while one is pending, before each entry of vcpu 0. */
void hvm_callback_update(struct vcpu *v);
static inline bool hvm_callback_by_line(const struct vcpu *v)
{
    return v->vcpu_id == 0 &&
           atomic_load(&v->domain->hvm->callback_vector) == 0;
}

/* hvm/context: the state of all vcpus and devices as records of
 * xen/hvm/save.h.  save: bytes in *@len; -ENOSPC: more than @cap.  load:
 * -EINVAL.  The domain is paused. */
#define HVM_CONTEXT_MAX(d) (4096u + (d)->max_vcpus * 8192u)
int must_check hvm_context_save(struct domain *d, void *buf, uint32_t cap,
                                uint32_t *len);
int must_check hvm_context_load(struct domain *d, const void *buf,
                                uint32_t len);
/* Would it be loaded?  -EINVAL, said in the log; -EBUSY: a vcpu waits for its
 * device model.  load() asks first: it does nothing or all of it. */
int must_check hvm_context_check(const struct domain *d, const void *buf,
                                 uint32_t len);

/* entry/vcpu_loop: run the current vcpu, act on its exits, for ever. */
noreturn void vcpu_loop(void);

#endif
