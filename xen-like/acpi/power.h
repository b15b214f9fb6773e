/* SPDX-License-Identifier: MIT */
/*
 * acpi/power.h - reset the machine; sleep states for the control domain.
 */
#ifndef ACPI_POWER_H
#define ACPI_POWER_H

#include <hv/types.h>

/* ACPI reset register, 0xcf9, keyboard controller, triple fault. */
noreturn void power_reset(void);
/* XENPF_enter_acpi_sleep: write the PM1 control registers, whose values the
 * control domain computed.  Returns only if the machine did not react. */
void power_write_pm1(uint16_t pm1a, uint16_t pm1b);

#endif
