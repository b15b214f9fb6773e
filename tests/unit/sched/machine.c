/* SPDX-License-Identifier: MIT */
/*
 * The machine of the scheduler's tests: see machine.h.  At each switch it
 * checks that a vcpu's registers are on one CPU at most (INV-SCH3).
 */
#include "machine.h"

unsigned int nr_from, nr_to, nr_idle_loads;

/* Whose registers this CPU holds, as the guest_ops see it; and on whose page
 * tables it runs, which may be those of the one before until the next is
 * loaded.  Till then that one must not run elsewhere. */
struct vcpu *holds[NR_CPUS];
static struct vcpu *tables[NR_CPUS];

static void leave_tables(struct vcpu *next)
{
    unsigned int cpu = smp_processor_id();

    if (tables[cpu] != NULL) {
        assert_int_equal(tables[cpu]->sched->loaded_on, cpu);
    }
    tables[cpu] = next;
}

static void switch_from(struct vcpu *v)
{
    assert_ptr_equal(holds[smp_processor_id()], v);
    holds[smp_processor_id()] = NULL;
    nr_from++;
}

static void switch_to(struct vcpu *v)
{
    for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
        assert_ptr_not_equal(holds[cpu], v);
    }
    assert_null(holds[smp_processor_id()]);
    leave_tables(v);
    holds[smp_processor_id()] = v;
    nr_to++;
}

static noreturn void resume(void)
{
    abort();                          /* the fake jump never gets here */
}

static void load_idle(void)
{
    assert_null(holds[smp_processor_id()]);
    leave_tables(NULL);
    nr_idle_loads++;
}

static const struct guest_ops ops = {
    .name = "test", .switch_from = switch_from, .switch_to = switch_to,
    .resume = resume,
};

unsigned int nr_cpus;

void machine_start(unsigned int cpus)
{
    fake_reset(cpus);
    nr_cpus = cpus;
    nr_from = nr_to = nr_idle_loads = 0;
    for (unsigned int i = 0; i < NR_CPUS; i++) {
        holds[i] = tables[i] = NULL;
    }
    sched_idle_mask = 0;
    sched_init(load_idle);
    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        sched_init_cpu(cpu);
        fake_use_cpu(cpu);
        current = sched_idle_vcpu(cpu);
    }
    fake_use_cpu(0);
}

struct domain *new_domain(domid_t domid, unsigned int vcpus)
{
    struct domain *d = test_domain(domid, vcpus, &ops);
    struct vcpu *v;

    assert_int_equal(sched_domain_init(d), 0);
    for_each_vcpu(d, v) {
        assert_int_equal(vtime_vcpu_init(v), 0);
        assert_int_equal(sched_vcpu_init(v), 0);
    }
    return d;
}

void wake_all(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        sched_wake(v);
    }
}

/* Softirqs of every CPU until all are quiet. */
void settle(void)
{
    unsigned int here = smp_processor_id(), quiet = 0;

    for (unsigned int cpu = 0; quiet < nr_cpus; cpu = (cpu + 1) % nr_cpus) {
        quiet = fake_softirq_pending(cpu) ? 0 : quiet + 1;
        fake_use_cpu(cpu);
        fake_run_softirqs();
        assert_int_equal(fake_locks_held, 0);
    }
    fake_use_cpu(here);
}

void simulate(uint64_t ns)
{
    uint64_t end = fake_now_ns + ns;

    settle();
    while (fake_now_ns < end) {
        uint64_t next = min(end, fake_next_deadline());

        fake_now_ns = max(fake_now_ns + 1, next);
        fake_run_timers();
        settle();
    }
}

uint64_t ran(struct vcpu *v)
{
    struct vcpu_runstate_info info;

    vtime_runstate_get(v, &info);
    return info.time[RUNSTATE_running];
}

void assert_near(uint64_t value, uint64_t wanted, uint64_t tolerance)
{
    assert_in_range(value, wanted - tolerance, wanted + tolerance);
}

int machine_stop(void **state)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        fake_use_cpu(cpu);
        current = sched_idle_vcpu(cpu);
        for (unsigned int i = 0; i < nr_cpus; i++) {
            holds[i] = tables[i] = NULL;
        }
        if (runqs[cpu]->loaded != NULL) {
            runqs[cpu]->loaded->sched->loaded_on = CPU_NONE;
        }
    }
    fake_use_cpu(0);
    for (domid_t id = 0; id < 16; id++) {
        struct domain *d = domain_get(id);
        struct vcpu *v;

        if (d == NULL) {
            continue;
        }
        for_each_vcpu(d, v) {
            vtime_vcpu_free(v);
            heap_free(v->sched);
        }
        sched_domain_free(d);
    }
    test_domains_free();
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        heap_free(runqs[cpu]->idle->sched);
        heap_free(runqs[cpu]->idle);
        heap_free(runqs[cpu]);
        runqs[cpu] = NULL;
    }
    assert_int_equal(fake_heap_live, 0);
    return 0;
}
