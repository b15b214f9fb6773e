/* SPDX-License-Identifier: MIT */
/* core/timer and core/softirq: order, re-arming, moving, hardware deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <core/machine.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <core/timer.h>
#include <core/timer_heap.h>

#include "core_host.h"

#define NR 64

static uint64_t now, hardware;
static unsigned int ipis, nr_fired;
static unsigned int fired[NR * 4];
static void *slots[2][NR];
static struct cpu_info other_cpu;

static uint64_t clock_now(void)
{
    return now;
}

static void arm(uint64_t deadline_ns)
{
    hardware = deadline_ns;
}

static void ipi(unsigned int cpu)
{
    ipis++;
}

static void note(void *data)
{
    fired[nr_fired++] = (unsigned int)(uintptr_t)data;
}

static int set_up(void **state)
{
    now = 1000;
    hardware = 0;
    ipis = nr_fired = 0;
    host_cpu_info.softirq_pending = 0;
    host_cpu_info.cpu = 0;
    cpu_infos[0] = &host_cpu_info;
    cpu_infos[1] = &other_cpu;
    other_cpu.softirq_pending = 0;
    machine.now_ns = clock_now;
    machine.arm_timer = arm;
    machine.send_event_check = ipi;
    softirq_set_handler(SOFTIRQ_TIMER, timer_run);
    timer_cpu_init(0, slots[0], NR);
    timer_cpu_init(1, slots[1], NR);
    return 0;
}

static void timers_fire_in_order_of_deadline(void **state)
{
    struct timer t[NR];

    srand(7);
    for (unsigned int i = 0; i < NR; i++) {
        timer_init(&t[i], note, (void *)(uintptr_t)i, 0);
        timer_set(&t[i], 2000 + (uint64_t)(rand() % 1000));
    }
    now = 5000;
    softirq_run();

    assert_int_equal(nr_fired, NR);
    for (unsigned int i = 1; i < NR; i++) {
        assert_true(t[fired[i - 1]].deadline_ns <= t[fired[i]].deadline_ns);
    }
    assert_int_equal(hardware, 0);                 /* nothing to wait for */
}

static void the_hardware_waits_for_the_earliest(void **state)
{
    struct timer a, b;

    timer_init(&a, note, NULL, 0);
    timer_init(&b, note, NULL, 0);
    timer_set(&a, 3000);
    softirq_run();
    assert_int_equal(hardware, 3000);
    timer_set(&b, 2000);
    softirq_run();
    assert_int_equal(hardware, 2000);
    timer_stop(&b);
    now = 2000;
    timer_interrupt();
    softirq_run();
    assert_int_equal(nr_fired, 0);
    assert_int_equal(hardware, 3000);
    timer_stop(&a);
}

static void a_moved_timer_fires_once_at_its_new_time(void **state)
{
    struct timer t;

    timer_init(&t, note, NULL, 0);
    timer_set(&t, 2000);
    timer_set(&t, 4000);
    now = 3000;
    softirq_run();
    assert_int_equal(nr_fired, 0);
    now = 4000;
    softirq_raise(SOFTIRQ_TIMER);
    softirq_run();
    assert_int_equal(nr_fired, 1);
    assert_false(timer_armed(&t));
}

static struct timer again;

static void rearm(void *data)
{
    nr_fired++;
    if (nr_fired < 3) {
        timer_set(&again, now + 100);
    }
}

static void a_handler_may_arm_its_own_timer(void **state)
{
    timer_init(&again, rearm, NULL, 0);
    timer_set(&again, now);
    for (unsigned int i = 0; i < 5; i++) {
        softirq_raise(SOFTIRQ_TIMER);
        softirq_run();
        now += 100;
    }
    assert_int_equal(nr_fired, 3);
    assert_false(timer_armed(&again));
}

static void a_timer_of_another_cpu_interrupts_it(void **state)
{
    struct timer t;

    timer_init(&t, note, NULL, 1);
    timer_set(&t, 2000);
    assert_int_equal(ipis, 1);
    assert_int_equal(other_cpu.softirq_pending, 1u << SOFTIRQ_TIMER);
    now = 3000;
    softirq_run();
    assert_int_equal(nr_fired, 0);                /* not ours */
    timer_kill(&t);
    assert_false(timer_armed(&t));
}

static void migration_keeps_the_deadline(void **state)
{
    struct timer t;

    timer_init(&t, note, NULL, 1);
    timer_set(&t, 2000);
    timer_migrate(&t, 0);
    assert_true(timer_armed(&t));
    now = 2000;
    softirq_run();
    assert_int_equal(nr_fired, 1);
    timer_migrate(&t, 1);
    assert_false(timer_armed(&t));
}

/* While its handler runs on CPU 0 the timer goes to CPU 1 and is killed
 * there: by then nobody may use what it belongs to. */
static struct timer moving;
static bool waited;

static void move_and_kill(void *data)
{
    timer_migrate(&moving, 1);
    host_cpu_info.cpu = 1;
    waited = PANICS(timer_kill(&moving));
    host_cpu_info.cpu = 0;
}

static void kill_waits_for_a_handler_on_the_cpu_it_left(void **state)
{
    cpu_online_mask = 3;
    timer_init(&moving, move_and_kill, NULL, 0);
    timer_set(&moving, now);
    softirq_raise(SOFTIRQ_TIMER);
    softirq_run();
    assert_true(waited);
    timer_kill(&moving);                 /* over: returns */
    cpu_online_mask = 1;
}

/* Random sets and stops against a plain list. */
static void heap_agrees_with_a_list(void **state)
{
    struct timer t[NR];
    bool on[NR] = { false };

    srand(1);
    for (unsigned int i = 0; i < NR; i++) {
        timer_init(&t[i], note, (void *)(uintptr_t)i, 0);
    }
    for (unsigned int step = 0; step < 20000; step++) {
        unsigned int i = (unsigned int)rand() % NR;

        if (rand() % 3 != 0) {
            timer_set(&t[i], now + 1 + (uint64_t)(rand() % 500));
            on[i] = true;
        } else {
            timer_stop(&t[i]);
            on[i] = false;
        }
        now += (uint64_t)(rand() % 20);
        nr_fired = 0;
        timer_run();
        for (unsigned int k = 0; k < nr_fired; k++) {
            assert_true(on[fired[k]]);
            on[fired[k]] = false;
        }
        for (unsigned int k = 0; k < NR; k++) {
            assert_int_equal(timer_armed(&t[k]), on[k]);
            assert_true(!on[k] || t[k].deadline_ns > now);
        }
    }
    for (unsigned int i = 0; i < NR; i++) {
        timer_stop(&t[i]);
    }
}

static unsigned int task_runs;
static struct softirq_task task;

static void count_task(void)
{
    if (task_runs++ == 0) {
        softirq_task_raise(&task);
    }
}

static void a_task_runs_once_for_each_raise_after_it_began(void **state)
{
    task.fn = count_task;
    softirq_init();
    softirq_task_raise(&task);
    softirq_task_raise(&task);
    softirq_run();
    assert_int_equal(task_runs, 2);               /* the second from within */
    assert_false(softirq_pending());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(timers_fire_in_order_of_deadline, set_up),
        cmocka_unit_test_setup(the_hardware_waits_for_the_earliest, set_up),
        cmocka_unit_test_setup(a_moved_timer_fires_once_at_its_new_time,
                               set_up),
        cmocka_unit_test_setup(a_handler_may_arm_its_own_timer, set_up),
        cmocka_unit_test_setup(a_timer_of_another_cpu_interrupts_it, set_up),
        cmocka_unit_test_setup(migration_keeps_the_deadline, set_up),
        cmocka_unit_test_setup(kill_waits_for_a_handler_on_the_cpu_it_left,
                               set_up),
        cmocka_unit_test_setup(heap_agrees_with_a_list, set_up),
        cmocka_unit_test_setup(a_task_runs_once_for_each_raise_after_it_began,
                               set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
