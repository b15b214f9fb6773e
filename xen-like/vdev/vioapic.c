/* SPDX-License-Identifier: MIT */
/*
 * The IO-APIC: 48 pins, levels held until their EOI (remote IRR).
 * Source  Intel 82093AA datasheet.   Tests  tests/unit/vdev/test_wires.c
 */
#include <vdev/vdev.h>

#define IOAPIC_VERSION 0x11u

#define RTE_LEVEL      0x8000u
#define RTE_LOW        0x2000u
#define RTE_REMOTE_IRR 0x4000u
#define RTE_MASKED     0x10000u
#define RTE_WRITABLE   0xff0000000001afffull

static void deliver(struct vdev_domain *d, uint64_t e)
{
    struct vlapic_msg m = {
        .dest = (uint32_t)(e >> 56), .logical = (e >> 11) & 1,
        .level = (e & RTE_LEVEL) != 0, .mode = (e >> 8) & 7,
        .vector = (uint8_t)e,
    };

    m.dest = m.dest == 0xff ? 0xffffffff : m.dest;
    if (m.mode <= VLAPIC_LOWEST || m.mode == VLAPIC_NMI) {
        vlapic_deliver(d, &m);            /* ExtINT: see vlapic_takes_pic */
    }
}

/* A level pin that is high and not being served makes a message. */
static void level_check(struct vdev_domain *d, unsigned int pin)
{
    uint64_t *e = &d->ioapic.redirtbl[pin].bits;

    if ((*e & (RTE_LEVEL | RTE_MASKED | RTE_REMOTE_IRR)) == RTE_LEVEL &&
        d->gsi_count[pin] != 0) {
        *e |= RTE_REMOTE_IRR;
        deliver(d, *e);
    }
}

void vioapic_rise(struct vdev_domain *d, unsigned int gsi)
{
    uint64_t e = d->ioapic.redirtbl[gsi].bits;

    if (e & RTE_LEVEL) {
        level_check(d, gsi);
    } else if (!(e & RTE_MASKED)) {
        deliver(d, e);
    }
}

void vioapic_eoi(struct vdev_domain *d, uint8_t vector)
{
    for (unsigned int pin = 0; pin < VDEV_GSIS; pin++) {
        uint64_t *e = &d->ioapic.redirtbl[pin].bits;

        if ((uint8_t)*e == vector && (*e & RTE_REMOTE_IRR)) {
            *e &= ~(uint64_t)RTE_REMOTE_IRR;
            vdev_hw_eoi(d, pin);
            level_check(d, pin);
        }
    }
}

int vioapic_edge_vector(const struct vdev_domain *d, unsigned int pin)
{
    uint64_t e = d->ioapic.redirtbl[pin].bits;

    return !(d->devices & XEN_X86_EMU_IOAPIC) ||
           (e & (RTE_MASKED | RTE_LEVEL)) ||
           ((e >> 8) & 7) > VLAPIC_LOWEST ? -1 : (int)(e & 0xff);
}

/* Pin 0 passes the PIC on, as firmware sets it up (MP spec 1.4, 3.6.2.2). */
bool vioapic_takes_pic(const struct vdev_domain *d)
{
    uint64_t e = READ_ONCE(d->ioapic.redirtbl[0].bits);

    return (d->devices & XEN_X86_EMU_IOAPIC) && !(e & RTE_MASKED) &&
           ((e >> 8) & 7) == VLAPIC_EXTINT && e >> 56 == 0;
}

static void write_entry(struct vdev_domain *d, unsigned int pin, uint64_t v)
{
    uint64_t *e = &d->ioapic.redirtbl[pin].bits;

    *e = (v & RTE_WRITABLE) |
         (v & RTE_LEVEL ? *e & RTE_REMOTE_IRR : 0);
    if (!(v & RTE_MASKED)) {
        vdev_hw_wanted(d, pin, (v & RTE_LEVEL) != 0, (v & RTE_LOW) != 0);
    }
    level_check(d, pin);
}

static void write_reg(struct vdev_domain *d, unsigned int r, uint32_t v)
{
    unsigned int pin = (r - 0x10) / 2;

    if (r == 0) {
        d->ioapic.id = v >> 24 & 15;
    } else if (r >= 0x10 && pin < VDEV_GSIS) {
        uint64_t e = d->ioapic.redirtbl[pin].bits;

        write_entry(d, pin, r & 1 ? (uint64_t)v << 32 | (uint32_t)e
                                  : (e & ~0xffffffffull) | v);
    }
}

static uint32_t read_reg(const struct vdev_domain *d, unsigned int r)
{
    unsigned int pin = (r - 0x10) / 2;

    if (r == 1) {
        return (VDEV_GSIS - 1) << 16 | IOAPIC_VERSION;
    }
    if (r < 0x10) {
        return r == 3 ? 0 : d->ioapic.id << 24;
    }
    return pin < VDEV_GSIS
         ? (uint32_t)(d->ioapic.redirtbl[pin].bits >> (r & 1 ? 32 : 0)) : 0;
}

uint64_t vioapic_mmio(struct vdev_domain *d, unsigned int offset, unsigned int len,
                      bool write, uint64_t v)
{
    if (offset == 0) {
        if (write) {
            d->ioapic.ioregsel = v & 0xff;
        }
        return d->ioapic.ioregsel;
    }
    if (offset != 0x10) {
        return 0;
    }
    if (write) {
        write_reg(d, d->ioapic.ioregsel, (uint32_t)v);
        return 0;
    }
    return read_reg(d, d->ioapic.ioregsel);
}

void vioapic_init(struct vdev_domain *d)
{
    d->ioapic.base_address = 0xfec00000;
    for (unsigned int i = 0; i < VDEV_GSIS; i++) {
        d->ioapic.redirtbl[i].bits = RTE_MASKED;
    }
}
