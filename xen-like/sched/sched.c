/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.c - run queues, wake and sleep, the context switch.
 *
 * Owns the queues and who is on which CPU.  Leaves shares and slices to
 * credit.c, the choice of a CPU to place.c, counts of pauses to pause.c.
 * Tested by tests/unit/sched/test_sched.c in simulated time.
 */
#include <arch/cpu.h>
#include <arch/switch.h>
#include <core/panic.h>
#include <core/softirq.h>
#include <domain/guest_ops.h>
#include <domain/vtime.h>
#include <mm/heap.h>
#include <sched/runq.h>
#include <time/systime.h>
#include <hv/errno.h>

struct runq *runqs[NR_CPUS];
cpumask_t sched_idle_mask;
static void (*load_idle_state)(void);

bool sched_vcpu_runnable(const struct vcpu *v)
{
    return is_runnable(v);
}

/* ---- the queue: sorted by vtime, the head is next (INV-SCH4) ------------- */

void sched_enqueue(struct runq *rq, struct sched_vcpu *s)
{
    struct sched_vcpu *after = rq->tail;

    while (after != NULL && after->vtime > s->vtime) {
        after = after->prev;
    }
    s->prev = after;
    s->next = after != NULL ? after->next : rq->head;
    if (s->next != NULL) {
        s->next->prev = s;
    } else {
        rq->tail = s;
    }
    if (after != NULL) {
        after->next = s;
    } else {
        rq->head = s;
    }
    s->queued = true;
    rq->nr_queued++;
}

void sched_dequeue(struct runq *rq, struct sched_vcpu *s)
{
    if (s->prev != NULL) {
        s->prev->next = s->next;
    } else {
        rq->head = s->next;
    }
    if (s->next != NULL) {
        s->next->prev = s->prev;
    } else {
        rq->tail = s->prev;
    }
    s->queued = false;
    rq->nr_queued--;
}

/* The locked queue of @v's CPU. */
struct runq *sched_lock_vcpu(struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(v->processor);
        struct runq *rq = runqs[cpu];

        *flags = spin_lock_irqsave(&rq->lock);
        if (v->processor == cpu) {
            return rq;
        }
        spin_unlock_irqrestore(&rq->lock, *flags);
    }
}

/* ---- wake and sleep ------------------------------------------------------- */

/* @s was queued on @rq: does its CPU have to look now, or later? */
static bool wants_cpu_now(struct runq *rq, struct sched_vcpu *s, uint64_t now)
{
    if (is_idle_vcpu(rq->curr) || credit_preempts(rq, s, now)) {
        return true;
    }
    credit_arm(rq, now);
    return false;
}

static bool can_queue(struct runq *rq, struct vcpu *v)
{
    struct sched_vcpu *s = v->sched;

    if (s->queued || v == rq->curr || !is_runnable(v)) {
        return false;
    }
    s->parked = !has_budget(v);
    return !s->parked;
}

void sched_wake(struct vcpu *v)
{
    struct sched_vcpu *s = v->sched;
    unsigned long flags;
    struct runq *rq = sched_lock_vcpu(v, &flags);
    unsigned int cpu = rq->cpu;
    bool now_please = false;

    if (can_queue(rq, v)) {
        cpu = place_pick_cpu(v);
        if (cpu != rq->cpu) {
            v->processor = cpu;
            spin_unlock_irqrestore(&rq->lock, flags);
            rq = sched_lock_vcpu(v, &flags);
            cpu = rq->cpu;
        }
    }
    if (can_queue(rq, v)) {
        uint64_t now = systime_ns();

        vtime_runstate_change(v, RUNSTATE_runnable, now);
        credit_clamp(rq, s, now);
        sched_enqueue(rq, s);
        now_please = wants_cpu_now(rq, s, now);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    if (now_please) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    }
}

static int stopped_state(const struct vcpu *v)
{
    return atomic_load(&v->blocked) ? RUNSTATE_blocked : RUNSTATE_offline;
}

void sched_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = sched_lock_vcpu(v, &flags);
    unsigned int cpu = rq->cpu;
    bool running = v == rq->curr;

    if (!is_runnable(v) && !running) {
        if (v->sched->queued) {
            sched_dequeue(rq, v->sched);
        }
        v->sched->parked = false;
        vtime_runstate_change(v, stopped_state(v), systime_ns());
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    if (running) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    }
}

/* Save the registers that this idle CPU still holds of a vcpu. */
static void unload_this_cpu(struct runq *rq)
{
    struct vcpu *v = rq->loaded;

    atomic_store(&rq->unload, false);
    if (v == NULL || v == rq->curr) {
        return;
    }
    v->domain->ops->switch_from(v);
    load_idle_state();
    rq->loaded = NULL;
    atomic_store_release(&v->sched->loaded_on, CPU_NONE);
}

/* Wait until no CPU holds state of @v, which does not run. */
void sched_wait_unloaded(struct vcpu *v)
{
    uint32_t cpu;

    while ((cpu = atomic_load_acquire(&v->sched->loaded_on)) != CPU_NONE) {
        if (cpu == smp_processor_id()) {
            local_irq_disable();
            unload_this_cpu(this_runq());
            local_irq_enable();
            continue;
        }
        if (!atomic_load(&runqs[cpu]->unload)) {
            atomic_store(&runqs[cpu]->unload, true);
            softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
        }
        cpu_relax();
    }
}

void sched_sleep_sync(struct vcpu *v)
{
    sched_sleep_nosync(v);
    if (v == current) {
        return;                       /* leaves at its next softirq check */
    }
    while (atomic_load_acquire(&v->is_running)) {
        cpu_relax();
    }
    sched_wait_unloaded(v);
}

/* ---- what the current vcpu asks for ---------------------------------------- */

void sched_block(void)
{
    struct vcpu *v = current;

    atomic_store(&v->blocked, 1);     /* pairs with vcpu_unblock() */
    if (vcpu_event_deliverable(v)) {
        atomic_store(&v->blocked, 0);
        return;
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void sched_yield_current(void)
{
    struct runq *rq = this_runq();

    if (atomic_load(&rq->nr_queued) != 0) {
        current->sched->yielding = true;
        softirq_raise(SOFTIRQ_SCHEDULE);
    }
}

/* ---- the switch ------------------------------------------------------------- */

static noreturn void idle_loop(void)
{
    for (;;) {
        softirq_run();
        local_irq_disable();
        if (softirq_pending()) {
            local_irq_enable();
        } else {
            cpu_sti_hlt();
        }
    }
}

/* May @v go on here?  (The lock is held.) */
static bool stays_runnable(const struct runq *rq, struct vcpu *v)
{
    struct sched_vcpu *s = v->sched;

    if (!is_runnable(v) || (s->hard & cpumask_of(rq->cpu)) == 0) {
        return false;
    }
    s->parked = !has_budget(v);
    return !s->parked;
}

/* The head was kept here by INV-SCH3 only, and its affinity has changed: free
 * it from this CPU.  sched_run() sends it away afterwards. */
static struct sched_vcpu *evict_head(struct runq *rq)
{
    struct sched_vcpu *s = rq->head;

    sched_dequeue(rq, s);
    if (rq->loaded == s->vcpu) {
        unload_this_cpu(rq);
    }
    rq->evicted = s->vcpu;
    return rq->head;
}

/* Who runs next, with @prev still in the running: it keeps the CPU while it
 * is not behind the head of the queue. */
static struct vcpu *choose(struct runq *rq, struct vcpu *prev, uint64_t now)
{
    struct sched_vcpu *head = rq->head;
    bool stays = !is_idle_vcpu(prev) && stays_runnable(rq, prev);

    if (head != NULL && unlikely((head->hard & cpumask_of(rq->cpu)) == 0)) {
        head = evict_head(rq);
    }
    if (head == NULL && !stays) {
        head = place_steal(rq, now);
        if (head == NULL) {
            return rq->idle;
        }
    }
    if (head == NULL) {
        if (prev->domain->sched->cap != 0) {
            credit_arm(rq, now);
        }
        return prev;
    }
    if (stays && !prev->sched->yielding && prev->sched->vtime < head->vtime) {
        credit_arm(rq, now);
        return prev;
    }
    sched_dequeue(rq, head);
    if (stays) {
        sched_enqueue(rq, prev->sched);
    }
    return head->vcpu;
}

/* Lock held: write down that @next runs here instead of @prev. */
static void account_switch(struct runq *rq, struct vcpu *prev,
                           struct vcpu *next, uint64_t now)
{
    if (!is_idle_vcpu(prev)) {
        prev->is_running = 0;         /* but still loaded: INV-SCH3 */
        credit_turn_ends(prev, now);
        vtime_runstate_change(prev, is_runnable(prev)
                              ? RUNSTATE_runnable : stopped_state(prev), now);
        if (!prev->sched->queued && !prev->sched->parked &&
            is_runnable(prev)) {
            rq->away = prev;
        }
    }
    rq->curr = next;
    rq->since_ns = now;
    rq->idle->sched->start_ns = now;
    if (is_idle_vcpu(next)) {
        atomic_or(&sched_idle_mask, cpumask_of(rq->cpu));
    } else {
        if (is_idle_vcpu(prev)) {
            atomic_and(&sched_idle_mask, ~cpumask_of(rq->cpu));
        }
        next->is_running = 1;
        next->sched->start_ns = now;
        vtime_runstate_change(next, RUNSTATE_running, now);
        if (rq->head != NULL || next->domain->sched->cap != 0) {
            credit_arm(rq, now);
        }
    }
}

/* Interrupts off, lock not held: exchange what the CPU holds.  INV-SCH3 keeps
 * other CPUs away from both until their state is in its place.  Of @old that
 * is its page tables too: running elsewhere, it may give them up. */
static void switch_state(struct runq *rq, struct vcpu *next)
{
    struct vcpu *old = rq->loaded;

    if (is_idle_vcpu(next) || next == old) {
        return;
    }
    if (old != NULL) {
        old->domain->ops->switch_from(old);
    }
    rq->loaded = next;
    atomic_store(&next->sched->loaded_on, rq->cpu);
    next->domain->ops->switch_to(next);
    if (old != NULL) {
        atomic_store_release(&old->sched->loaded_on, CPU_NONE);
    }
}

static noreturn void leave_to(struct vcpu *next)
{
    void (*go)(void) = is_idle_vcpu(next) ? idle_loop
                                          : next->domain->ops->resume;

    local_irq_enable();
    if (!is_idle_vcpu(next)) {
        vtime_update(next);
        vtime_publish_runstate(next);
    }
    reset_stack_and_jump(get_cpu_info(), go);
}

/* A vcpu left this CPU but may run on another: give it to one.  It was
 * runnable, and who stops it now waits in sched_quiesce() before it is freed;
 * one that was not runnable is woken as any other, and may be gone here. */
static void send_away(struct runq *rq, struct vcpu **slot)
{
    struct vcpu *v = *slot;

    if (likely(v == NULL)) {
        return;
    }
    *slot = NULL;
    if (rq->loaded == v) {
        unload_this_cpu(rq);
    }
    sched_wake(v);
}

static void send_all_away(struct runq *rq)
{
    send_away(rq, &rq->evicted);
    send_away(rq, &rq->away);
}

void sched_run(void)
{
    struct runq *rq = this_runq();
    struct vcpu *prev = current, *next;
    uint64_t now;
    unsigned long flags;

    atomic_store_release(&rq->passes, rq->passes + 1);
    flags = spin_lock_irqsave(&rq->lock);
    now = systime_ns();
    credit_charge(rq, prev, now);
    next = choose(rq, prev, now);
    prev->sched->yielding = false;
    if (next == prev) {
        if (unlikely(rq->unload)) {
            unload_this_cpu(rq);
        }
        spin_unlock_irqrestore(&rq->lock, flags);
        send_all_away(rq);
        return;
    }
    account_switch(rq, prev, next, now);
    spin_unlock(&rq->lock);           /* interrupts stay off */

    current = next;
    switch_state(rq, next);
    if (unlikely(rq->unload)) {
        unload_this_cpu(rq);
    }
    send_all_away(rq);
    if (rq->nr_queued != 0 && nr_cpus_online > 1) {
        place_balance(rq, now);
    }
    leave_to(next);
}

/* ---- set-up ------------------------------------------------------------------ */

void sched_init(void (*load_idle)(void))
{
    load_idle_state = load_idle;
    softirq_set_handler(SOFTIRQ_SCHEDULE, sched_run);
    sched_init_cpu(smp_processor_id());
    current = this_runq()->idle;
}

struct vcpu *sched_idle_vcpu(unsigned int cpu)
{
    return runqs[cpu]->idle;
}

void sched_init_cpu(unsigned int cpu)
{
    struct runq *rq = heap_new(struct runq);
    struct vcpu *idle = heap_new(struct vcpu);
    struct sched_vcpu *s = heap_new(struct sched_vcpu);

    if (rq == NULL || idle == NULL || s == NULL) {
        panic("no memory for the run queue of CPU %u", cpu);
    }
    s->vcpu = idle;
    s->start_ns = systime_ns();
    s->loaded_on = CPU_NONE;
    idle->sched = s;
    idle->vcpu_id = cpu;
    idle->processor = cpu;
    idle->is_running = 1;
    spin_lock_init(&rq->lock, LOCK_SCHED);
    rq->cpu = cpu;
    rq->idle = idle;
    rq->curr = idle;
    timer_init(&rq->slice, credit_slice_end, rq, cpu);
    rq->online = true;
    runqs[cpu] = rq;
    atomic_or(&sched_idle_mask, cpumask_of(cpu));
}

void sched_start_this_cpu(void)
{
    current = this_runq()->idle;
    reset_stack_and_jump(get_cpu_info(), idle_loop);
}

void sched_quiesce(void)
{
    struct runq *mine = this_runq();
    cpumask_t online = atomic_load(&cpu_online_mask);
    uint64_t seen[NR_CPUS];
    unsigned int cpu;

    atomic_store(&mine->quiescing, true);
    for_each_cpu(cpu, online) {
        if (runqs[cpu] != NULL && cpu != mine->cpu) {
            seen[cpu] = atomic_load_acquire(&runqs[cpu]->passes);
            softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
        }
    }
    for_each_cpu(cpu, online) {
        struct runq *rq = runqs[cpu];

        while (rq != NULL && rq != mine &&
               atomic_load_acquire(&rq->passes) == seen[cpu] &&
               !atomic_load_acquire(&rq->quiescing)) {
            cpu_relax();
        }
    }
    atomic_store(&mine->quiescing, false);
}

uint64_t sched_cpu_idle_ns(unsigned int cpu)
{
    struct runq *rq = cpu < NR_CPUS ? runqs[cpu] : NULL;
    unsigned long flags;
    uint64_t ns;

    if (rq == NULL) {
        return 0;
    }
    flags = spin_lock_irqsave(&rq->lock);
    ns = rq->idle_ns;
    if (is_idle_vcpu(rq->curr)) {
        uint64_t now = systime_ns();

        ns += now > rq->curr->sched->start_ns
              ? now - rq->curr->sched->start_ns : 0;
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    return ns;
}
