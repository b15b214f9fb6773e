/* SPDX-License-Identifier: MIT */
/*
 * The scheduler in simulated time: shares, caps, affinity, work conservation,
 * lazy state, blocking.  Every context switch checks that a vcpu's registers
 * are on one CPU at most (INV-SCH3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <core/softirq.h>
#include <domain/vtime.h>
#include <mm/heap.h>
#include <sched/runq.h>
#include <xen/sched.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

#define MS 1000000ull
#define S  1000000000ull

static unsigned int nr_from, nr_to, nr_idle_loads;

/* Whose registers this CPU holds, as the guest_ops see it. */
static struct vcpu *holds[NR_CPUS];

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
    nr_idle_loads++;
}

static const struct guest_ops ops = {
    .name = "test", .switch_from = switch_from, .switch_to = switch_to,
    .resume = resume,
};

static unsigned int nr_cpus;

static void start(unsigned int cpus)
{
    fake_reset(cpus);
    nr_cpus = cpus;
    nr_from = nr_to = nr_idle_loads = 0;
    for (unsigned int i = 0; i < NR_CPUS; i++) {
        holds[i] = NULL;
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

static struct domain *new_domain(domid_t domid, unsigned int vcpus)
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

static void wake_all(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        sched_wake(v);
    }
}

/* Softirqs of every CPU until all are quiet. */
static void settle(void)
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

static void simulate(uint64_t ns)
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

static uint64_t ran(struct vcpu *v)
{
    struct vcpu_runstate_info info;

    vtime_runstate_get(v, &info);
    return info.time[RUNSTATE_running];
}

static void assert_near(uint64_t value, uint64_t wanted, uint64_t tolerance)
{
    assert_in_range(value, wanted - tolerance, wanted + tolerance);
}

static int stop(void **state)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        fake_use_cpu(cpu);
        current = sched_idle_vcpu(cpu);
        for (unsigned int i = 0; i < nr_cpus; i++) {
            holds[i] = NULL;
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

/* ---- shares ------------------------------------------------------------------- */

static void equal_weights_share_a_cpu_equally(void **state)
{
    struct domain *a, *b;

    start(1);
    a = new_domain(1, 1);
    b = new_domain(2, 1);
    wake_all(a);
    wake_all(b);
    simulate(1 * S);

    assert_near(ran(a->vcpu[0]), S / 2, 20 * MS);
    assert_near(ran(b->vcpu[0]), S / 2, 20 * MS);
}

static void twice_the_weight_is_twice_the_time(void **state)
{
    struct domain *a, *b;

    start(1);
    a = new_domain(1, 1);
    b = new_domain(2, 1);
    assert_int_equal(sched_set_params(b, 512, 0), 0);
    wake_all(a);
    wake_all(b);
    simulate(3 * S);

    assert_near(ran(a->vcpu[0]), 1 * S, 50 * MS);
    assert_near(ran(b->vcpu[0]), 2 * S, 50 * MS);
}

static void three_vcpus_share_two_cpus_fairly(void **state)
{
    struct domain *d[3];

    start(2);
    for (unsigned int i = 0; i < 3; i++) {
        d[i] = new_domain((domid_t)(i + 1), 1);
        wake_all(d[i]);
    }
    simulate(3 * S);

    for (unsigned int i = 0; i < 3; i++) {
        assert_near(ran(d[i]->vcpu[0]), 2 * S, 150 * MS);
    }
}

static void a_long_sleeper_does_not_own_the_cpu_afterwards(void **state)
{
    struct domain *a, *b;

    start(1);
    a = new_domain(1, 1);
    b = new_domain(2, 1);
    wake_all(a);
    simulate(5 * S);
    wake_all(b);
    simulate(1 * S);

    assert_near(ran(b->vcpu[0]), S / 2, 40 * MS);
}

/* A waker that has slept goes before one that uses the CPU all the time. */
static void a_waker_preempts_a_hog(void **state)
{
    struct domain *hog, *io;

    start(1);
    hog = new_domain(1, 1);
    io = new_domain(2, 1);
    wake_all(hog);
    simulate(100 * MS + 1);
    sched_wake(io->vcpu[0]);
    settle();

    assert_ptr_equal(current, io->vcpu[0]);
    assert_int_equal(hog->vcpu[0]->is_running, 0);
}

/* ---- caps ----------------------------------------------------------------------- */

static void a_cap_holds_on_an_idle_machine(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_params(a, 256, 25), 0);
    wake_all(a);
    simulate(2 * S);

    assert_near(ran(a->vcpu[0]), S / 2, 20 * MS);
}

static void a_cap_is_shared_by_the_vcpus_of_a_domain(void **state)
{
    struct domain *a;

    start(4);
    a = new_domain(1, 4);
    assert_int_equal(sched_set_params(a, 256, 100), 0);
    wake_all(a);
    simulate(2 * S);

    assert_near(ran(a->vcpu[0]) + ran(a->vcpu[1]) + ran(a->vcpu[2]) +
                ran(a->vcpu[3]), 2 * S, 100 * MS);
}

static void lifting_a_cap_wakes_who_was_parked(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_params(a, 256, 10), 0);
    wake_all(a);
    simulate(5 * MS);
    assert_true(a->vcpu[0]->sched->parked);

    assert_int_equal(sched_set_params(a, 256, 0), 0);
    settle();

    assert_int_equal(a->vcpu[0]->is_running, 1);
}

static void weight_zero_is_refused(void **state)
{
    struct domain *a;
    uint16_t weight, cap;

    start(1);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_params(a, 0, 0), -EINVAL);
    sched_get_params(a, &weight, &cap);

    assert_int_equal(weight, 256);
    assert_int_equal(cap, 0);
}

/* ---- placement ---------------------------------------------------------------------- */

static void an_idle_cpu_takes_what_waits_elsewhere(void **state)
{
    struct domain *a;

    start(4);
    a = new_domain(1, 4);
    for (unsigned int i = 0; i < 4; i++) {
        a->vcpu[i]->processor = 2;
    }
    wake_all(a);
    settle();

    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        assert_false(is_idle_vcpu(runqs[cpu]->curr));
    }
}

static void a_cpu_that_runs_dry_steals(void **state)
{
    struct domain *a;

    start(2);
    a = new_domain(1, 3);
    wake_all(a);
    simulate(20 * MS);
    fake_use_cpu(runqs[0]->nr_queued == 0 ? 0 : 1);
    assert_int_equal(this_runq()->nr_queued, 0);
    sched_block();
    settle();

    assert_int_equal(runqs[0]->nr_queued + runqs[1]->nr_queued, 0);
    assert_false(is_idle_vcpu(runqs[0]->curr));
    assert_false(is_idle_vcpu(runqs[1]->curr));
    fake_use_cpu(0);
}

static void hard_affinity_is_kept_though_a_cpu_idles(void **state)
{
    struct domain *a;

    start(2);
    a = new_domain(1, 2);
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(sched_set_affinity(a->vcpu[i], cpumask_of(1), ~0ull),
                         0);
    }
    wake_all(a);
    simulate(1 * S);

    assert_true(is_idle_vcpu(runqs[0]->curr));
    assert_near(ran(a->vcpu[0]), S / 2, 20 * MS);
    assert_near(ran(a->vcpu[1]), S / 2, 20 * MS);
}

static void a_running_vcpu_follows_its_affinity(void **state)
{
    struct domain *a;
    unsigned int cpu;

    start(4);
    a = new_domain(1, 1);
    wake_all(a);
    settle();
    cpu = (a->vcpu[0]->processor + 1) % 4;
    assert_int_equal(sched_set_affinity(a->vcpu[0], cpumask_of(cpu), ~0ull),
                     0);
    settle();

    assert_ptr_equal(runqs[cpu]->curr, a->vcpu[0]);
    assert_int_equal(nr_idle_loads, 1);   /* its old CPU let go of it */
}

static void a_sleeping_vcpu_follows_its_affinity(void **state)
{
    struct domain *a;
    unsigned int cpu;

    start(2);
    a = new_domain(1, 1);
    wake_all(a);
    settle();
    fake_use_cpu(a->vcpu[0]->processor);
    sched_block();
    settle();
    cpu = !a->vcpu[0]->processor;
    assert_int_equal(sched_set_affinity(a->vcpu[0], cpumask_of(cpu), ~0ull),
                     0);
    vcpu_unblock(a->vcpu[0]);
    settle();

    assert_ptr_equal(runqs[cpu]->curr, a->vcpu[0]);
}

static void soft_affinity_is_preferred(void **state)
{
    struct domain *a;

    start(4);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_affinity(a->vcpu[0], ~0ull, cpumask_of(3)), 0);
    wake_all(a);
    settle();

    assert_ptr_equal(runqs[3]->curr, a->vcpu[0]);
}

static void affinity_with_no_cpu_online_is_refused(void **state)
{
    struct domain *a;
    cpumask_t hard, soft;

    start(2);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_affinity(a->vcpu[0], 0xf0, ~0ull), -EINVAL);
    sched_get_affinity(a->vcpu[0], &hard, &soft);

    assert_true(hard == ~0ull);
}

/* ---- state, blocking ------------------------------------------------------------------ */

static void back_from_idle_to_the_same_vcpu_reloads_nothing(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    wake_all(a);
    settle();
    assert_int_equal(nr_to, 1);
    for (int i = 0; i < 3; i++) {
        sched_block();
        settle();
        assert_true(is_idle_vcpu(current));
        vcpu_unblock(a->vcpu[0]);
        settle();
        assert_ptr_equal(current, a->vcpu[0]);
    }

    assert_int_equal(nr_to, 1);
    assert_int_equal(nr_from, 0);
}

static void block_with_an_event_pending_returns_at_once(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    wake_all(a);
    settle();
    a->vcpu[0]->info->evtchn_upcall_pending = 1;
    sched_block();

    assert_false(fake_softirq_pending(0));
    assert_int_equal(a->vcpu[0]->blocked, 0);
}

static void pause_takes_the_state_from_an_idle_cpu(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    wake_all(a);
    settle();
    sched_block();
    settle();
    assert_ptr_equal(holds[0], a->vcpu[0]);
    vcpu_pause(a->vcpu[0]);

    assert_null(holds[0]);
    assert_int_equal(nr_idle_loads, 1);
    vcpu_unblock(a->vcpu[0]);
    settle();
    assert_true(is_idle_vcpu(current));   /* still paused */
    vcpu_unpause(a->vcpu[0]);
    settle();
    assert_ptr_equal(current, a->vcpu[0]);
}

/* While CPU 0 waits, the others go on. */
static void let_cpu_1_run(void)
{
    fake_use_cpu(1);
    fake_run_softirqs();
    fake_use_cpu(0);
}

static void pause_waits_for_a_vcpu_that_runs_elsewhere(void **state)
{
    struct domain *a;
    struct vcpu *v;

    start(2);
    a = new_domain(1, 2);
    wake_all(a);
    settle();
    v = runqs[1]->curr;
    fake_on_relax = let_cpu_1_run;
    vcpu_pause(v);

    assert_int_equal(v->is_running, 0);
    assert_null(holds[1]);
}

static void quiesce_waits_for_every_other_cpu(void **state)
{
    uint64_t before;

    start(2);
    before = runqs[1]->passes;
    fake_on_relax = let_cpu_1_run;
    sched_quiesce();

    assert_true(runqs[1]->passes > before);
}

static void yield_lets_the_next_one_run(void **state)
{
    struct domain *a, *b;
    struct vcpu *first;

    start(1);
    a = new_domain(1, 1);
    b = new_domain(2, 1);
    wake_all(a);
    settle();
    first = current;
    wake_all(b);
    settle();
    assert_ptr_equal(current, first);
    sched_yield_current();
    settle();

    assert_ptr_not_equal(current, first);
}

static void nothing_ticks_while_nobody_waits(void **state)
{
    struct domain *a;

    start(2);
    a = new_domain(1, 1);
    wake_all(a);
    settle();

    assert_true(fake_next_deadline() == ~0ull);
}

static void runstates_add_up_to_the_time_that_passed(void **state)
{
    struct domain *a, *b;
    struct vcpu_runstate_info info;
    uint64_t sum = 0, begin;

    start(1);
    begin = fake_now_ns;
    a = new_domain(1, 1);
    b = new_domain(2, 1);
    wake_all(a);
    wake_all(b);
    simulate(77 * MS);
    vtime_runstate_get(a->vcpu[0], &info);
    for (int i = 0; i < 4; i++) {
        sum += info.time[i];
    }

    assert_true(sum == fake_now_ns - begin);
    assert_true(info.time[RUNSTATE_runnable] > 20 * MS);
}

static void idle_time_is_what_nobody_used(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    simulate(10 * MS);
    wake_all(a);
    simulate(30 * MS);

    assert_near(sched_cpu_idle_ns(0), 10 * MS, MS / 100);
    assert_int_equal(sched_cpu_idle_ns(63), 0);
}

/* ---- watchdog --------------------------------------------------------------------------- */

static void a_watchdog_bites_unless_poked(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);
    assert_int_equal(sched_watchdog(a, 0, 2), 1);
    simulate(1 * S);
    assert_int_equal(sched_watchdog(a, 1, 2), 0);
    simulate(1500 * MS);
    assert_int_equal(a->is_shut_down, 0);
    simulate(1 * S);

    assert_int_equal(a->is_shut_down, 1);
    assert_int_equal(a->shutdown_code, SHUTDOWN_watchdog);
}

static void watchdog_numbers_are_checked(void **state)
{
    struct domain *a;

    start(1);
    a = new_domain(1, 1);

    assert_int_equal(sched_watchdog(a, 1, 5), -EINVAL);
    assert_int_equal(sched_watchdog(a, 3, 5), -EINVAL);
    assert_int_equal(sched_watchdog(a, 0, 0), -EINVAL);
    assert_int_equal(sched_watchdog(a, 0, 5), 1);
    assert_int_equal(sched_watchdog(a, 0, 5), 2);
    assert_int_equal(sched_watchdog(a, 0, 5), -ENOSPC);
    assert_int_equal(sched_watchdog(a, 2, 0), 0);
    assert_int_equal(sched_watchdog(a, 2, 0), -EINVAL);
}

/* ---- anything goes ------------------------------------------------------------------------ */

static void random_orders_keep_the_invariants(void **state)
{
    struct domain *d[4];

    start(3);
    srandom(7);
    for (unsigned int i = 0; i < 4; i++) {
        d[i] = new_domain((domid_t)(i + 1), 3);
        wake_all(d[i]);
    }
    fake_on_relax = settle;
    for (int step = 0; step < 20000; step++) {
        struct vcpu *v = d[random() % 4]->vcpu[random() % 3];
        unsigned int cpu = (unsigned int)random() % 3;

        fake_use_cpu(cpu);
        switch (random() % 8) {
        case 0:
            if (!is_idle_vcpu(current)) {
                sched_block();
            }
            break;
        case 1:
        case 2:
            vcpu_unblock(v);
            break;
        case 3:
            if (v != current) {
                vcpu_pause(v);
                vcpu_unpause(v);
            }
            break;
        case 4:
            assert_int_equal(sched_set_affinity(
                v, 1 + (cpumask_t)random() % 7, ~0ull), 0);
            break;
        case 5:
            assert_int_equal(sched_set_params(v->domain,
                1 + (uint16_t)(random() % 1000),
                (uint16_t)(random() % 3 * 50)), 0);
            break;
        case 6:
            if (!is_idle_vcpu(current)) {
                sched_yield_current();
            }
            break;
        default:
            simulate((uint64_t)random() % (3 * MS));
            break;
        }
        assert_int_equal(fake_locks_held, 0);
    }
    fake_use_cpu(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(equal_weights_share_a_cpu_equally, stop),
        cmocka_unit_test_teardown(twice_the_weight_is_twice_the_time, stop),
        cmocka_unit_test_teardown(three_vcpus_share_two_cpus_fairly, stop),
        cmocka_unit_test_teardown(
            a_long_sleeper_does_not_own_the_cpu_afterwards, stop),
        cmocka_unit_test_teardown(a_waker_preempts_a_hog, stop),
        cmocka_unit_test_teardown(a_cap_holds_on_an_idle_machine, stop),
        cmocka_unit_test_teardown(a_cap_is_shared_by_the_vcpus_of_a_domain,
                                  stop),
        cmocka_unit_test_teardown(lifting_a_cap_wakes_who_was_parked, stop),
        cmocka_unit_test_teardown(weight_zero_is_refused, stop),
        cmocka_unit_test_teardown(an_idle_cpu_takes_what_waits_elsewhere,
                                  stop),
        cmocka_unit_test_teardown(a_cpu_that_runs_dry_steals, stop),
        cmocka_unit_test_teardown(hard_affinity_is_kept_though_a_cpu_idles,
                                  stop),
        cmocka_unit_test_teardown(a_running_vcpu_follows_its_affinity, stop),
        cmocka_unit_test_teardown(a_sleeping_vcpu_follows_its_affinity, stop),
        cmocka_unit_test_teardown(soft_affinity_is_preferred, stop),
        cmocka_unit_test_teardown(affinity_with_no_cpu_online_is_refused,
                                  stop),
        cmocka_unit_test_teardown(
            back_from_idle_to_the_same_vcpu_reloads_nothing, stop),
        cmocka_unit_test_teardown(block_with_an_event_pending_returns_at_once,
                                  stop),
        cmocka_unit_test_teardown(pause_takes_the_state_from_an_idle_cpu,
                                  stop),
        cmocka_unit_test_teardown(pause_waits_for_a_vcpu_that_runs_elsewhere,
                                  stop),
        cmocka_unit_test_teardown(quiesce_waits_for_every_other_cpu, stop),
        cmocka_unit_test_teardown(yield_lets_the_next_one_run, stop),
        cmocka_unit_test_teardown(nothing_ticks_while_nobody_waits, stop),
        cmocka_unit_test_teardown(runstates_add_up_to_the_time_that_passed,
                                  stop),
        cmocka_unit_test_teardown(idle_time_is_what_nobody_used, stop),
        cmocka_unit_test_teardown(a_watchdog_bites_unless_poked, stop),
        cmocka_unit_test_teardown(watchdog_numbers_are_checked, stop),
        cmocka_unit_test_teardown(random_orders_keep_the_invariants, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
