/* SPDX-License-Identifier: MIT */
/*
 * PIT, RTC, HPET and PM timer against a clock that the test moves.
 */
#include "rig.h"

#define MS 1000000ull
#define S  1000000000ull
#define HPET 0xfed00000ull

static int up(void **state)
{
    rig_up(state);
    apic_on(0);
    route(2, 0x32);
    route(8, 0x38);
    route(9, 0x8039);
    route(20, 0x44);
    return 0;
}

static void pit_load(unsigned int ch, uint8_t mode, uint16_t count)
{
    outb_(0x43, (uint8_t)(ch << 6 | 0x30 | mode << 1));
    outb_(0x40 + ch, (uint8_t)count);
    outb_(0x40 + ch, count >> 8);
}

static uint16_t pit_latched(unsigned int ch)
{
    uint16_t v;

    outb_(0x43, (uint8_t)(ch << 6));
    v = inb_(0x40 + ch);
    return (uint16_t)(v | inb_(0x40 + ch) << 8);
}

static void pit_periodic(void **state)
{
    unsigned int n = 0;

    pit_load(0, 2, 11932);                 /* 10 ms */
    for (unsigned int i = 0; i < 100; i++) {
        pass(10 * MS);
        n += drain(0, 0x32);
    }
    assert_in_range(n, 99, 100);
    fake_now_ns += 5 * S;
    fake_run_timers();
    assert_int_equal(drain(0, 0x32), 65);  /* of 500, as many are made up */
    fake_now_ns += 40 * MS;                /* not run: four ticks, in one... */
    fake_run_timers();
    pass(10 * MS);                         /* ...and one while it waits */
    assert_int_equal(drain(0, 0x32), 5);
    pass(20 * MS);
    route(2, 0x10032);                     /* masked: nothing is made up */
    assert_int_equal(drain(0, 0x32), 1);
    route(2, 0x32);
    fake_now_ns += 5 * S;
    fake_run_timers();
    pit_load(0, 2, 11932);                 /* programmed anew: owed no more */
    assert_int_equal(drain(0, 0x32), 1);
    pit_load(0, 2, 1);                     /* 0.8 us: held to 100 us */
    for (n = 0; n < 1000 && fake_next_deadline() < fake_now_ns + MS; n++) {
        pass(fake_next_deadline() - fake_now_ns);
        if (n == 20) {
            break;
        }
    }
    assert_in_range(fake_next_deadline() - fake_now_ns, 1, 100000);
}

static void pit_one_shot(void **state)
{
    pit_load(0, 0, 11932);
    pass(9 * MS);
    assert_int_equal(drain(0, 0x32), 0);
    pass(2 * MS);
    assert_int_equal(drain(0, 0x32), 1);
    pass(S);
    assert_int_equal(drain(0, 0x32), 0);
}

static void pit_counts_and_latches(void **state)
{
    uint16_t a;

    pit_load(2, 0, 0xffff);
    pass(10 * MS);
    assert_in_range(pit_latched(2), 0xffff - 11933, 0xffff - 11930);
    outb_(0x43, 0x80);
    a = inb_(0x42);
    pass(MS);
    a |= (uint16_t)(inb_(0x42) << 8);      /* the latch stood still */
    assert_in_range(a, 0xffff - 11933, 0xffff - 11930);
    outb_(0x43, 0xe8);                     /* read back status of channel 2 */
    assert_int_equal(inb_(0x42), 0x30);
    pit_load(0, 2, 0);
    pass(10000);
    assert_in_range(pit_latched(0), 0xfff0, 0xffff);
}

static void pit_gate_and_output_by_port_61(void **state)
{
    outb_(0x61, 0);
    pit_load(2, 0, 11932);
    outb_(0x61, 1);
    assert_int_equal(inb_(0x61) & 0x21, 1);
    pass(11 * MS);
    assert_int_equal(inb_(0x61) & 0x21, 0x21);
    outb_(0x61, 3);
    assert_int_equal(inb_(0x61) & 3, 3);
}

static uint8_t cmos(uint8_t i)
{
    outb_(0x70, i);
    return inb_(0x71);
}

static void cmos_wr(uint8_t i, uint8_t v)
{
    outb_(0x70, i);
    outb_(0x71, v);
}

/* fake wall clock: 1700000000 s + 123 ns, at system time 0 */
static void rtc_tells_the_time(void **state)
{
    fake_now_ns = 40 * S;                  /* 2023-11-14 22:14:00 UTC */
    assert_int_equal(cmos(0), 0x00);
    assert_int_equal(cmos(2), 0x14);
    assert_int_equal(cmos(4), 0x22);
    assert_int_equal(cmos(6), 3);          /* Tuesday */
    assert_int_equal(cmos(7), 0x14);
    assert_int_equal(cmos(8), 0x11);
    assert_int_equal(cmos(9), 0x23);
    cmos_wr(11, 0x04);                     /* binary, 12 hours */
    assert_int_equal(cmos(4), 10 | 0x80);
    assert_int_equal(cmos(2), 14);
}

static void rtc_is_set_and_goes_on(void **state)
{
    static const uint8_t t[10] = { 0x58, 0, 0x59, 0, 0x23, 0, 1, 0x28, 2, 0x24 };

    cmos_wr(11, 0x82);
    for (uint8_t i = 0; i < 10; i++) {
        cmos_wr(i, t[i]);
    }
    pass(3600 * S);                        /* stands still while SET */
    assert_int_equal(cmos(0), 0x58);
    cmos_wr(11, 0x02);
    pass(3 * S);
    assert_int_equal(cmos(7), 0x29);       /* a leap year */
    assert_int_equal(cmos(4), 0x00);
    assert_in_range(cmos(0), 0x00, 0x02);
    cmos_wr(4, 0x12);                      /* without SET: at once */
    assert_int_equal(cmos(4), 0x12);
    assert_int_equal(cmos(7), 0x29);
}

static void rtc_alarm_and_update(void **state)
{
    uint8_t c;

    fake_now_ns = 10 * S;                  /* second 30 */
    (void)cmos(12);
    cmos_wr(1, 0x55);
    cmos_wr(3, 0xff);
    cmos_wr(5, 0xff);
    cmos_wr(11, 0x22);
    pass(24 * S);
    assert_int_equal(drain(0, 0x38), 0);
    pass(2 * S);
    assert_int_equal(drain(0, 0x38), 1);
    c = cmos(12);
    assert_int_equal(c & 0xa0, 0xa0);
    assert_int_equal(cmos(12), 0);
    cmos_wr(11, 0x12);
    pass(S);
    assert_int_equal(drain(0, 0x38), 1);
    pass(5 * S);                           /* not acknowledged: no more */
    assert_int_equal(drain(0, 0x38), 0);
    (void)cmos(12);
    pass(S);
    assert_int_equal(drain(0, 0x38), 1);
}

static void rtc_periodic(void **state)
{
    unsigned int n = 0;

    cmos_wr(10, 0x26);
    cmos_wr(11, 0x42);
    for (unsigned int i = 0; i < 1024; i++) {
        pass(S / 1024);
        n += drain(0, 0x38);
        (void)cmos(12);
    }
    assert_in_range(n, 1020, 1024);
    cmos_wr(10, 0x20);                     /* rate 0: off */
    (void)cmos(12);
    pass(S);
    assert_int_equal(drain(0, 0x38), 0);
}

static void rtc_leaves_other_bytes_to_the_device_model(void **state)
{
    uint32_t v = 0x32;

    assert_false(vdev_access_port(&vd, 0x70, 1, true, &v));
    assert_false(vdev_access_port(&vd, 0x71, 1, false, &v));
    v = 0x8a;                              /* NMI mask bit is not an index */
    assert_true(vdev_access_port(&vd, 0x70, 1, true, &v));
    assert_true(vdev_access_port(&vd, 0x71, 1, false, &v));
}

static void hpet_counts(void **state)
{
    uint64_t cap = mmio_rd(HPET, 8);

    assert_int_equal(cap >> 32, 16000000);
    assert_int_equal(cap & 0xffffffff, 0x8086a201);
    pass(S);
    assert_int_equal(mmio_rd(HPET + 0xf0, 8), 0);
    mmio_wr(HPET + 0x10, 4, 1);
    pass(16000);
    assert_int_equal(mmio_rd(HPET + 0xf0, 8), 1000);
    mmio_wr(HPET + 0xf0, 8, 5);            /* not while it runs */
    assert_int_equal(mmio_rd(HPET + 0xf0, 8), 1000);
    mmio_wr(HPET + 0x10, 4, 0);
    mmio_wr(HPET + 0xf0, 8, 0x1fffffff0ull);
    mmio_wr(HPET + 0x10, 4, 1);
    pass(1600);
    assert_int_equal(mmio_rd(HPET + 0xf4, 4), 2);
    assert_int_equal(mmio_rd(HPET + 0xf0, 4), 100 - 16);
}

static void hpet_one_shot_by_io_apic(void **state)
{
    mmio_wr(HPET + 0x10, 4, 1);
    mmio_wr(HPET + 0x100, 4, 20 << 9 | 0x104);
    mmio_wr(HPET + 0x108, 4, (uint32_t)(mmio_rd(HPET + 0xf0, 4) + 62500));
    pass(MS - 100);
    assert_int_equal(drain(0, 0x44), 0);
    pass(200);
    assert_int_equal(drain(0, 0x44), 1);
    pass(10 * S);
    assert_int_equal(drain(0, 0x44), 0);
}

static void hpet_periodic_and_legacy(void **state)
{
    unsigned int n = 0;

    pit_load(0, 2, 11932);
    mmio_wr(HPET + 0x10, 4, 3);            /* legacy replacement */
    mmio_wr(HPET + 0x100, 4, 0x04c);       /* periodic, set value */
    mmio_wr(HPET + 0x108, 8, 62500);
    mmio_wr(HPET + 0x108, 8, 62500);
    for (unsigned int i = 0; i < 1000; i++) {
        pass(MS);
        n += drain(0, 0x32);
    }
    assert_in_range(n, 999, 1000);         /* the PIT is cut off */
    mmio_wr(HPET + 0x108, 8, 1);           /* 16 ns: held to 100 us */
    pass(10 * MS);
    assert_in_range(fake_next_deadline() - fake_now_ns, 1, 100000);
    fake_now_ns += 3600 * S;
    fake_run_timers();
    assert_int_equal(drain(0, 0x32), 65);
}

static void hpet_level_stays_until_cleared(void **state)
{
    route(2, 0x10032);
    route(21, 0x8045);
    mmio_wr(HPET + 0x10, 4, 1);
    mmio_wr(HPET + 0x120, 4, 21 << 9 | 0x106);
    mmio_wr(HPET + 0x128, 4, 1000);
    pass(MS);
    assert_int_equal(mmio_rd(HPET + 0x20, 4), 2);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x45);
    assert_int_equal(vd.gsi_count[21], 1);
    mmio_wr(HPET + 0x20, 4, 2);
    assert_int_equal(vd.gsi_count[21], 0);
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
}

/* Save one device, begin anew with a clock that has gone on, load it. */
static void move(unsigned int code)
{
    uint8_t rec[VDEV_RECORD_MAX];
    int bytes = vdev_save_record(&vd, code, 0, rec);

    assert_in_range(bytes, 1, VDEV_RECORD_MAX);
    (void)up(NULL);
    fake_now_ns += 7 * S;
    assert_int_equal(vdev_load_record(&vd, code, 0, rec, (size_t)bytes), 0);
}

static void timers_go_on_when_they_are_loaded(void **state)
{
    unsigned int n = 0;

    mmio_wr(HPET + 0x10, 4, 1);
    mmio_wr(HPET + 0x100, 4, 20 << 9 | 0x104);
    mmio_wr(HPET + 0x108, 4, 62500);
    pass(MS / 2);
    move(HVM_SAVE_CODE(HPET));
    assert_int_equal(drain(0, 0x44), 0);
    pass(MS);
    assert_int_equal(drain(0, 0x44), 1);   /* what was left: half of it */
    pit_load(0, 2, 11932);
    move(HVM_SAVE_CODE(PIT));
    for (unsigned int i = 0; i < 10; i++) {
        pass(10 * MS);
        n += drain(0, 0x32);
    }
    assert_in_range(n, 9, 10);
    pit_load(0, 4, 11932);                 /* once */
    pass(5 * MS);
    move(HVM_SAVE_CODE(PIT));
    pass(11 * MS);
    assert_int_equal(drain(0, 0x32), 1);
    pass(S);
    assert_int_equal(drain(0, 0x32), 0);
}

static void a_level_line_is_up_when_it_is_loaded(void **state)
{
    mmio_wr(HPET + 0x10, 4, 1);
    mmio_wr(HPET + 0x120, 4, 21 << 9 | 0x106);
    mmio_wr(HPET + 0x128, 4, 1000);
    pass(MS);
    move(HVM_SAVE_CODE(HPET));
    assert_int_equal(vd.gsi_count[21], 1);
    mmio_wr(HPET + 0x20, 4, 2);
    assert_int_equal(vd.gsi_count[21], 0);
    vd.hpet.hw.isr = ~0ull;                /* of nobody's: it is dropped */
    vd.hpet.hw.timers[0].config = 3 << 9 | 0x106;
    move(HVM_SAVE_CODE(HPET));
    assert_int_equal(vd.hpet.hw.isr, 2);
    assert_int_equal(vd.gsi_count[3], 0);
}

static void hpet_odd_accesses(void **state)
{
    assert_int_equal(mmio_rd(HPET + 0xf1, 4), ~0ull);
    assert_int_equal(mmio_rd(HPET + 0xf0, 2), ~0ull);
    assert_int_equal(mmio_rd(HPET + 0x160, 8), 0);         /* no timer 3 */
    mmio_wr(HPET + 0x168, 8, ~0ull);
    mmio_wr(HPET + 0x3f8, 8, ~0ull);
    mmio_wr(HPET, 8, ~0ull);
    assert_int_equal(mmio_rd(HPET, 8) & 0xffffffff, 0x8086a201);
}

static uint32_t pm_in(uint16_t port, unsigned int len)
{
    uint32_t v = 0;

    assert_true(vdev_access_port(&vd, port, len, false, &v));
    return v;
}

static void pm_out(uint16_t port, unsigned int len, uint32_t v)
{
    assert_true(vdev_access_port(&vd, port, len, true, &v));
}

static void pm_timer_counts_and_turns(void **state)
{
    uint32_t a;

    route(2, 0x10032);
    assert_int_equal(vdev_set_pm_location(&vd, 1), 0);
    a = pm_in(0xb008, 4);
    pass(S);
    assert_in_range(pm_in(0xb008, 4) - a, 3579544, 3579546);
    assert_int_equal(pm_in(0xb000, 2), 0);
    pm_out(0xb002, 2, 1);
    pass(598 * S);                         /* bit 31 turns at 599.9 s */
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    pass(2 * S);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x39);
    assert_int_equal(pm_in(0xb000, 2), 1);
    pm_out(0xb000, 2, 1);
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
}

static void buttons_raise_the_sci(void **state)
{
    route(2, 0x10032);
    vdev_power_button(&vd);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);   /* not enabled */
    pm_out(0x1f42, 2, 0x100);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x39);
    assert_int_equal(pm_in(0x1f40, 4), 0x1000100);
    pm_out(0x1f41, 1, 1);
    assert_int_equal(pm_in(0x1f40, 2), 0);
    assert_int_equal(vd.gsi_count[9], 0);
    assert_false(vdev_access_port(&vd, 0xb000, 2, false, &(uint32_t){ 0 }));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, up)
    const struct CMUnitTest tests[] = {
        T(pit_periodic), T(pit_one_shot), T(pit_counts_and_latches),
        T(pit_gate_and_output_by_port_61), T(rtc_tells_the_time),
        T(rtc_is_set_and_goes_on), T(rtc_alarm_and_update), T(rtc_periodic),
        T(rtc_leaves_other_bytes_to_the_device_model), T(hpet_counts),
        T(hpet_one_shot_by_io_apic), T(hpet_periodic_and_legacy),
        T(hpet_level_stays_until_cleared), T(hpet_odd_accesses),
        T(timers_go_on_when_they_are_loaded),
        T(a_level_line_is_up_when_it_is_loaded),
        T(pm_timer_counts_and_turns), T(buttons_raise_the_sci),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
