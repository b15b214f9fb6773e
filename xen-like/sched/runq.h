/* SPDX-License-Identifier: MIT */
/*
 * sched/runq.h - run queues and what the scheduler keeps per vcpu and domain.
 * Private to sched/.
 *
 * INV-SCH1  a vcpu is queued on at most one CPU, that of vcpu->processor.
 * INV-SCH2  a queued vcpu is runnable and not running.
 * INV-SCH3  loaded_on != CPU_NONE  ->  only that CPU may run the vcpu: its
 *           registers are still there, or that CPU is on its page tables.
 * INV-SCH4  the queue is sorted by vtime: the head runs next.
 *
 * Locks   [L] the lock of the CPU's queue; for a vcpu, of vcpu->processor,
 *         which changes only under the lock of the old CPU and while the
 *         vcpu is not queued.   [C] only on the CPU itself.
 */
#ifndef SCHED_RUNQ_H
#define SCHED_RUNQ_H

#include <core/timer.h>
#include <sched/sched.h>

#define CPU_NONE        (~0u)
#define SLICE_NS        5000000ull      /* others wait at most this long */
#define PREEMPT_LAG_NS  1000000ull      /* a waker this far behind goes first */
#define MIN_RUN_NS      500000ull       /* but not before the other ran so long, */
#define NO_USE_NS       20000ull        /* unless it slept so soon the last time: */
#define NR_HASTY        15u             /* so many times it is stopped at once */
#define WINDOW_NS       20000000ull     /* vtime stays this near the queue's */
#define PUSH_LAG_NS     10000000ull     /* unfairness between CPUs tolerated */
#define CAP_PERIOD_NS   10000000ull     /* a cap is a share of this */
#define CAP_MIN_RUN_NS  100000ull
#define DEFAULT_WEIGHT  256u
#define NR_WATCHDOGS    2u

struct sched_vcpu {
    struct vcpu *vcpu;            /* [I] */
    struct sched_vcpu *next, *prev;   /* [L] in the queue */
    uint64_t vtime;               /* [L] ns run, scaled by weight */
    uint64_t start_ns;            /* [L] charged up to here while running */
    cpumask_t hard, soft;         /* [L] */
    uint32_t loaded_on;           /* [a] CPU that holds its registers */
    bool queued;                  /* [L] */
    bool parked;                  /* [L] its domain has used up its cap */
    bool yielding;                /* [C] */
    uint8_t hasty;                /* [L] times to be stopped at once */
    uint64_t kept_ns;             /* [L] goes on although one woke then; or 0 */
};

struct watchdog {
    struct timer timer;
    struct domain *domain;        /* [I] */
    bool armed;                   /* [sched_domain.lock] */
};

struct sched_domain {
    spinlock_t lock;              /* LOCK_SCHED: parameters, watchdogs */
    uint16_t weight, cap;         /* [a] */
    uint32_t scale;               /* [a] vtime per ns, 10 fraction bits */
    int64_t budget_ns;            /* [a] left in this cap period */
    struct timer refill;
    struct domain *domain;        /* [I] */
    struct watchdog watchdogs[NR_WATCHDOGS];
};

struct runq {
    spinlock_t lock;
    unsigned int cpu;             /* [I] */
    uint32_t nr_queued;           /* [L], read by others as a hint */
    struct vcpu *curr;            /* [L] */
    uint64_t since_ns;            /* [L] runs without a break from here on */
    struct vcpu *loaded;          /* [C] whose registers this CPU holds */
    struct vcpu *idle;            /* [I] */
    struct sched_vcpu *head, *tail;   /* [L] */
    uint64_t clock;               /* [L] only grows; credit.c */
    uint64_t idle_ns;             /* [L] */
    uint64_t passes;              /* [a] times through sched_run */
    struct vcpu *away, *evicted;  /* [C] runnable, to be queued elsewhere */
    bool unload;                  /* [a] somebody waits for @loaded */
    bool online;                  /* [I] after sched_init_cpu */
    bool quiescing;               /* [a] waits in sched_quiesce */
    struct timer slice;
};

extern struct runq *runqs[NR_CPUS];
extern cpumask_t sched_idle_mask;     /* [a] CPUs with nothing to run */

static inline struct runq *this_runq(void)
{
    return runqs[smp_processor_id()];
}

/* What sched_vcpu_runnable() says, in place. */
static inline bool is_runnable(const struct vcpu *v)
{
    return atomic_load(&v->pause_count) == 0 && !atomic_load(&v->blocked) &&
           v->is_up && v->is_initialised;
}

static inline bool has_budget(const struct vcpu *v)
{
    const struct sched_domain *sd = v->domain->sched;

    return likely(sd->cap == 0) || atomic_load(&sd->budget_ns) > 0;
}

/* sched.c */
struct runq *must_check sched_lock_vcpu(struct vcpu *v, unsigned long *flags);
void sched_wait_unloaded(struct vcpu *v);
void sched_enqueue(struct runq *rq, struct sched_vcpu *s);
void sched_dequeue(struct runq *rq, struct sched_vcpu *s);

/* credit.c: policy, all with the queue's lock held */
void credit_domain_init(struct sched_domain *sd);
void credit_charge(struct runq *rq, struct vcpu *v, uint64_t now);
void credit_clamp(struct runq *rq, struct sched_vcpu *s, uint64_t now);
uint64_t credit_vtime_now(const struct vcpu *v, uint64_t now);
bool credit_preempts(struct runq *rq, const struct sched_vcpu *s,
                     uint64_t now);
void credit_turn_ends(struct vcpu *v, uint64_t now);
void credit_arm(struct runq *rq, uint64_t now);
void credit_slice_end(void *data);
void credit_stop_domain(struct sched_domain *sd);

/* place.c: which CPU */
unsigned int place_pick_cpu(const struct vcpu *v);
struct sched_vcpu *place_steal(struct runq *rq, uint64_t now);
void place_balance(struct runq *rq, uint64_t now);

/* watchdog.c */
void watchdog_domain_init(struct sched_domain *sd);
void watchdog_domain_free(struct sched_domain *sd);

#endif
