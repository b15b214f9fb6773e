/* SPDX-License-Identifier: MIT */
/*
 * physdev/pirq_map.h - physical interrupts as the control domain numbers
 * them.
 *
 * Owns    struct pirq_table: pirq n < NR_GSIS is GSI n, higher ones are MSIs,
 *         given out from the top; the page of "needs EOI" bits.  The port of
 *         a pirq is event/pirq's, the interrupt itself irq/'s.
 * Locks   pirq_table.lock (LOCK_PIRQ).
 */
#ifndef PHYSDEV_PIRQ_MAP_H
#define PHYSDEV_PIRQ_MAP_H

#include <domain/domain.h>
#include <hv/types.h>

int pirq_domain_init(struct domain *d);
int pirq_relinquish(struct domain *d);
void pirq_domain_free(struct domain *d);
/* Hand pirq_ops to event/ (boot). */
void pirq_map_init(void);

/* Give a GSI its number.  -EINVAL: no such GSI. */
int must_check pirq_map_gsi(struct domain *d, unsigned int gsi);
/* An MSI (or with @table_maddr an MSI-X entry); *pirq: its number. */
int must_check pirq_map_msi(struct domain *d, uint8_t bus, uint8_t devfn,
                            unsigned int nr, uint64_t table_maddr,
                            unsigned int *pirq);
/* -EINVAL: not mapped; -EBUSY: bound to a port. */
int must_check pirq_unmap(struct domain *d, unsigned int pirq);

/* Does the domain owe an EOI after each interrupt?  false: not mapped. */
bool pirq_needs_eoi(struct domain *d, unsigned int pirq);
int must_check pirq_eoi(struct domain *d, unsigned int pirq);
/* From now on bit n of frame @mfn of @d says whether pirq n needs EOI. */
int must_check pirq_set_eoi_page(struct domain *d, mfn_t mfn);

#endif
