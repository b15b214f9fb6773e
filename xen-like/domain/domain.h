/* SPDX-License-Identifier: MIT */
/*
 * domain/domain.h - domains and their virtual CPUs.
 *
 * Owns    life and death of struct domain and struct vcpu, the table of all
 *         domains, reference counts.  State of a subsystem hangs off a
 *         pointer whose struct its owner defines.
 * Locks   [I] fixed after creation   [D] domctl lock of the domain
 *         [a] atomic                 [S] scheduler lock of vcpu->processor
 *         [C] only on the CPU that runs the vcpu
 * Life    created -> (running) -> dying DOMDYING_dying (resources go, in
 *         preemptible steps) -> DOMDYING_dead (no resources; waits for the
 *         last reference) -> freed.  struct domain memory is type-stable:
 *         it is reused only for another struct domain, so that domain_get()
 *         needs no lock.
 * Tests   tests/guests/control/, make boot GROUP=leak
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <abi/public.h>
#include <arch/atomic.h>
#include <core/lock.h>
#include <core/percpu.h>
#include <hv/limits.h>
#include <hv/types.h>

struct evtchn_table;
struct evtchn_vcpu;
struct grant_table;
struct page_info;
struct guest_ops;
struct pirq_table;
struct io_perm;
struct pv_domain;
struct pv_vcpu;
struct p2m;
struct hvm_domain;
struct hvm_vcpu;
struct vdev_domain;
struct vlapic;
struct ioreq_domain;
struct ioreq_vcpu;
struct sched_domain;
struct sched_vcpu;
struct vtime_vcpu;
struct cpu_policy;
struct control_domain;

enum dom_dying { DOMDYING_alive, DOMDYING_dying, DOMDYING_dead };

struct domain {
    domid_t domid;                    /* [I] */
    bool is_control;                  /* [I] may act on any domain (dom0) */
    bool is_hardware;                 /* [I] owns the machine's devices */
    uint8_t dying;                    /* [a] enum dom_dying */
    int32_t refcount;                 /* [a] 0: struct is free */
    unsigned int max_vcpus;           /* [I] after max_vcpus was set */
    struct vcpu **vcpu;               /* [I] max_vcpus pointers, NULL: none */
    const struct guest_ops *ops;      /* [I] pv or hvm */

    struct shared_info *shared_info;  /* [I] one page, in the direct map */
    mfn_t shared_info_mfn;            /* [I] */
    uint8_t info32;                   /* [a] its layout: abi/info32.h */

    uint32_t tot_pages;               /* [a] frames owned */
    uint32_t max_pages;               /* [D] */
    uint64_t claim;                   /* [heap] claimed, not yet allocated */
    uint64_t min_mfn, max_mfn;        /* [P] all owned frames lie between */
    spinlock_t page_lock;             /* [P] LOCK_PAGETABLE: assign, relinquish */

    uint8_t handle[16];               /* [D] UUID of the toolstack */
    uint32_t ssidref;                 /* [I] stored, echoed */
    bool controller_paused;           /* [D] by domctl pausedomain */
    uint8_t is_shut_down;             /* [a] all vcpus stopped */
    uint8_t is_shutting_down;         /* [D] */
    uint32_t shutdown_code;           /* [D] SHUTDOWN_* */
    uint64_t vm_assist;               /* [a] VMASST_TYPE_* bits */
    spinlock_t lock;                  /* [D] LOCK_DOMCTL */
    cpumask_t dirty_cpus;             /* [a] CPUs that may cache its entries */

    struct evtchn_table *evtchn;      /* event/ */
    struct grant_table *grant;        /* grant/ */
    struct pirq_table *pirq;          /* physdev/, event/pirq */
    struct io_perm *io_perm;          /* physdev/ */
    struct sched_domain *sched;       /* sched/ */
    struct pv_domain *pv;             /* pv/: NULL in other guests */
    struct hvm_domain *hvm;           /* hvm/: NULL in PV guests */
    struct p2m *p2m;                  /* p2m/: NULL: a gfn is an mfn */
    struct vdev_domain *vdev;         /* vdev/ */
    struct ioreq_domain *ioreq;       /* ioreq/ */
    struct cpu_policy *policy;        /* pv/ or hvm/ */
    struct control_domain *control;   /* control/ */

    /* createdomain parameters that units read in their domain_init */
    uint32_t cfg_max_evtchn;          /* highest port + 1 */
    uint32_t cfg_max_grant_frames;
    uint32_t cfg_max_maptrack_frames;
    bool cfg_hvm;                     /* hardware-assisted, nested paging */
    uint32_t cfg_emulation;           /* XEN_X86_EMU_* */

    uint8_t kill_busy;                /* [a] one CPU at a time destroys */
    unsigned int relinquish_unit;     /* [kill_busy] progress of destruction */
    uint64_t relinquish_pos;          /* [kill_busy] within that unit */
    bool relinquish_busy;             /* [kill_busy] frame at _pos is half dropped */
    bool relinquish_unpinned;         /* [kill_busy] the first walk over it is done */
};

struct vcpu {
    /* First: what the entry code and the event path touch every time. */
    struct vcpu_info *info;           /* [a] never NULL: dummy page at first */
    struct pv_vcpu *pv;               /* [I] pv/ */
    struct domain *domain;            /* [I] */
    unsigned int vcpu_id;             /* [I] */
    unsigned int processor;           /* [S] runs or ran last here */

    int32_t pause_count;              /* [a] >0: may not run */
    uint8_t is_initialised;           /* [a] has a context */
    uint8_t is_up;                    /* [a] VCPUOP_up, not down */
    uint8_t blocked;                  /* [a] waits for an event */
    uint8_t is_running;               /* [S] on a CPU now */
    uint8_t paused_for_shutdown;      /* [a] */
    struct hvm_vcpu *hvm;             /* [I] hvm/ */
    struct vlapic *vdev;              /* [I] vdev/ */
    struct ioreq_vcpu *ioreq;         /* [I] ioreq/ */
    uint32_t poll_port;               /* [a] SCHEDOP_poll: ~0 none, 0 many */
    bool polling;                     /* [a] */
    uint8_t hcall_bytes;              /* [I] of the instruction that calls */
    struct mc_state *multicall;       /* [C] batch being run, or NULL */

    struct sched_vcpu *sched;         /* sched/ */
    struct evtchn_vcpu *evtchn;       /* event/ */
    struct vtime_vcpu *vtime;         /* domain/vtime */
    struct xstate *xstate;            /* arch/xstate: guest FPU image */
    mfn_t info_mfn;                   /* registered page, or INVALID_MFN */
    uint32_t tsc_aux;                 /* [C] domain/tsc_aux */
    uint64_t tsc_offset;              /* [C] hvm/tsc; 0: the CPU's own */
    uint32_t pci_cf8;                 /* [C] what it wrote to port 0xcf8 */
    uint8_t cmos_index;               /* [C] and to 0x70 */
    struct page_info *old_table;      /* [C] pv/: drop was interrupted */
};

extern struct domain *dom0;           /* hardware domain, or NULL */
/* Pseudo-domains, never scheduled: DOMID_IO owns MMIO frames, DOMID_XEN
 * those of ours that guests may map (M2P, trace). */
extern struct domain dom_io, dom_xen;

void domain_table_init(void);         /* boot, once the heap works */

/* Parameters of a new domain; see struct xen_domctl_createdomain. */
struct domain_config {
    unsigned int max_vcpus;
    uint32_t max_evtchn, max_grant_frames, max_maptrack_frames;
    uint32_t ssidref;
    uint8_t handle[16];
    bool is_control, is_hardware, hvm;
    uint32_t emulation;               /* XEN_X86_EMU_* */
    const struct guest_ops *ops;
};

/*
 * Create @domid (or, if it is DOMID_INVALID, the next free one) paused, with
 * no memory and no vcpus.  On success the caller's reference is the table's.
 * -EEXIST, -ENOMEM, -EINVAL.
 */
int must_check domain_create(domid_t domid, const struct domain_config *cfg,
                             struct domain **out);
/* Create vcpu @id, not initialised, down.  -ENOMEM, -EINVAL, -EEXIST. */
int must_check vcpu_create(struct domain *d, unsigned int id, struct vcpu **out);

/* A reference to a domain, or NULL; dying ones are found too. */
struct domain *must_check domain_get(domid_t domid);
/* The domain with the lowest domid >= @domid, with a reference, or NULL. */
struct domain *must_check domain_get_next(domid_t domid);
/* The domain whose frame this is; valid while the frame belongs to it. */
struct domain *domain_of_owner(uint64_t owner);
void domain_ref(struct domain *d);    /* another one; caller has one */
void domain_put(struct domain *d);

/*
 * Destroy: mark dying, stop its vcpus, release all it holds.  Preemptible:
 * -ERESTART means call again; 0: the domain is dead.
 */
int must_check domain_kill(struct domain *d);

/* The guest did what cannot be expressed: stop it, reason crash. */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);
/* SHUTDOWN_* by the guest or for it; raises VIRQ_DOM_EXC in dom0. */
void domain_shutdown(struct domain *d, uint32_t reason);
void domain_resume(struct domain *d);

void domain_pause(struct domain *d);      /* and wait until none runs */
void domain_unpause(struct domain *d);

static inline struct vcpu *domain_vcpu(const struct domain *d, unsigned int id)
{
    return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

#define for_each_vcpu(d, v) \
    for (unsigned int i_##v = 0; i_##v < (d)->max_vcpus; i_##v++) \
        if (((v) = (d)->vcpu[i_##v]) != NULL)

/* The domain a DOMID_SELF-or-other argument means, with a reference, if the
 * caller may act on it; -ESRCH, -EPERM. */
int must_check domain_get_for(struct domain *caller, domid_t domid,
                              struct domain **out);

#endif
