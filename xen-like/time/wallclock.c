/* SPDX-License-Identifier: MIT */
/*
 * time/wallclock.c - UTC of system time 0, first read from the CMOS clock.
 *
 * Source  MC146818 datasheet.
 */
#include <time/systime.h>
#include <time/systime_init.h>

#include <acpi/fields.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/port_io.h>

#define RTC_INDEX   0x70
#define RTC_DATA    0x71
#define REG_A       10
#define REG_B       11
#define A_UPDATING  0x80
#define B_24H       0x02
#define B_BINARY    0x04
#define NS          1000000000ull

static uint64_t base_ns;                         /* [a] */

static uint8_t boot_text cmos(uint8_t index)
{
    outb(index, RTC_INDEX);
    return inb(RTC_DATA);
}

static unsigned int boot_text field(uint8_t v, bool binary)
{
    return binary ? v : (unsigned int)(v >> 4) * 10 + (v & 15);
}

/* Days since 1970-01-01 of a Gregorian date. */
static uint64_t boot_text days(unsigned int y, unsigned int m, unsigned int d)
{
    /* Years begin in March, so that the leap day is the last. */
    uint64_t year = m <= 2 ? y - 1 : y, month = (m + 9) % 12;

    return year * 365 + year / 4 - year / 100 + year / 400 +
           (month * 306 + 5) / 10 + d - 1 - 719468;
}

static uint64_t boot_text read_seconds(void)
{
    uint8_t b = cmos(REG_B), raw_hour = cmos(4);
    bool bin = b & B_BINARY;
    unsigned int sec = field(cmos(0), bin), min = field(cmos(2), bin);
    unsigned int hour = field(raw_hour & 0x7f, bin);
    unsigned int day = field(cmos(7), bin), month = field(cmos(8), bin);
    unsigned int year = field(cmos(9), bin), century = 20;

    if (!(b & B_24H)) {
        hour = hour % 12 + (raw_hour & 0x80 ? 12 : 0);
    }
    if (acpi.century != 0) {
        century = field(cmos(acpi.century), bin);
    }
    if (century < 19 || century > 29) {
        century = 20;
    }
    return days(century * 100 + year, month, day) * 86400 + hour * 3600 +
           min * 60 + sec;
}

/* An update takes under 2 ms; a reading that spans one is repeated. */
void boot_text wallclock_init(void)
{
    uint64_t first, sec;

    sec = read_seconds();
    do {
        for (unsigned int i = 0; (cmos(REG_A) & A_UPDATING) && i < 10000; i++) {
            cpu_relax();
        }
        first = sec;
        sec = read_seconds();
    } while (sec != first);
    wallclock_set(sec * NS - systime_ns());
}

uint64_t wallclock_base_ns(void)
{
    return atomic_load(&base_ns);
}

void wallclock_set(uint64_t ns)
{
    atomic_store(&base_ns, ns);
}
