/* SPDX-License-Identifier: MIT */
/*
 * conn/ring.h - the transport of a domain: its shared ring page.
 *
 * Owns    our copies of the indices that we advance.  What was read counts
 *         for the guest only after ring_publish(): the server first makes it
 *         permanent, so that a killed store neither loses nor repeats it.
 * Leaves  mapping the page and events to host.h, permanence to server/.
 *
 * INV-SR1 the page is read with one access per index, checked, and copied
 *         out; nothing in it is trusted twice.
 * INV-SR2 shared req_cons and rsp_prod only ever move to values whose
 *         requests and replies are committed in the journal.
 * ABI     <xen/io/xs_wire.h>, docs/misc/xenstore-ring.txt
 * Tests   tests/unit/store/test_parts.c
 */
#ifndef CONN_RING_H
#define CONN_RING_H

#include <conn/conn.h>

struct ring_conn {
    struct conn conn;                 /* first */
    struct xenstore_domain_interface *page;   /* shared with the guest */
    uint32_t req_cons;                /* ahead of the page's until published */
    uint32_t rsp_prod;
    bool want_notify;                 /* an index moved since the last kick */
};

/* A ring the guest has begun, or not: goes on at the page's indices. */
void ring_conn_init(struct ring_conn *r,
                    struct xenstore_domain_interface *page);
void ring_conn_fini(struct ring_conn *r);

/*
 * Did the guest write indices that are ours (it did so to start over)?
 * Then ours follow and the answer is true.
 */
bool ring_resync(struct ring_conn *r);

/*
 * Let the guest see how far we read.  True: there is more to read; a guest
 * that wrote while it saw the old index does not send an event for it.
 */
bool ring_publish(struct ring_conn *r);

/* Has the guest asked for a new start (xenstore-ring.txt, "connection")? */
bool ring_wants_reconnect(const struct ring_conn *r);
/* Empty both rings and say that the connection stands. */
void ring_reconnect(struct ring_conn *r);

/* Tell the guest why it is not served any more: XENSTORE_ERROR_*. */
void ring_set_error(struct ring_conn *r, uint32_t error);

/* What a process knew of a ring when it was last committed. */
struct ring_saved {
    uint32_t cons_before, cons;       /* before and after that commit */
    uint32_t rsp_prod;                /* of the first byte in `out` */
};

/*
 * Go on where another process was killed: `conn.in`, `conn.out` and the head
 * fields hold what it had committed.  Drops what the guest already has.
 */
void ring_resume(struct ring_conn *r, struct xenstore_domain_interface *page,
                 const struct ring_saved *saved);

#endif
