/* SPDX-License-Identifier: MIT */
/*
 * irq/ioapic.h - redirection entries of all IO-APICs, by GSI.
 *
 * Source  82093AA datasheet; SDM vol. 3A, 10.11 (entry format).
 * Locks   one leaf lock around the index/data register pair.
 */
#ifndef IRQ_IOAPIC_H
#define IRQ_IOAPIC_H

#include <hv/types.h>

struct ioapic_entry {
    uint8_t vector;
    bool level, low, masked;
    uint32_t dest;               /* APIC id */
};

/* Called for each IO-APIC of the MADT; masks its pins. */
void ioapic_add(uint64_t maddr, unsigned int gsi_base);
bool ioapic_has(unsigned int gsi);
void ioapic_write(unsigned int gsi, const struct ioapic_entry *e);
void ioapic_set_mask(unsigned int gsi, bool masked);
/* Raw register access for the control domain's emulated view. */
uint32_t ioapic_read_reg(unsigned int index, unsigned int reg);
unsigned int ioapic_index_of(uint64_t maddr);   /* ~0: none there */

#endif
