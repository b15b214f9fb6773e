/* SPDX-License-Identifier: MIT */
/*
 * acpi/power.c - ways to end.
 */
#include <acpi/power.h>

#include <acpi/fields.h>

#include <arch/cpu.h>
#include <arch/port_io.h>
#include <core/console.h>
#include <core/machine.h>

static void settle(void)
{
    for (unsigned int i = 0; i < 100000; i++) {
        cpu_relax();
    }
}

noreturn void power_reset(void)
{
    static const struct packed {
        uint16_t limit;
        uint64_t base;
    } no_idt;

    console_drain();                 /* others may be in the middle of a line */
    local_irq_disable();
    machine.stop_other_cpus();
    console_sync();
    if (acpi.has_reset && acpi.reset_reg.space == 1) {
        outb(acpi.reset_value, (uint16_t)acpi.reset_reg.address);
        settle();
    }
    outb(2, 0xcf9);
    outb(6, 0xcf9);
    settle();
    outb(0xfe, 0x64);
    settle();
    __asm__ volatile("lidt %0; int3" :: "m"(no_idt));
    cpu_halt_forever();
}

void power_write_pm1(uint16_t pm1a, uint16_t pm1b)
{
    console_drain();                 /* the last words before the dark */
    if (acpi.pm1a_cnt != 0) {
        outw(pm1a, acpi.pm1a_cnt);
    }
    if (acpi.pm1b_cnt != 0) {
        outw(pm1b, acpi.pm1b_cnt);
    }
    settle();
}
