/* SPDX-License-Identifier: MIT */
/*
 * Tests of vdev/hw_line: a pin that the hardware domain unmasks is its line
 * from then on; edges come once, levels until their EOI has gone back to the
 * machine; other domains have no lines.
 */
#include "rig.h"

#include "fake_irq.h"

#define MASKED 0x10000u
#define LEVEL  0x8000u
#define LOW    0x2000u

static int set_up(void **state)
{
    memset(fake_line, 0, sizeof(fake_line));
    fake_task = NULL;
    fake_absent_gsi = ~0u;
    (void)rig_up(state);
    vdev_hw_start(NULL);             /* forget the lines of the last test */
    vdev_hw_start(&vd);
    apic_on(0);
    return 0;
}

/* The machine's line, then the softirq it asks for. */
static void fire(unsigned int gsi)
{
    fake_line[gsi].fn(fake_line[gsi].data);
    assert_non_null(fake_task);
    fake_task->fn();
    fake_task = NULL;
}

static void a_masked_pin_is_not_bound(void **state)
{
    route(11, MASKED | LEVEL | 0x51);

    assert_null(fake_line[11].fn);
}

static void unmasking_binds_with_trigger_and_polarity(void **state)
{
    route(11, LEVEL | LOW | 0x51);
    route(14, 0x52);

    assert_non_null(fake_line[11].fn);
    assert_true(fake_line[11].level && fake_line[11].low);
    assert_non_null(fake_line[14].fn);
    assert_true(!fake_line[14].level && !fake_line[14].low);
    route(11, LEVEL | LOW | 0x53);   /* another vector: the same line */
    assert_int_equal(fake_line[11].binds, 1);
    route(11, LEVEL | 0x53);
    assert_int_equal(fake_line[11].binds, 2);
    assert_false(fake_line[11].low);
}

static void an_edge_comes_once_and_owes_nothing(void **state)
{
    route(14, 0x52);
    fire(14);

    assert_int_equal(drain(0, 0x52), 1);
    assert_int_equal(drain(0, 0x52), 0);
    assert_int_equal(fake_line[14].eois, 0);
    fire(14);
    assert_int_equal(drain(0, 0x52), 1);
}

static void a_level_goes_back_with_its_eoi(void **state)
{
    route(11, LEVEL | 0x51);
    fire(11);

    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x51);
    assert_int_equal(fake_line[11].eois, 0);
    wr(0, 0xb0, 0);
    assert_int_equal(fake_line[11].eois, 1);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    fire(11);                        /* still up: the machine tells again */
    assert_int_equal(drain(0, 0x51), 1);
    assert_int_equal(fake_line[11].eois, 2);
}

static void a_level_that_came_while_masked_waits(void **state)
{
    route(11, LEVEL | 0x51);
    route(11, MASKED | LEVEL | 0x51);
    fire(11);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    route(11, LEVEL | 0x51);

    assert_int_equal(drain(0, 0x51), 1);
    assert_int_equal(fake_line[11].eois, 1);
}

static void a_pin_without_a_line_is_harmless(void **state)
{
    fake_absent_gsi = 9;
    route(9, LEVEL | 0x50);
    route(40, 0x54);

    assert_null(fake_line[9].fn);
    assert_int_equal(drain(0, 0), 0);
}

static void a_guest_has_no_lines(void **state)
{
    vdev_hw_start(NULL);
    route(11, LEVEL | 0x51);

    assert_null(fake_line[11].fn);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        T(a_masked_pin_is_not_bound),
        T(unmasking_binds_with_trigger_and_polarity),
        T(an_edge_comes_once_and_owes_nothing),
        T(a_level_goes_back_with_its_eoi),
        T(a_level_that_came_while_masked_waits),
        T(a_pin_without_a_line_is_harmless),
        T(a_guest_has_no_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
