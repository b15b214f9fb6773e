/* SPDX-License-Identifier: MIT */
/*
 * Who answers an access, and what an instruction has had already.  Tested by
 * tests/unit/hvm/test_io.c and tests/guests/hvm/.
 */
#include <arch/atomic.h>
#include <core/log.h>
#include <hvm/emulate.h>
#include <hvm/io.h>
#include <ioreq/ioreq.h>
#include <pv/priv_op.h>
#include <vdev/front.h>

#define DEBUG_PORT   0xe9u
#define PCI_ADDRESS  0xcf8u

/* Port 0xe9: a line of text for our log, as on Bochs. */
static void debug_char(struct hvm_vcpu *h, char c)
{
    if (c != '\n') {
        h->line[h->line_len++] = c;
    }
    if (c == '\n' || h->line_len == sizeof(h->line) - 1) {
        h->line[h->line_len] = '\0';
        h->line_len = 0;
        glog_info("%s", h->line);
    }
}

static bool debug_port(struct vcpu *v, bool write, uint64_t port,
                       uint64_t *data)
{
    if (port != DEBUG_PORT) {
        return false;
    }
    if (write) {
        debug_char(v->hvm, (char)*data);
    } else {
        *data = DEBUG_PORT;
    }
    return true;
}

/* The hardware domain: the machine's own. */
static bool machine_port(struct vcpu *v, bool write, uint16_t port,
                         unsigned int bytes, uint64_t *data)
{
    if (write) {
        pv_port_out(v, port, bytes, (uint32_t)*data);
    } else {
        *data = pv_port_in(v, port, bytes);
    }
    return true;
}

static bool inside(struct vcpu *v, bool write, bool mmio, uint64_t addr,
                   unsigned int bytes, uint64_t *data)
{
    uint32_t val = (uint32_t)*data;
    bool mine;

    if (mmio) {
        return vdev_mmio(v, write, addr, bytes, data);
    }
    if (debug_port(v, write, addr, data)) {
        return true;
    }
    mine = vdev_port(v, write, (uint16_t)addr, bytes, &val);
    if (!mine && v->domain->is_hardware) {
        return machine_port(v, write, (uint16_t)addr, bytes, data);
    }
    if (mine && !write) {
        *data = val;
    }
    return mine;
}

/* ---- what the instruction has had ------------------------------------------ */
void hvm_io_start(struct vcpu *v, enum hvm_resume how)
{
    struct hvm_io *io = &v->hvm->io;

    io->resume = how;
    io->nr = io->next = 0;
    io->pending = false;
}

void hvm_io_next_element(struct vcpu *v)
{
    v->hvm->io.nr = v->hvm->io.next = 0;
}

void hvm_io_finish(struct vcpu *v)
{
    hvm_io_start(v, HVM_RESUME_NONE);
}

/* The next entry: DONE with *@a filled, or NOBODY: not had yet. */
static enum hvm_io_result replay(struct vcpu *v, struct ioreq_access *a)
{
    struct hvm_io *io = &v->hvm->io;
    const struct hvm_io_entry *e = &io->log[io->next];

    if (io->next == io->nr) {
        return HVM_IO_NOBODY;
    }
    if (e->write != a->write || e->mmio != a->mmio || e->bytes != a->bytes ||
        e->addr != a->addr) {
        domain_crash(v->domain, "v%u: its page tables changed under a device "
                     "access", v->vcpu_id);
        return HVM_IO_LATER;
    }
    io->next++;
    a->data = e->data;
    a->count = e->count;
    return HVM_IO_DONE;
}

static enum hvm_io_result note(struct vcpu *v, const struct ioreq_access *a,
                               bool pending)
{
    struct hvm_io *io = &v->hvm->io;

    if (io->nr == HVM_IO_LOG) {
        domain_crash(v->domain, "v%u: one instruction, too many device "
                     "accesses", v->vcpu_id);
        return HVM_IO_LATER;
    }
    io->log[io->nr++] = (struct hvm_io_entry){
        .write = a->write, .mmio = a->mmio, .bytes = a->bytes,
        .count = a->count, .addr = a->addr, .data = a->data,
    };
    io->pending = pending;
    io->next = io->nr;
    return pending ? HVM_IO_LATER : HVM_IO_DONE;
}

static enum hvm_io_result outside(struct vcpu *v, struct ioreq_access *a)
{
    if (a->write && !a->mmio && a->addr == PCI_ADDRESS && a->bytes == 4) {
        ioreq_pci_address(v->domain, (uint32_t)a->data);
    }
    switch (ioreq_send(v, a)) {
    case IOREQ_SENT:
        return note(v, a, true);
    case IOREQ_BUFFERED:
        return note(v, a, false);
    case IOREQ_NOBODY:
        break;
    }
    return HVM_IO_NOBODY;
}

enum hvm_io_result hvm_io(struct vcpu *v, bool write, bool mmio,
                          uint64_t addr, unsigned int bytes, uint64_t *data)
{
    struct ioreq_access a = { .write = write, .mmio = mmio, .count = 1,
                              .bytes = (uint8_t)bytes, .addr = addr,
                              .data = *data };
    const struct hvm_io *io = &v->hvm->io;
    enum hvm_io_result r = HVM_IO_NOBODY;

    if (unlikely(io->next != io->nr)) {
        r = replay(v, &a);
    } else if (!inside(v, write, mmio, addr, bytes, &a.data)) {
        r = outside(v, &a);
        if (r == HVM_IO_NOBODY) {
            a.data = ~0ull;
        }
    }
    /* The one access of IN and OUT is not made again. */
    if (r == HVM_IO_NOBODY) {
        r = io->resume == HVM_RESUME_PORT ? HVM_IO_DONE : note(v, &a, false);
    }
    if (r == HVM_IO_DONE && !write) {
        *data = a.data;
    }
    return r;
}

bool hvm_io_port_now(struct vcpu *v, bool write, uint16_t port,
                     unsigned int bytes, uint64_t *data)
{
    if (inside(v, write, false, port, bytes, data)) {
        return true;
    }
    if (!write) {
        *data = ~0ull;
    }
    return !ioreq_maybe(v);
}

enum hvm_io_result hvm_io_rep(struct vcpu *v, bool write, uint16_t port,
                              unsigned int bytes, uint64_t gaddr,
                              uint64_t *count)
{
    struct ioreq_access a = { .write = write, .count = (uint32_t)*count,
                              .bytes = (uint8_t)bytes, .addr = port,
                              .data = gaddr, .data_is_ptr = true };
    enum hvm_io_result r = replay(v, &a);

    /* Our own ports are below, and take single accesses. */
    if (r == HVM_IO_NOBODY && port >= 0x100) {
        r = outside(v, &a);
    }
    *count = a.count;
    return r;
}

bool hvm_io_ready(struct vcpu *v)
{
    struct hvm_io *io = &v->hvm->io;

    if (likely(io->resume == HVM_RESUME_NONE)) {
        return true;
    }
    if (io->pending) {
        if (!ioreq_result(v, &io->log[io->nr - 1].data)) {
            return false;
        }
        io->pending = false;
    }
    io->next = 0;
    if (io->resume == HVM_RESUME_PORT) {
        (void)hvm_exit_port(v, io->port_write, io->port, io->port_bytes,
                            io->port_len);
    } else {
        hvm_emulate_resume(v);
    }
    return io->resume == HVM_RESUME_NONE;
}
