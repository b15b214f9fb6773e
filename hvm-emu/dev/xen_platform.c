/* SPDX-License-Identifier: MIT */
/*
 * Xen platform device: what PV drivers in an HVM guest bind to.  Its interrupt
 * pin is raised by the hypervisor (HVM_PARAM_CALLBACK_IRQ), its memory window
 * is addresses for the guest's grant table.  Ports 10-13 unplug emulated
 * devices and take a log.
 * Source  Xen, docs/misc/hvm-emulated-unplug.pandoc
 * Tests   tests/unit/hvm-emu/frame/test_state.c
 */
#include <dev/chipset.h>

#include <bus/pci.h>
#include <bus/unplug.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <stdlib.h>

#define FIXED_PORT  0x10u
#define FIXED_LEN   4u
#define MAGIC       0x49d2u
#define PROTOCOL    1u
#define LOG_OFFSET  8u                 /* in the port window */
#define KNOWN       (UNPLUG_DISKS | UNPLUG_NICS | UNPLUG_AUX_DISKS)

struct xen_platform {
    struct pci_dev pci;
    uint16_t product, unplugged;
    uint32_t build;
    uint8_t flags;
    uint8_t line_len;
    char line[160];
    struct log_rate rate;
};

static void log_char(struct xen_platform *x, char c)
{
    if (c != '\n') {
        x->line[x->line_len++] = c;
    }
    if (c == '\n' || x->line_len == sizeof(x->line) - 1) {
        x->line[x->line_len] = '\0';
        x->line_len = 0;
        glog_info(&x->rate, x->pci.m->domid, "guest: %s", x->line);
    }
}

/* ---- ports 10-13 -------------------------------------------------------------------- */

static uint64_t fixed_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct xen_platform *x = dev;

    if (off == 0 && bytes == 2) {
        return MAGIC;
    }
    if (bytes != 1) {
        return ~0ull;
    }
    return off == 0 ? x->flags : off == 2 ? PROTOCOL : 0xff;
}

static void unplug(struct xen_platform *x, uint32_t what)
{
    glog_info(&x->rate, x->pci.m->domid, "PV drivers unplug %#x (product %u, "
              "build %u)", what, x->product, x->build);
    x->unplugged |= (uint16_t)(what & KNOWN);
    unplug_now(x->pci.m, what & KNOWN);
}

static void fixed_write(void *dev, uint64_t off, unsigned int bytes,
                        uint64_t val)
{
    struct xen_platform *x = dev;

    if (off == 0 && bytes == 4) {
        x->build = (uint32_t)val;
    } else if (off == 0 && bytes == 2) {
        unplug(x, (uint32_t)val);
    } else if (off == 2 && bytes == 2) {
        x->product = (uint16_t)val;
    } else if (off == 2 && bytes == 1) {
        log_char(x, (char)val);
    }
}

/* ---- windows ---------------------------------------------------------------------------- */

static uint64_t window_read(void *dev, uint64_t off, unsigned int bytes)
{
    return off == 0 ? ((struct xen_platform *)dev)->flags : 0;
}

static void window_write(void *dev, uint64_t off, unsigned int bytes,
                         uint64_t val)
{
    if (off == LOG_OFFSET) {
        log_char(dev, (char)val);
    }
}

static uint64_t memory_read(void *dev, uint64_t off, unsigned int bytes)
{
    return 0;
}

static const struct range_ops fixed_ops = { fixed_read, fixed_write };
static const struct range_ops window_ops = { window_read, window_write };
static const struct range_ops memory_ops = { memory_read, NULL };

/* ---- life -------------------------------------------------------------------------------- */

static bool wanted(const struct emu_config *c)
{
    return !c->no_xen_platform;
}

static void init_config(struct xen_platform *x)
{
    struct pci_dev *d = &x->pci;

    pci_dev_init(d, "xen-platform", PCI_DEVFN(2, 0), 0x5853, 0x0001, 0xff8000,
                 1, 1);
    pci_set16(d->config + 0x2c, 0x5853);
    pci_set16(d->config + 0x2e, 0x0001);
    d->bar[0] = (struct pci_bar) { .kind = PCI_BAR_PORT, .size = 0x100,
                                   .ops = &window_ops };
    d->bar[1] = (struct pci_bar) { .kind = PCI_BAR_MMIO, .size = 16u << 20,
                                   .prefetch = true, .ops = &memory_ops };
    d->dev = x;
}

static void *create(struct machine *m, struct err *e)
{
    struct xen_platform *x = calloc(1, sizeof(*x));
    int rc = x == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        init_config(x);
        x->rate = (struct log_rate)LOG_RATE(100);
        rc = pci_add(m, &x->pci);
    }
    if (rc == 0) {
        rc = range_add(m, RANGE_PORT, FIXED_PORT, FIXED_LEN, &fixed_ops, x);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the Xen platform device", NULL);
        free(x);
        return NULL;
    }
    return x;
}

static void reset(void *dev)
{
    struct xen_platform *x = dev;

    pci_dev_reset(&x->pci);
    x->product = x->unplugged = x->build = x->flags = x->line_len = 0;
}

static void destroy(void *dev)
{
    struct xen_platform *x = dev;

    range_del(x->pci.m, RANGE_PORT, FIXED_PORT, x);
    pci_remove(x->pci.m, &x->pci);
    free(x);
}

static const struct state_field fields[] = {
    STATE_FIELD(struct xen_platform, product),
    STATE_FIELD(struct xen_platform, unplugged),
    STATE_FIELD(struct xen_platform, build),
    STATE_FIELD(struct xen_platform, flags),
};

static void loaded(void *dev)
{
    struct xen_platform *x = dev;

    if (x->unplugged != 0) {
        unplug_now(x->pci.m, x->unplugged & KNOWN);
    }
}

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .loaded = loaded
};

const struct device_class xen_platform_class = {
    .name = "xen-platform", .wanted = wanted, .create = create,
    .reset = reset, .destroy = destroy, .state = &state,
    .pci = &pci_dev_state, .pci_offset = offsetof(struct xen_platform, pci),
};
