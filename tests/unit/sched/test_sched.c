/* SPDX-License-Identifier: MIT */
/*
 * The scheduler in simulated time: shares, caps, placement, and random orders
 * with the invariants checked.
 */
#include "machine.h"

/* ---- shares ------------------------------------------------------------------- */

static void equal_weights_share_a_cpu_equally(void **state)
{
    struct domain *a, *b;

    machine_start(1);
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

    machine_start(1);
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

    machine_start(2);
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

    machine_start(1);
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

    machine_start(1);
    hog = new_domain(1, 1);
    io = new_domain(2, 1);
    wake_all(hog);
    simulate(100 * MS + 1);
    sched_wake(io->vcpu[0]);
    settle();

    assert_ptr_equal(current, io->vcpu[0]);
    assert_int_equal(hog->vcpu[0]->is_running, 0);
}

/* A hog that has only begun its turn, and one who sleeps and is behind. */
static void begin_a_turn(struct domain **hog, struct domain **io)
{
    machine_start(1);
    *hog = new_domain(1, 1);
    *io = new_domain(2, 1);
    wake_all(*hog);
    simulate(100 * MS + 1);
    sched_wake((*io)->vcpu[0]);
    settle();
    sched_block();                /* @io: the hog begins again */
    settle();
    assert_ptr_equal(current, (*hog)->vcpu[0]);
}

/* It goes on for a while: it may ring again. */
static void a_waker_waits_for_who_has_just_begun(void **state)
{
    struct domain *hog, *io;

    begin_a_turn(&hog, &io);
    vcpu_unblock(io->vcpu[0]);
    simulate(2 * MS / 5);
    assert_ptr_equal(current, hog->vcpu[0]);
    simulate(MS / 5);
    assert_ptr_equal(current, io->vcpu[0]);
}

/* But not when it only went to sleep the last time. */
static void a_waker_goes_at_once_before_one_that_sleeps_anyway(void **state)
{
    struct domain *hog, *io;

    begin_a_turn(&hog, &io);
    vcpu_unblock(io->vcpu[0]);
    simulate(MS / 100);
    assert_ptr_equal(current, hog->vcpu[0]);
    sched_block();
    settle();
    assert_ptr_equal(current, io->vcpu[0]);
    sched_block();
    vcpu_unblock(hog->vcpu[0]);
    settle();
    assert_ptr_equal(current, hog->vcpu[0]);

    vcpu_unblock(io->vcpu[0]);
    settle();
    assert_ptr_equal(current, io->vcpu[0]);
}

/* ---- caps ----------------------------------------------------------------------- */

static void a_cap_holds_on_an_idle_machine(void **state)
{
    struct domain *a;

    machine_start(1);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_params(a, 256, 25), 0);
    wake_all(a);
    simulate(2 * S);

    assert_near(ran(a->vcpu[0]), S / 2, 20 * MS);
}

static void a_cap_is_shared_by_the_vcpus_of_a_domain(void **state)
{
    struct domain *a;

    machine_start(4);
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

    machine_start(1);
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

    machine_start(1);
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

    machine_start(4);
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

    machine_start(2);
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

    machine_start(2);
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

    machine_start(4);
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

    machine_start(2);
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

/*
 * @v waits on CPU 0, where its registers were when it woke, though it may run
 * on CPU 1 only; @w, which came before it, runs on CPU 0.  CPU 1 has not
 * looked yet.
 */
static void one_waits_on_the_wrong_cpu(struct vcpu **v, struct vcpu **w)
{
    machine_start(2);
    *v = new_domain(1, 1)->vcpu[0];
    *w = new_domain(2, 1)->vcpu[0];
    assert_int_equal(sched_set_affinity(*v, 1, ~0ull), 0);
    assert_int_equal(sched_set_affinity(*w, 1, ~0ull), 0);
    vcpu_pause(*w);
    sched_wake(*v);
    simulate(50 * MS);
    fake_use_cpu(0);
    sched_block();
    settle();
    assert_int_equal(sched_set_affinity(*v, 2, ~0ull), 0);
    vcpu_unpause(*w);
    vcpu_unblock(*v);
    fake_use_cpu(0);
    fake_run_softirqs();
    assert_ptr_equal(runqs[0]->curr, *w);
    assert_ptr_equal(runqs[0]->head, (*v)->sched);
}

static void who_waits_on_the_wrong_cpu_is_not_lost(void **state)
{
    struct vcpu *v, *w;

    one_waits_on_the_wrong_cpu(&v, &w);
    sched_block();
    fake_run_softirqs();
    settle();

    assert_ptr_equal(runqs[1]->curr, v);
}

static void two_that_leave_a_cpu_at_once_are_not_lost(void **state)
{
    struct vcpu *v, *w;

    one_waits_on_the_wrong_cpu(&v, &w);
    assert_int_equal(sched_set_affinity(w, 2, ~0ull), 0);
    fake_run_softirqs();
    settle();

    assert_true(is_idle_vcpu(runqs[0]->curr));
    assert_int_equal(v->is_running + w->is_running, 1);
    assert_int_equal(v->sched->queued + w->sched->queued, 1);
    assert_int_equal(v->processor, 1);
    assert_int_equal(w->processor, 1);
}

/* Who is on another CPU is looked at only under its lock: it may be freed. */
static void a_busy_queue_is_not_looked_into(void **state)
{
    struct domain *hog, *d;
    struct vcpu *there;

    machine_start(2);
    hog = new_domain(1, 1);
    d = new_domain(2, 2);
    assert_int_equal(sched_set_affinity(hog->vcpu[0], 2, ~0ull), 0);
    assert_int_equal(sched_set_affinity(d->vcpu[0], 1, ~0ull), 0);
    assert_int_equal(sched_set_affinity(d->vcpu[1], 1, ~0ull), 0);
    wake_all(hog);
    wake_all(d);
    settle();
    runqs[0]->head->hard = 3;
    there = runqs[1]->curr;
    assert_ptr_equal(there, hog->vcpu[0]);
    fake_use_cpu(0);

    spin_lock(&runqs[1]->lock);
    runqs[1]->curr = (struct vcpu *)64;
    place_balance(runqs[0], fake_now_ns);
    runqs[1]->curr = there;
    spin_unlock(&runqs[1]->lock);

    assert_int_equal(runqs[0]->nr_queued, 1);
    assert_int_equal(runqs[1]->nr_queued, 0);
}

static void soft_affinity_is_preferred(void **state)
{
    struct domain *a;

    machine_start(4);
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

    machine_start(2);
    a = new_domain(1, 1);
    assert_int_equal(sched_set_affinity(a->vcpu[0], 0xf0, ~0ull), -EINVAL);
    sched_get_affinity(a->vcpu[0], &hard, &soft);

    assert_true(hard == ~0ull);
}

/* ---- anything goes ------------------------------------------------------------------------ */

static void random_orders_keep_the_invariants(void **state)
{
    struct domain *d[4];

    machine_start(3);
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
        T(equal_weights_share_a_cpu_equally),
        T(twice_the_weight_is_twice_the_time),
        T(three_vcpus_share_two_cpus_fairly),
        T(a_long_sleeper_does_not_own_the_cpu_afterwards),
        T(a_waker_preempts_a_hog),
        T(a_waker_waits_for_who_has_just_begun),
        T(a_waker_goes_at_once_before_one_that_sleeps_anyway),
        T(a_cap_holds_on_an_idle_machine),
        T(a_cap_is_shared_by_the_vcpus_of_a_domain),
        T(lifting_a_cap_wakes_who_was_parked),
        T(weight_zero_is_refused),
        T(an_idle_cpu_takes_what_waits_elsewhere),
        T(a_cpu_that_runs_dry_steals),
        T(hard_affinity_is_kept_though_a_cpu_idles),
        T(a_running_vcpu_follows_its_affinity),
        T(a_sleeping_vcpu_follows_its_affinity),
        T(who_waits_on_the_wrong_cpu_is_not_lost),
        T(two_that_leave_a_cpu_at_once_are_not_lost),
        T(a_busy_queue_is_not_looked_into),
        T(soft_affinity_is_preferred),
        T(affinity_with_no_cpu_online_is_refused),
        T(random_orders_keep_the_invariants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
