/* SPDX-License-Identifier: MIT */
/*
 * ACPI PM1a event registers and the PM timer, 32 bits at 3.579545 MHz.  The
 * control register (sleep, SCI enable) is the device model's.
 * Source  ACPI 6.4, 4.8.3.   Tests  tests/unit/vdev/test_timers.c
 */
#include <time/systime.h>
#include <vdev/vdev.h>

#define TMR_STS  0x001u
#define EVENTS   0x0321u                  /* timer, global, power, sleep */
#define ENABLES  (EVENTS | 0x400u)        /* and the clock's, which never is */
#define SCI_IRQ  9u

static void update_sci(struct vdev_domain *d)
{
    (d->pm.hw.pm1a_sts & d->pm.hw.pm1a_en & EVENTS ? vdev_isa_raise
                                                   : vdev_isa_lower)(d, SCI_IRQ);
}

/* The top bit turned: its status shows it. */
void vpm_refresh(struct vdev_domain *d, uint64_t now)
{
    uint32_t t = (uint32_t)ns_to_ticks(now - d->pm.start_ns, PM_HZ);

    if ((t ^ d->pm.seen) >> 31) {
        d->pm.hw.pm1a_sts |= TMR_STS;
    }
    d->pm.seen = d->pm.hw.tmr_val = t;
}

uint64_t vpm_tick(struct vdev_domain *d, uint64_t now)
{
    uint64_t ticks = ns_to_ticks(now - d->pm.start_ns, PM_HZ);

    vpm_refresh(d, now);
    update_sci(d);
    if (!(d->pm.hw.pm1a_en & TMR_STS) || (d->pm.hw.pm1a_sts & TMR_STS)) {
        return VDEV_NEVER;
    }
    return d->pm.start_ns + ticks_to_ns((ticks | 0x7fffffff) + 2, PM_HZ);
}

void vpm_event(struct vdev_domain *d, uint16_t sts)
{
    d->pm.hw.pm1a_sts |= sts;
    update_sci(d);
}

static bool event_port(struct vdev_domain *d, unsigned int at, unsigned int len,
                       bool write, uint32_t *v)
{
    struct hvm_hw_pmtimer *p = &d->pm.hw;
    uint32_t both = p->pm1a_sts | (uint32_t)p->pm1a_en << 16;
    uint32_t mask = (len == 4 ? ~0u : (1u << (len * 8)) - 1) << (at * 8);

    if (!write) {
        *v = (both & mask) >> (at * 8);
        return true;
    }
    both = *v << (at * 8) & mask;         /* a one clears a status */
    p->pm1a_sts &= (uint16_t)~both;
    p->pm1a_en = (uint16_t)((p->pm1a_en & ~(mask >> 16)) |
                            (both >> 16 & ENABLES));
    return true;
}

bool vpm_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
              uint32_t *v)
{
    unsigned int at = (unsigned int)(port - d->pm.base);

    if (at > 11) {
        return false;                     /* the other location */
    }
    vpm_refresh(d, systime_ns());
    if (at < 4) {
        return event_port(d, at, len, write, v);
    }
    if (write || at < 8) {
        return at >= 8;
    }
    *v = d->pm.hw.tmr_val >> ((at - 8) * 8);
    if (len < 4) {
        *v &= (1u << (len * 8)) - 1;
    }
    return true;
}

void vpm_init(struct vdev_domain *d)
{
    d->pm.base = 0x1f40;
    d->pm.start_ns = systime_ns();
}
