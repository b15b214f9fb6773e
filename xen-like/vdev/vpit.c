/* SPDX-License-Identifier: MIT */
/*
 * The 8254 and the speaker port 0x61.  Counters are computed from the time
 * when they were loaded; only channel 0 makes interrupts.
 * Source  Intel 8254 datasheet.   Tests  tests/unit/vdev/test_timers.c
 */
#include <time/systime.h>
#include <vdev/vdev.h>

#define PIT_HZ 1193182u
enum { RW_LOW = 1, RW_HIGH = 2, RW_WORD = 3 };

typedef struct hvm_hw_pit_channel channel_t;

static uint64_t elapsed(const struct vdev_domain *d, unsigned int ch, uint64_t now)
{
    return ns_to_ticks(now - d->pit.loaded_ns[ch], PIT_HZ);
}

static bool periodic(const channel_t *c)
{
    return c->mode == 2 || c->mode == 3;
}

static uint16_t counter(const struct vdev_domain *d, unsigned int ch, uint64_t now)
{
    const channel_t *c = &d->pit.hw.channels[ch];
    uint64_t t = elapsed(d, ch, now);

    if (c->mode == 3) {                   /* counts down by two */
        return (uint16_t)(c->count - 2 * t % c->count);
    }
    return (uint16_t)(periodic(c) ? c->count - t % c->count : c->count - t);
}

static bool output(const struct vdev_domain *d, unsigned int ch, uint64_t now)
{
    const channel_t *c = &d->pit.hw.channels[ch];
    uint64_t t = elapsed(d, ch, now);

    switch (c->mode) {
    case 0:
        return t >= c->count;
    case 1:
        return t >= c->count;
    case 2:
        return t % c->count != 0;
    case 3:
        return t % c->count < (c->count + 1) / 2;
    default:
        return t != c->count;
    }
}

static void load(struct vdev_domain *d, unsigned int ch, uint32_t v)
{
    uint64_t now = systime_ns();

    d->pit.hw.channels[ch].count = v == 0 ? 0x10000 : v;
    d->pit.loaded_ns[ch] = now;
    if (ch == 0) {
        d->ticks_owed = 0;
        d->pit.next_ns = now + ticks_to_ns(d->pit.hw.channels[0].count, PIT_HZ);
    }
}

static void interrupt(struct vdev_domain *d, uint64_t missed)
{
    if (vhpet_is_legacy(d)) {
        return;                           /* its timer 0 has the wire */
    }
    if (periodic(&d->pit.hw.channels[0])) {
        virq0_tick(d, missed);
    } else {
        virq0_once(d);
    }
}

uint64_t vpit_tick(struct vdev_domain *d, uint64_t now)
{
    const channel_t *c = &d->pit.hw.channels[0];
    struct vpit *p = &d->pit;

    if (p->next_ns == 0 && periodic(c)) {            /* from its first day */
        p->next_ns = now + ticks_to_ns(c->count, PIT_HZ);
    }
    if (p->next_ns == 0) {
        return VDEV_NEVER;
    }
    if (now >= p->next_ns) {
        uint64_t period = max(ticks_to_ns(c->count, PIT_HZ),
                              (uint64_t)VDEV_MIN_PERIOD);

        uint64_t missed = (now - p->next_ns) / period;

        interrupt(d, missed);
        p->next_ns = periodic(c) ? p->next_ns + (missed + 1) * period : 0;
    }
    return p->next_ns == 0 ? VDEV_NEVER : p->next_ns;
}

/* Counts begin anew: where they stood is not in the record.  One that was over
 * before it was saved ends once more, which is better than never. */
void vpit_restart(struct vdev_domain *d, uint64_t now)
{
    for (unsigned int i = 0; i < 3; i++) {
        d->pit.loaded_ns[i] = now;
    }
    d->ticks_owed = 0;
    d->pit.next_ns = now + ticks_to_ns(d->pit.hw.channels[0].count, PIT_HZ);
}

static void latch_count(struct vdev_domain *d, unsigned int ch)
{
    channel_t *c = &d->pit.hw.channels[ch];

    if (!c->count_latched) {
        c->latched_count = counter(d, ch, systime_ns());
        c->count_latched = c->rw_mode;
    }
}

static void latch_status(struct vdev_domain *d, unsigned int ch)
{
    channel_t *c = &d->pit.hw.channels[ch];

    if (!c->status_latched) {
        c->status = (uint8_t)(output(d, ch, systime_ns()) << 7 |
                              c->rw_mode << 4 | c->mode << 1 | c->bcd);
        c->status_latched = 1;
    }
}

static void write_control(struct vdev_domain *d, uint8_t v)
{
    unsigned int ch = v >> 6, rw = (v >> 4) & 3, mode = (v >> 1) & 7;

    if (ch == 3) {                        /* read back */
        for (unsigned int i = 0; i < 3; i++) {
            if (v >> (i + 1) & 1) {
                if (!(v & 0x20)) {
                    latch_count(d, i);
                }
                if (!(v & 0x10)) {
                    latch_status(d, i);
                }
            }
        }
        return;
    }
    if (rw == 0) {
        latch_count(d, ch);
        return;
    }
    d->pit.hw.channels[ch].rw_mode = (uint8_t)rw;
    d->pit.hw.channels[ch].read_state = (uint8_t)rw;
    d->pit.hw.channels[ch].write_state = (uint8_t)rw;
    d->pit.hw.channels[ch].mode = (uint8_t)(mode > 5 ? mode & 3 : mode);
    if (ch == 0) {
        d->pit.next_ns = VDEV_NEVER;      /* until the count is written */
    }
}

/* Low byte first in word mode: read_state and write_state go 3, 2, 3... */
static void write_count(struct vdev_domain *d, unsigned int ch, uint8_t v)
{
    channel_t *c = &d->pit.hw.channels[ch];

    if (c->write_state == RW_LOW) {
        load(d, ch, v);
    } else if (c->rw_mode == RW_HIGH) {
        load(d, ch, (uint32_t)v << 8);
    } else if (c->write_state == RW_WORD) {
        c->write_latch = v;
        c->write_state = RW_HIGH;
    } else {
        c->write_state = RW_WORD;
        load(d, ch, (uint32_t)v << 8 | c->write_latch);
    }
}

static uint8_t read_count(struct vdev_domain *d, unsigned int ch)
{
    channel_t *c = &d->pit.hw.channels[ch];
    uint16_t v = c->count_latched ? c->latched_count
                                  : counter(d, ch, systime_ns());
    bool high;

    if (c->status_latched) {
        c->status_latched = 0;
        return c->status;
    }
    if (c->count_latched) {
        high = c->count_latched == RW_HIGH;
        c->count_latched = c->count_latched == RW_WORD ? RW_HIGH : 0;
    } else {
        high = c->read_state == RW_HIGH;
        if (c->rw_mode == RW_WORD) {
            c->read_state = high ? RW_WORD : RW_HIGH;
        }
    }
    return (uint8_t)(high ? v >> 8 : v);
}

static bool speaker(struct vdev_domain *d, bool write, uint32_t *v)
{
    uint64_t now = systime_ns();
    channel_t *c = &d->pit.hw.channels[2];

    if (write) {
        if ((*v & 1) && !c->gate) {       /* a rising gate starts over */
            d->pit.loaded_ns[2] = now;
        }
        c->gate = *v & 1;
        d->pit.hw.speaker_data_on = (*v >> 1) & 1;
        return true;
    }
    *v = c->gate | d->pit.hw.speaker_data_on << 1 |
         (now / 15085 & 1) << 4 |         /* refresh toggles each 15 us */
         (uint32_t)output(d, 2, now) << 5;
    return true;
}

bool vpit_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v)
{
    unsigned int ch = port & 3;

    if (len != 1) {
        return false;
    }
    if (port == 0x61) {
        return speaker(d, write, v);
    }
    if (!write) {
        *v = ch == 3 ? 0xff : read_count(d, ch);
    } else if (ch == 3) {
        write_control(d, (uint8_t)*v);
    } else {
        write_count(d, ch, (uint8_t)*v);
    }
    return true;
}

void vpit_init(struct vdev_domain *d)
{
    for (unsigned int i = 0; i < 3; i++) {
        d->pit.hw.channels[i] = (channel_t){
            .count = 0x10000, .mode = 3, .gate = i != 2,
            .rw_mode = RW_WORD, .read_state = RW_WORD, .write_state = RW_WORD,
        };
    }
}
