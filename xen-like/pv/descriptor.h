/* SPDX-License-Identifier: MIT */
/*
 * pv/descriptor.h - GDT and LDT pages of PV guests and their entries.
 *
 * A descriptor page (PGT_SEG) holds only entries a guest may use: not
 * present, or code and data with DPL >= 1 that is not 64-bit-system.
 * ABI     HYPERVISOR_set_gdt, update_descriptor, MMUEXT_SET_LDT (xen/xen.h)
 */
#ifndef PV_DESCRIPTOR_H
#define PV_DESCRIPTOR_H

#include <domain/domain.h>

struct page_info;

int must_check descriptor_page_validate(struct page_info *pg);

/* Set the GDT of @v (current or descheduled): @nr entries in frames. */
int must_check pv_set_gdt(struct vcpu *v, const uint64_t *mfns,
                          unsigned int entries);
void pv_destroy_gdt(struct vcpu *v);
int must_check pv_set_ldt(struct vcpu *v, uint64_t base, unsigned int entries);
void pv_destroy_ldt(struct vcpu *v);
/* A fault in the current vcpu's LDT area: map the page.  false: not there. */
bool pv_map_ldt_page(struct vcpu *v, uint64_t fault_va);

long do_set_gdt(uint64_t frames, uint64_t entries, uint64_t a2, uint64_t a3,
                uint64_t a4, uint64_t a5);
long do_update_descriptor(uint64_t maddr, uint64_t desc, uint64_t a2,
                          uint64_t a3, uint64_t a4, uint64_t a5);

#endif
