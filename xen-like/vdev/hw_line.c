/* SPDX-License-Identifier: MIT */
/*
 * The machine's interrupt lines as the hardware domain's own IO-APIC has
 * them: a pin that it unmasks is bound to the GSI of its number, with the
 * trigger and polarity it wrote.  There is one such domain at most.
 *
 * irq/ comes before vdev.lock and calls back with interrupts off.  So what
 * fired is noted and told from a softirq, and what is to be bound or ended is
 * noted under the lock and done after it (vdev_hw_settle).
 * Tests   tests/unit/vdev/test_hw_line.c, make boot GROUP=dom0-pvh
 */
#include <arch/atomic.h>
#include <core/log.h>
#include <core/softirq.h>
#include <irq/irq.h>
#include <vdev/vdev.h>

#define BIT_OF(gsi) (1ull << (gsi))
_Static_assert(VDEV_GSIS <= 64, "one bit a line");

static struct hw {
    struct vdev_domain *d;           /* [I] NULL: no such domain */
    uint64_t fired;                  /* [a] since the softirq ran last */
    uint64_t raised;                 /* [L] level lines that are up */
    uint64_t to_end;                 /* [L] their vector had its EOI */
    uint64_t to_bind;                /* [L] */
    uint64_t level, low;             /* [L] as the guest wants them */
    uint64_t bound;                  /* [a] */
    uint64_t bound_level, bound_low; /* [a] as they are */
} hw;

static void tell(void)
{
    uint64_t fired = atomic_xchg(&hw.fired, 0), bit;

    spin_lock(&hw.d->lock);
    for (; fired != 0; fired &= fired - 1) {
        unsigned int gsi = (unsigned int)__builtin_ctzll(fired);

        bit = BIT_OF(gsi);
        if (!(atomic_load(&hw.bound_level) & bit)) {
            vdev_gsi_pulse(hw.d, gsi);
        } else if (!(hw.raised & bit)) {
            hw.raised |= bit;
            vdev_gsi_raise(hw.d, gsi);
        }
    }
    spin_unlock(&hw.d->lock);
}

static struct softirq_task task = { .fn = tell };

/* Interrupts off.  irq/ has masked a level line until its end. */
static void fire(void *gsi)
{
    atomic_or(&hw.fired, BIT_OF((uintptr_t)gsi));
    softirq_task_raise(&task);
}

void vdev_hw_start(struct vdev_domain *d)
{
    hw = (struct hw){ .d = d };
}

/* vdev.lock held: the guest wrote an entry that is not masked. */
void vdev_hw_wanted(struct vdev_domain *d, unsigned int gsi, bool level,
                    bool low)
{
    uint64_t bit = BIT_OF(gsi);

    if (d != hw.d) {
        return;
    }
    hw.level = level ? hw.level | bit : hw.level & ~bit;
    hw.low = low ? hw.low | bit : hw.low & ~bit;
    if (!(atomic_load(&hw.bound) & bit) ||
        (((hw.level ^ atomic_load(&hw.bound_level)) |
          (hw.low ^ atomic_load(&hw.bound_low))) & bit)) {
        hw.to_bind |= bit;
    }
}

/* vdev.lock held, before the pin looks at its level again. */
void vdev_hw_eoi(struct vdev_domain *d, unsigned int gsi)
{
    if (d == hw.d && (hw.raised & BIT_OF(gsi))) {
        hw.raised &= ~BIT_OF(gsi);
        hw.to_end |= BIT_OF(gsi);
        vdev_gsi_lower(d, gsi);
    }
}

static void note(uint64_t *word, uint64_t bit, bool on)
{
    if (on) {
        atomic_or(word, bit);
    } else {
        atomic_and(word, ~bit);
    }
}

/* Lines that do not exist, or are the hypervisor's, never fire. */
static void bind(unsigned int gsi, bool level, bool low)
{
    uint64_t bit = BIT_OF(gsi);
    int rc;

    irq_unbind_guest(gsi);
    note(&hw.bound_level, bit, level);
    note(&hw.bound_low, bit, low);
    atomic_or(&hw.bound, bit);
    rc = irq_setup_gsi(gsi, level, low);
    if (rc == 0) {
        rc = irq_bind_guest(gsi, fire, (void *)(uintptr_t)gsi);
    }
    if (rc != 0) {
        log_info("GSI %u is not the first domain's (%d)", gsi, rc);
    }
}

void vdev_hw_settle(struct vdev_domain *d)
{
    uint64_t want, end, level, low;

    if (likely(d != hw.d) ||
        (READ_ONCE(hw.to_bind) | READ_ONCE(hw.to_end)) == 0) {
        return;
    }
    spin_lock(&d->lock);
    want = hw.to_bind;
    end = hw.to_end;
    level = hw.level;
    low = hw.low;
    hw.to_bind = hw.to_end = 0;
    spin_unlock(&d->lock);
    for (; want != 0; want &= want - 1) {
        unsigned int gsi = (unsigned int)__builtin_ctzll(want);

        bind(gsi, (level & BIT_OF(gsi)) != 0, (low & BIT_OF(gsi)) != 0);
    }
    for (; end != 0; end &= end - 1) {
        irq_guest_eoi((unsigned int)__builtin_ctzll(end));
    }
}
