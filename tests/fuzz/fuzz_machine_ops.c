/* SPDX-License-Identifier: MIT */
/*
 * What a hostile guest does, an operation per function; what arrives from
 * outside; saved state that somebody made up.  See fuzz_machine.h.
 */
#include "fuzz_machine.h"

#include <bus/irq.h>
#include <frame/state.h>
#include <lib/buf.h>
#include <lib/evloop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

uint32_t fuzz_take(struct fuzz_input *in, unsigned int bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0) {
        v = v << 8 | (in->left > 0 ? *in->at++ : 0);
        in->left -= in->left > 0;
    }
    return v;
}

/* ---- accesses ----------------------------------------------------------------------- */

static uint16_t some_port(struct fuzz_machine *f, struct fuzz_input *in)
{
    const struct fuzz_row *row = f->row;
    uint32_t i = fuzz_take(in, 1);
    const struct fuzz_ports *p;

    if (i >= 0xf8 || row->nr_ports == 0) {
        return (uint16_t)fuzz_take(in, 2);
    }
    p = &row->ports[i % row->nr_ports];
    return (uint16_t)(p->first + fuzz_take(in, 1) % p->len);
}

static unsigned int some_size(struct fuzz_input *in)
{
    static const uint8_t sizes[] = { 1, 1, 2, 4 };

    return sizes[fuzz_take(in, 1) & 3];
}

void fuzz_out(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint16_t port = some_port(f, in);
    unsigned int size = some_size(in);

    bench_out(f->b, port, size, fuzz_take(in, size));
}

void fuzz_in(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint16_t port = some_port(f, in);

    (void)bench_in(f->b, port, some_size(in));
}

/* A repeated access, by a request as the hypervisor makes it. */
void fuzz_string(struct fuzz_machine *f, struct fuzz_input *in)
{
    struct ioreq req = { .type = IOREQ_TYPE_PIO, .data_is_ptr = 1 };

    req.addr = some_port(f, in);
    req.dir = fuzz_take(in, 1) & 1;
    req.size = some_size(in);
    req.count = fuzz_take(in, 2) & 0x3ff;
    req.df = fuzz_take(in, 1) & 1;
    req.data = 0x100000 + fuzz_take(in, 2);
    req.state = STATE_IOREQ_READY;
    f->b->slots->vcpu_ioreq[0] = req;
    (void)server_run_vcpu(&f->b->server, 0);
}

void fuzz_config(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint32_t i = fuzz_take(in, 1);
    uint8_t fn = i >= 0xf0 || f->row->nr_functions == 0
                 ? (uint8_t)fuzz_take(in, 1)
                 : f->row->functions[i % f->row->nr_functions];
    uint8_t off = (uint8_t)fuzz_take(in, 1);
    unsigned int size = some_size(in);

    if (i & 8) {
        (void)bench_cfg(f->b, fn, off, size);
    } else {
        bench_cfg_set(f->b, fn, off, size, fuzz_take(in, size));
    }
}

static uint64_t some_address(struct fuzz_machine *f, struct fuzz_input *in)
{
    static const uint64_t odd[] = { 0x1000, 0xa0000, 0xfee00000,
                                    UINT64_MAX - 0xffff };
    uint32_t i = fuzz_take(in, 1);

    if (i >= 0xf0 || f->row->nr_memory == 0) {
        return odd[i & 3] + fuzz_take(in, 2);
    }
    return f->row->memory[i % f->row->nr_memory] + fuzz_take(in, 2);
}

void fuzz_memory(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint64_t at = some_address(f, in);
    uint32_t how = fuzz_take(in, 1);
    unsigned int size = 1u << (how >> 1 & 3);

    if (how & 1) {
        (void)range_read(&f->b->m, RANGE_MMIO, at, size);
    } else {
        range_write(&f->b->m, RANGE_MMIO, at, size,
                    fuzz_take(in, 4) * 0x100000001ull);
    }
}

/* ---- memory that devices read ---------------------------------------------------------- */

/* A piece of a bus master's list: mostly of memory that is there. */
void fuzz_piece(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint8_t *row = f->b->memory + FUZZ_LISTS + fuzz_take(in, 1) * 8;
    uint32_t how = fuzz_take(in, 1);
    uint32_t addr = how >= 0xf0 ? fuzz_take(in, 4)
                                : 0x100000 + fuzz_take(in, 2) * 16;

    memcpy(row, &addr, 4);
    pci_set16(row + 4, (uint16_t)fuzz_take(in, 2));
    row[7] = how & 1 ? 0x80 : 0;
}

/* 16 bytes at a multiple of 16, such as a network card's descriptor. */
void fuzz_ram(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint8_t *to = f->b->memory + FUZZ_LISTS + fuzz_take(in, 1) * 16;
    unsigned int i;

    for (i = 0; i < 16; i++) {
        to[i] = (uint8_t)fuzz_take(in, 1);
    }
}

/* ---- disks --------------------------------------------------------------------------- */

void fuzz_command(struct fuzz_machine *f, struct fuzz_input *in)
{
    static const uint8_t commands[] = {
        0xec, 0xa1, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4,
        0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xef, 0xa0, 0x90, 0x08, 0x27, 0xf8,
    };
    uint16_t port = fuzz_take(in, 1) & 1 ? 0x170 : 0x1f0;
    uint32_t which = fuzz_take(in, 1);
    unsigned int i;

    bench_out(f->b, port + 6, 1, 0xe0 | fuzz_take(in, 1));
    for (i = 0; i < 4; i++) {
        bench_out(f->b, port + 2 + i % 4, 1, fuzz_take(in, 1));
    }
    bench_out(f->b, port + 7, 1, which < sizeof(commands) ? commands[which]
                                                          : which);
}

void fuzz_packet(struct fuzz_machine *f, struct fuzz_input *in)
{
    static const uint8_t ops[] = { 0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x25,
        0x28, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe };
    unsigned int i;

    bench_out(f->b, 0x176, 1, fuzz_take(in, 1) & 0x10);
    bench_out(f->b, 0x171, 1, fuzz_take(in, 1) & 1);
    bench_out(f->b, 0x174, 1, fuzz_take(in, 1));
    bench_out(f->b, 0x175, 1, fuzz_take(in, 1));
    bench_out(f->b, 0x177, 1, 0xa0);
    bench_out(f->b, 0x170, 2, ops[fuzz_take(in, 1) & 15] |
              fuzz_take(in, 1) << 8);
    for (i = 1; i < 6; i++) {
        bench_out(f->b, 0x170, 2, fuzz_take(in, 2));
    }
}

void fuzz_master(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint16_t at = fuzz_take(in, 1) & 1 ? FUZZ_BM + 8 : FUZZ_BM;

    bench_out(f->b, at + 4, 4, FUZZ_LISTS + (fuzz_take(in, 1) & 0xfc) * 8);
    bench_out(f->b, at, 1, fuzz_take(in, 1));
    bench_run(f->b, 100);
    bench_out(f->b, at, 1, fuzz_take(in, 1));
}

/* ---- pages shared with the hypervisor --------------------------------------------------- */

void fuzz_slot(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint8_t *slot = (uint8_t *)&f->b->slots->vcpu_ioreq[1];
    unsigned int i;

    for (i = 0; i < sizeof(struct ioreq); i++) {
        slot[i] = (uint8_t)fuzz_take(in, 1);
    }
    f->b->slots->vcpu_ioreq[1].type &= 0xb;
    (void)server_run_vcpu(&f->b->server, 1);
}

void fuzz_ring(struct fuzz_machine *f, struct fuzz_input *in)
{
    uint32_t v = fuzz_take(in, 4);

    f->b->ring->buf_ioreq[v % IOREQ_BUFFER_SLOT_NUM] = (struct buf_ioreq) {
        .type = (uint8_t)fuzz_take(in, 1) & 1, .size = fuzz_take(in, 1) & 3,
        .addr = fuzz_take(in, 3) & 0xfffff, .data = v,
    };
    f->b->ring->read_pointer = v & 0xff;
    f->b->ring->write_pointer = (v & 0xff) + (v >> 8 & 0x1f) - (v >> 31);
    (void)server_run_ring(&f->b->server);
}

/* ---- time and the world outside ---------------------------------------------------------- */

void fuzz_time(struct fuzz_machine *f, struct fuzz_input *in)
{
    bench_run(f->b, (uint64_t)fuzz_take(in, 2) << 10);
}

/* A frame or characters come in; descriptors that are ready are served. */
void fuzz_world(struct fuzz_machine *f, struct fuzz_input *in)
{
    static uint8_t frame[2048], sink[70000];
    uint32_t len = fuzz_take(in, 2) % sizeof(frame), i;

    for (i = 0; i < len && i < 40; i++) {
        frame[i] = (uint8_t)fuzz_take(in, 1);
    }
    if (f->line >= 0) {
        (void)!write(f->line, frame, len & 63);
        (void)!read(f->line, sink, sizeof(sink));
    }
    (void)send(f->wire, frame, len, 0);
    evloop_once(f->b->m.loop, 0);
    while (recv(f->wire, sink, sizeof(sink), 0) > 0) {
    }
}

void fuzz_reset(struct fuzz_machine *f, struct fuzz_input *in)
{
    devices_reset(&f->b->devices);
}

/* ---- saved state ---------------------------------------------------------------------------- */

static void broken(const char *what, const char *name)
{
    fprintf(stderr, "broken: %s: %s\n", name, what);
    abort();
}

static unsigned int choose_row(struct fuzz_machine *f, struct fuzz_input *in)
{
    struct devices *d = &f->b->devices;
    unsigned int i;

    for (i = 0; f->row->state != NULL && i < d->nr; i++) {
        if (strcmp(d->row[i].class->name, f->row->state) == 0) {
            return i;
        }
    }
    return fuzz_take(in, 1) % d->nr;
}

/* Bytes at places of the input's choice; length and names stay. */
static void make_up(struct buf *b, size_t head, struct fuzz_input *in)
{
    uint32_t n = fuzz_take(in, 1) % 16;

    while (n-- > 0 && b->len > head) {
        size_t at = head + fuzz_take(in, 2) % (b->len - head);

        b->data[at] = (char)fuzz_take(in, 1);
    }
}

/*
 * The state of one table, changed, is loaded: refused, or the device goes on
 * with it.  Not changed, it is what is saved again.
 */
static void reload(struct fuzz_machine *f, struct fuzz_input *in,
                   const char *name, const struct state_table *t, void *dev,
                   bool change)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    int rc = state_save(&one, name, t, dev);

    if (change && rc == 0) {
        make_up(&one, 32, in);
    }
    rc = rc == 0 ? state_load((const uint8_t *)one.data, one.len, name, t, dev)
                 : rc;
    if (rc != 0 && !change) {
        broken("refuses its own state", name);
    }
    f->spoiled = f->spoiled || rc != 0;
    if (rc == 0 && t->loaded != NULL) {
        t->loaded(dev);
    }
    if (!change && (state_save(&two, name, t, dev) != 0 ||
                    two.len != one.len ||
                    memcmp(one.data, two.data, one.len) != 0)) {
        broken("its state changes by being loaded", name);
    }
    buf_free(&one);
    buf_free(&two);
}

void fuzz_state(struct fuzz_machine *f, struct fuzz_input *in)
{
    struct devices *d = &f->b->devices;
    unsigned int i = choose_row(f, in);
    const struct device_class *c = d->row[i].class;
    uint32_t how = fuzz_take(in, 1);

    devices_quiesce(d);
    if (c->pci != NULL && (how & 1)) {
        reload(f, in, "pci", c->pci, (uint8_t *)d->row[i].dev + c->pci_offset,
               how & 2);
    } else if (c->state != NULL) {
        reload(f, in, c->name, c->state, d->row[i].dev, how & 2);
    }
    if (how & 4) {
        reload(f, in, "irq", &irq_state, f->b->m.irq, how & 2);
        irq_tell_all(&f->b->m);
    }
    if (f->spoiled) {
        in->left = 0;
    }
}
