/* SPDX-License-Identifier: MIT */
/*
 * control/control_domain.h - what the toolstack said about a domain and no
 * other part needs: its memory map, its TSC mode.
 *
 * Owns    struct control_domain; the domain_unit functions of control/.
 * Locks   domain.lock [D]
 */
#ifndef CONTROL_CONTROL_DOMAIN_H
#define CONTROL_CONTROL_DOMAIN_H

#include <domain/domain.h>
#include <lib/e820.h>

struct control_domain {
    uint32_t nr_e820;                       /* [D] */
    struct e820_entry *e820;                /* [D] E820_MAX entries or NULL */
    uint32_t tsc_mode, tsc_gtsc_khz, tsc_incarnation;   /* [D] */
    uint64_t tsc_elapsed_nsec;              /* [D] */
    cpumask_t node_affinity;                /* [D] nodes */
};

int control_domain_init(struct domain *d);
void control_domain_free(struct domain *d);

#endif
