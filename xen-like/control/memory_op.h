/* SPDX-License-Identifier: MIT */
/*
 * control/memory_op.h - between the files of the XENMEM_* door.
 *
 * A row's function gets the extent to start from (bits 6.. of the command,
 * where a continuation left off) and returns a count or -errno.
 */
#ifndef CONTROL_MEMORY_OP_H
#define CONTROL_MEMORY_OP_H

#include <abi/public.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <xen/memory.h>

#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK     63u
#define MEM_BATCH          64u

#define HANDLE(h) guest_handle((uint64_t)(uintptr_t)(h).p)

long memory_increase(struct domain *caller, uint64_t start, guest_handle_t arg);
long memory_decrease(struct domain *caller, uint64_t start, guest_handle_t arg);
long memory_populate(struct domain *caller, uint64_t start, guest_handle_t arg);
long memory_exchange(struct domain *caller, uint64_t start, guest_handle_t arg);
long memory_claim(struct domain *caller, uint64_t start, guest_handle_t arg);
long memory_physmap_add(struct domain *caller, uint64_t start,
                        guest_handle_t arg);
long memory_physmap_batch(struct domain *caller, uint64_t start,
                          guest_handle_t arg);
long memory_physmap_remove(struct domain *caller, uint64_t start,
                           guest_handle_t arg);
/* Move RAM of a translated guest from one gfn to another. */
long memory_physmap_move(struct domain *d, uint64_t from, uint64_t to);
long memory_acquire(struct domain *caller, uint64_t start, guest_handle_t arg);

/* The largest extent order @caller may ask for. */
unsigned int memory_max_order(const struct domain *caller);
/* Width in bits that XENMEMF_address_bits() of @flags asks for. */
unsigned int memory_addr_bits(uint32_t flags);

#endif
