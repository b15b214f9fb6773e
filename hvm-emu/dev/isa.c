/* SPDX-License-Identifier: MIT */
/*
 * What an ISA bus is expected to have and nobody uses: two DMA controllers
 * whose registers can be read back and that transfer nothing (no device asks
 * them to), page registers with the POST code, and the debug port where
 * firmware writes its log.
 * Source  Intel 8237A data sheet (231466).   Tests  test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/range.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DMA1       0x00u
#define PAGES      0x80u
#define DMA2       0xc0u
#define DEBUG      0x402u
#define DEBUG_HERE 0xe9u               /* what a read of it says */

#define CH_REGS    8u                  /* address and count of 4 channels */
enum { CMD = 8, REQUEST, MASK1, MODE, FLIPFLOP, CLEAR, UNMASK, MASKS };

struct dma {
    uint8_t half;                      /* which byte of a register is next */
    uint8_t mask;
    uint16_t base[CH_REGS], now[CH_REGS];
};

struct isa {
    struct machine *m;
    struct dma dma[2];
    uint8_t page[16];
    uint8_t line_len;
    char line[200];
    struct log_rate rate;
};

/* ---- DMA controllers ------------------------------------------------------------ */

static uint8_t dma_get(struct dma *d, unsigned int reg)
{
    uint8_t v = 0;

    if (reg < CH_REGS) {
        v = (uint8_t)(d->now[reg] >> (d->half * 8));
        d->half ^= 1;
    } else if (reg == MASKS) {
        v = d->mask;
    }
    return v;
}

static void dma_set(struct dma *d, unsigned int reg, uint8_t v)
{
    unsigned int shift = d->half * 8u;

    if (reg < CH_REGS) {
        d->base[reg] = (uint16_t)((d->base[reg] & ~(0xff << shift)) |
                                  v << shift);
        d->now[reg] = d->base[reg];
        d->half ^= 1;
    } else if (reg == MASK1) {
        uint8_t bit = (uint8_t)(1u << (v & 3));

        d->mask = (uint8_t)(v & 4 ? d->mask | bit : d->mask & ~bit);
    } else if (reg == FLIPFLOP) {
        d->half = 0;
    } else if (reg == CLEAR) {
        memset(d, 0, sizeof(*d));
        d->mask = 0xf;
    } else if (reg == UNMASK) {
        d->mask = 0;
    } else if (reg == MASKS) {
        d->mask = v & 0xf;
    }
}

static uint64_t dma1_read(void *dev, uint64_t off, unsigned int bytes)
{
    return bytes == 1 ? dma_get(&((struct isa *)dev)->dma[0],
                                (unsigned int)off) : ~0ull;
}

static void dma1_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    dma_set(&((struct isa *)dev)->dma[0], (unsigned int)off, (uint8_t)val);
}

static uint64_t dma2_read(void *dev, uint64_t off, unsigned int bytes)
{
    return bytes == 1 ? dma_get(&((struct isa *)dev)->dma[1],
                                (unsigned int)off / 2) : ~0ull;
}

static void dma2_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    dma_set(&((struct isa *)dev)->dma[1], (unsigned int)off / 2,
            (uint8_t)val);
}

static uint64_t page_read(void *dev, uint64_t off, unsigned int bytes)
{
    return bytes == 1 ? ((struct isa *)dev)->page[off & 15] : ~0ull;
}

static void page_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    ((struct isa *)dev)->page[off & 15] = (uint8_t)val;
}

/* ---- firmware's log ------------------------------------------------------------- */

static uint64_t debug_read(void *dev, uint64_t off, unsigned int bytes)
{
    return DEBUG_HERE;
}

static void debug_char(struct isa *i, char c)
{
    if (c != '\n') {
        i->line[i->line_len++] = c;
    }
    if (c == '\n' || i->line_len == sizeof(i->line) - 1) {
        i->line[i->line_len] = '\0';
        i->line_len = 0;
        glog_info(&i->rate, i->m->domid, "firmware: %s", i->line);
    }
}

static void debug_write(void *dev, uint64_t off, unsigned int bytes,
                        uint64_t val)
{
    debug_char(dev, (char)val);
}

static const struct range_ops dma1_ops = { dma1_read, dma1_write };
static const struct range_ops dma2_ops = { dma2_read, dma2_write };
static const struct range_ops page_ops = { page_read, page_write };
static const struct range_ops debug_ops = { debug_read, debug_write };

/* 92 is the ISA bridge's; page registers end before it. */
static const struct {
    uint16_t port, len;
    const struct range_ops *ops;
} ports[] = {
    { DMA1, 16, &dma1_ops },
    { PAGES, 16, &page_ops },
    { DMA2, 32, &dma2_ops },
    { DEBUG, 1, &debug_ops },
};
#define NR_PORTS (sizeof(ports) / sizeof(ports[0]))

static void reset(void *dev)
{
    struct isa *i = dev;

    memset(i->dma, 0, sizeof(i->dma));
    i->dma[0].mask = i->dma[1].mask = 0xf;
    memset(i->page, 0, sizeof(i->page));
    i->line_len = 0;
}

static void destroy(void *dev)
{
    struct isa *i = dev;
    unsigned int n;

    for (n = 0; n < NR_PORTS; n++) {
        range_del(i->m, RANGE_PORT, ports[n].port, i);
    }
    free(i);
}

static void *create(struct machine *m, struct err *e)
{
    struct isa *i = calloc(1, sizeof(*i));
    int rc = i == NULL ? -ENOMEM : 0;
    unsigned int n;

    if (i != NULL) {
        i->m = m;
        i->rate = (struct log_rate)LOG_RATE(1000);
        reset(i);
    }
    for (n = 0; n < NR_PORTS && rc == 0; n++) {
        rc = range_add(m, RANGE_PORT, ports[n].port, ports[n].len,
                       ports[n].ops, i);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the ISA devices", NULL);
        free(i);
        return NULL;
    }
    return i;
}

static const struct state_field fields[] = {
    STATE_ARRAY(struct isa, dma[0].base), STATE_ARRAY(struct isa, dma[0].now),
    STATE_FIELD(struct isa, dma[0].half), STATE_FIELD(struct isa, dma[0].mask),
    STATE_ARRAY(struct isa, dma[1].base), STATE_ARRAY(struct isa, dma[1].now),
    STATE_FIELD(struct isa, dma[1].half), STATE_FIELD(struct isa, dma[1].mask),
    STATE_ARRAY(struct isa, page),
};

static int check(void *dev)
{
    struct isa *i = dev;

    return i->dma[0].half <= 1 && i->dma[1].half <= 1 ? 0 : -EINVAL;
}

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .check = check
};

const struct device_class isa_class = {
    .name = "isa", .create = create, .reset = reset, .destroy = destroy,
    .state = &state,
};
