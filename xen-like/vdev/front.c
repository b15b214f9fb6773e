/* SPDX-License-Identifier: MIT */
/*
 * From vcpu and domain to their devices: allocation and argument order, no
 * behaviour of its own.
 */
#include <core/percpu.h>
#include <hv/errno.h>
#include <mm/heap.h>
#include <vdev/front.h>

int vdev_domain_init(struct domain *d)
{
    if (!d->cfg_hvm) {
        return 0;
    }
    d->vdev = heap_new(struct vdev_domain);
    if (d->vdev == NULL) {
        return -ENOMEM;
    }
    vdev_init(d->vdev, d->cfg_emulation);
    return 0;
}

int vdev_vcpu_init(struct vcpu *v)
{
    if (v->domain->vdev == NULL) {
        return 0;
    }
    v->vdev = heap_new(struct vlapic);
    if (v->vdev == NULL) {
        return -ENOMEM;
    }
    vlapic_init(v->vdev, v->domain->vdev, v, v->vcpu_id);
    return 0;
}

void vdev_vcpu_free(struct vcpu *v)
{
    if (v->vdev != NULL) {
        vlapic_fini(v->vdev);
        heap_free(v->vdev);
        v->vdev = NULL;
    }
}

void vdev_domain_free(struct domain *d)
{
    if (d->vdev != NULL) {
        vdev_fini(d->vdev);
        heap_free(d->vdev);
        d->vdev = NULL;
    }
}

int vdev_relinquish(struct domain *d)
{
    if (d->vdev != NULL) {
        vdev_fini(d->vdev);
    }
    return 0;
}

bool vdev_port(struct vcpu *v, bool write, uint16_t port, unsigned int bytes,
               uint32_t *val)
{
    return vdev_access_port(v->domain->vdev, port, bytes, write, val);
}

bool vdev_mmio(struct vcpu *v, bool write, uint64_t gaddr, unsigned int bytes,
               uint64_t *val)
{
    return vdev_access_mmio(v->domain->vdev, v->vdev, gaddr, bytes, write,
                            val);
}

int vdev_msr(struct vcpu *v, bool write, uint32_t msr, uint64_t *val)
{
    return (write ? vlapic_wrmsr(v->vdev, msr, *val)
                  : vlapic_rdmsr(v->vdev, msr, val)) ? 1 : -1;
}

int vdev_irq_pending(struct vcpu *v)
{
    return vdev_peek_interrupt(v->vdev);
}

int vdev_irq_below_tpr(struct vcpu *v)
{
    return vlapic_below_tpr(v->vdev);
}

int vdev_irq_ack(struct vcpu *v)
{
    return vdev_take_interrupt(v->vdev);
}

void vdev_set_cr8(struct vcpu *v, uint8_t cr8)
{
    vlapic_set_tpr(v->vdev, (uint8_t)(cr8 << 4));
}

void vdev_set_vector(struct vcpu *v, uint8_t vector)
{
    /* Also while the guest has its APIC switched off: it waits in the IRR. */
    vlapic_put_irq(v->vdev, vector, false);
}

void vdev_vcpu_reset(struct vcpu *v)
{
    vlapic_reset(v->vdev);
}

static struct vlapic *lapic_of(const struct domain *d, unsigned int id)
{
    struct vcpu *v = domain_vcpu(d, id);

    return v != NULL ? v->vdev : NULL;
}

int vdev_save(struct domain *d, unsigned int typecode, unsigned int instance,
              void *record)
{
    struct vlapic *la = lapic_of(d, instance);

    if (d->vdev == NULL) {
        return -ENOENT;
    }
    if (typecode == HVM_SAVE_CODE(LAPIC) && la != NULL) {
        return vlapic_save(la, record);
    }
    if (typecode == HVM_SAVE_CODE(LAPIC_REGS) && la != NULL) {
        return vlapic_save_regs(la, record);
    }
    return vdev_save_record(d->vdev, typecode, instance, record);
}

int vdev_load(struct domain *d, unsigned int typecode, unsigned int instance,
              const void *record, size_t bytes)
{
    struct vlapic *la = lapic_of(d, instance);

    if (d->vdev == NULL) {
        return -ENOENT;
    }
    if (typecode == HVM_SAVE_CODE(LAPIC) && la != NULL) {
        return bytes != sizeof(struct hvm_hw_lapic) ? -EINVAL
                                                    : vlapic_load(la, record);
    }
    if (typecode == HVM_SAVE_CODE(LAPIC_REGS) && la != NULL) {
        return bytes != sizeof(struct hvm_hw_lapic_regs)
             ? -EINVAL : vlapic_load_regs(la, record);
    }
    return vdev_load_record(d->vdev, typecode, instance, record, bytes);
}

int vdev_load_check(const struct domain *d, unsigned int typecode,
                    unsigned int instance, const void *record, size_t bytes)
{
    bool regs = typecode == HVM_SAVE_CODE(LAPIC_REGS);
    int want;

    if (d->vdev == NULL) {
        return -ENOENT;
    }
    if (!regs && typecode != HVM_SAVE_CODE(LAPIC)) {
        want = vdev_record_bytes(d->vdev, typecode, instance);
        return want < 0 ? want : bytes == (size_t)want ? 0 : -EINVAL;
    }
    if (lapic_of(d, instance) == NULL) {
        return -ESRCH;
    }
    return regs ? (bytes == sizeof(struct hvm_hw_lapic_regs) ? 0 : -EINVAL)
           : bytes == sizeof(struct hvm_hw_lapic) && vlapic_load_ok(record)
             ? 0 : -EINVAL;
}
