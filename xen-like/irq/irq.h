/* SPDX-License-Identifier: MIT */
/*
 * irq/irq.h - interrupts of devices: numbers, vectors, who handles them.
 *
 * Owns    struct irq_desc of each irq.  Numbers 0..NR_GSIS-1 are GSIs (pins of
 *         IO-APICs), NR_GSIS..NR_IRQS-1 are allocated for MSIs.  A desc has a
 *         vector (the same on all CPUs), a destination CPU, and one handler:
 *         ours (irq_request) or a guest's (irq_bind_guest).
 * Ends    edge and MSI: acknowledged at once, guests owe nothing.  Level: the
 *         pin is masked, the local APIC acknowledged, and the pin unmasked by
 *         irq_guest_eoi() (PHYSDEVOP_eoi); our own handlers need no EOI.
 * Locks   desc lock (LOCK_IRQDESC, irqsave).  Handlers run with interrupts
 *         off and no lock held.
 * Tests   tests/boot (dom0's disks and net), tests/guests.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include <core/lock.h>
#include <core/percpu.h>
#include <hv/limits.h>
#include <hv/types.h>

struct irq_desc;

typedef void (*irq_handler)(void *data);

struct msi_msg {
    uint64_t address;
    uint32_t data;
};

/* How an MSI's owner (physdev/msix) reaches the device. */
struct msi_ops {
    void (*write)(void *owner, const struct msi_msg *msg);
    void (*set_mask)(void *owner, bool masked);
};

struct irq_desc {
    spinlock_t lock;
    unsigned int irq;            /* [I] */
    uint8_t vector;              /* [L] 0: none yet */
    bool level, low;             /* [L] GSI: trigger and polarity */
    bool configured;             /* [L] the pin was programmed */
    bool masked;                 /* [L] */
    bool for_guest;              /* [L] */
    bool in_flight;              /* [L] guest owes an EOI */
    unsigned int cpu;            /* [L] destination */
    irq_handler handler;         /* [L] NULL: nobody */
    void *data;                  /* [L] */
    const struct msi_ops *msi;   /* [L] NULL: a GSI */
    void *msi_owner;             /* [L] */
};

void irq_init(void);
struct irq_desc *irq_desc_of(unsigned int irq);      /* NULL: out of range */

/* Our own device.  Unmasks.  -EBUSY, -ENOSPC (vectors). */
int must_check irq_request(unsigned int irq, irq_handler fn, void *data);

/*
 * A guest's: @fn runs for each interrupt.  A GSI must have been set up (or
 * legacy ISA: edge, high is assumed).  -EBUSY: taken; -EINVAL: no such irq.
 * Unmasks.  unbind waits until @fn is not running.
 */
int must_check irq_bind_guest(unsigned int irq, irq_handler fn, void *data);
void irq_unbind_guest(unsigned int irq);
/* Does the guest owe irq_guest_eoi() after each interrupt? */
bool irq_needs_eoi(unsigned int irq);
void irq_guest_eoi(unsigned int irq);

/* Program a pin.  -EINVAL: no such GSI; -EEXIST: in use with another
 * trigger or polarity, or by the hypervisor. */
int must_check irq_setup_gsi(unsigned int gsi, bool level, bool low);

/* MSIs.  -ENOSPC.  @ops->write is called with the message to use now, and
 * again whenever the destination changes. */
int must_check irq_alloc_msi(const struct msi_ops *ops, void *owner);
void irq_free_msi(unsigned int irq);

/* Move to one of @mask; keeps working if the CPU is the same. */
void irq_set_affinity(unsigned int irq, cpumask_t mask);

/* Entry code calls this for each vector from 0x20 up, interrupts off.
 * @regs->entry_vector holds the vector. */
struct cpu_regs;
void irq_entry(struct cpu_regs *regs);

/* Vectors that are not of devices: fn runs and must end with lapic_eoi(). */
void irq_set_direct(unsigned int vector, void (*fn)(void));

#endif
