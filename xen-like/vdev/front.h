/* SPDX-License-Identifier: MIT */
/*
 * vdev/front.h - the devices as hvm/ sees them: by vcpu and domain.
 *
 * All do nothing (false, -1, 0) for domains that are not HVM.
 */
#ifndef VDEV_FRONT_H
#define VDEV_FRONT_H

#include <domain/domain.h>
#include <vdev/vdev.h>

int vdev_domain_init(struct domain *d);       /* d->cfg_emulation: which */
int vdev_vcpu_init(struct vcpu *v);
void vdev_vcpu_free(struct vcpu *v);
void vdev_domain_free(struct domain *d);
int vdev_relinquish(struct domain *d);        /* timers off */

/* false: nobody's.  MMIO of 1, 2, 4 or 8 bytes. */
bool vdev_port(struct vcpu *v, bool write, uint16_t port, unsigned int bytes,
               uint32_t *val);
bool vdev_mmio(struct vcpu *v, bool write, uint64_t gaddr, unsigned int bytes,
               uint64_t *val);
/* One of the local APIC's; then 1: done, -1: #GP. */
static inline bool vdev_msr_is(uint32_t msr)
{
    return (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) ||
           msr == MSR_APIC_BASE || msr == MSR_TSC_DEADLINE;
}
int vdev_msr(struct vcpu *v, bool write, uint32_t msr, uint64_t *val);

/* Vector that would be delivered now, -1: none.  Changes nothing. */
int vdev_irq_pending(struct vcpu *v);
/* False: there is none; the question before every entry. */
static inline bool vdev_irq_maybe(const struct vcpu *v)
{
    return atomic_load(&v->vdev->irr_maybe) != 0 ||
           READ_ONCE(v->domain->vdev->pic[0].int_output) != 0;
}
/* A vector of the local APIC that only CR8 keeps back, or -1. */
int vdev_irq_below_tpr(struct vcpu *v);
int vdev_irq_ack(struct vcpu *v);             /* take it; -1: gone */
static inline uint8_t vdev_get_cr8(const struct vcpu *v)
{
    return (uint8_t)v->vdev->reg[VLAPIC_TPR / 4] >> 4;
}
void vdev_set_cr8(struct vcpu *v, uint8_t cr8);
void vdev_set_vector(struct vcpu *v, uint8_t vector);
void vdev_vcpu_reset(struct vcpu *v);         /* INIT */

/* HVM context: LAPIC, LAPIC_REGS of vcpu @instance; others of the domain.
 * Bytes, -ENOENT: not one of ours, -EINVAL: bad contents. */
int vdev_save(struct domain *d, unsigned int typecode, unsigned int instance,
              void *record);
int vdev_load(struct domain *d, unsigned int typecode, unsigned int instance,
              const void *record, size_t bytes);
/* What vdev_load() would return; -ESRCH: there is no such vcpu. */
int vdev_load_check(const struct domain *d, unsigned int typecode,
                    unsigned int instance, const void *record, size_t bytes);

#endif
