/* SPDX-License-Identifier: MIT */
/*
 * Port I/O of PV guests and of a PVH control domain.  The control domain reaches the ports it was given,
 * by the hypervisor's own in and out; a few are shared or stand-ins:
 *
 *   20 21 a0 a1   interrupt controllers: ours, writes vanish
 *   42 43 61      timer channel 2 and its gate (calibration), channel 2 only
 *   70 71         CMOS: index kept per vcpu, access under a lock
 *   cf8 cfc-cff   PCI configuration, through physdev/pci_cfg; a translated
 *                 control domain does not see MSI there: its messages would
 *                 name vectors of its own
 */
#include <arch/port_io.h>
#include <core/lock.h>
#include <domain/domain.h>
#include <physdev/io_perm.h>
#include <physdev/pci_cfg.h>
#include <pv/priv_op.h>

static spinlock_t cmos_lock = SPINLOCK_INIT(LOCK_LEAF);

static uint32_t ones(unsigned int bytes)
{
    return bytes == 4 ? ~0u : (1u << (bytes * 8)) - 1;
}

static uint32_t real_in(uint16_t port, unsigned int bytes)
{
    switch (bytes) {
    case 1: return inb(port);
    case 2: return inw(port);
    default: return inl(port);
    }
}

static void real_out(uint16_t port, unsigned int bytes, uint32_t val)
{
    switch (bytes) {
    case 1: outb((uint8_t)val, port); break;
    case 2: outw((uint16_t)val, port); break;
    default: outl(val, port); break;
    }
}

static bool is_pit(uint16_t port, unsigned int bytes)
{
    return bytes == 1 && (port == 0x42 || port == 0x43 || port == 0x61);
}

static uint8_t cmos_in(struct vcpu *v)
{
    uint8_t val;

    spin_lock(&cmos_lock);
    outb(v->cmos_index & 0x7f, 0x70);
    val = inb(0x71);
    spin_unlock(&cmos_lock);
    return val;
}

static void cmos_out(struct vcpu *v, uint8_t val)
{
    spin_lock(&cmos_lock);
    outb(v->cmos_index & 0x7f, 0x70);
    outb(val, 0x71);
    spin_unlock(&cmos_lock);
}

static uint32_t pci_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    uint32_t val = pci_cfg_port_read(v, v->pci_cf8, port, bytes);

    return v->domain->p2m == NULL ? val
           : pci_cfg_hide_msi(v->pci_cf8, port, val);
}

uint32_t pv_port_in(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    if (port == 0xcf8 && bytes == 4) {
        return v->pci_cf8;
    }
    if (!v->domain->is_hardware) {
        return ones(bytes);
    }
    if ((port & ~3u) == 0xcfc && (port & 3) + bytes <= 4) {
        return pci_read(v, port, bytes);
    }
    if (port == 0x71 && bytes == 1) {
        return cmos_in(v);
    }
    if (is_pit(port, bytes) ||
        io_port_permitted(v->domain, port, port + bytes - 1)) {
        return real_in(port, bytes);
    }
    return ones(bytes);
}

void pv_port_out(struct vcpu *v, uint16_t port, unsigned int bytes,
                 uint32_t val)
{
    if (port == 0xcf8 && bytes == 4) {
        v->pci_cf8 = val;
        return;
    }
    if (!v->domain->is_hardware) {
        return;
    }
    if ((port & ~3u) == 0xcfc && (port & 3) + bytes <= 4) {
        pci_cfg_port_write(v, v->pci_cf8, port, bytes, val);
    } else if (port == 0x70 && bytes == 1) {
        v->cmos_index = (uint8_t)val;
    } else if (port == 0x71 && bytes == 1) {
        cmos_out(v, (uint8_t)val);
    } else if (is_pit(port, bytes)) {
        if (port == 0x43 && (val >> 6) != 2) {
            return;                        /* channel 2 and nothing else */
        }
        real_out(port, bytes, port == 0x61 ? val & 3 : val);
    } else if (io_port_permitted(v->domain, port, port + bytes - 1)) {
        real_out(port, bytes, val);
    }
}
