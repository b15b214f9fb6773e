/* SPDX-License-Identifier: MIT */
/*
 * The clock of the MC146818: time, alarm, periodic interrupt.  The CMOS
 * bytes behind it (index 14 and up) are the device model's.
 * Source  MC146818A datasheet.   Tests  tests/unit/vdev/test_timers.c
 */
#include <time/systime.h>
#include <vdev/vdev.h>

enum { SEC, SEC_AL, MIN, MIN_AL, HOUR, HOUR_AL, WDAY, DAY, MONTH, YEAR,
       REG_A, REG_B, REG_C, REG_D };
#define A_UIP    0x80
#define B_SET    0x80
#define B_PIE    0x40
#define B_AIE    0x20
#define B_UIE    0x10
#define B_BINARY 0x04
#define B_24H    0x02
#define C_IRQF   0x80
#define NS       1000000000ull
#define UIP_NS   244000u                  /* before the second turns */

static uint64_t wall_ns(uint64_t now)
{
    return wallclock_base_ns() + now;
}

static int64_t seconds(const struct vdev_domain *d, uint64_t now)
{
    return (int64_t)(wall_ns(now) / NS) + d->rtc.hw.rtc_offset;
}

static uint8_t to_reg(const struct vdev_domain *d, unsigned int v)
{
    return (uint8_t)(d->rtc.hw.cmos_data[REG_B] & B_BINARY
                     ? v : v / 10 << 4 | v % 10);
}

static unsigned int from_reg(const struct vdev_domain *d, uint8_t v)
{
    return d->rtc.hw.cmos_data[REG_B] & B_BINARY
         ? v : (unsigned int)(v >> 4) * 10 + (v & 15);
}

/* Days since 1970-01-01 and back; years begin in March here. */
static int64_t days_of(int64_t y, unsigned int m, unsigned int day)
{
    int64_t year = m <= 2 ? y - 1 : y;
    unsigned int month = (m + 9) % 12;

    return year * 365 + year / 4 - year / 100 + year / 400 +
           (month * 306 + 5) / 10 + day - 1 - 719468;
}

static void put_date(struct vdev_domain *d, int64_t days)
{
    uint8_t *r = d->rtc.hw.cmos_data;
    int64_t z = days + 719468, y = (z * 400 + 591) / 146097;
    unsigned int m;

    while (days_of(y, 3, 1) > days) {     /* the estimate is off by one */
        y--;
    }
    z = days - days_of(y, 3, 1);
    m = (unsigned int)((5 * z + 2) / 153);
    r[DAY] = to_reg(d, (unsigned int)z - (153 * m + 2) / 5 + 1);
    r[MONTH] = to_reg(d, m < 10 ? m + 3 : m - 9);
    r[YEAR] = to_reg(d, (unsigned int)((y + (m >= 10)) % 100));
    r[WDAY] = to_reg(d, (unsigned int)((days + 4) % 7) + 1);
}

static void put_time(struct vdev_domain *d, uint64_t now)
{
    uint8_t *r = d->rtc.hw.cmos_data;
    uint64_t s = (uint64_t)max(seconds(d, now), (int64_t)0);
    unsigned int hour = s / 3600 % 24;

    r[SEC] = to_reg(d, s % 60);
    r[MIN] = to_reg(d, s / 60 % 60);
    r[HOUR] = r[REG_B] & B_24H ? to_reg(d, hour)
            : to_reg(d, (hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0);
    put_date(d, (int64_t)(s / 86400));
}

static unsigned int hour_of(const struct vdev_domain *d, uint8_t v)
{
    if (d->rtc.hw.cmos_data[REG_B] & B_24H) {
        return from_reg(d, v);
    }
    return from_reg(d, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

/* The registers were written: the offset follows them. */
static void take_time(struct vdev_domain *d, uint64_t now)
{
    const uint8_t *r = d->rtc.hw.cmos_data;
    int64_t days = days_of(2000 + (int64_t)from_reg(d, r[YEAR]),
                           from_reg(d, r[MONTH]), from_reg(d, r[DAY]));

    d->rtc.hw.rtc_offset += days * 86400 + hour_of(d, r[HOUR]) * 3600 +
                            from_reg(d, r[MIN]) * 60 + from_reg(d, r[SEC]) -
                            seconds(d, now);
    d->rtc.seen_s = seconds(d, now);
}

static bool alarm_hits(const struct vdev_domain *d)
{
    const uint8_t *r = d->rtc.hw.cmos_data;

    for (unsigned int i = SEC; i <= HOUR; i += 2) {
        if ((r[i + 1] & 0xc0) != 0xc0 && r[i + 1] != r[i]) {
            return false;
        }
    }
    return true;
}

static void flag(struct vdev_domain *d, uint8_t bits)
{
    uint8_t *r = d->rtc.hw.cmos_data;

    r[REG_C] |= bits;
    if ((r[REG_C] & r[REG_B] & 0x70) && !(r[REG_C] & C_IRQF)) {
        r[REG_C] |= C_IRQF;
        if (!vhpet_is_legacy(d)) {
            vdev_isa_raise(d, 8);
        }
    }
}

/* 0: off (divider held in reset, or rate 0). */
static uint64_t period_ns(const struct vdev_domain *d)
{
    uint8_t a = d->rtc.hw.cmos_data[REG_A], rate = a & 15;

    if ((a & 0x60) != 0x20 || rate == 0) {
        return 0;
    }
    return (NS << ((rate <= 2 ? rate + 7u : rate) - 1)) / 32768;
}

/* What has happened since last time shows in register C. */
static void catch_up(struct vdev_domain *d, uint64_t now)
{
    struct vrtc *t = &d->rtc;
    uint64_t period = period_ns(d);

    if (period == 0) {
        t->next_periodic_ns = 0;
    } else if (t->next_periodic_ns == 0) {
        t->next_periodic_ns = now + period;
    } else if (now >= t->next_periodic_ns) {
        t->next_periodic_ns += ((now - t->next_periodic_ns) / period + 1) *
                               period;
        flag(d, B_PIE);
    }
    if (!(t->hw.cmos_data[REG_B] & B_SET) && seconds(d, now) != t->seen_s) {
        t->seen_s = seconds(d, now);
        put_time(d, now);
        flag(d, alarm_hits(d) ? B_UIE | B_AIE : B_UIE);
    }
}

/* While the guest has not read register C no other interrupt can come. */
uint64_t vrtc_tick(struct vdev_domain *d, uint64_t now)
{
    const uint8_t *r = d->rtc.hw.cmos_data;
    uint64_t next = VDEV_NEVER;

    catch_up(d, now);
    if (r[REG_C] & C_IRQF) {
        return VDEV_NEVER;
    }
    if ((r[REG_B] & B_PIE) && d->rtc.next_periodic_ns != 0) {
        next = d->rtc.next_periodic_ns;
    }
    if ((r[REG_B] & (B_AIE | B_UIE)) && !(r[REG_B] & B_SET)) {
        next = min(next, now + NS - wall_ns(now) % NS);
    }
    return next;
}

static void write(struct vdev_domain *d, unsigned int i, uint8_t v, uint64_t now)
{
    uint8_t *r = d->rtc.hw.cmos_data, old_b = r[REG_B];

    switch (i) {
    case SEC_AL:
    case MIN_AL:
    case HOUR_AL:
        r[i] = v;
        break;
    case REG_A:
        r[i] = v & 0x7f;
        d->rtc.next_periodic_ns = 0;
        break;
    case REG_B:
        if ((v & B_SET) && !(old_b & B_SET)) {
            put_time(d, now);
        }
        r[i] = v & B_SET ? v & (uint8_t)~B_UIE : v;
        if (!(v & B_SET) && (old_b & B_SET)) {
            take_time(d, now);
        }
        flag(d, 0);
        break;
    case REG_C:
    case REG_D:
        break;
    default:
        if (!(old_b & B_SET)) {
            put_time(d, now);
        }
        r[i] = v;
        if (!(old_b & B_SET)) {
            take_time(d, now);
        }
        break;
    }
}

static uint8_t read(struct vdev_domain *d, unsigned int i, uint64_t now)
{
    uint8_t *r = d->rtc.hw.cmos_data, v;

    switch (i) {
    case REG_A:
        return r[i] | (wall_ns(now) % NS >= NS - UIP_NS &&
                       !(r[REG_B] & B_SET) ? A_UIP : 0);
    case REG_C:
        v = r[i];
        r[i] = 0;
        vdev_isa_lower(d, 8);
        return v;
    case SEC_AL:
    case MIN_AL:
    case HOUR_AL:
    case REG_B:
    case REG_D:
        return r[i];
    default:
        if (!(r[REG_B] & B_SET)) {
            put_time(d, now);
        }
        return r[i];
    }
}

bool vrtc_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool wr,
               uint32_t *v)
{
    struct hvm_hw_rtc *h = &d->rtc.hw;
    uint64_t now = systime_ns();

    if (len != 1) {
        return false;
    }
    if (port == 0x70) {
        if (wr) {
            h->cmos_index = *v & 0x7f;
        }
        return wr && h->cmos_index < RTC_CMOS_SIZE;
    }
    if (h->cmos_index >= RTC_CMOS_SIZE) {
        return false;
    }
    catch_up(d, now);
    if (wr) {
        write(d, h->cmos_index, (uint8_t)*v, now);
    } else {
        *v = read(d, h->cmos_index, now);
    }
    return true;
}

/* Within 34,000 years of UTC: no sum overflows. */
int64_t vrtc_legal_offset(int64_t s)
{
    const int64_t limit = 1ll << 40;

    return s > limit ? limit : s < -limit ? -limit : s;
}

void vrtc_set_offset(struct vdev_domain *d, int64_t s)
{
    spin_lock(&d->lock);
    d->rtc.hw.rtc_offset = vrtc_legal_offset(s);
    spin_unlock(&d->lock);
}

void vrtc_init(struct vdev_domain *d)
{
    d->rtc.hw.cmos_data[REG_A] = 0x26;    /* 32 kHz, 1024 Hz */
    d->rtc.hw.cmos_data[REG_B] = B_24H;
    d->rtc.hw.cmos_data[REG_D] = 0x80;    /* the battery is good */
}
