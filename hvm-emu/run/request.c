/* SPDX-License-Identifier: MIT */
/*
 * One request.  Its numbers come from the hypervisor, but address, count and
 * data are the guest's choice.  Tests: tests/unit/hvm-emu/frame/test_request.c.
 */
#include <run/request.h>

#include <bus/pci.h>
#include <bus/range.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>

#include <string.h>

#define STAGE 4096u                    /* bytes moved at a time */

/* The address of element @i. */
static uint64_t step(const struct ioreq *r, uint64_t base, uint32_t i)
{
    uint64_t by = (uint64_t)i * r->size;

    return r->df ? base - by : base + by;
}

static uint64_t bus_read(struct machine *m, const struct ioreq *r, uint32_t i)
{
    return r->type == IOREQ_TYPE_PIO
           ? range_read(m, RANGE_PORT, r->addr, r->size)
           : range_read(m, RANGE_MMIO, step(r, r->addr, i), r->size);
}

static void bus_write(struct machine *m, const struct ioreq *r, uint32_t i,
                      uint64_t val)
{
    if (r->type == IOREQ_TYPE_PIO) {
        range_write(m, RANGE_PORT, r->addr, r->size, val);
    } else {
        range_write(m, RANGE_MMIO, step(r, r->addr, i), r->size, val);
    }
}

/* ---- data in guest memory --------------------------------------------------------- */

/* Elements @from.. that lie in a row in memory, upwards: from staging. */
static void stage_in(struct machine *m, const struct ioreq *r, uint32_t from,
                     uint32_t n)
{
    uint8_t stage[STAGE];
    uint32_t i;

    for (i = 0; i < n; i++) {
        uint64_t val = bus_read(m, r, from + i);

        memcpy(stage + i * r->size, &val, r->size);
    }
    (void)guest_write(m, step(r, r->data, from), stage, (size_t)n * r->size);
}

static void stage_out(struct machine *m, const struct ioreq *r, uint32_t from,
                      uint32_t n)
{
    uint8_t stage[STAGE];
    uint32_t i;

    memset(stage, 0xff, sizeof(stage));
    (void)guest_read(m, step(r, r->data, from), stage, (size_t)n * r->size);
    for (i = 0; i < n; i++) {
        uint64_t val = 0;

        memcpy(&val, stage + i * r->size, r->size);
        bus_write(m, r, from + i, val);
    }
}

static void run_memory(struct machine *m, const struct ioreq *r)
{
    /* Downwards, elements do not lie in a row: one at a time. */
    uint32_t most = r->df ? 1 : STAGE / r->size;
    uint32_t i;

    for (i = 0; i < r->count; i += most) {
        uint32_t n = r->count - i < most ? r->count - i : most;

        if (r->dir == IOREQ_READ) {
            stage_in(m, r, i, n);
        } else {
            stage_out(m, r, i, n);
        }
    }
}

/* ---- data in the request ----------------------------------------------------------- */

static void run_value(struct machine *m, struct ioreq *r)
{
    uint32_t i;

    for (i = 0; i < r->count; i++) {
        if (r->dir == IOREQ_READ) {
            r->data = bus_read(m, r, i);
        } else {
            bus_write(m, r, i, r->data);
        }
    }
}

static void run_access(struct machine *m, struct ioreq *r)
{
    if (r->size == 0 || r->size > 8) {
        r->data = ~0ull;
        return;
    }
    if (r->count > REQUEST_MAX_COUNT) {
        r->count = REQUEST_MAX_COUNT;
    }
    if (r->data_is_ptr) {
        run_memory(m, r);
    } else {
        run_value(m, r);
    }
}

static void run_config(struct machine *m, struct ioreq *r)
{
    uint64_t sbdf = r->addr >> 32;
    unsigned int off = (unsigned int)(r->addr & 0xffffffff);
    unsigned int bytes = r->size > 4 ? 4 : r->size;
    bool ours = sbdf < 256 && !r->data_is_ptr && off < 256;

    if (r->dir == IOREQ_READ) {
        r->data = ours ? pci_config_read(m, (uint8_t)sbdf, off, bytes) : ~0u;
    } else if (ours) {
        pci_config_write(m, (uint8_t)sbdf, off, bytes, (uint32_t)r->data);
    }
}

void request_run(struct machine *m, struct ioreq *req)
{
    switch (req->type) {
    case IOREQ_TYPE_PIO:
    case IOREQ_TYPE_COPY:
        run_access(m, req);
        break;
    case IOREQ_TYPE_PCI_CONFIG:
        run_config(m, req);
        break;
    case IOREQ_TYPE_INVALIDATE:
        guest_mem_forget(m);
        break;
    default:                           /* IOREQ_TYPE_TIMEOFFSET: no news */
        break;
    }
}
