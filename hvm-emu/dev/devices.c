/* SPDX-License-Identifier: MIT */
/*
 * The table of devices and the walks over it.  Covered by
 * tests/unit/hvm-emu/frame/test_request.c.
 */
#include <dev/devices.h>

#include <bus/irq.h>
#include <bus/pci.h>
#include <bus/range.h>
#include <dev/chipset.h>
#include <dev/e1000.h>
#include <dev/fwcfg.h>
#include <dev/ps2.h>
#include <dev/vga_pci.h>
#include <lib/buf.h>
#include <lib/err.h>
#include <lib/log.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the order of creation; destroyed the other way round. */
static const struct device_class *const classes[] = {
    &i440fx_class,
    &piix3_class,
    &pm_class,
    &cmos_class,
    &isa_class,
    &fwcfg_class,
    &uart_class,
    &ide_class,
    &xen_platform_class,
    &vga_class,
    &ps2_class,
    &e1000_class_0,
    &e1000_class_1,
    &e1000_class_2,
    &e1000_class_3,
};
#define NR_CLASSES (sizeof(classes) / sizeof(classes[0]))
static_assert(NR_CLASSES <= DEVICES_MAX, "rows of struct devices");

int devices_create(struct devices *d, struct machine *m, struct err *e)
{
    unsigned int i;

    d->m = m;
    d->nr = 0;
    for (i = 0; i < NR_CLASSES; i++) {
        const struct device_class *c = classes[i];
        void *dev;

        if (c->wanted != NULL && !c->wanted(m->config)) {
            continue;
        }
        dev = c->create(m, e);
        if (dev == NULL) {
            devices_destroy(d);
            return -EIO;
        }
        d->row[d->nr].class = c;
        d->row[d->nr++].dev = dev;
    }
    return 0;
}

static void *pci_of(const struct devices *d, unsigned int i)
{
    return (uint8_t *)d->row[i].dev + d->row[i].class->pci_offset;
}

/* Nobody can reach a device any more when it goes. */
void devices_destroy(struct devices *d)
{
    while (d->nr > 0) {
        d->nr--;
        if (d->row[d->nr].class->pci != NULL) {
            pci_remove(d->m, pci_of(d, d->nr));
        }
        range_forget(d->m, d->row[d->nr].dev);
        d->row[d->nr].class->destroy(d->row[d->nr].dev);
    }
}

void devices_reset(struct devices *d)
{
    unsigned int i;

    irq_reset(d->m);
    for (i = 0; i < d->nr; i++) {
        d->row[i].class->reset(d->row[i].dev);
    }
}

void *devices_find(const struct devices *d, const char *name)
{
    unsigned int i;

    for (i = 0; i < d->nr; i++) {
        if (strcmp(d->row[i].class->name, name) == 0) {
            return d->row[i].dev;
        }
    }
    return NULL;
}

/* ---- state ---------------------------------------------------------------------- */

static const char *pci_name(const struct device_class *c, char name[24])
{
    snprintf(name, 24, "%s.pci", c->name);
    return name;
}

void devices_quiesce(struct devices *d)
{
    unsigned int i;

    for (i = 0; i < d->nr; i++) {
        if (d->row[i].class->quiesce != NULL) {
            d->row[i].class->quiesce(d->row[i].dev);
        }
    }
}

void devices_freeze(struct devices *d)
{
    d->m->frozen = true;
    devices_quiesce(d);
}

void devices_thaw(struct devices *d)
{
    unsigned int i;

    if (!d->m->frozen) {
        return;
    }
    d->m->frozen = false;
    for (i = 0; i < d->nr; i++) {
        if (d->row[i].class->thaw != NULL) {
            d->row[i].class->thaw(d->row[i].dev);
        }
    }
}

int devices_save(const struct devices *d, struct buf *out)
{
    char name[24];
    unsigned int i;
    int rc = state_save(out, "irq", &irq_state, d->m->irq);

    if (rc == 0) {
        rc = state_save(out, "pci", &pci_bus_state, d->m->pci);
    }
    for (i = 0; i < d->nr && rc == 0; i++) {
        const struct device_class *c = d->row[i].class;

        if (c->pci != NULL) {
            rc = state_save(out, pci_name(c, name), c->pci, pci_of(d, i));
        }
        if (rc == 0 && c->state != NULL) {
            rc = state_save(out, c->name, c->state, d->row[i].dev);
        }
    }
    return rc;
}

static int load_one(struct devices *d, unsigned int i, const uint8_t *data,
                    size_t len)
{
    const struct device_class *c = d->row[i].class;
    char name[24];
    int rc = 0;

    if (c->pci != NULL) {
        rc = state_load(data, len, pci_name(c, name), c->pci, pci_of(d, i));
    }
    if (rc == 0 && c->state != NULL) {
        rc = state_load(data, len, c->name, c->state, d->row[i].dev);
    }
    if (rc != 0) {
        log_err("d%u: state of %s: %d", d->m->domid, c->name, rc);
    }
    return rc;
}

/* All is well: devices may act on it, windows first. */
static void tell_loaded(struct devices *d)
{
    unsigned int i;

    for (i = 0; i < d->nr; i++) {
        const struct device_class *c = d->row[i].class;

        if (c->pci != NULL && c->pci->loaded != NULL) {
            c->pci->loaded(pci_of(d, i));
        }
    }
    for (i = 0; i < d->nr; i++) {
        const struct device_class *c = d->row[i].class;

        if (c->state != NULL && c->state->loaded != NULL) {
            c->state->loaded(d->row[i].dev);
        }
    }
    irq_tell_all(d->m);
}

int devices_load(struct devices *d, const uint8_t *data, size_t len)
{
    unsigned int i;
    int rc = state_load(data, len, "irq", &irq_state, d->m->irq);

    if (rc == 0) {
        rc = state_load(data, len, "pci", &pci_bus_state, d->m->pci);
    }
    for (i = 0; i < d->nr && rc == 0; i++) {
        rc = load_one(d, i, data, len);
    }
    if (rc == 0) {
        tell_loaded(d);
    }
    return rc;
}
