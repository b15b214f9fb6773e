/* SPDX-License-Identifier: MIT */
/*
 * Who answers an access.  The configuration mechanism of PCI (ports 0xcf8,
 * 0xcfc) is looked through: a function may have a server of its own.
 */
#include <hv/errno.h>
#include <ioreq/ioreq.h>

#define CF8_ENABLED 0x80000000u

int ioreq_range(struct domain *d, ioservid_t id, bool map, unsigned int type,
                uint64_t start, uint64_t end)
{
    struct ioreq_server *s;
    struct rangeset *r;
    int rc;

    if (type >= IOREQ_NR_TYPES || start > end) {
        return -EINVAL;
    }
    spin_lock(&d->ioreq->lock);
    s = id < IOREQ_MAX_SERVERS ? d->ioreq->server[id] : NULL;
    r = s != NULL ? &s->ranges[type] : NULL;
    if (s == NULL) {
        rc = -ENOENT;
    } else if (map) {
        rc = rangeset_overlaps(r, start, end) ? -EEXIST
                                              : rangeset_add(r, start, end);
    } else {
        rc = !rangeset_contains(r, start, end) ? -ENOENT
                                               : rangeset_remove(r, start, end);
    }
    spin_unlock(&d->ioreq->lock);
    return rc;
}

void ioreq_pci_address(struct domain *d, uint32_t cf8)
{
    spin_lock(&d->ioreq->lock);
    d->ioreq->cf8 = cf8;
    spin_unlock(&d->ioreq->lock);
}

/* The server for @req, or NULL.  A PCI access is rewritten as one. */
struct ioreq_server *ioreq_select(struct domain *d, struct ioreq *req)
{
    uint32_t cf8 = d->ioreq->cf8;
    uint64_t first = req->addr, last = first + req->size - 1;
    unsigned int type = req->type == IOREQ_TYPE_PIO ? XEN_DMOP_IO_RANGE_PORT
                                                    : XEN_DMOP_IO_RANGE_MEMORY;

    if (type == XEN_DMOP_IO_RANGE_MEMORY && req->count > 1) {
        uint64_t more = (uint64_t)(req->count - 1) * req->size;

        first -= req->df ? more : 0;
        last += req->df ? 0 : more;
    }
    if (type == XEN_DMOP_IO_RANGE_PORT && (first & ~3ull) == 0xcfc &&
        (cf8 & CF8_ENABLED)) {
        type = XEN_DMOP_IO_RANGE_PCI;
        first = last = (cf8 >> 8) & 0xffff;
    }
    for (unsigned int i = 0; i < d->ioreq->ids; i++) {
        struct ioreq_server *s = d->ioreq->server[i];

        if (s == NULL || !s->enabled ||
            !rangeset_contains(&s->ranges[type], first, last)) {
            continue;
        }
        if (type == XEN_DMOP_IO_RANGE_PCI) {
            req->type = IOREQ_TYPE_PCI_CONFIG;
            req->addr = first << 32 | (cf8 & 0xfc) | (req->addr & 3);
        }
        return s;
    }
    return NULL;
}
