/* SPDX-License-Identifier: MIT */
/* See rig.h. */
#include "rig.h"

struct vdev_domain vd;
struct vlapic apic[NR_APICS];
unsigned int kicks, signals;
enum vlapic_mode last_signal;
uint8_t last_vector;
struct vcpu *last_vcpu;

void (*on_kick)(void);
static void kick(struct vcpu *v)
{
    kicks++;
    if (on_kick != NULL) {
        on_kick();
    }
}
int64_t tsc_offset;

static void note(struct vcpu *v, enum vlapic_mode mode, uint8_t vector)
{
    signals++;
    last_signal = mode;
    last_vector = vector;
    last_vcpu = v;
}

static void init(struct vcpu *v) { note(v, VLAPIC_INIT, 0); }
static void nmi(struct vcpu *v) { note(v, VLAPIC_NMI, 0); }
static void sipi(struct vcpu *v, uint8_t vec) { note(v, VLAPIC_SIPI, vec); }
static uint64_t guest_tsc(struct vcpu *v)
{
    return fake_now_ns + (uint64_t)tsc_offset;
}

static const struct vdev_hooks hooks = { kick, init, sipi, nmi, guest_tsc };

int rig_up(void **state)
{
    fake_reset(1);
    fake_now_ns = 5000000000ull;
    vdev_set_hooks(&hooks);
    tsc_offset = 0;
    vdev_init(&vd, HVM_DEVICES);
    memset(apic, 0, sizeof(apic));
    for (unsigned int i = 0; i < NR_APICS; i++) {
        vlapic_init(&apic[i], &vd, (struct vcpu *)(uintptr_t)(i + 1), i);
    }
    kicks = signals = 0;
    on_kick = NULL;
    return 0;
}

void pass(uint64_t ns)
{
    uint64_t end = fake_now_ns + ns;

    while (fake_next_deadline() <= end) {
        fake_now_ns = max(fake_now_ns, fake_next_deadline());
        fake_run_timers();
    }
    fake_now_ns = end;
}

void apic_on(unsigned int i) { wr(i, 0xf0, 0x1ff); }

void x2_on(unsigned int i)
{
    assert_true(vlapic_wrmsr(&apic[i], MSR_APIC_BASE,
                             apic[i].base_msr | APIC_BASE_X2));
}

uint32_t rd(unsigned int i, unsigned int reg)
{
    uint64_t v = 0;

    assert_true(vdev_access_mmio(&vd, &apic[i], VLAPIC_BASE + reg, 4, false, &v));
    return (uint32_t)v;
}

void wr(unsigned int i, unsigned int reg, uint32_t v)
{
    uint64_t w = v;

    assert_true(vdev_access_mmio(&vd, &apic[i], VLAPIC_BASE + reg, 4, true, &w));
}

void outb_(uint16_t port, uint8_t v)
{
    uint32_t w = v;

    assert_true(vdev_access_port(&vd, port, 1, true, &w));
}

uint8_t inb_(uint16_t port)
{
    uint32_t v = 0;

    assert_true(vdev_access_port(&vd, port, 1, false, &v));
    return (uint8_t)v;
}

uint64_t mmio_rd(uint64_t gaddr, unsigned int len)
{
    uint64_t v = 0;

    assert_true(vdev_access_mmio(&vd, &apic[0], gaddr, len, false, &v));
    return v;
}

void mmio_wr(uint64_t gaddr, unsigned int len, uint64_t v)
{
    assert_true(vdev_access_mmio(&vd, &apic[0], gaddr, len, true, &v));
}

void route(unsigned int gsi, uint32_t low)
{
    mmio_wr(0xfec00000, 4, 0x11 + gsi * 2);
    mmio_wr(0xfec00010, 4, 0);
    mmio_wr(0xfec00000, 4, 0x10 + gsi * 2);
    mmio_wr(0xfec00010, 4, low);
}

unsigned int drain(unsigned int i, int vector)
{
    unsigned int n = 0;
    int v;

    while ((v = vdev_take_interrupt(&apic[i])) >= 0) {
        n += v == vector;
        vlapic_eoi(&apic[i]);
    }
    return n;
}
