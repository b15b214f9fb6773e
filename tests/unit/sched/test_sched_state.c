/* SPDX-License-Identifier: MIT */
/*
 * Blocking, pausing, waiting for other CPUs, runstates and the watchdog, in
 * simulated time.
 */
#include <string.h>

#include "machine.h"

/* ---- state, blocking ------------------------------------------------------------------ */

static void back_from_idle_to_the_same_vcpu_reloads_nothing(void **state)
{
    struct domain *a;

    machine_start(1);
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

    machine_start(1);
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

    machine_start(1);
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

    machine_start(2);
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

    machine_start(2);
    before = runqs[1]->passes;
    fake_on_relax = let_cpu_1_run;
    sched_quiesce();

    assert_true(runqs[1]->passes > before);
}

static void yield_lets_the_next_one_run(void **state)
{
    struct domain *a, *b;
    struct vcpu *first;

    machine_start(1);
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

    machine_start(2);
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

    machine_start(1);
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

/* abi/info32.h: 44 bytes, numbers of 64 bits at multiples of 4; and the wall
 * clock after fewer mask bits. */
static void times_of_a_32_bit_guest(void **state)
{
    uint32_t area[12] = { [11] = 0x77777777 };
    struct domain *a;
    uint32_t *shared;
    uint64_t entry;

    machine_start(1);
    a = new_domain(1, 1);
    a->info32 = 1;
    a->vm_assist = 1ull << VMASST_TYPE_runstate_update_flag;
    wake_all(a);
    simulate(7 * MS);
    assert_int_equal(vtime_register_runstate(a->vcpu[0],
                                             (uint64_t)(uintptr_t)area), 0);
    test_become(a->vcpu[0]);
    vtime_publish_runstate(a->vcpu[0]);
    assert_int_equal(area[0], a->vcpu[0]->vtime->runstate.state);
    memcpy(&entry, area + 1, sizeof(entry));
    assert_true(entry == a->vcpu[0]->vtime->runstate.state_entry_time);
    assert_memory_equal(area + 3, a->vcpu[0]->vtime->runstate.time, 32);
    assert_int_equal(area[11], 0x77777777);

    shared = (uint32_t *)a->shared_info;
    memset(shared, 0, 4096);
    vtime_update_wallclock(a);
    assert_int_equal(shared[2304 / 4], 2);
    assert_int_equal(shared[3072 / 4], 0);
}

/* Loaders leave a cleared page to their kernel. */
static void time_numbers_that_a_guest_wiped_come_back(void **state)
{
    struct domain *a;
    struct vcpu_time_info given, *time;

    machine_start(1);
    a = new_domain(1, 1);
    time = &a->vcpu[0]->info->time;
    vtime_update(a->vcpu[0]);
    given = *time;
    *time = (struct vcpu_time_info){ 0 };
    vtime_update(a->vcpu[0]);

    assert_true(given.tsc_to_system_mul != 0);
    given.version = time->version;
    assert_memory_equal(time, &given, sizeof(given));
}

static void numbers_that_are_right_are_not_written_again(void **state)
{
    struct domain *a;
    uint32_t version;

    machine_start(1);
    a = new_domain(1, 1);
    vtime_update(a->vcpu[0]);
    version = a->vcpu[0]->info->time.version;
    vtime_update(a->vcpu[0]);

    assert_int_equal(a->vcpu[0]->info->time.version, version);
    assert_int_equal(version % 2, 0);
}

static void idle_time_is_what_nobody_used(void **state)
{
    struct domain *a;

    machine_start(1);
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

    machine_start(1);
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

    machine_start(1);
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

/* A vcpu is down before it looks for others: of two that go at the same time
 * neither may take the other for one that stays. */
static void the_last_vcpu_that_goes_down_switches_off(void **state)
{
    struct domain *a;

    machine_start(1);
    a = new_domain(1, 2);
    wake_all(a);
    settle();
    vcpu_down(a->vcpu[1]);
    settle();
    assert_int_equal(a->is_shut_down, 0);
    assert_ptr_equal(current, a->vcpu[0]);
    vcpu_down(a->vcpu[0]);
    settle();

    assert_int_equal(a->is_shut_down, 1);
    assert_int_equal(a->shutdown_code, SHUTDOWN_poweroff);
    assert_int_equal(a->vcpu[0]->is_up, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(back_from_idle_to_the_same_vcpu_reloads_nothing),
        T(block_with_an_event_pending_returns_at_once),
        T(pause_takes_the_state_from_an_idle_cpu),
        T(pause_waits_for_a_vcpu_that_runs_elsewhere),
        T(the_last_vcpu_that_goes_down_switches_off),
        T(quiesce_waits_for_every_other_cpu),
        T(yield_lets_the_next_one_run),
        T(nothing_ticks_while_nobody_waits),
        T(runstates_add_up_to_the_time_that_passed),
        T(times_of_a_32_bit_guest),
        T(time_numbers_that_a_guest_wiped_come_back),
        T(numbers_that_are_right_are_not_written_again),
        T(idle_time_is_what_nobody_used),
        T(a_watchdog_bites_unless_poked),
        T(watchdog_numbers_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
