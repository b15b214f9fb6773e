/* SPDX-License-Identifier: MIT */
/*
 * Who answers an access.  Tested by tests/guests/hvm/.
 */
#include <arch/atomic.h>
#include <core/log.h>
#include <hvm/io.h>
#include <vdev/front.h>

#define DEBUG_PORT 0xe9u

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
    if (mine && !write) {
        *data = val;
    }
    return mine;
}

bool hvm_io_ready(struct vcpu *v)
{
    return true;
}

enum hvm_io_result hvm_io(struct vcpu *v, bool write, bool mmio,
                          uint64_t addr, unsigned int bytes, uint64_t *data)
{
    if (!inside(v, write, mmio, addr, bytes, data) && !write) {
        *data = ~0ull;
    }
    return HVM_IO_DONE;
}
