/* SPDX-License-Identifier: MIT */
/*
 * ioreq/ioreq.h - requests to device models.
 *
 * Owns    the servers of a domain: who answers which ports, addresses and PCI
 *         functions (ioreq/range.c); the page with a slot per vcpu and the
 *         ring of buffered writes that a server shares (ioreq/page.c); their
 *         life (ioreq/server.c).
 * ABI     xen/hvm/ioreq.h, xen/hvm/dm_op.h.
 * Locks   ioreq_domain.lock [L] (LOCK_IOREQ): list of servers, ranges, and
 *         each access to a shared page.
 * Rules   a device model is no friend: what its pages say is read once, a
 *         slot in a state that cannot be crashes the guest it serves.
 * INV-IO1 a vcpu has at most one request; its pause count is raised by it
 *         exactly while waiting != 0.
 * Tests   tests/unit/ioreq/test_ioreq.c
 */
#ifndef IOREQ_IOREQ_H
#define IOREQ_IOREQ_H

#include <domain/domain.h>
#include <lib/rangeset.h>
#include <xen/hvm/dm_op.h>
#include <xen/hvm/ioreq.h>

#define IOREQ_MAX_SERVERS  8u
#define IOREQ_MAX_RANGES   256u
#define IOREQ_NR_TYPES     3u             /* XEN_DMOP_IO_RANGE_* */

struct buffered_iopage;

struct ioreq_server {
    domid_t emulator;                     /* [L] who may bind its ports */
    bool enabled;                         /* [L] */
    uint8_t bufmode;                      /* [L] HVM_IOREQSRV_BUFIOREQ_* */
    evtchn_port_t port[MAX_VCPUS];        /* [L] of the guest; 0: none */
    evtchn_port_t buf_port;               /* [L] */
    struct shared_iopage *slots;          /* [L] one page */
    struct buffered_iopage *ring;         /* [L] one page, or NULL */
    struct rangeset ranges[IOREQ_NR_TYPES];
};

struct ioreq_domain {
    spinlock_t lock;
    struct ioreq_server *server[IOREQ_MAX_SERVERS];   /* [L] by id */
    uint8_t ids;                          /* [a] one past the highest ever */
    uint32_t cf8;                         /* [L] PCI address register */
};

struct ioreq_vcpu {
    uint8_t waiting;                      /* [a] INV-IO1 */
    uint8_t server;                       /* [L] id + 1 of the request, 0: none */
    bool gone;                            /* [L] its server was destroyed */
};

int ioreq_domain_init(struct domain *d);
int ioreq_vcpu_init(struct vcpu *v);
int ioreq_relinquish(struct domain *d);
void ioreq_vcpu_free(struct vcpu *v);
void ioreq_domain_free(struct domain *d);

/* ---- for hvm/io ---------------------------------------------------------------- */
struct ioreq_access {
    bool write, mmio, df, data_is_ptr;
    uint8_t bytes;
    uint32_t count;
    uint64_t addr, data;                  /* data: guest address if _is_ptr */
};
/* SENT: the current vcpu waits now; BUFFERED: done, nothing comes back. */
enum ioreq_sent { IOREQ_NOBODY, IOREQ_SENT, IOREQ_BUFFERED };
/* False: nobody was ever there to ask. */
static inline bool ioreq_maybe(const struct vcpu *v)
{
    return atomic_load(&v->domain->ioreq->ids) != 0;
}
enum ioreq_sent ioreq_send(struct vcpu *v, const struct ioreq_access *a);
/* Is the answer there?  Takes it (once).  false: go on waiting, or the
 * domain has been crashed. */
bool ioreq_result(struct vcpu *v, uint64_t *data);
/* Writes to the PCI address register, before they go to a server. */
void ioreq_pci_address(struct domain *d, uint32_t cf8);
/* Frames of @d left it: every server that maps its memory lets go of it.  A
 * server without a ring, or whose ring is full, is not told. */
void ioreq_invalidate(struct domain *d);

/* ---- for control/dm_op, typed and checked there ---------------------------------- */
int must_check ioreq_server_create(struct domain *d, domid_t emulator,
                                   unsigned int bufmode, ioservid_t *id);
int must_check ioreq_server_destroy(struct domain *d, ioservid_t id);
int must_check ioreq_server_enable(struct domain *d, ioservid_t id, bool on);
int must_check ioreq_server_info(struct domain *d, ioservid_t id,
                                 evtchn_port_t *buf_port);
int must_check ioreq_range(struct domain *d, ioservid_t id, bool map,
                           unsigned int type, uint64_t start, uint64_t end);
/* Frame @nr of the server's pages: 0 the ring, 1 the slots. */
int must_check ioreq_frame(struct domain *d, ioservid_t id, uint64_t nr,
                           mfn_t *mfn);

/* ---- between the files, lock held -------------------------------------------------- */
struct ioreq_server *ioreq_select(struct domain *d, struct ioreq *req);
void ioreq_slot_init(struct ioreq_server *s, unsigned int vcpu_id);
void ioreq_wake(struct vcpu *v);

#endif
