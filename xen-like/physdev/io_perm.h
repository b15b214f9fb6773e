/* SPDX-License-Identifier: MIT */
/*
 * physdev/io_perm.h - which ports, MMIO frames and interrupts a domain may
 * use.
 *
 * Owns    three sets of ranges per domain.  The control domain begins with
 *         everything but what the hypervisor keeps (serial port, PIC, PIT,
 *         PM timer, PCI configuration ports, local APIC, IO-APICs); others
 *         with nothing.
 * Units   port numbers, machine frame numbers, pirqs; ranges are inclusive.
 * Locks   io_perm.lock (LOCK_LEAF), inside every function.
 * Tests   tests/unit/physdev/test_io_perm.c
 */
#ifndef PHYSDEV_IO_PERM_H
#define PHYSDEV_IO_PERM_H

#include <domain/domain.h>

int io_perm_domain_init(struct domain *d);
void io_perm_domain_free(struct domain *d);

bool io_port_permitted(const struct domain *d, uint32_t first, uint32_t last);
bool io_mem_permitted(const struct domain *d, uint64_t first_mfn,
                      uint64_t last_mfn);
/* A frame of registers or firmware: neither RAM nor PCI's memory-mapped
 * configuration space, which is for the hypervisor to read. */
bool io_mem_is_device(uint64_t mfn);
bool io_irq_permitted(const struct domain *d, unsigned int pirq);

/* Give or take; what nobody may have stays forbidden: -EINVAL. */
int must_check io_port_permit(struct domain *d, uint32_t first, uint32_t last,
                              bool allow);
int must_check io_mem_permit(struct domain *d, uint64_t first_mfn,
                             uint64_t last_mfn, bool allow);
int must_check io_irq_permit(struct domain *d, unsigned int pirq, bool allow);

/* Boot, before domains: what the hypervisor keeps for itself, as the
 * firmware's tables say of IO-APICs and the PM timer. */
void io_perm_init(void);

#endif
