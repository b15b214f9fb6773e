/* SPDX-License-Identifier: MIT */
/*
 * dev/devices.h - the table of devices.
 *
 * Owns    the row of each device: wanted, made, reset, its state; and the
 *         walks over the table.  Order is order of creation.
 */
#ifndef DEV_DEVICES_H
#define DEV_DEVICES_H

#include <frame/config.h>
#include <frame/machine.h>
#include <frame/state.h>

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

struct device_class {
    const char *name;                  /* also of the section of its state */
    bool (*wanted)(const struct emu_config *c);    /* NULL: always */
    /* NULL with @e filled.  All descriptors and memory are got here. */
    void *(*create)(struct machine *m, struct err *e);
    void (*reset)(void *dev);          /* as after power-on */
    void (*destroy)(void *dev);
    void (*quiesce)(void *dev);        /* nothing is under way; NULL: ever */
    void (*thaw)(void *dev);           /* machine.frozen is over; or NULL */
    const struct state_table *state;   /* of what create() returned */
    const struct state_table *pci;     /* &pci_dev_state, if ... */
    size_t pci_offset;                 /* ... a struct pci_dev is in there */
};

#define DEVICES_MAX 24u

struct devices {
    struct machine *m;
    unsigned int nr;
    struct { const struct device_class *class; void *dev; } row[DEVICES_MAX];
};

/* All that the configuration wants; 0 or -errno, nothing left on failure. */
int devices_create(struct devices *d, struct machine *m, struct err *e);
void devices_destroy(struct devices *d);
void devices_reset(struct devices *d);
/* Before saving: what devices have begun outside is done. */
void devices_quiesce(struct devices *d);
/*
 * From now on what arrives from outside waits there, until devices_thaw():
 * somebody copies the guest's memory.
 */
void devices_freeze(struct devices *d);
void devices_thaw(struct devices *d);
int devices_save(const struct devices *d, struct buf *out);
int devices_load(struct devices *d, const uint8_t *data, size_t len);
/* NULL: not in this machine. */
void *devices_find(const struct devices *d, const char *name);

#endif
