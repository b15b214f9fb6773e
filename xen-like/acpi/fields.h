/* SPDX-License-Identifier: MIT */
/*
 * acpi/fields.h - the addresses of FADT, HPET and MCFG that are used.
 *
 * Source  ACPI 6.4, 5.2.9; IA-PC HPET 1.0a, 3.2.4; PCI Firmware 3.0, 4.1.2.
 */
#ifndef ACPI_FIELDS_H
#define ACPI_FIELDS_H

#include <acpi/tables.h>

#define MAX_MCFG 8u

struct mcfg_range {
    uint64_t maddr;              /* of bus 0 of the segment */
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

struct acpi_fields {
    uint16_t pm_timer_port;      /* 0: none */
    bool pm_timer_32bit;
    bool has_reset;
    struct acpi_gas reset_reg;
    uint8_t reset_value;
    uint8_t century;             /* CMOS index, 0: none */
    uint16_t pm1a_cnt, pm1b_cnt; /* I/O ports, 0: none */
    uint64_t hpet_maddr;         /* 0: none */
    unsigned int nr_mcfg;
    struct mcfg_range mcfg[MAX_MCFG];
};

extern struct acpi_fields acpi;  /* [I] after acpi_init() */
void fields_init(void);

#endif
