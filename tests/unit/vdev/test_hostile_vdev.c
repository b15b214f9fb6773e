/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own devices against a guest and a device model that mean
 * no good: accesses of any size, offset and value, lines, messages and links
 * at random, time that jumps.  The sanitizers watch; and whatever was done,
 * no deadline lies in the past or nearer than a tick may, no line is counted
 * more often than wires lead to it, no wait for an interrupt is without end.
 */
#include "rig.h"

#define OPS 2000000u

static uint64_t state = 88172645463325252ull;
static unsigned int refused, accepted, fired;

static uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Small numbers, single bits and edges more often than others. */
static uint64_t value(void)
{
    static const uint64_t edges[] = { 0, 1, 2, 0xff, 0xffff, 0x10000,
                                      0x7fffffff, 0x80000000, 0xffffffff,
                                      1ull << 32, 1ull << 63, ~0ull };
    uint64_t r = rnd();

    switch (r >> 60) {
    case 0 ... 4:
        return r & 0xff;
    case 5 ... 7:
        return 1ull << (r & 63);
    case 8 ... 10:
        return edges[r % ARRAY_SIZE(edges)];
    default:
        return rnd();
    }
}

static struct vlapic *some_apic(void)
{
    return &apic[rnd() % NR_APICS];
}

/* ---- what is done ------------------------------------------------------------ */

static void port(void)
{
    static const uint16_t near[] = { 0x20, 0xa0, 0x4d0, 0x40, 0x61, 0x70,
                                     0x1f40, 0xb000 };
    uint16_t at = (uint16_t)(near[rnd() % ARRAY_SIZE(near)] + rnd() % 16);
    uint32_t v = (uint32_t)value();

    (void)vdev_access_port(&vd, at, 1u << rnd() % 3, rnd() & 1, &v);
}

static void memory(void)
{
    static const uint64_t bases[] = { VLAPIC_BASE, 0xfec00000, 0xfed00000 };
    uint64_t at = bases[rnd() % 3] + rnd() % 0x1008, v = value();

    (void)vdev_access_mmio(&vd, some_apic(), at, 1u << rnd() % 4, rnd() & 1,
                           &v);
}

static void registers(void)
{
    unsigned int reg = (unsigned int)(rnd() % 64) << 4;
    uint64_t v = (uint32_t)value();

    (void)vdev_access_mmio(&vd, some_apic(), VLAPIC_BASE + reg, 4, true, &v);
    (void)vdev_access_mmio(&vd, &apic[0], 0xfec00000, 4, true,
                           &(uint64_t){ rnd() % 0x80 });
    v = value();
    (void)vdev_access_mmio(&vd, &apic[0], 0xfec00010, 4, true, &v);
}

static void msr(void)
{
    uint32_t nr = rnd() % 8 == 0 ? MSR_APIC_BASE
                : rnd() % 8 == 0 ? MSR_TSC_DEADLINE
                : MSR_X2APIC_FIRST + (uint32_t)(rnd() % 0x100);
    uint64_t v = nr == MSR_APIC_BASE && rnd() % 4 != 0
               ? VLAPIC_BASE | (rnd() & 0xd00) : value();

    if (rnd() & 1) {
        refused += !vlapic_wrmsr(some_apic(), nr, v);
    } else {
        refused += !vlapic_rdmsr(some_apic(), nr, &v);
    }
}

static void wires(void)
{
    refused += 0 != vdev_isa_level(&vd, (unsigned int)value() % 20, rnd() & 1);
    refused += 0 != vdev_intx_level(&vd, (unsigned int)(rnd() % 40),
                          (unsigned int)(rnd() % 5), rnd() & 1);
    refused += 0 != vdev_link_route(&vd, (unsigned int)(rnd() % 5),
                          (unsigned int)(rnd() % 18));
}

static void message(void)
{
    refused += 0 != vdev_msi(&vd, rnd() & 1 ? 0xfee00000 | (value() & 0xffffff)
                                  : value(), (uint32_t)value());
}

/* Something has to work, or nothing is attacked. */
static void put_right(void)
{
    struct vlapic *la = some_apic();
    unsigned int gsi = (unsigned int)(rnd() % VDEV_GSIS);

    if (vlapic_wrmsr(la, MSR_APIC_BASE, VLAPIC_BASE) &&
        vlapic_wrmsr(la, MSR_APIC_BASE, VLAPIC_BASE | APIC_BASE_ENABLE)) {
        uint64_t on = 0x1ff, open = 0;

        (void)vdev_access_mmio(&vd, la, VLAPIC_BASE + 0xf0, 4, true, &on);
        (void)vdev_access_mmio(&vd, la, VLAPIC_BASE + 0x80, 4, true, &open);
    }
    route(gsi, 0x20 + (uint32_t)(rnd() % 0xd0) + (rnd() & 1 ? 0x8000 : 0));
}

static void event_line(void)
{
    refused += 0 != vdev_set_callback(&vd, rnd() & 1 ? value()
                                           : (rnd() % 3) << 56 |
                                             (value() & 0xffff));
    vdev_callback_level(&vd, rnd() & 1);
}

static void buttons(void)
{
    (rnd() & 1 ? vdev_power_button : vdev_sleep_button)(&vd);
    refused += 0 != vdev_set_pm_location(&vd, rnd() % 3);
    vrtc_set_offset(&vd, (int64_t)value());
}

static void interrupts(void)
{
    struct vlapic *la = some_apic();

    (void)vdev_peek_interrupt(la);
    (void)vdev_take_interrupt(la);
    vdev_eoi(&vd, (uint8_t)rnd());
}

static void move_one(void)
{
    uint8_t rec[VDEV_RECORD_MAX];
    unsigned int code = 3 + (unsigned int)(rnd() % 11);
    int bytes = vdev_save_record(&vd, code, (unsigned int)(rnd() % 3), rec);

    if (bytes > 0 && rnd() & 1) {
        rec[rnd() % (unsigned int)bytes] = (uint8_t)rnd();
    }
    if (bytes > 0) {
        (void)vdev_load_record(&vd, code, (unsigned int)(rnd() % 3), rec,
                               (size_t)bytes);
    }
}

static void time_goes_by(void)
{
    /* As a host does that was busy: nothing is looked at until the end. */
    fake_now_ns += rnd() % (rnd() % 64 == 0 ? 3600000000000ull : 200000);
    fake_run_timers();
}

/* ---- what must hold ------------------------------------------------------------- */

static void lines_are_counted(void)
{
    for (unsigned int gsi = 0; gsi < VDEV_GSIS; gsi++) {
        /* 128 pins, 4 links, 16 ISA lines, HPET, event line: far below. */
        assert_in_range(vd.gsi_count[gsi], 0, 160);
    }
}

/* While none is finished an APIC gives each vector at most once. */
static void waits_end(void)
{
    for (unsigned int i = 0; i < NR_APICS; i++) {
        unsigned int n = 0;
        int v;

        while (n < 257 && (v = vlapic_pending(&apic[i])) >= 0) {
            assert_in_range(v, 0, 255);
            vlapic_accept(&apic[i], (uint8_t)v);
            n++;
        }
        accepted += n;
        assert_in_range(n, 0, 256);
    }
}

static void timers_are_not_a_storm(void)
{
    uint64_t end = fake_now_ns + 10000000;    /* 10 ms of the host's time */
    unsigned int n = 0;

    while (fake_next_deadline() <= end && n < 5000) {
        fake_now_ns = max(fake_now_ns, fake_next_deadline());
        fake_run_timers();
        n++;
    }
    assert_in_range(n, 0, 4999);
    fired += n;
}

static void nothing_a_guest_does_harms(void **unused)
{
    static void (*const done[])(void) = {
        port, memory, registers, msr, wires, message, event_line, buttons,
        interrupts, move_one, time_goes_by, port, memory, put_right,
        wires, put_right,
    };

    for (unsigned int i = 0; i < OPS; i++) {
        done[rnd() % ARRAY_SIZE(done)]();
        if (i % 1024 == 0) {
            lines_are_counted();
            timers_are_not_a_storm();
            waits_end();
        }
        if (i % 50000 == 0) {
            rig_up(NULL);
        }
    }
    print_message("%u refused, %u taken, %u timers\n", refused, accepted,
                  fired);
    assert_true(refused > OPS / 100 && accepted > OPS / 10000 &&
                fired > OPS / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_a_guest_does_harms, rig_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
