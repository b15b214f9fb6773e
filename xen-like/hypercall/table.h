/* SPDX-License-Identifier: MIT */
/*
 * hypercall/table.h - hypercall number to door.
 *
 * A row carries name, who may call, and the handler.  Arguments arrive as
 * six 64-bit words; the door unwraps pointers with guest_handle().  Missing
 * row: -ENOSYS.  docs/abi.md is generated from these tables.
 */
#ifndef HYPERCALL_TABLE_H
#define HYPERCALL_TABLE_H

#include <domain/domain.h>
#include <hv/errno.h>

typedef long (*hypercall_fn)(uint64_t a0, uint64_t a1, uint64_t a2,
                             uint64_t a3, uint64_t a4, uint64_t a5);

enum caller_class { CALLER_ANY, CALLER_CONTROL };

struct hypercall_row {
    const char *name;
    enum caller_class caller;
    uint8_t nr_args;
    hypercall_fn fn;
    bool hvm;                    /* also for hardware-assisted guests */
};

#define NR_HYPERCALLS 64u
extern const struct hypercall_row hypercall_rows[NR_HYPERCALLS];
/* What entry code calls: 64 pointers, never NULL. */
extern hypercall_fn hypercall_table[NR_HYPERCALLS];

void hypercall_table_init(void);
long do_multicall(uint64_t list, uint64_t nr, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5);

#endif
