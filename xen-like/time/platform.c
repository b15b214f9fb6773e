/* SPDX-License-Identifier: MIT */
/*
 * time/platform.c - HPET, else ACPI PM timer, else PIT channel 2.
 *
 * Source  IA-PC HPET 1.0a, 2.3; ACPI 6.4, 4.8.3.3; Intel 8254.
 */
#include <time/platform.h>

#include <acpi/fields.h>

#include <arch/cpu.h>
#include <arch/port_io.h>

#include <core/mmio.h>


#define HPET_CAP     0x000
#define HPET_CONFIG  0x010
#define HPET_COUNTER 0x0f0
#define HPET_ENABLE  1u
#define HPET_64BIT   (1u << 13)
#define PM_HZ        3579545ul
#define PIT_HZ       1193182ul
#define NS           1000000000ul
#define FS_PER_NS    1000000ul
#define READINGS     8u

static boot_data struct {
    const char *name;
    uint64_t (*read)(void);
    uint64_t mask;               /* of valid counter bits */
    uint64_t first;
    uint64_t num, den;           /* ns = ticks * num / den */
} source;
static boot_data volatile char *hpet;

static uint64_t boot_text hpet_read(void)
{
    return source.mask >> 32 != 0 ? mmio_read64(hpet + HPET_COUNTER)
                                  : mmio_read32(hpet + HPET_COUNTER);
}

static uint64_t boot_text pm_read(void)
{
    return inl(acpi.pm_timer_port);
}

/* Channel 2 counts down from 0xffff; latch, then low and high byte. */
static uint64_t boot_text pit_read(void)
{
    uint64_t low;

    outb(0x80, 0x43);
    low = inb(0x42);
    return 0xffff - (low | (uint64_t)inb(0x42) << 8);
}

static bool boot_text use_hpet(void)
{
    uint64_t period;

    if (acpi.hpet_maddr == 0) {
        return false;
    }
    hpet = map_mmio(acpi.hpet_maddr, 1024);
    if (hpet == NULL) {
        return false;
    }
    period = mmio_read64(hpet + HPET_CAP) >> 32;
    if (period == 0 || period > 100 * FS_PER_NS) {
        return false;
    }
    source.mask = mmio_read32(hpet + HPET_CAP) & HPET_64BIT ? ~0ull
                                                            : 0xffffffff;
    source.num = period;
    source.den = FS_PER_NS;
    source.read = hpet_read;
    source.name = "HPET";
    mmio_write32(hpet + HPET_CONFIG,
                 mmio_read32(hpet + HPET_CONFIG) | HPET_ENABLE);
    return true;
}

static bool boot_text use_pm_timer(void)
{
    if (acpi.pm_timer_port == 0) {
        return false;
    }
    source.mask = acpi.pm_timer_32bit ? 0xffffffff : 0xffffff;
    source.num = NS;
    source.den = PM_HZ;
    source.read = pm_read;
    source.name = "ACPI PM timer";
    return true;
}

static void boot_text use_pit(void)
{
    source.mask = 0xffff;
    source.num = NS;
    source.den = PIT_HZ;
    source.read = pit_read;
    source.name = "PIT";
    outb((uint8_t)((inb(0x61) & ~2) | 1), 0x61);
    outb(0xb0, 0x43);                    /* channel 2, mode 0, binary */
    outb(0xff, 0x42);
    outb(0xff, 0x42);
}

void boot_text platform_start(void)
{
    if (!use_hpet() && !use_pm_timer()) {
        use_pit();
    }
    source.first = source.read();
}

const char *boot_text platform_name(void)
{
    return source.name;
}

static uint64_t boot_text ticks_to_ns(uint64_t ticks)
{
    return ticks / source.den * source.num +
           ticks % source.den * source.num / source.den;
}

/* The reading that took the shortest is the least disturbed one. */
uint64_t boot_text platform_elapsed_ns(uint64_t *tsc)
{
    uint64_t width = ~0ull, now = 0;

    for (unsigned int i = 0; i < READINGS; i++) {
        uint64_t before = rdtsc_ordered();
        uint64_t ticks = source.read();
        uint64_t after = rdtsc_ordered();

        if (after - before < width) {
            width = after - before;
            now = ticks;
            *tsc = before + width / 2;
        }
    }
    return ticks_to_ns((now - source.first) & source.mask);
}

uint64_t boot_text platform_max_ns(void)
{
    return source.mask == ~0ull ? ~0ull : ticks_to_ns(source.mask);
}
