/* SPDX-License-Identifier: MIT */
/*
 * sched/place.c - which CPU: at a wake, when a CPU runs dry, and to even out.
 *
 * Work-conserving: a waking vcpu goes to an idle CPU if it may; a CPU that
 * runs dry steals; a CPU that keeps somebody waiting pokes an idle one, or
 * hands the one it owes most to a CPU whose vcpu has had clearly more.
 * Other queues are only tried, never waited for, while one is held.
 * Tested by tests/unit/sched/test_sched.c.
 */
#include <core/softirq.h>
#include <sched/runq.h>

static cpumask_t allowed_cpus(const struct sched_vcpu *s)
{
    return s->hard & atomic_load(&cpu_online_mask);
}

static bool is_allowed(const struct sched_vcpu *s, unsigned int cpu)
{
    return (s->hard & cpumask_of(cpu)) != 0;
}

/* An idle CPU of @mask that nobody was sent to yet. */
static unsigned int first_free(cpumask_t mask)
{
    unsigned int cpu;

    for_each_cpu(cpu, mask & atomic_load(&sched_idle_mask)) {
        if (atomic_load(&runqs[cpu]->nr_queued) == 0) {
            return cpu;
        }
    }
    return CPU_NONE;
}

static unsigned int least_loaded(cpumask_t mask)
{
    unsigned int cpu, best = CPU_NONE;
    uint32_t least = ~0u;

    for_each_cpu(cpu, mask) {
        uint32_t load = atomic_load(&runqs[cpu]->nr_queued) * 2 +
                        !(atomic_load(&sched_idle_mask) >> cpu & 1);

        if (load < least) {
            least = load;
            best = cpu;
        }
    }
    return best;
}

/* Where @v, which is to be queued, should go (its own lock is held). */
unsigned int place_pick_cpu(const struct vcpu *v)
{
    const struct sched_vcpu *s = v->sched;
    unsigned int own = v->processor, cpu;
    cpumask_t can;

    if (nr_cpus_online == 1 || atomic_load_acquire(&s->loaded_on) != CPU_NONE) {
        return own;
    }
    can = allowed_cpus(s);
    if ((can & s->soft & cpumask_of(own)) != 0 &&
        first_free(cpumask_of(own)) == own) {
        return own;
    }
    cpu = first_free(can & s->soft);
    if (cpu == CPU_NONE) {
        cpu = first_free(can);
    }
    if (cpu != CPU_NONE) {
        return cpu;
    }
    if ((can & s->soft & cpumask_of(own)) != 0) {
        return own;
    }
    cpu = least_loaded((can & s->soft) != 0 ? can & s->soft : can);
    return cpu != CPU_NONE ? cpu : own;
}

/* The first vcpu of @from that may run on @cpu; both locks are held. */
static struct sched_vcpu *stealable(const struct runq *from, unsigned int cpu)
{
    struct sched_vcpu *s;

    for (s = from->head; s != NULL; s = s->next) {
        if (is_allowed(s, cpu) &&
            atomic_load_acquire(&s->loaded_on) == CPU_NONE) {
            return s;
        }
    }
    return NULL;
}

static void move_to(struct runq *from, struct runq *to, struct sched_vcpu *s,
                    uint64_t now)
{
    sched_dequeue(from, s);
    s->vcpu->processor = to->cpu;
    credit_clamp(to, s, now);
    sched_enqueue(to, s);
}

/* @rq, locked, has nothing to run: take something from another CPU. */
struct sched_vcpu *place_steal(struct runq *rq, uint64_t now)
{
    unsigned int cpu;

    if (nr_cpus_online == 1) {
        return NULL;
    }
    for_each_cpu(cpu, atomic_load(&cpu_online_mask) & ~cpumask_of(rq->cpu)) {
        struct runq *from = runqs[cpu];
        struct sched_vcpu *s;

        if (from == NULL || atomic_load(&from->nr_queued) == 0 ||
            !spin_trylock(&from->lock)) {
            continue;
        }
        s = stealable(from, rq->cpu);
        if (s != NULL) {
            move_to(from, rq, s, now);
        }
        spin_unlock(&from->lock);
        if (s != NULL) {
            return s;
        }
    }
    return NULL;
}

/* Has the vcpu on @to, locked, had so much more than @s that they should
 * share? */
static bool owes(const struct runq *to, const struct sched_vcpu *s,
                 uint64_t now)
{
    return !is_idle_vcpu(to->curr) && to->nr_queued == 0 &&
           s->vtime + PUSH_LAG_NS < credit_vtime_now(to->curr, now);
}

/* Hand the head of @rq (locked) to @to, if it owes that and can be locked:
 * without the lock its vcpu may be gone while we look. */
static bool push_head(struct runq *rq, struct runq *to, uint64_t now)
{
    struct sched_vcpu *s = rq->head;
    bool owed;

    if (atomic_load(&to->nr_queued) != 0 || !spin_trylock(&to->lock)) {
        return false;
    }
    owed = owes(to, s, now);
    if (owed) {
        move_to(rq, to, s, now);
        credit_arm(to, now);
    }
    spin_unlock(&to->lock);
    return owed;
}

/* After a switch that left somebody waiting: is there a better place? */
void place_balance(struct runq *rq, uint64_t now)
{
    unsigned long flags = spin_lock_irqsave(&rq->lock);
    struct sched_vcpu *s = rq->head;
    unsigned int cpu, poke = CPU_NONE;

    if (s != NULL && atomic_load_acquire(&s->loaded_on) == CPU_NONE) {
        cpumask_t others = allowed_cpus(s) & ~cpumask_of(rq->cpu);

        poke = first_free(others);
        if (poke == CPU_NONE) {
            for_each_cpu(cpu, others) {
                if (push_head(rq, runqs[cpu], now)) {
                    poke = cpu;
                    break;
                }
            }
        }
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    if (poke != CPU_NONE) {
        softirq_raise_on(poke, SOFTIRQ_SCHEDULE);
    }
}
