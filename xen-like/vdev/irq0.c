/* SPDX-License-Identifier: MIT */
/*
 * IRQ 0, the system's tick, of the PIT or of the HPET in its place.  A guest
 * that counts ticks must not lose those that came while its vcpu did not run:
 * they are owed, and each is handed on when the one before it was taken.  How
 * many is bounded, and the guest's own pace decides when.
 * Tests   tests/unit/vdev/test_timers.c
 */
#include <vdev/vdev.h>

#define OWED_MAX 64u
#define GSI      2u

/* A guest that opens the pin of the IO-APIC is not served by the PIC. */
static bool is_waiting(const struct vdev_domain *d)
{
    int vector = vioapic_edge_vector(d, GSI);

    if (vector < 0) {
        return (d->pic[0].irr & (uint8_t)~d->pic[0].imr & 1) != 0;
    }
    for (unsigned int i = 0; i < d->nr_lapics; i++) {
        if (d->lapic[i] != NULL &&
            vlapic_is_requested(d->lapic[i], (uint8_t)vector)) {
            return true;
        }
    }
    return false;
}

void virq0_tick(struct vdev_domain *d, uint64_t missed)
{
    missed += is_waiting(d);
    d->ticks_owed = (unsigned int)min(d->ticks_owed + missed,
                                      (uint64_t)OWED_MAX);
    vdev_gsi_pulse(d, GSI);
}

void virq0_once(struct vdev_domain *d)
{
    d->ticks_owed = 0;
    vdev_gsi_pulse(d, GSI);
}

void virq0_taken(struct vdev_domain *d)
{
    spin_lock(&d->lock);
    if (d->ticks_owed != 0 && !is_waiting(d)) {
        d->ticks_owed--;
        vdev_gsi_pulse(d, GSI);
    }
    spin_unlock(&d->lock);
}
