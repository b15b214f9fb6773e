/* SPDX-License-Identifier: MIT */
/*
 * hvm/inject.h - exceptions and interrupts for a guest.
 *
 * Owns    the one event that is delivered next (v->hvm->event), what goes
 *         first, and asking for an exit when an interrupt has to wait.
 * Order   an event whose delivery was interrupted, NMI, the event-channel
 *         vector, then what the local APIC or the PIC has.
 * Tests   tests/unit/hvm/test_inject.c
 */
#ifndef HVM_INJECT_H
#define HVM_INJECT_H

#include <hvm/hvm_domain.h>
#include <vdev/front.h>

#define HVM_NO_ERROR (-1)

/* A second exception while one is on its way becomes #DF, a third ends the
 * guest (SDM vol. 3A, 6.15). */
void hvm_inject_exception(struct vcpu *v, uint8_t vector, int error);
void hvm_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error);

/* The instruction at RIP is done: on to the next, @len bytes further. */
void hvm_skip(struct vcpu *v, unsigned int len);

/* Ask for an exit when the guest could take an interrupt, or do not. */
void hvm_window(struct vcpu *v, bool open);
/* The guest's NMI handler returns: another one may come. */
void hvm_nmi_unmask(struct vcpu *v);
/* Before each entry, interrupts off. */
void hvm_inject_pending(struct vcpu *v);
/* False: hvm_inject_pending() has nothing to do. */
static inline bool hvm_inject_maybe(const struct vcpu *v)
{
    const struct hvm_vcpu *h = v->hvm;

    return h->event.valid || h->window || atomic_load(&h->nmi_pending) ||
           atomic_load(&v->info->evtchn_upcall_pending) || vdev_irq_maybe(v);
}
/* Would something be delivered if the guest allowed interrupts? */
bool hvm_has_interrupt(struct vcpu *v);
/* Would something be delivered at the next entry?  The flags of vcpu_info
 * say nothing about that: the CPU's own IF does. */
bool hvm_takes_interrupt(struct vcpu *v);

/* The guest's CPU gave up. */
void hvm_triple_fault(struct vcpu *v);

#endif
