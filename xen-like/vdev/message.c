/* SPDX-License-Identifier: MIT */
/*
 * Interrupt messages: from an IO-APIC pin, a device (MSI) or another vCPU to
 * the local APICs they name.  INIT, SIPI and NMI go up through the hooks.
 * Source  SDM vol. 3A, 11.6.   Tests  tests/unit/vdev/test_vlapic.c
 */
#include <arch/atomic.h>
#include <vdev/vdev.h>
#include <vdev/vlapic_regs.h>

static bool matches(const struct vlapic *la, const struct vlapic_msg *m)
{
    uint32_t ldr = REG(la, APIC_LDR);

    if (m->dest == 0xffffffff) {
        return true;
    }
    if (!m->logical) {
        return m->dest == la->id * 2;
    }
    if (vlapic_x2(la)) {
        return m->dest >> 16 == ldr >> 16 && (m->dest & ldr & 0xffff) != 0;
    }
    ldr >>= 24;
    if (REG(la, APIC_DFR) >> 28 == 0xf) {
        return (m->dest & ldr) != 0;      /* flat */
    }
    return ((m->dest ^ ldr) & 0xf0) == 0 && (m->dest & ldr & 0xf) != 0;
}

static void take(struct vlapic *la, const struct vlapic_msg *m)
{
    switch (m->mode) {
    case VLAPIC_FIXED:
    case VLAPIC_LOWEST:
        vlapic_set_irq(la, m->vector, m->level);
        break;
    case VLAPIC_NMI:
        vdev_hooks->nmi(la->vcpu);
        break;
    case VLAPIC_INIT:
        vdev_hooks->init(la->vcpu);
        break;
    case VLAPIC_SIPI:
        vdev_hooks->sipi(la->vcpu, m->vector);
        break;
    default:
        break;                            /* no SMM, no remote reads */
    }
}

/* Lowest priority: of those that match, after the last one chosen. */
static void deliver_lowest(struct vdev_domain *d, const struct vlapic_msg *m)
{
    unsigned int nr = d->nr_lapics, start = atomic_add(&d->lowest_next, 1);
    struct vlapic *best = NULL;

    for (unsigned int i = 0; i < nr; i++) {
        struct vlapic *la = d->lapic[(start + i) % nr];

        if (la != NULL && vlapic_enabled(la) && matches(la, m) &&
            (best == NULL || vlapic_ppr(la) < vlapic_ppr(best))) {
            best = la;
        }
    }
    if (best != NULL) {
        take(best, m);
    }
}

void vlapic_deliver(struct vdev_domain *d, const struct vlapic_msg *m)
{
    if (m->mode == VLAPIC_LOWEST) {
        deliver_lowest(d, m);
        return;
    }
    for (unsigned int i = 0; i < d->nr_lapics; i++) {
        if (d->lapic[i] != NULL && matches(d->lapic[i], m)) {
            take(d->lapic[i], m);
        }
    }
}

void vlapic_send(struct vlapic *la, uint32_t icr, uint32_t dest)
{
    struct vlapic_msg m = {
        .dest = dest, .logical = (icr & 0x800) != 0, .mode = (icr >> 8) & 7,
        .vector = (uint8_t)icr,
    };
    unsigned int shorthand = (icr >> 18) & 3;

    if (m.mode == VLAPIC_INIT && (icr & 0xc000) == 0x8000) {
        return;                           /* level de-assert: nothing */
    }
    if (m.mode <= VLAPIC_LOWEST && m.vector < 16) {
        atomic_or(&la->esr_pending, ESR_SEND_ILLEGAL);
        return;
    }
    if (shorthand == 0) {
        vlapic_deliver(la->dev, &m);
        return;
    }
    for (unsigned int i = 0; i < la->dev->nr_lapics; i++) {
        struct vlapic *other = la->dev->lapic[i];

        if (other != NULL && (other == la ? shorthand != 3 : shorthand != 1)) {
            take(other, &m);
        }
    }
}
