/* SPDX-License-Identifier: MIT */
/*
 * The HPET: a 62.5 MHz counter, three comparators (all may be periodic),
 * legacy replacement.  No FSB messages.
 * Source  IA-PC HPET specification 1.0a.  Tests  tests/unit/vdev/test_timers.c
 */
#include <time/systime.h>
#include <vdev/vdev.h>

#define NS_PER_TICK  16u
#define CFG_ENABLE   1u
#define CFG_LEGACY   2u
#define T_LEVEL      0x002u
#define T_ENABLE     0x004u
#define T_PERIODIC   0x008u
#define T_CAN        0x030u               /* periodic, 64 bits */
#define T_SET_VALUE  0x040u
#define T_32BIT      0x100u
#define T_ROUTE(cfg) ((unsigned int)((cfg) >> 9) & 31)
#define T_WRITABLE   0x3f4eu              /* level, enable .. 32 bit, route */
#define ROUTES       0x00f00000ull        /* GSI 20..23 */

bool vhpet_is_legacy(const struct vdev_domain *d)
{
    return (d->devices & XEN_X86_EMU_HPET) &&
           (d->hpet.hw.config & (CFG_ENABLE | CFG_LEGACY)) ==
           (CFG_ENABLE | CFG_LEGACY);
}

uint64_t vhpet_counter(const struct vdev_domain *d, uint64_t now)
{
    const struct vhpet *h = &d->hpet;

    return h->hw.mc64 + (h->hw.config & CFG_ENABLE
                         ? (now - h->base_ns) / NS_PER_TICK : 0);
}

/* When timer @n reaches its comparator; 0: never.  One just @written that lies
 * up to LATE ticks back is due at once; other old ones come round again. */
#define LATE 100000
static uint64_t due(const struct vdev_domain *d, unsigned int n, uint64_t now,
                    bool written)
{
    uint64_t cfg = d->hpet.hw.timers[n].config, left;

    if (!(d->hpet.hw.config & CFG_ENABLE) || !(cfg & T_ENABLE)) {
        return 0;
    }
    left = d->hpet.hw.timers[n].cmp - vhpet_counter(d, now);
    if (cfg & T_32BIT) {
        left = (uint32_t)left;
    }
    if (written && (cfg & T_32BIT ? (uint32_t)-left : -left) < LATE) {
        left = 0;
    }
    return left > ~0ull / 32 ? 0 : max(now + left * NS_PER_TICK, (uint64_t)1);
}

static void fire(struct vdev_domain *d, unsigned int n)
{
    uint64_t cfg = d->hpet.hw.timers[n].config;
    unsigned int gsi = T_ROUTE(cfg);

    if (vhpet_is_legacy(d) && n == 0) {
        virq0_once(d);
    } else if (vhpet_is_legacy(d) && n == 1) {
        vdev_gsi_pulse(d, 8);
    } else if (!(ROUTES >> gsi & 1)) {
        return;
    } else if (!(cfg & T_LEVEL)) {
        vdev_gsi_pulse(d, gsi);
    } else if (!(d->hpet.hw.isr >> n & 1)) {
        d->hpet.hw.isr |= 1u << n;
        vdev_gsi_raise(d, gsi);
    }
}

static void tick_one(struct vdev_domain *d, unsigned int n, uint64_t now)
{
    struct vhpet *h = &d->hpet;
    uint64_t step = h->hw.period[n], missed;

    if (h->next_ns[n] == 0 || now < h->next_ns[n]) {
        return;
    }
    if (!(h->hw.timers[n].config & T_PERIODIC) || step == 0) {
        fire(d, n);
        h->next_ns[n] = 0;
        return;
    }
    step = max(step, (uint64_t)VDEV_MIN_PERIOD / NS_PER_TICK);
    missed = (now - h->next_ns[n]) / NS_PER_TICK / step;
    if (vhpet_is_legacy(d) && n == 0) {
        virq0_tick(d, missed);
    } else {
        fire(d, n);
    }
    step *= missed + 1;
    h->hw.timers[n].cmp += step;
    if (h->hw.timers[n].config & T_32BIT) {
        h->hw.timers[n].cmp = (uint32_t)h->hw.timers[n].cmp;
    }
    h->next_ns[n] = step > ~0ull / 64 ? 0 : h->next_ns[n] + step * NS_PER_TICK;
}

uint64_t vhpet_tick(struct vdev_domain *d, uint64_t now)
{
    uint64_t next = VDEV_NEVER;

    for (unsigned int n = 0; n < HPET_TIMER_NUM; n++) {
        tick_one(d, n, now);
        if (d->hpet.next_ns[n] != 0) {
            next = min(next, d->hpet.next_ns[n]);
        }
    }
    return next;
}

static void restart_all(struct vdev_domain *d, uint64_t now)
{
    for (unsigned int n = 0; n < HPET_TIMER_NUM; n++) {
        d->hpet.next_ns[n] = due(d, n, now, false);
    }
}

/* A line can be up for a timer of level kind, on its route. */
void vhpet_restart(struct vdev_domain *d, uint64_t now)
{
    struct hvm_hw_hpet *h = &d->hpet.hw;
    uint64_t up = 0;

    for (unsigned int n = 0; n < HPET_TIMER_NUM; n++) {
        uint64_t cfg = h->timers[n].config;

        if ((cfg & T_LEVEL) && (ROUTES >> T_ROUTE(cfg) & 1)) {
            up |= 1ull << n;
        }
    }
    h->isr &= up;
    d->hpet.base_ns = now;
    restart_all(d, now);
}

void vhpet_recount(struct vdev_domain *d)
{
    for (unsigned int n = 0; n < HPET_TIMER_NUM; n++) {
        if (d->hpet.hw.isr >> n & 1) {
            d->gsi_count[T_ROUTE(d->hpet.hw.timers[n].config)]++;
        }
    }
}

static void write_config(struct vdev_domain *d, uint64_t v, uint64_t now)
{
    struct vhpet *h = &d->hpet;

    h->hw.mc64 = vhpet_counter(d, now);
    h->base_ns = now;
    h->hw.config = v & (CFG_ENABLE | CFG_LEGACY);
    restart_all(d, now);
}

static void write_timer(struct vdev_domain *d, unsigned int n, unsigned int field,
                        uint64_t v, uint64_t now)
{
    struct hvm_hw_hpet *h = &d->hpet.hw;
    uint64_t *cfg = &h->timers[n].config;

    if (field == 0) {
        if ((h->isr >> n & 1) && !(v & T_LEVEL)) {
            h->isr &= ~(1ull << n);
            vdev_gsi_lower(d, T_ROUTE(*cfg));
        } else if (h->isr >> n & 1) {     /* its route stays while asserted */
            v = (v & ~0x3e00ull) | (*cfg & 0x3e00);
        }
        *cfg = (*cfg & ~(uint64_t)T_WRITABLE) | (v & T_WRITABLE);
        if (*cfg & T_32BIT) {
            h->timers[n].cmp = (uint32_t)h->timers[n].cmp;
            h->period[n] = (uint32_t)h->period[n];
        }
    } else if (field == 1) {
        if (*cfg & T_32BIT) {
            v = (uint32_t)v;
        }
        if (!(*cfg & T_PERIODIC) || (*cfg & T_SET_VALUE)) {
            h->timers[n].cmp = v;
        }
        if (*cfg & T_PERIODIC && !(*cfg & T_SET_VALUE)) {
            h->period[n] = v;
        } else if (*cfg & T_PERIODIC) {
            h->period[n] = h->period[n] == 0 ? v : h->period[n];
        }
        *cfg &= ~(uint64_t)T_SET_VALUE;
    }
    d->hpet.next_ns[n] = due(d, n, now, field == 1);
}

static uint64_t read_reg(const struct vdev_domain *d, unsigned int r, uint64_t now)
{
    const struct hvm_hw_hpet *h = &d->hpet.hw;
    unsigned int n = (r - 0x100) / 0x20;

    switch (r) {
    case 0x00:
        return h->capability;
    case 0x10:
        return h->config;
    case 0x20:
        return h->isr;
    case 0xf0:
        return vhpet_counter(d, now);
    default:
        if (r < 0x100 || n >= HPET_TIMER_NUM) {
            return 0;
        }
        return (r & 0x1f) == 0 ? h->timers[n].config
             : (r & 0x1f) == 8 ? h->timers[n].cmp : 0;
    }
}

static void write_reg(struct vdev_domain *d, unsigned int r, uint64_t v, uint64_t now)
{
    struct hvm_hw_hpet *h = &d->hpet.hw;
    unsigned int n = (r - 0x100) / 0x20;

    if (r == 0x10) {
        write_config(d, v, now);
    } else if (r == 0x20) {
        for (unsigned int i = 0; i < HPET_TIMER_NUM; i++) {
            if ((v & h->isr) >> i & 1) {
                h->isr &= ~(1ull << i);
                vdev_gsi_lower(d, T_ROUTE(h->timers[i].config));
            }
        }
    } else if (r == 0xf0 && !(h->config & CFG_ENABLE)) {
        h->mc64 = v;
    } else if (r >= 0x100 && n < HPET_TIMER_NUM) {
        write_timer(d, n, (r & 0x1f) / 8, v, now);
    }
}

uint64_t vhpet_mmio(struct vdev_domain *d, unsigned int offset, unsigned int len,
                    bool write, uint64_t v)
{
    uint64_t now = systime_ns(), old = read_reg(d, offset & ~7u, now);
    unsigned int shift = (offset & 7) * 8;
    uint64_t mask = len == 8 ? ~0ull : 0xffffffffull;

    if ((len != 4 && len != 8) || (offset & (len - 1)) != 0) {
        return ~0ull;
    }
    if (write) {
        (void)vhpet_tick(d, now);
        /* Status is written to be cleared: no merging. */
        old = (offset & ~7u) == 0x20 ? 0 : old;
        write_reg(d, offset & ~7u, (old & ~(mask << shift)) |
                                   (v & mask) << shift, now);
    }
    return old >> shift & mask;
}

void vhpet_init(struct vdev_domain *d)
{
    d->hpet.hw.capability = 0x80860001ull | (HPET_TIMER_NUM - 1) << 8 |
                            0x2000 | 0x8000 |
                            (uint64_t)NS_PER_TICK * 1000000 << 32;
    for (unsigned int n = 0; n < HPET_TIMER_NUM; n++) {
        d->hpet.hw.timers[n].config = T_CAN | ROUTES << 32;
        d->hpet.hw.timers[n].cmp = ~0ull;
    }
}
