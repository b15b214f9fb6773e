/* SPDX-License-Identifier: MIT */
/*
 * physdev/physdev_op.c - the PHYSDEVOP_* door: the control domain's drivers
 * ask for interrupts.
 * Tests: boots of a kernel with devices; tests/guests/control.
 */
#include <domain/guest_copy.h>
#include <domain/domain.h>
#include <hv/errno.h>
#include <irq/ioapic.h>
#include <irq/irq.h>
#include <physdev/physdev_op.h>
#include <physdev/pirq_map.h>
#include <xen/physdev.h>

ABI_ASSERT(sizeof(struct physdev_map_pirq) == 40);
ABI_ASSERT(sizeof(struct physdev_setup_gsi) == 8);
ABI_ASSERT(sizeof(struct physdev_apic) == 16);

#define MAX_IOPL 3u

static long op_eoi(struct domain *d, guest_handle_t arg)
{
    struct physdev_eoi op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return pirq_eoi(d, op.irq);
}

static long op_eoi_page(struct domain *d, guest_handle_t arg)
{
    struct physdev_pirq_eoi_gmfn op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return pirq_set_eoi_page(d, _mfn(op.gmfn));
}

static long op_status(struct domain *d, guest_handle_t arg)
{
    struct physdev_irq_status_query op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.irq >= NR_IRQS) {
        return -EINVAL;
    }
    op.flags = pirq_needs_eoi(d, op.irq) ? XENIRQSTAT_needs_eoi : 0;
    return copy_to_guest(arg, &op, sizeof(op));
}

/* Port I/O of a guest kernel goes by permissions, not by its level. */
static long op_set_iopl(struct domain *d, guest_handle_t arg)
{
    struct physdev_set_iopl op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return op.iopl <= MAX_IOPL ? 0 : -EINVAL;
}

/* User mode gets no ports: only an empty bitmap can be honoured. */
static long op_set_iobitmap(struct domain *d, guest_handle_t arg)
{
    struct physdev_set_iobitmap op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return op.nr_ports == 0 ? 0 : -EOPNOTSUPP;
}

static long op_apic_read(struct domain *d, guest_handle_t arg)
{
    struct physdev_apic op;
    unsigned int index;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    index = ioapic_index_of(op.apic_physbase);
    if (index == ~0u || op.reg > 0x3f) {
        return -EINVAL;
    }
    op.value = ioapic_read_reg(index, op.reg);
    return copy_to_guest(arg, &op, sizeof(op));
}

/* Vectors are the hypervisor's affair; the caller only wants a yes. */
static long op_alloc_vector(struct domain *d, guest_handle_t arg)
{
    struct physdev_irq op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.irq >= NR_GSIS) {
        return -EINVAL;
    }
    op.vector = op.irq;
    return copy_to_guest(arg, &op, sizeof(op));
}

static long op_free_vector(struct domain *d, guest_handle_t arg)
{
    return 0;
}

static long map_gsi(struct domain *d, struct physdev_map_pirq *op)
{
    if (op->index < 0 || (op->pirq >= 0 && op->pirq != op->index)) {
        return -EINVAL;
    }
    op->pirq = op->index;
    return pirq_map_gsi(d, (unsigned int)op->index);
}

static long map_msi(struct domain *d, struct physdev_map_pirq *op)
{
    unsigned int pirq;
    long rc;

    if (op->type == MAP_PIRQ_TYPE_MSI_SEG && (uint32_t)op->bus >> 16 != 0) {
        return -ENODEV;              /* segments behind MCFG only */
    }
    if (op->pirq >= 0 || op->entry_nr < 0 || (op->bus & 0xff00) != 0 ||
        op->devfn < 0 || op->devfn > 0xff) {
        return -EINVAL;
    }
    rc = pirq_map_msi(d, (uint8_t)op->bus, (uint8_t)op->devfn,
                      (unsigned int)op->entry_nr, op->table_base, &pirq);
    if (rc == 0) {
        op->pirq = (int)pirq;
    }
    return rc;
}

static long op_map_pirq(struct domain *d, guest_handle_t arg)
{
    struct physdev_map_pirq op;
    long rc;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.domid != DOMID_SELF && op.domid != d->domid) {
        return -EPERM;               /* no pass-through */
    }
    switch (op.type) {
    case MAP_PIRQ_TYPE_GSI:
        rc = map_gsi(d, &op);
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        rc = map_msi(d, &op);
        break;
    default:
        return -EINVAL;
    }
    if (rc == 0 && copy_to_guest(arg, &op, sizeof(op)) != 0) {
        rc = -EFAULT;
        if (op.type != MAP_PIRQ_TYPE_GSI) {
            (void)!pirq_unmap(d, (unsigned int)op.pirq);
        }
    }
    return rc;
}

static long op_unmap_pirq(struct domain *d, guest_handle_t arg)
{
    struct physdev_unmap_pirq op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.domid != DOMID_SELF && op.domid != d->domid) {
        return -EPERM;
    }
    return pirq_unmap(d, (unsigned int)op.pirq);
}

static long op_setup_gsi(struct domain *d, guest_handle_t arg)
{
    struct physdev_setup_gsi op;
    int rc;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.gsi < 0 || op.gsi >= (int)NR_GSIS) {
        return -EINVAL;
    }
    rc = irq_setup_gsi((unsigned int)op.gsi, op.triggering != 0,
                       op.polarity != 0);
    return rc == -EPERM ? -EEXIST : rc;      /* ours: set up already */
}

/* The hypervisor drives no PCI function: news of them need no action. */
static long op_noted(struct domain *d, guest_handle_t arg)
{
    return 0;
}

static long op_unsupported(struct domain *d, guest_handle_t arg)
{
    return -EOPNOTSUPP;
}

enum who { ANY, HARDWARE };

static const struct {
    const char *name;
    enum who who;
    long (*run)(struct domain *d, guest_handle_t arg);
} physdev_ops[] = {
#define ROW(op, w, fn) [PHYSDEVOP_##op] = { #op, w, fn }
    ROW(irq_status_query, HARDWARE, op_status),
    ROW(set_iopl, ANY, op_set_iopl),
    ROW(set_iobitmap, ANY, op_set_iobitmap),
    ROW(apic_read, HARDWARE, op_apic_read),
    ROW(apic_write, HARDWARE, op_unsupported),
    ROW(alloc_irq_vector, HARDWARE, op_alloc_vector),
    ROW(free_irq_vector, HARDWARE, op_free_vector),
    ROW(eoi, HARDWARE, op_eoi),
    ROW(map_pirq, HARDWARE, op_map_pirq),
    ROW(unmap_pirq, HARDWARE, op_unmap_pirq),
    ROW(manage_pci_add, HARDWARE, op_noted),
    ROW(manage_pci_remove, HARDWARE, op_noted),
    ROW(manage_pci_add_ext, HARDWARE, op_noted),
    ROW(restore_msi, HARDWARE, op_unsupported),
    ROW(setup_gsi, HARDWARE, op_setup_gsi),
    ROW(get_free_pirq, HARDWARE, op_unsupported),
    ROW(pci_mmcfg_reserved, HARDWARE, op_noted),
    ROW(pci_device_add, HARDWARE, op_noted),
    ROW(pci_device_remove, HARDWARE, op_noted),
    ROW(restore_msi_ext, HARDWARE, op_unsupported),
    ROW(pirq_eoi_gmfn_v2, HARDWARE, op_eoi_page),
    ROW(prepare_msix, HARDWARE, op_unsupported),
    ROW(release_msix, HARDWARE, op_unsupported),
#undef ROW
};

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                   uint64_t a4, uint64_t a5)
{
    struct domain *d = current->domain;
    uint32_t op = (uint32_t)cmd;

    if (op >= ARRAY_SIZE(physdev_ops) || physdev_ops[op].run == NULL) {
        return -ENOSYS;
    }
    if (d->p2m != NULL && (!d->is_hardware ||
                           physdev_ops[op].run != op_noted)) {
        return -ENOSYS;              /* its interrupts go by vdev/hw_line */
    }
    if (physdev_ops[op].who == HARDWARE && !d->is_hardware) {
        return -EPERM;
    }
    return physdev_ops[op].run(d, guest_handle(arg));
}
