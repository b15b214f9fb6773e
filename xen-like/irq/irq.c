/* SPDX-License-Identifier: MIT */
/*
 * irq/irq.c - descriptors and dispatch.
 *
 * Owns    see irq/irq.h.
 */
#include <irq/irq.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/port_io.h>

#include <core/log.h>
#include <core/trace.h>
#include <hv/errno.h>
#include <irq/ioapic.h>
#include <irq/lapic.h>
#include <irq/vector.h>

#define MSI_ADDRESS 0xfee00000u

static struct irq_desc descs[NR_IRQS];
static uint16_t irq_of_vector[NR_VECTORS];        /* [a] 0xffff: none */
static void (*direct[NR_VECTORS])(void);          /* [I] after boot */
static uint64_t msi_used[NR_IRQS / 64];           /* [a] */
/* The irq whose handler runs on this CPU now, for unbind to wait. */
static DEFINE_PER_CPU(struct irq_desc *, running);

/* The two 8259s: all masked; spurious ones land on vectors 0x20-0x2f. */
static void boot_text mask_8259(void)
{
    outb(0xff, 0x21);
    outb(0xff, 0xa1);
    outb(0x11, 0x20);
    outb(0x11, 0xa0);
    outb(VECTOR_LEGACY, 0x21);
    outb(VECTOR_LEGACY + 8, 0xa1);
    outb(4, 0x21);
    outb(2, 0xa1);
    outb(1, 0x21);
    outb(1, 0xa1);
    outb(0xff, 0x21);
    outb(0xff, 0xa1);
}

static void ignore_error(void)
{
    lapic_eoi();
}

static void spurious(void)
{
}

void boot_text irq_init(void)
{
    mask_8259();
    for (unsigned int i = 0; i < NR_IRQS; i++) {
        spin_lock_init(&descs[i].lock, LOCK_IRQDESC);
        descs[i].irq = i;
        descs[i].masked = true;
    }
    for (unsigned int v = 0; v < NR_VECTORS; v++) {
        irq_of_vector[v] = 0xffff;
    }
    for (unsigned int v = VECTOR_LEGACY; v < VECTOR_DEV_FIRST; v++) {
        direct[v] = spurious;
    }
    direct[VECTOR_ERROR] = ignore_error;
    direct[VECTOR_SPURIOUS] = spurious;
}

struct irq_desc *irq_desc_of(unsigned int irq)
{
    return irq < NR_IRQS ? &descs[irq] : NULL;
}

void irq_set_direct(unsigned int vector, void (*fn)(void))
{
    direct[vector] = fn;
}

static bool is_gsi(const struct irq_desc *d)
{
    return d->irq < NR_GSIS;
}

/* ---- the hardware side; desc lock held -------------------------------- */

static void set_mask(struct irq_desc *d, bool masked)
{
    d->masked = masked;
    if (is_gsi(d)) {
        ioapic_set_mask(d->irq, masked);
    } else if (d->msi != NULL) {
        d->msi->set_mask(d->msi_owner, masked);
    }
}

static void compose_msi(const struct irq_desc *d, struct msi_msg *msg)
{
    msg->address = MSI_ADDRESS | ((uint64_t)(cpu_apic_id[d->cpu] & 0xff) << 12);
    msg->data = d->vector;
}

static void program(struct irq_desc *d)
{
    if (is_gsi(d)) {
        struct ioapic_entry e = {
            .vector = d->vector, .level = d->level, .low = d->low,
            .masked = d->masked, .dest = cpu_apic_id[d->cpu],
        };

        ioapic_write(d->irq, &e);
        d->configured = true;
    } else if (d->msi != NULL) {
        struct msi_msg msg;

        compose_msi(d, &msg);
        d->msi->write(d->msi_owner, &msg);
    }
}

static int give_vector(struct irq_desc *d)
{
    if (d->vector == 0) {
        unsigned int v = vector_alloc();

        if (v == 0) {
            return -ENOSPC;
        }
        d->vector = (uint8_t)v;
        atomic_store(&irq_of_vector[v], (uint16_t)d->irq);
    }
    return 0;
}

static void take_vector(struct irq_desc *d)
{
    if (d->vector != 0) {
        atomic_store(&irq_of_vector[d->vector], (uint16_t)0xffff);
        vector_free(d->vector);
        d->vector = 0;
    }
}

/* ---- owners ------------------------------------------------------------- */

static int take(unsigned int irq, irq_handler fn, void *data, bool for_guest)
{
    struct irq_desc *d = irq_desc_of(irq);
    unsigned long flags;
    int rc;

    if (d == NULL || (is_gsi(d) && !ioapic_has(irq))) {
        return -EINVAL;
    }
    flags = spin_lock_irqsave(&d->lock);
    rc = -EINVAL;
    if (!is_gsi(d) && d->msi == NULL) {
        goto out;
    }
    rc = -EBUSY;
    if (d->handler != NULL) {
        goto out;
    }
    rc = give_vector(d);
    if (rc != 0) {
        goto out;
    }
    d->handler = fn;
    d->data = data;
    d->for_guest = for_guest;
    d->in_flight = false;
    program(d);
    set_mask(d, false);
out:
    spin_unlock_irqrestore(&d->lock, flags);
    return rc;
}

int irq_request(unsigned int irq, irq_handler fn, void *data)
{
    return take(irq, fn, data, false);
}

int irq_bind_guest(unsigned int irq, irq_handler fn, void *data)
{
    return take(irq, fn, data, true);
}

static void wait_not_running(const struct irq_desc *d)
{
    unsigned int cpu;

    for_each_cpu(cpu, cpu_online_mask) {
        while (cpu != smp_processor_id() &&
               atomic_load_acquire(&per_cpu(running, cpu)) == d) {
            cpu_relax();
        }
    }
}

void irq_unbind_guest(unsigned int irq)
{
    struct irq_desc *d = irq_desc_of(irq);
    unsigned long flags;

    if (d == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&d->lock);
    if (d->for_guest) {
        set_mask(d, true);
        d->handler = NULL;
        d->for_guest = false;
        d->in_flight = false;
    }
    spin_unlock_irqrestore(&d->lock, flags);
    wait_not_running(d);
}

bool irq_needs_eoi(unsigned int irq)
{
    struct irq_desc *d = irq_desc_of(irq);

    return d != NULL && is_gsi(d) && d->level;
}

void irq_guest_eoi(unsigned int irq)
{
    struct irq_desc *d = irq_desc_of(irq);
    unsigned long flags;

    if (d == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&d->lock);
    if (d->in_flight && d->for_guest) {
        d->in_flight = false;
        set_mask(d, false);
    }
    spin_unlock_irqrestore(&d->lock, flags);
}

int irq_setup_gsi(unsigned int gsi, bool level, bool low)
{
    struct irq_desc *d;
    unsigned long flags;
    int rc = 0;

    if (gsi >= NR_GSIS || !ioapic_has(gsi)) {
        return -EINVAL;
    }
    d = &descs[gsi];
    flags = spin_lock_irqsave(&d->lock);
    if (d->handler != NULL && !d->for_guest) {
        rc = -EEXIST;
    } else if (d->handler != NULL && (d->level != level || d->low != low)) {
        rc = -EEXIST;
    } else if (d->handler == NULL) {
        rc = give_vector(d);
        if (rc == 0) {
            d->level = level;
            d->low = low;
            d->masked = true;
            program(d);
        }
    }
    spin_unlock_irqrestore(&d->lock, flags);
    return rc;
}

int irq_alloc_msi(const struct msi_ops *ops, void *owner)
{
    for (unsigned int i = NR_GSIS; i < NR_IRQS; i++) {
        struct irq_desc *d = &descs[i];
        unsigned long flags;
        int rc;

        if (test_and_set_bit(i, msi_used)) {
            continue;
        }
        flags = spin_lock_irqsave(&d->lock);
        rc = give_vector(d);
        if (rc == 0) {
            d->msi = ops;
            d->msi_owner = owner;
            d->masked = true;
            program(d);
        } else {
            clear_bit(i, msi_used);
        }
        spin_unlock_irqrestore(&d->lock, flags);
        return rc != 0 ? rc : (int)i;
    }
    return -ENOSPC;
}

void irq_free_msi(unsigned int irq)
{
    struct irq_desc *d = irq_desc_of(irq);
    unsigned long flags;

    if (d == NULL || is_gsi(d)) {
        return;
    }
    irq_unbind_guest(irq);
    flags = spin_lock_irqsave(&d->lock);
    d->msi = NULL;
    d->msi_owner = NULL;
    take_vector(d);
    spin_unlock_irqrestore(&d->lock, flags);
    clear_bit(irq, msi_used);
}

void irq_set_affinity(unsigned int irq, cpumask_t mask)
{
    struct irq_desc *d = irq_desc_of(irq);
    unsigned long flags;

    mask &= cpu_online_mask;
    if (d == NULL || mask == 0) {
        return;
    }
    flags = spin_lock_irqsave(&d->lock);
    if (!(mask & cpumask_of(d->cpu))) {
        d->cpu = (unsigned int)__builtin_ctzll(mask);
        if (d->vector != 0) {
            program(d);
        }
    }
    spin_unlock_irqrestore(&d->lock, flags);
}

/* ---- dispatch ----------------------------------------------------------- */

static void device_interrupt(struct irq_desc *d)
{
    irq_handler fn;
    void *data;
    bool mask;

    spin_lock(&d->lock);
    atomic_store(&this_cpu(running), d);
    fn = d->handler;
    data = d->data;
    mask = is_gsi(d) && d->level && d->for_guest;
    if (mask || fn == NULL) {
        d->in_flight = mask;
        set_mask(d, true);
    }
    spin_unlock(&d->lock);

    if (!(is_gsi(d) && d->level && !d->for_guest)) {
        lapic_eoi();
    }
    if (fn != NULL) {
        fn(data);
    }
    if (is_gsi(d) && d->level && !d->for_guest) {
        lapic_eoi();
    }
    atomic_store_release(&this_cpu(running), NULL);
}

static void dispatch(unsigned int v)
{
    uint16_t irq;

    if (direct[v] != NULL) {
        direct[v]();
        return;
    }
    irq = atomic_load(&irq_of_vector[v]);
    if (irq == 0xffff) {
        lapic_eoi();
        log_warn("interrupt on vector %#x, nobody's", v);
        return;
    }
    trace_irq(irq);
    device_interrupt(&descs[irq]);
}

void irq_entry(struct cpu_regs *regs)
{
    uint32_t held = lock_irq_enter();

    dispatch(regs->entry_vector & 0xff);
    lock_irq_exit(held);
}
