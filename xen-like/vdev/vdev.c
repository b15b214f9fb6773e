/* SPDX-License-Identifier: MIT */
/*
 * The devices of a domain as one: routes of accesses, wires, the timer.  What
 * a device does is in its own file, the records of the HVM context are in
 * vdev_state.c.
 */
#include <hv/errno.h>
#include <time/systime.h>
#include <vdev/vdev.h>
#include <xen/hvm/params.h>

const struct vdev_hooks *vdev_hooks;

void vdev_set_hooks(const struct vdev_hooks *h)
{
    vdev_hooks = h;
}

#define PCI_GSI(dev, pin)  (((((dev) << 2) + ((dev) >> 3) + (pin)) & 31) + 16)
#define PCI_LINK_OF(dev, pin) (((dev) + (pin)) & 3)
#define HPET_BASE   0xfed00000u

/* ---- time ------------------------------------------------------------------ */
static const struct {
    uint32_t device;
    uint64_t (*tick)(struct vdev_domain *d, uint64_t now);
} tickers[] = {
    { XEN_X86_EMU_PIT, vpit_tick },   { XEN_X86_EMU_RTC, vrtc_tick },
    { XEN_X86_EMU_HPET, vhpet_tick }, { XEN_X86_EMU_PM, vpm_tick },
};

void vdev_run(struct vdev_domain *d)
{
    uint64_t now = systime_ns(), next = VDEV_NEVER;

    for (unsigned int i = 0; i < ARRAY_SIZE(tickers); i++) {
        if (d->devices & tickers[i].device) {
            next = min(next, tickers[i].tick(d, now));
        }
    }
    if (next == d->armed_ns) {
        return;
    }
    d->armed_ns = next;
    if (next == VDEV_NEVER) {
        timer_stop(&d->timer);
    } else {
        timer_set(&d->timer, next);
    }
}

static void timer_fn(void *data)
{
    struct vdev_domain *d = data;

    spin_lock(&d->lock);
    d->armed_ns = VDEV_NEVER;
    vdev_run(d);
    spin_unlock(&d->lock);
}

/* ---- wires ------------------------------------------------------------------ */
/* ISA lines arrive at the GSI of the same number, but IRQ 0 at GSI 2. */
static unsigned int isa_gsi(unsigned int irq)
{
    return irq == 0 ? 2 : irq;
}

static void pins(struct vdev_domain *d, unsigned int gsi, bool level)
{
    if (d->devices & XEN_X86_EMU_PIC) {
        unsigned int irq = gsi == 2 ? 0 : gsi;

        if (gsi < 16) {
            vpic_line(d, irq, level);
        }
    }
    if (level && (d->devices & XEN_X86_EMU_IOAPIC)) {
        vioapic_rise(d, gsi);
    }
}

void vdev_gsi_raise(struct vdev_domain *d, unsigned int gsi)
{
    if (d->gsi_count[gsi]++ == 0) {
        pins(d, gsi, true);
    }
}

void vdev_gsi_lower(struct vdev_domain *d, unsigned int gsi)
{
    if (d->gsi_count[gsi] != 0 && --d->gsi_count[gsi] == 0) {
        pins(d, gsi, false);
    }
}

void vdev_gsi_pulse(struct vdev_domain *d, unsigned int gsi)
{
    vdev_gsi_raise(d, gsi);
    vdev_gsi_lower(d, gsi);
}

void vdev_isa_raise(struct vdev_domain *d, unsigned int irq)
{
    if (!(d->isa.pad[0] >> irq & 1)) {
        d->isa.pad[0] |= 1ull << irq;
        vdev_gsi_raise(d, isa_gsi(irq));
    }
}

void vdev_isa_lower(struct vdev_domain *d, unsigned int irq)
{
    if (d->isa.pad[0] >> irq & 1) {
        d->isa.pad[0] &= ~(1ull << irq);
        vdev_gsi_lower(d, isa_gsi(irq));
    }
}

int vdev_isa_level(struct vdev_domain *d, unsigned int irq, bool level)
{
    if (irq > 15) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    (level ? vdev_isa_raise : vdev_isa_lower)(d, irq);
    spin_unlock(&d->lock);
    return 0;
}

/* A pin is wired to its GSI, and over its link to an ISA line. */
static void intx_wire(struct vdev_domain *d, unsigned int device, unsigned int pin,
                      bool level)
{
    unsigned int link = PCI_LINK_OF(device, pin), irq = d->link.route[link];
    bool edge = level ? d->link_count[link]++ == 0
                      : --d->link_count[link] == 0;

    (level ? vdev_gsi_raise : vdev_gsi_lower)(d, PCI_GSI(device, pin));
    if (edge && irq != 0) {
        (level ? vdev_gsi_raise : vdev_gsi_lower)(d, irq);
    }
}

int vdev_intx_level(struct vdev_domain *d, unsigned int device, unsigned int pin,
                    bool level)
{
    unsigned int bit = device * 4 + pin;

    if (device > 31 || pin > 3) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    if ((d->intx.pad[bit / 64] >> (bit % 64) & 1) != level) {
        d->intx.pad[bit / 64] ^= 1ull << (bit % 64);
        intx_wire(d, device, pin, level);
    }
    spin_unlock(&d->lock);
    return 0;
}

int vdev_link_route(struct vdev_domain *d, unsigned int link, unsigned int irq)
{
    uint8_t old;

    if (link > 3 || irq > 15) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    old = d->link.route[link];
    d->link.route[link] = (uint8_t)irq;
    if (d->link_count[link] != 0 && old != irq) {
        if (old != 0) {
            vdev_gsi_lower(d, old);
        }
        if (irq != 0) {
            vdev_gsi_raise(d, irq);
        }
    }
    spin_unlock(&d->lock);
    return 0;
}

/* SDM vol. 3A, 11.11: address and data of a message. */
int vdev_msi(struct vdev_domain *d, uint64_t addr, uint32_t data)
{
    struct vlapic_msg m = {
        .dest = (addr >> 12) & 0xff, .logical = (addr & 4) != 0,
        .mode = (data >> 8) & 7, .vector = (uint8_t)data,
    };

    if (addr >> 20 != 0xfee || (m.mode <= VLAPIC_LOWEST && m.vector < 16)) {
        return -EINVAL;
    }
    if ((addr & 8) && m.mode == VLAPIC_FIXED) {
        m.mode = VLAPIC_LOWEST;           /* redirection hint */
    }
    m.dest = m.dest == 0xff ? 0xffffffff : m.dest;
    if (m.mode == VLAPIC_INIT || m.mode == VLAPIC_SIPI) {
        return -EINVAL;                   /* not a device's to send */
    }
    vlapic_deliver(d, &m);
    return 0;
}

/* ---- the event channel's own line --------------------------------------------- */
static void callback_wire(struct vdev_domain *d, bool level)
{
    uint64_t via = d->callback_via;
    unsigned int dev = (via >> 11) & 31, pin = via & 3, gsi = via & 0xff;

    if (via >> 56 == HVM_PARAM_CALLBACK_TYPE_PCI_INTX) {
        intx_wire(d, dev, pin, level);
    } else if (gsi != 0) {
        (level ? vdev_gsi_raise : vdev_gsi_lower)(d, gsi);
    }
}

static void callback_set_level(struct vdev_domain *d, bool level)
{
    if (d->callback_level != level) {
        d->callback_level = level;
        callback_wire(d, level);
    }
}

int vdev_set_callback(struct vdev_domain *d, uint64_t via)
{
    unsigned int type = via >> 56;

    if (type > HVM_PARAM_CALLBACK_TYPE_PCI_INTX ||
        (type == HVM_PARAM_CALLBACK_TYPE_GSI &&
         (via & 0x00ffffffffffffffull) >= VDEV_GSIS)) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    callback_set_level(d, false);
    d->callback_via = via;
    spin_unlock(&d->lock);
    return 0;
}

void vdev_callback_level(struct vdev_domain *d, bool level)
{
    if (READ_ONCE(d->callback_level) == level) {
        return;
    }
    spin_lock(&d->lock);
    callback_set_level(d, level);
    spin_unlock(&d->lock);
}

void vdev_eoi(struct vdev_domain *d, uint8_t vector)
{
    if (d->devices & XEN_X86_EMU_IOAPIC) {
        spin_lock(&d->lock);
        vioapic_eoi(d, vector);
        spin_unlock(&d->lock);
        vdev_hw_settle(d);
    }
}

/* The PIC is wired to LINT0 of vCPU 0 and to pin 0 of the IO-APIC. */
static bool pic_waits(const struct vlapic *la)
{
    return la->id == 0 && (la->dev->devices & XEN_X86_EMU_PIC) &&
           READ_ONCE(la->dev->pic[0].int_output) &&
           (vlapic_takes_pic(la) ||
            (vioapic_takes_pic(la->dev) && vlapic_enabled(la)));
}

int vdev_peek_interrupt(struct vlapic *la)
{
    int v = -1;

    if (pic_waits(la)) {
        spin_lock(&la->dev->lock);
        v = vpic_peek(la->dev);
        spin_unlock(&la->dev->lock);
    }
    return v >= 0 ? v : vlapic_pending(la);
}

int vdev_take_interrupt(struct vlapic *la)
{
    int v;

    if (pic_waits(la)) {
        spin_lock(&la->dev->lock);
        v = vpic_ack(la->dev);
        spin_unlock(&la->dev->lock);
    } else if ((v = vlapic_pending(la)) >= 0) {
        vlapic_accept(la, (uint8_t)v);
    }
    if (unlikely(READ_ONCE(la->dev->ticks_owed) != 0)) {
        virq0_taken(la->dev);
    }
    return v;
}

void vdev_power_button(struct vdev_domain *d)
{
    spin_lock(&d->lock);
    vpm_event(d, 0x100);
    spin_unlock(&d->lock);
}

void vdev_sleep_button(struct vdev_domain *d)
{
    spin_lock(&d->lock);
    vpm_event(d, 0x200);
    spin_unlock(&d->lock);
}

int vdev_set_pm_location(struct vdev_domain *d, uint64_t version)
{
    if (version > 1) {
        return -EINVAL;
    }
    d->pm.base = version ? 0xb000 : 0x1f40;
    return 0;
}

void vdev_recount(struct vdev_domain *d)
{
    d->callback_level = false;            /* the next event raises it again */
    __builtin_memset(d->gsi_count, 0, sizeof(d->gsi_count));
    __builtin_memset(d->link_count, 0, sizeof(d->link_count));
    for (unsigned int bit = 0; bit < 128; bit++) {
        if (d->intx.pad[bit / 64] >> (bit % 64) & 1) {
            d->gsi_count[PCI_GSI(bit / 4, bit % 4)]++;
            d->link_count[PCI_LINK_OF(bit / 4, bit % 4)]++;
        }
    }
    for (unsigned int i = 0; i < 4; i++) {
        if (d->link_count[i] != 0 && d->link.route[i] != 0) {
            d->gsi_count[d->link.route[i]]++;
        }
    }
    for (unsigned int irq = 0; irq < 16; irq++) {
        d->gsi_count[isa_gsi(irq)] += d->isa.pad[0] >> irq & 1;
    }
    vhpet_recount(d);
}

/* ---- accesses ---------------------------------------------------------------- */
static const struct {
    uint16_t first, last;
    uint32_t device;
    bool (*access)(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
                   uint32_t *v);
} ports[] = {
    { 0x20, 0x21, XEN_X86_EMU_PIC, vpic_port },
    { 0xa0, 0xa1, XEN_X86_EMU_PIC, vpic_port },
    { 0x4d0, 0x4d1, XEN_X86_EMU_PIC, vpic_port },
    { 0x40, 0x43, XEN_X86_EMU_PIT, vpit_port },
    { 0x61, 0x61, XEN_X86_EMU_PIT, vpit_port },
    { 0x70, 0x71, XEN_X86_EMU_RTC, vrtc_port },
    { 0x1f40, 0x1f43, XEN_X86_EMU_PM, vpm_port },
    { 0x1f48, 0x1f4b, XEN_X86_EMU_PM, vpm_port },
    { 0xb000, 0xb003, XEN_X86_EMU_PM, vpm_port },
    { 0xb008, 0xb00b, XEN_X86_EMU_PM, vpm_port },
};

bool vdev_access_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v)
{
    bool ok = false;

    if (!vdev_port_maybe(port)) {
        return false;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
        if (port < ports[i].first || port + len - 1 > ports[i].last ||
            !(d->devices & ports[i].device)) {
            continue;
        }
        spin_lock(&d->lock);
        ok = ports[i].access(d, port, len, write, v);
        vdev_run(d);
        spin_unlock(&d->lock);
        break;
    }
    return ok;
}

static const struct {
    uint32_t base, bytes, device;
    uint64_t (*access)(struct vdev_domain *d, unsigned int offset, unsigned int len,
                       bool write, uint64_t v);
} areas[] = {
    { IOAPIC_BASE, 0x100, XEN_X86_EMU_IOAPIC, vioapic_mmio },
    { HPET_BASE, 0x400, XEN_X86_EMU_HPET, vhpet_mmio },
};

bool vdev_mmio_is_ours(const struct vdev_domain *d, uint64_t gaddr)
{
    uint64_t page = gaddr & PAGE_MASK;

    return (page == VLAPIC_BASE && (d->devices & XEN_X86_EMU_LAPIC)) ||
           (page == IOAPIC_BASE && (d->devices & XEN_X86_EMU_IOAPIC)) ||
           (page == HPET_BASE && (d->devices & XEN_X86_EMU_HPET));
}

bool vdev_access_mmio(struct vdev_domain *d, struct vlapic *la, uint64_t gaddr,
               unsigned int len, bool write, uint64_t *v)
{
    if ((gaddr & PAGE_MASK) == VLAPIC_BASE && vlapic_mmio_active(la)) {
        unsigned int offset = gaddr & (PAGE_SIZE - 1);

        if (write) {
            vlapic_write(la, offset, len, (uint32_t)*v);
        } else {
            *v = vlapic_read(la, offset, len);
        }
        return true;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++) {
        uint64_t offset = gaddr - areas[i].base, got;

        if (offset >= areas[i].bytes || !(d->devices & areas[i].device)) {
            continue;
        }
        spin_lock(&d->lock);
        got = areas[i].access(d, (unsigned int)offset, len, write, *v);
        vdev_run(d);
        spin_unlock(&d->lock);
        vdev_hw_settle(d);
        if (!write) {
            *v = got;
        }
        return true;
    }
    return false;
}

/* ---- life ---------------------------------------------------------- */
void vdev_init(struct vdev_domain *d, uint32_t devices)
{
    static const struct {
        uint32_t device;
        void (*init)(struct vdev_domain *d);
    } rows[] = {
        { XEN_X86_EMU_PIC, vpic_init },       { XEN_X86_EMU_PIT, vpit_init },
        { XEN_X86_EMU_IOAPIC, vioapic_init }, { XEN_X86_EMU_RTC, vrtc_init },
        { XEN_X86_EMU_HPET, vhpet_init },     { XEN_X86_EMU_PM, vpm_init },
    };

    *d = (struct vdev_domain){ .devices = devices, .armed_ns = VDEV_NEVER };
    spin_lock_init(&d->lock, LOCK_VDEV);
    timer_init(&d->timer, timer_fn, d, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        if (devices & rows[i].device) {
            rows[i].init(d);
        }
    }
}

void vdev_fini(struct vdev_domain *d)
{
    timer_kill(&d->timer);
    for (unsigned int i = 0; i < d->nr_lapics; i++) {
        if (d->lapic[i] != NULL) {
            timer_kill(&d->lapic[i]->timer);
        }
    }
}
