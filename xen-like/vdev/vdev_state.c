/* SPDX-License-Identifier: MIT */
/*
 * The records of a domain's devices in the HVM context: one copy out, one
 * copied in and made legal.  Tests: tests/unit/vdev.
 */
#include <hv/errno.h>
#include <time/systime.h>
#include <vdev/vdev.h>

/* One row per record: where it lies, how long it is, whose it is. */
#define RECORD(name, dev, field) \
    { HVM_SAVE_CODE(name), XEN_X86_EMU_##dev, offsetof(struct vdev_domain, field), \
      sizeof(((struct vdev_domain *)0)->field) }
static const struct record {
    uint16_t code;
    uint32_t device;
    uint16_t offset, bytes;
} records[] = {
    RECORD(PIC, PIC, pic[0]),
    RECORD(IOAPIC, IOAPIC, ioapic),
    RECORD(PCI_IRQ, IOAPIC, intx),
    RECORD(ISA_IRQ, IOAPIC, isa),
    RECORD(PCI_LINK, IOAPIC, link),
    RECORD(PIT, PIT, pit.hw),
    RECORD(RTC, RTC, rtc.hw),
    RECORD(HPET, HPET, hpet.hw),
    RECORD(PMTIMER, PM, pm.hw),
};

static const struct record *find(const struct vdev_domain *d, unsigned int code,
                                 unsigned int instance)
{
    unsigned int most = code == HVM_SAVE_CODE(PIC) ? 1 : 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(records); i++) {
        if (records[i].code == code && instance <= most &&
            (d->devices & records[i].device)) {
            return &records[i];
        }
    }
    return NULL;
}

int vdev_save_record(struct vdev_domain *d, unsigned int code, unsigned int instance,
              void *record)
{
    const struct record *r = find(d, code, instance);
    uint64_t now = systime_ns();

    if (r == NULL) {
        return -ENOENT;
    }
    spin_lock(&d->lock);
    if (code == HVM_SAVE_CODE(PMTIMER)) {
        vpm_refresh(d, now);
    }
    __builtin_memcpy(record, (char *)d + r->offset + instance * r->bytes,
                     r->bytes);
    if (code == HVM_SAVE_CODE(HPET)) {
        ((struct hvm_hw_hpet *)record)->mc64 = vhpet_counter(d, now);
    }
    spin_unlock(&d->lock);
    return r->bytes;
}

/* Each field that is used as an index or a period is made legal. */
static void sanitise(struct vdev_domain *d, unsigned int code, uint64_t now)
{
    switch (code) {
    case HVM_SAVE_CODE(PIC):
        d->pic[0].is_master = 1;
        d->pic[1].is_master = 0;
        d->pic[0].priority_add &= 7;
        d->pic[1].priority_add &= 7;
        break;
    case HVM_SAVE_CODE(IOAPIC):
        d->ioapic.base_address = IOAPIC_BASE;
        break;
    case HVM_SAVE_CODE(PCI_LINK):
        for (unsigned int i = 0; i < 4; i++) {
            d->link.route[i] &= 15;
        }
        break;
    case HVM_SAVE_CODE(PIT):
        for (unsigned int i = 0; i < 3; i++) {
            struct hvm_hw_pit_channel *c = &d->pit.hw.channels[i];

            c->count = c->count - 1 > 0xffff ? 0x10000 : c->count;
            c->mode = c->mode > 5 ? 0 : c->mode;
            c->rw_mode &= 3;
        }
        vpit_restart(d, now);
        break;
    case HVM_SAVE_CODE(RTC):
        d->rtc.hw.cmos_index &= 0x7f;
        d->rtc.next_periodic_ns = 0;
        d->rtc.hw.rtc_offset = vrtc_legal_offset(d->rtc.hw.rtc_offset);
        break;
    case HVM_SAVE_CODE(HPET):
        vhpet_restart(d, now);
        break;
    case HVM_SAVE_CODE(PMTIMER):
        d->pm.start_ns = now - ticks_to_ns(d->pm.hw.tmr_val, PM_HZ);
        d->pm.seen = d->pm.hw.tmr_val;
        break;
    default:
        break;
    }
}

int vdev_record_bytes(const struct vdev_domain *d, unsigned int code,
                      unsigned int instance)
{
    const struct record *r = find(d, code, instance);

    return r != NULL ? r->bytes : -ENOENT;
}

int vdev_load_record(struct vdev_domain *d, unsigned int code, unsigned int instance,
              const void *record, size_t bytes)
{
    const struct record *r = find(d, code, instance);

    if (r == NULL) {
        return -ENOENT;
    }
    if (bytes != r->bytes) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    __builtin_memcpy((char *)d + r->offset + instance * r->bytes, record,
                     bytes);
    sanitise(d, code, systime_ns());
    vdev_recount(d);
    vdev_run(d);
    spin_unlock(&d->lock);
    return 0;
}
