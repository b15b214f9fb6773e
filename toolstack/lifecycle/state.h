/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/state.h - the states of a domain and what follows from each end.
 *
 * Owns    the words that libvirt users know, from the hypervisor's flags; the
 *         table from shutdown reason to configured action.
 * Tests   tests/unit/toolstack/test_lifecycle.c
 */
#ifndef LIFECYCLE_STATE_H
#define LIFECYCLE_STATE_H

#include <config/def.h>
#include <stdint.h>

enum vm_state {
    VM_RUNNING,
    VM_IDLE,                   /* waits for something */
    VM_PAUSED,
    VM_IN_SHUTDOWN,            /* dying: its memory is being taken back */
    VM_SHUT_OFF,
    VM_CRASHED,
};

/* From xen_domctl_getdomaininfo.flags (XEN_DOMINF_*). */
enum vm_state state_of_flags(uint32_t flags);
const char *state_name(enum vm_state state);

/* Has it stopped by itself?  Then *@reason is SHUTDOWN_*. */
bool state_shutdown_reason(uint32_t flags, unsigned int *reason);
const char *state_reason_name(unsigned int reason);

/* What the configuration wants after @reason; a core dump becomes its rest. */
enum life_action state_action(const struct domain_def *def,
                              unsigned int reason);

#endif
