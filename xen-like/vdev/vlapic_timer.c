/* SPDX-License-Identifier: MIT */
/*
 * The timer of the local APIC: one-shot, periodic, TSC deadline.  Its registers
 * are written in vlapic.c.  Covered by tests/unit/vdev/test_vlapic.c.
 */
#include <arch/atomic.h>
#include <time/systime.h>
#include <vdev/vdev.h>
#include <vdev/vlapic_regs.h>

#define MAX_TSC_STEP (1ull << 40)         /* re-evaluated at least then */

uint64_t vlapic_count_ns(const struct vlapic *la)
{
    uint32_t d = REG(la, APIC_TDCR);
    unsigned int shift = ((d & 3) | (d & 8) >> 1) + 1;

    return (uint64_t)VLAPIC_NS_PER_COUNT << (shift & 7);  /* 8: divide by one */
}

uint32_t vlapic_current_count(const struct vlapic *la)
{
    uint64_t first = REG(la, APIC_TMICT), gone;

    if (first == 0 || (REG(la, APIC_LVTT) & LVTT_MODE) == LVTT_DEADLINE) {
        return 0;
    }
    gone = (systime_ns() - la->count_start_ns) / vlapic_count_ns(la);
    if (REG(la, APIC_LVTT) & LVTT_PERIODIC) {
        gone %= first;
    }
    return gone >= first ? 0 : (uint32_t)(first - gone);
}

/* When the guest's TSC will be @tsc, or a step towards it; 0: it has been. */
static uint64_t when_tsc(const struct vlapic *la, uint64_t tsc)
{
    uint64_t left = tsc - vdev_hooks->guest_tsc(la->vcpu);

    return (int64_t)left <= 0 ? 0
         : systime_from_tsc(systime_to_tsc(systime_ns()) +
                            min(left, MAX_TSC_STEP));
}

/* The deadline of the state as it is now; 0: none. */
static uint64_t next_deadline(const struct vlapic *la)
{
    uint32_t first = REG(la, APIC_TMICT);
    uint64_t at;

    if ((REG(la, APIC_LVTT) & LVTT_MODE) != LVTT_DEADLINE) {
        return first == 0 ? 0
             : la->count_start_ns + first * vlapic_count_ns(la);
    }
    if (la->tsc_deadline == 0) {
        return 0;
    }
    at = when_tsc(la, la->tsc_deadline);
    return at != 0 ? at : systime_ns();
}

/*
 * Arm the timer for the deadline as it is.  The vcpu and the timer's end may
 * do so at once, on two CPUs: whoever was overtaken does it again.
 */
static void arm(struct vlapic *la)
{
    uint64_t at;

    do {
        at = atomic_load(&la->deadline_ns);
        if (at == 0) {
            timer_stop(&la->timer);
        } else {
            timer_set(&la->timer, at);
        }
    } while (atomic_load(&la->deadline_ns) != at);
}

void vlapic_timer_rearm(struct vlapic *la)
{
    atomic_store(&la->deadline_ns,
                 vlapic_hw_enabled(la) ? next_deadline(la) : 0);
    arm(la);
}

/* A TSC deadline that was cut short: what is left of it, or 0.  The guest's
 * TSC decides, not our clock, which has gone on since it was read. */
static uint64_t cut_short(const struct vlapic *la, uint64_t tsc)
{
    return (REG(la, APIC_LVTT) & LVTT_MODE) == LVTT_DEADLINE && tsc != 0
           ? when_tsc(la, tsc) : 0;
}

/* The deadline after @at, which has passed; 0: none. */
static uint64_t following(const struct vlapic *la, uint64_t at, uint64_t now)
{
    uint64_t period;

    if (!(REG(la, APIC_LVTT) & LVTT_PERIODIC)) {
        return 0;
    }
    period = max(REG(la, APIC_TMICT) * vlapic_count_ns(la),
                 (uint64_t)VDEV_MIN_PERIOD);
    return at + ((now - at) / period + 1) * period;
}

/*
 * The next deadline is set before the guest hears of this one: it may be at
 * once on another CPU and set one of its own, which then is the one.
 */
void vlapic_timer_fn(void *data)
{
    struct vlapic *la = data;
    uint32_t lvtt = REG(la, APIC_LVTT);
    uint64_t now = systime_ns(), at = atomic_load(&la->deadline_ns);
    uint64_t tsc = atomic_load(&la->tsc_deadline);

    if (at == 0) {
        return;
    }
    if (now >= at) {
        uint64_t left = cut_short(la, tsc);
        uint64_t next = left != 0 ? left : following(la, at, now);

        if (atomic_cmpxchg(&la->deadline_ns, &at, next) && left == 0) {
            (void)atomic_cmpxchg(&la->tsc_deadline, &tsc, (uint64_t)0);
            if (!(lvtt & LVT_MASKED)) {
                vlapic_set_irq(la, (uint8_t)lvtt, false);
            }
        }
    }
    arm(la);
}

void vlapic_tsc_moved(struct vlapic *la)
{
    if (la->tsc_deadline != 0) {
        vlapic_timer_rearm(la);
    }
}
