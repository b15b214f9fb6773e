/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: priorities, end of interrupt, messages and destinations,
 * the timer in its three modes, x2APIC rules, save and load.
 */
#include "rig.h"

static void higher_priority_first_and_nested(void **state)
{
    apic_on(0);
    vlapic_set_irq(&apic[0], 0x31, false);
    vlapic_set_irq(&apic[0], 0x52, false);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x52);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);   /* same is lower */
    assert_int_equal(rd(0, 0xa0), 0x50);                   /* PPR */
    vlapic_set_irq(&apic[0], 0x61, false);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x61);
    wr(0, 0xb0, 0);
    assert_int_equal(vlapic_pending(&apic[0]), -1);
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x31);
}

static void task_priority_holds_back(void **state)
{
    apic_on(0);
    wr(0, 0x80, 0x40);
    vlapic_set_irq(&apic[0], 0x4f, false);
    assert_int_equal(vlapic_pending(&apic[0]), -1);
    wr(0, 0x80, 0x3f);
    assert_int_equal(vlapic_pending(&apic[0]), 0x4f);
}

static void a_disabled_apic_takes_nothing(void **state)
{
    vlapic_set_irq(&apic[0], 0x50, false);
    assert_int_equal(vlapic_pending(&apic[0]), -1);
    assert_true(vlapic_takes_pic(&apic[0]) == false);      /* LVT0 masked */
    assert_true(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, VLAPIC_BASE));
    assert_true(vlapic_takes_pic(&apic[0]));
    assert_false(vlapic_mmio_active(&apic[0]));
}

static void illegal_vectors_show_in_esr(void **state)
{
    apic_on(0);
    apic_on(1);
    wr(0, 0x310, 2u << 24);
    wr(0, 0x300, 0x05);                    /* fixed, vector 5 */
    wr(0, 0x280, 0);
    assert_int_equal(rd(0, 0x280), 0x20);
    assert_int_equal(vlapic_pending(&apic[1]), -1);
    vlapic_set_irq(&apic[0], 7, false);
    wr(0, 0x280, 0);
    assert_int_equal(rd(0, 0x280), 0x40);
    (void)rd(0, 0x40);                     /* reserved register */
    wr(0, 0x280, 0);
    assert_int_equal(rd(0, 0x280), 0x80);
    wr(0, 0x280, 0);
    assert_int_equal(rd(0, 0x280), 0);
}

static void destinations(void **state)
{
    static const struct {
        uint32_t icr, dest;
        unsigned int who;                  /* bit mask of APICs */
    } cases[] = {
        { 0x00040, 2, 2 }, { 0x00040, 4, 4 }, { 0x00040, 1, 0 },
        { 0x00040, 0xff, 7 }, { 0x00840, 0x03, 3 }, { 0x00840, 0x04, 4 },
        { 0x40040, 9, 1 }, { 0x80040, 9, 7 }, { 0xc0040, 9, 6 },
        { 0x00840, 0x10, 0 }, { 0x00840, 0xff, 7 },
    };

    for (unsigned int i = 0; i < NR_APICS; i++) {
        apic_on(i);
        wr(i, 0xd0, 1u << (24 + i));       /* flat logical id */
    }
    for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
        wr(0, 0x310, cases[c].dest << 24);
        wr(0, 0x300, cases[c].icr);
        for (unsigned int i = 0; i < NR_APICS; i++) {
            if (drain(i, 0x40) != (cases[c].who >> i & 1)) {
                fail_msg("case %zu, APIC %u", c, i);
            }
        }
    }
}

static void cluster_destinations(void **state)
{
    for (unsigned int i = 0; i < NR_APICS; i++) {
        apic_on(i);
        wr(i, 0xe0, 0);                    /* cluster model */
        wr(i, 0xd0, (i == 2 ? 0x21u : 0x11u << i) << 24);
    }
    wr(0, 0x310, 0x23u << 24);
    wr(0, 0x300, 0x840);
    assert_int_equal(drain(0, 0x40), 0);
    assert_int_equal(drain(1, 0x40), 1);   /* 0x22 */
    assert_int_equal(drain(2, 0x40), 1);
}

static void lowest_priority_picks_the_idle_one(void **state)
{
    struct vlapic_msg m = { .dest = 0xffffffff, .mode = VLAPIC_LOWEST,
                            .vector = 0x66 };

    apic_on(0);
    apic_on(1);
    wr(0, 0x80, 0x20);
    for (unsigned int i = 0; i < 5; i++) {
        vlapic_deliver(&vd, &m);
        assert_int_equal(drain(1, 0x66), 1);
    }
    assert_int_equal(drain(0, 0x66), 0);
    assert_int_equal(drain(2, 0x66), 0);   /* not enabled */
}

static void init_and_sipi_go_to_the_hook(void **state)
{
    wr(0, 0x310, 2u << 24);
    wr(0, 0x300, 0xc500);
    assert_int_equal(signals, 1);
    assert_int_equal(last_signal, VLAPIC_INIT);
    assert_ptr_equal(last_vcpu, apic[1].vcpu);
    wr(0, 0x300, 0x8500);                  /* de-assert: nothing */
    assert_int_equal(signals, 1);
    wr(0, 0x300, 0x699);
    assert_int_equal(last_signal, VLAPIC_SIPI);
    assert_int_equal(last_vector, 0x99);
}

static void timer_one_shot_counts_down(void **state)
{
    apic_on(0);
    wr(0, 0x3e0, 0xb);                     /* by one: 10 ns */
    wr(0, 0x320, 0x55);
    wr(0, 0x380, 1000);
    pass(4000);
    assert_int_equal(rd(0, 0x390), 600);
    assert_int_equal(drain(0, 0x55), 0);
    pass(6000);
    assert_int_equal(drain(0, 0x55), 1);
    assert_int_equal(rd(0, 0x390), 0);
    pass(1000000);
    assert_int_equal(drain(0, 0x55), 0);
}

static void arm_again(void)
{
    on_kick = NULL;
    wr(0, 0x380, 1000);
}

/* The guest hears of the expiry on another CPU and sets the next one before
 * we are done with the first. */
static void timer_armed_again_at_its_expiry_is_not_lost(void **state)
{
    apic_on(0);
    wr(0, 0x3e0, 0xb);
    wr(0, 0x320, 0x55);
    wr(0, 0x380, 1000);
    on_kick = arm_again;
    pass(10000);
    assert_null(on_kick);
    assert_int_equal(drain(0, 0x55), 1);
    pass(10000);
    assert_int_equal(drain(0, 0x55), 1);
}

static void stop_it(void)
{
    on_kick = NULL;
    wr(0, 0x380, 0);
}

static void periodic_timer_stopped_at_its_expiry_stays_off(void **state)
{
    apic_on(0);
    wr(0, 0x3e0, 0xb);
    wr(0, 0x320, 0x20055);
    wr(0, 0x380, 100000);
    on_kick = stop_it;
    pass(1000000);
    assert_int_equal(drain(0, 0x55), 1);
    pass(5000000);
    assert_int_equal(drain(0, 0x55), 0);
    assert_int_equal(fake_next_deadline(), ~0ull);
}

static void timer_periodic_does_not_flood(void **state)
{
    unsigned int n = 0;

    apic_on(0);
    wr(0, 0x3e0, 0xb);
    wr(0, 0x320, 0x20055);
    wr(0, 0x380, 100000);                  /* 1 ms */
    for (unsigned int i = 0; i < 10; i++) {
        pass(1000000);
        n += drain(0, 0x55);
    }
    assert_int_equal(n, 10);
    fake_now_ns += 50000000;               /* not run for 50 ms */
    fake_run_timers();
    assert_int_equal(drain(0, 0x55), 1);
    wr(0, 0x380, 1);                       /* 10 ns: held to 100 us */
    n = 0;
    for (unsigned int i = 0; i < 100; i++) {
        pass(10000);
        n += drain(0, 0x55);
    }
    assert_in_range(n, 10, 11);
    wr(0, 0x380, 0);
    assert_int_equal(fake_next_deadline(), ~0ull);
}

static void timer_tsc_deadline(void **state)
{
    uint64_t v;

    apic_on(0);
    tsc_offset = -5000000000ll;
    assert_true(vlapic_wrmsr(&apic[0], MSR_TSC_DEADLINE, 100));
    assert_true(vlapic_rdmsr(&apic[0], MSR_TSC_DEADLINE, &v));
    assert_int_equal(v, 0);                /* not in that mode */
    wr(0, 0x320, 0x40055);
    assert_true(vlapic_wrmsr(&apic[0], MSR_TSC_DEADLINE, 7000));
    pass(6000);
    assert_int_equal(drain(0, 0x55), 0);
    pass(1000);
    assert_int_equal(drain(0, 0x55), 1);
    assert_true(vlapic_rdmsr(&apic[0], MSR_TSC_DEADLINE, &v));
    assert_int_equal(v, 0);
    assert_true(vlapic_wrmsr(&apic[0], MSR_TSC_DEADLINE, 1));   /* past */
    pass(0);
    assert_int_equal(drain(0, 0x55), 1);
    assert_true(vlapic_wrmsr(&apic[0], MSR_TSC_DEADLINE, ~0ull >> 1));
    pass(1ull << 43);                      /* far: armed again and again */
    assert_int_equal(drain(0, 0x55), 0);
}

/* Looking at the clock takes time: no reason to look for ever. */
static void tsc_deadline_comes_once_while_time_goes_on(void **state)
{
    apic_on(0);
    tsc_offset = 0;
    fake_read_ns = 1;
    wr(0, 0x320, 0x40055);
    assert_true(vlapic_wrmsr(&apic[0], MSR_TSC_DEADLINE,
                             fake_now_ns + 7000));
    pass(5000);
    assert_int_equal(drain(0, 0x55), 0);
    pass(3000);
    assert_int_equal(drain(0, 0x55), 1);
    assert_int_equal(fake_next_deadline(), ~0ull);
}

static void a_masked_timer_is_silent(void **state)
{
    apic_on(0);
    wr(0, 0x320, 0x10055);
    wr(0, 0x380, 10);
    pass(1000000);
    assert_int_equal(drain(0, 0x55), 0);
}

static void x2apic_modes_change_only_as_allowed(void **state)
{
    uint64_t on = VLAPIC_BASE | APIC_BASE_ENABLE, bsp = APIC_BASE_BSP;

    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE,
                              VLAPIC_BASE | APIC_BASE_X2));
    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, 0xfed00000 | on));
    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on | 1));
    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on | 1ull << 60));
    assert_true(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on | APIC_BASE_X2 | bsp));
    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on | bsp));
    assert_true(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, VLAPIC_BASE | bsp));
    assert_false(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on | APIC_BASE_X2));
    assert_true(vlapic_wrmsr(&apic[0], MSR_APIC_BASE, on));
}

static void x2apic_registers(void **state)
{
    uint64_t v;

    assert_false(vlapic_rdmsr(&apic[1], 0x802, &v));       /* not on yet */
    x2_on(1);
    assert_false(vlapic_mmio_active(&apic[1]));
    assert_true(vlapic_rdmsr(&apic[1], 0x802, &v));
    assert_int_equal(v, 2);
    assert_true(vlapic_rdmsr(&apic[1], 0x80d, &v));
    assert_int_equal(v, 1u << 2);
    assert_false(vlapic_wrmsr(&apic[1], 0x802, 0));        /* read-only */
    assert_false(vlapic_wrmsr(&apic[1], 0x808, 0x100));    /* reserved bit */
    assert_true(vlapic_wrmsr(&apic[1], 0x808, 0x20));
    assert_false(vlapic_wrmsr(&apic[1], 0x80b, 1));
    assert_false(vlapic_rdmsr(&apic[1], 0x80b, &v));       /* write-only */
    assert_false(vlapic_rdmsr(&apic[1], 0x80e, &v));       /* no DFR */
    assert_false(vlapic_rdmsr(&apic[1], 0x831, &v));       /* no ICR2 */
    assert_false(vlapic_rdmsr(&apic[1], 0x840, &v));
    assert_false(vlapic_wrmsr(&apic[1], 0x8ff, 0));
    assert_false(vlapic_wrmsr(&apic[1], 0x832, 0x80000));
}

static void x2apic_messages(void **state)
{
    uint64_t v;

    for (unsigned int i = 0; i < NR_APICS; i++) {
        x2_on(i);
        assert_true(vlapic_wrmsr(&apic[i], 0x80f, 0x1ff));
    }
    assert_true(vlapic_wrmsr(&apic[0], 0x830, 4ull << 32 | 0x41));
    assert_int_equal(drain(2, 0x41), 1);
    assert_true(vlapic_rdmsr(&apic[0], 0x830, &v));
    assert_int_equal(v, 4ull << 32 | 0x41);
    /* logical: cluster 0, bits 0 and 4 are APIC ids 0 and 4 */
    assert_true(vlapic_wrmsr(&apic[1], 0x830, 0x11ull << 32 | 0x842));
    assert_int_equal(drain(0, 0x42), 1);
    assert_int_equal(drain(1, 0x42), 0);
    assert_int_equal(drain(2, 0x42), 1);
    assert_true(vlapic_wrmsr(&apic[1], 0x830, 0x10001ull << 32 | 0x842));
    assert_int_equal(drain(0, 0x42), 0);   /* cluster 1 */
    assert_true(vlapic_wrmsr(&apic[1], 0x830, 0xffffffffull << 32 | 0x43));
    assert_int_equal(drain(0, 0x43) + drain(1, 0x43) + drain(2, 0x43), 3);
    assert_true(vlapic_wrmsr(&apic[0], 0x83f, 0x44));      /* self */
    assert_int_equal(drain(0, 0x44), 1);
    assert_false(vlapic_wrmsr(&apic[0], 0x830, 0x1000));
}

static void lvts_are_masked_while_disabled(void **state)
{
    apic_on(0);
    wr(0, 0x350, 0x700);
    assert_true(vlapic_takes_pic(&apic[0]));
    wr(0, 0xf0, 0xff);
    assert_int_equal(rd(0, 0x350), 0x10700);
    wr(0, 0x350, 0x700);
    assert_int_equal(rd(0, 0x350), 0x10700);
}

static void odd_accesses_do_nothing(void **state)
{
    uint64_t v = 0x12345678;

    apic_on(0);
    wr(0, 0x80, 0x50);
    vdev_access_mmio(&vd, &apic[0], VLAPIC_BASE + 0x82, 4, true, &v);
    vdev_access_mmio(&vd, &apic[0], VLAPIC_BASE + 0x80, 1, true, &v);
    vdev_access_mmio(&vd, &apic[0], VLAPIC_BASE + 0xfff, 1, true, &v);
    assert_int_equal(rd(0, 0x80), 0x50);
    assert_int_equal(vlapic_read(&apic[0], 0x83, 4), 0);
    assert_int_equal(vlapic_read(&apic[0], 0x31, 1), 0);
    assert_int_equal(vlapic_read(&apic[0], 0x30, 2), 0x14);
    assert_int_equal(vlapic_read(&apic[0], 0x32, 1), 0x05);
}

static void context_comes_back(void **state)
{
    struct hvm_hw_lapic h;
    struct hvm_hw_lapic_regs r;

    apic_on(0);
    wr(0, 0x80, 0x10);
    vlapic_set_irq(&apic[0], 0x77, true);
    wr(0, 0x320, 0x20055);
    wr(0, 0x380, 100000);
    pass(600000);
    assert_int_equal(vlapic_save(&apic[0], &h), sizeof(h));
    assert_int_equal(vlapic_save_regs(&apic[0], &r), sizeof(r));
    vlapic_reset(&apic[0]);
    assert_int_equal(vlapic_load(&apic[0], &h), 0);
    assert_int_equal(vlapic_load_regs(&apic[0], &r), 0);
    assert_int_equal(rd(0, 0x80), 0x10);
    assert_in_range(rd(0, 0x390), 69990, 70000);
    assert_int_equal(drain(0, 0x77), 1);
    pass(1400010);
    assert_int_equal(drain(0, 0x55), 1);
    h.apic_base_msr = 0x1000;
    assert_int_equal(vlapic_load(&apic[0], &h), -EINVAL);
}

/* Whatever was saved, loading it leaves a state that writes could reach. */
static void hostile_context_is_harmless(void **state)
{
    struct hvm_hw_lapic h = { .apic_base_msr = VLAPIC_BASE | APIC_BASE_ENABLE,
                              .disabled = ~0u, .timer_divisor = 0,
                              .tdt_msr = ~0ull };
    struct hvm_hw_lapic_regs r;

    memset(&r, 0xff, sizeof(r));
    assert_int_equal(vlapic_load(&apic[0], &h), 0);
    assert_int_equal(vlapic_load_regs(&apic[0], &r), 0);
    assert_int_equal(rd(0, 0xf0), 0x1ff);
    assert_int_equal(rd(0, 0x200) & 0xffff, 0);            /* vectors < 16 */
    assert_int_equal(rd(0, 0x20), 0);
    pass(1ull << 34);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, rig_up)
    const struct CMUnitTest tests[] = {
        T(higher_priority_first_and_nested), T(task_priority_holds_back),
        T(a_disabled_apic_takes_nothing), T(illegal_vectors_show_in_esr),
        T(destinations), T(cluster_destinations),
        T(lowest_priority_picks_the_idle_one), T(init_and_sipi_go_to_the_hook),
        T(timer_one_shot_counts_down),
        T(timer_armed_again_at_its_expiry_is_not_lost),
        T(periodic_timer_stopped_at_its_expiry_stays_off), T(timer_periodic_does_not_flood),
        T(timer_tsc_deadline),
        T(tsc_deadline_comes_once_while_time_goes_on), T(a_masked_timer_is_silent),
        T(x2apic_modes_change_only_as_allowed), T(x2apic_registers),
        T(x2apic_messages), T(lvts_are_masked_while_disabled),
        T(odd_accesses_do_nothing), T(context_comes_back),
        T(hostile_context_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
