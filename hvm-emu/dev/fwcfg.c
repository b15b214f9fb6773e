/* SPDX-License-Identifier: MIT */
/*
 * Items are read from their start after they were chosen, zeros after their
 * end.  There is no DMA interface, and writes of data do nothing.  The items
 * are no state: who loads some makes them again.
 * Covered by tests/unit/hvm-emu/fw/test_uefi.c.
 */
#include <dev/fwcfg.h>

#include <bus/range.h>
#include <dev/devices.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SELECT    0x510u
#define DATA      1u
#define MAX_ITEMS 16u
#define MAX_FILES 8u
#define ROW_BYTES 64u                  /* of the directory */
#define NAME_BYTES 56u

struct item {
    uint16_t key;
    uint8_t *data;
    size_t len;
};

struct fwcfg {
    struct machine *m;
    struct item item[MAX_ITEMS];
    uint32_t nr_items, nr_files;
    uint8_t directory[4 + MAX_FILES * ROW_BYTES];
    uint16_t selected;
    uint32_t offset;
};

static const struct item *chosen(const struct fwcfg *f)
{
    uint32_t i;

    for (i = 0; i < f->nr_items; i++) {
        if (f->item[i].key == f->selected) {
            return &f->item[i];
        }
    }
    return NULL;
}

static uint8_t next_byte(struct fwcfg *f)
{
    const struct item *it = chosen(f);

    return it != NULL && f->offset < it->len ? it->data[f->offset++] : 0;
}

static uint64_t port_read(void *dev, uint64_t off, unsigned int bytes)
{
    return off == DATA && bytes == 1 ? next_byte(dev) : ~0ull;
}

static void port_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct fwcfg *f = dev;

    if (off == 0 && bytes == 2) {
        f->selected = (uint16_t)val;
        f->offset = 0;
    }
}

static const struct range_ops ops = { port_read, port_write };

/* ---- items ---------------------------------------------------------------------- */

static int set(struct fwcfg *f, uint16_t key, const void *data, size_t len)
{
    uint8_t *copy = malloc(len);
    uint32_t i;

    for (i = 0; i < f->nr_items && f->item[i].key != key; i++) {
    }
    if (copy == NULL || i == MAX_ITEMS) {
        free(copy);
        return copy == NULL ? -ENOMEM : -ENOSPC;
    }
    f->nr_items += i == f->nr_items;
    free(f->item[i].data);
    memcpy(copy, data, len);
    f->item[i] = (struct item) { key, copy, len };
    return 0;
}

int fwcfg_item(struct machine *m, uint16_t key, const void *data, size_t len)
{
    return m->fwcfg == NULL ? -ENODEV : set(m->fwcfg, key, data, len);
}

/* Numbers of the directory have their high byte first. */
static void put_be(uint8_t *to, unsigned int bytes, uint32_t val)
{
    while (bytes-- > 0) {
        to[bytes] = (uint8_t)val;
        val >>= 8;
    }
}

int fwcfg_file(struct machine *m, const char *name, const void *data,
               size_t len)
{
    struct fwcfg *f = m->fwcfg;
    uint8_t *row;
    int rc;

    if (f == NULL) {
        return -ENODEV;
    }
    if (f->nr_files == MAX_FILES || strlen(name) >= NAME_BYTES) {
        return -ENOSPC;
    }
    rc = set(f, (uint16_t)(FWCFG_FILES + f->nr_files), data, len);
    if (rc != 0) {
        return rc;
    }
    row = f->directory + 4 + f->nr_files * ROW_BYTES;
    put_be(row, 4, (uint32_t)len);
    put_be(row + 4, 2, FWCFG_FILES + f->nr_files);
    strcpy((char *)row + 8, name);
    put_be(f->directory, 4, ++f->nr_files);
    return set(f, FWCFG_DIRECTORY, f->directory, 4 + f->nr_files * ROW_BYTES);
}

/* ---- life ------------------------------------------------------------------------- */

static bool wanted(const struct emu_config *c)
{
    return c->uefi;
}

static void reset(void *dev)
{
    struct fwcfg *f = dev;

    f->selected = 0;
    f->offset = 0;
}

static void destroy(void *dev)
{
    struct fwcfg *f = dev;
    uint32_t i;

    f->m->fwcfg = NULL;
    range_del(f->m, RANGE_PORT, SELECT, f);
    for (i = 0; i < f->nr_items; i++) {
        free(f->item[i].data);
    }
    free(f);
}

static void *create(struct machine *m, struct err *e)
{
    static const uint8_t id[4] = { 1, 0, 0, 0 };       /* no DMA */
    struct fwcfg *f = calloc(1, sizeof(*f));
    int rc = f == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        f->m = m;
        rc = set(f, FWCFG_SIGNATURE, "QEMU", 4);
    }
    if (rc == 0) {
        rc = set(f, FWCFG_ID, id, sizeof(id));
    }
    if (rc == 0) {
        rc = range_add(m, RANGE_PORT, SELECT, 2, &ops, f);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the firmware's configuration", NULL);
        if (f != NULL) {
            destroy(f);
        }
        return NULL;
    }
    m->fwcfg = f;
    return f;
}

static const struct state_field fields[] = {
    STATE_FIELD(struct fwcfg, selected), STATE_FIELD(struct fwcfg, offset),
};

static const struct state_table state = { .version = 1, STATE_ROWS(fields) };

const struct device_class fwcfg_class = {
    .name = "fwcfg", .wanted = wanted, .create = create, .reset = reset,
    .destroy = destroy, .state = &state,
};
