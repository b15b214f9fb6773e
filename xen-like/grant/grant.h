/* SPDX-License-Identifier: MIT */
/*
 * grant/grant.h - sharing frames by reference.
 *
 * Owns    the table of grants a domain gives (frames shared with it), the
 *         handles of grants it has mapped; version 1 of the ABI.
 * ABI     xen/grant_table.h
 * Locks   grant_table.lock (LOCK_GRANT) of the granter, then maptrack_lock
 *         (LOCK_MAPTRACK) of the mapper; never two of one class.
 * Tests   tests/unit/grant/, tests/guests/memory/
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include <domain/domain.h>
#include <pv/grant_map.h>

int grant_domain_init(struct domain *d);
int grant_relinquish(struct domain *d);      /* handles; preemptible */
void grant_domain_free(struct domain *d);

/*
 * Machine frames @first.. of the grant table of @d, for a toolstack that maps
 * them (XENMEM_acquire_resource); the table grows as far as its quota allows.
 * -EINVAL: beyond the quota; -ENOMEM.
 */
int must_check grant_resource_frames(struct domain *d, uint32_t first,
                                     uint32_t nr, mfn_t *mfns);
uint32_t grant_max_frames(const struct domain *d);
uint32_t grant_nr_frames(const struct domain *d);

/*
 * How frames get into a guest's address space: pv/ fills this, init/ hands
 * it down.  Addresses are linear, or with @is_pte the machine address of the
 * page-table entry.  @flags are PTE bits (P, A, D; RW and AVAIL as asked; US
 * when user mode may use it: the implementation adds what every entry of its
 * guests has).  References: the caller holds one on @frame (and a writable
 * use if PTE_RW); on success of map it belongs to the entry, which gives it
 * up like any other if the guest overwrites it; on success of unmap it is the
 * caller's again.  What the entry mapped before is released by map.
 */
struct grant_map_ops {
    /* @cache: see pv/grant_map.h.  0; -EINVAL: no such entry or not of @v's
     * domain's page tables. */
    int (*map)(struct vcpu *v, struct grant_map_cache *cache, uint64_t addr,
               bool is_pte, mfn_t frame, uint64_t flags);
    /*
     * The entry must map @frame with the PTE_RW of @flags; it is cleared, or
     * with @new_addr != 0 takes over the entry that maps @new_addr (which is
     * cleared).  *may_be_cached: false if no CPU can hold it in its TLB.
     * 0; -EINVAL: it maps something else.
     */
    int (*unmap)(struct vcpu *v, struct grant_map_cache *cache, uint64_t addr,
                 bool is_pte, mfn_t frame, uint64_t flags, uint64_t new_addr,
                 bool *may_be_cached);
    void (*done)(struct grant_map_cache *cache);
};
void grant_set_map_ops(const struct grant_map_ops *ops);

#endif
