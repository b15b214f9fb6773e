/* SPDX-License-Identifier: MIT */
/*
 * CMOS memory above the clock's registers: how much RAM there is and in which
 * order to boot, for firmware.  Bytes 0-13 are the hypervisor's clock, which
 * takes their accesses before we see them.
 * Source  the layout that SeaBIOS reads (src/hw/rtc.h).   Tests  test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/range.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX      0x70u
#define CLOCK_END  14u
#define KIB        1024ull
#define MIB        (KIB * KIB)

struct cmos {
    struct machine *m;
    uint8_t index;
    uint8_t byte[128];
};

static uint64_t cmos_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct cmos *c = dev;

    return off == 1 && c->index >= CLOCK_END ? c->byte[c->index] : 0xff;
}

static void cmos_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct cmos *c = dev;

    if (off == 0) {
        c->index = val & 0x7f;
    } else if (c->index >= CLOCK_END) {
        c->byte[c->index] = (uint8_t)val;
    }
}

/* Ports are single bytes: a word access is two. */
static uint64_t byte_read(void *dev, uint64_t off, unsigned int bytes)
{
    return bytes == 1 ? cmos_read(dev, off, 1)
                      : 0xff | cmos_read(dev, 1, 1) << 8;
}

static void byte_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    cmos_write(dev, off, 1, val & 0xff);
    if (bytes == 2) {
        cmos_write(dev, 1, 1, val >> 8 & 0xff);
    }
}

static const struct range_ops ops = { byte_read, byte_write };

static void set16(struct cmos *c, unsigned int at, uint64_t v)
{
    v = v > 0xffff ? 0xffff : v;
    c->byte[at] = (uint8_t)v;
    c->byte[at + 1] = (uint8_t)(v >> 8);
}

static uint64_t above(uint64_t end, uint64_t start)
{
    return end > start ? end - start : 0;
}

static void fill_memory(struct cmos *c)
{
    uint64_t low = c->m->low_end;
    uint64_t high = above(c->m->high_end, MACHINE_4G) / (64 * KIB);

    set16(c, 0x15, 640);
    set16(c, 0x17, above(low, MIB) / KIB);
    set16(c, 0x30, above(low, MIB) / KIB);
    set16(c, 0x34, above(low, 16 * MIB) / (64 * KIB));
    set16(c, 0x5b, high);
    c->byte[0x5d] = (uint8_t)(high >> 16);
}

/* A nibble per try: 2 disk, 3 CD, 4 network. */
static void fill_boot(struct cmos *c)
{
    static const char letters[] = "?acdn";
    const char *boot = c->m->config->boot != NULL ? c->m->config->boot : "cd";
    unsigned int n[3] = { 0 };
    unsigned int i;

    for (i = 0; i < 3 && boot[i] != '\0'; i++) {
        const char *p = strchr(letters, boot[i]);

        n[i] = p != NULL ? (unsigned int)(p - letters) : 0;
    }
    c->byte[0x3d] = (uint8_t)(n[0] | n[1] << 4);
    c->byte[0x38] = (uint8_t)(n[2] << 4 | 1);
}

static void reset(void *dev)
{
    struct cmos *c = dev;

    memset(c->byte, 0, sizeof(c->byte));
    c->index = 0;
    fill_memory(c);
    fill_boot(c);
    c->byte[0x14] = 0x06;              /* FPU, mouse */
    c->byte[0x5f] = (uint8_t)(c->m->nr_vcpus - 1);
}

static void *create(struct machine *m, struct err *e)
{
    struct cmos *c = calloc(1, sizeof(*c));
    int rc = -ENOMEM;

    if (c != NULL) {
        c->m = m;
        reset(c);
        rc = range_add(m, RANGE_PORT, INDEX, 2, &ops, c);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the CMOS memory", NULL);
        free(c);
        return NULL;
    }
    return c;
}

static void destroy(void *dev)
{
    struct cmos *c = dev;

    range_del(c->m, RANGE_PORT, INDEX, c);
    free(c);
}

static const struct state_field fields[] = {
    STATE_FIELD(struct cmos, index),
    STATE_ARRAY(struct cmos, byte),
};

static int check(void *dev)
{
    return ((struct cmos *)dev)->index < 128 ? 0 : -EINVAL;
}

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .check = check
};

const struct device_class cmos_class = {
    .name = "cmos", .create = create, .reset = reset, .destroy = destroy,
    .state = &state,
};
