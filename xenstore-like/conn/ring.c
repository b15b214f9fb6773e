/* SPDX-License-Identifier: MIT */
/*
 * The shared ring page of a domain as a byte transport.
 * Tests: tests/unit/store/test_parts.c
 */
#include <conn/ring.h>

#include <string.h>

/* One access, not to be repeated or split by the compiler. */
static uint32_t load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* Copy out of or into a ring, which may wrap once. */
static void copy_from_ring(const char *ring, uint32_t at, char *to,
                           uint32_t len)
{
    uint32_t first = XENSTORE_RING_SIZE - MASK_XENSTORE_IDX(at);

    if (first > len) {
        first = len;
    }
    memcpy(to, ring + MASK_XENSTORE_IDX(at), first);
    memcpy(to + first, ring, len - first);
}

static void copy_to_ring(char *ring, uint32_t at, const char *from,
                         uint32_t len)
{
    uint32_t first = XENSTORE_RING_SIZE - MASK_XENSTORE_IDX(at);

    if (first > len) {
        first = len;
    }
    memcpy(ring + MASK_XENSTORE_IDX(at), from, first);
    memcpy(ring, from + first, len - first);
}

static long ring_read(struct conn *c, void *data, size_t len)
{
    struct ring_conn *r = (struct ring_conn *)(void *)c;
    /* The acquire pairs with the guest's barrier after filling the ring. */
    uint32_t have = load(&r->page->req_prod) - r->req_cons;

    if (have > XENSTORE_RING_SIZE) {
        return -ERANGE;
    }
    if (have > len) {
        have = (uint32_t)len;
    }
    copy_from_ring(r->page->req, r->req_cons, data, have);
    r->req_cons += have;
    return have;
}

static long ring_write(struct conn *c, const void *data, size_t len)
{
    struct ring_conn *r = (struct ring_conn *)(void *)c;
    uint32_t used = r->rsp_prod - load(&r->page->rsp_cons);
    uint32_t room;

    if (used > XENSTORE_RING_SIZE) {
        return -ERANGE;
    }
    room = XENSTORE_RING_SIZE - used;
    if (room > len) {
        room = (uint32_t)len;
    }
    if (room > 0) {
        copy_to_ring(r->page->rsp, r->rsp_prod, data, room);
        r->rsp_prod += room;
        /* The release makes the bytes visible before the index. */
        store(&r->page->rsp_prod, r->rsp_prod);
        /* Before the next look at rsp_cons: a guest that takes bytes sends
         * an event only if it finds the ring full. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        r->want_notify = true;
    }
    return room;
}

static const struct conn_ops ring_ops = { ring_read, ring_write };

void ring_conn_init(struct ring_conn *r,
                    struct xenstore_domain_interface *page)
{
    conn_init(&r->conn, &ring_ops);
    r->page = page;
    r->req_cons = load(&page->req_cons);
    r->rsp_prod = load(&page->rsp_prod);
    r->want_notify = false;
}

void ring_conn_fini(struct ring_conn *r)
{
    conn_fini(&r->conn);
}

bool ring_resync(struct ring_conn *r)
{
    uint32_t cons = load(&r->page->req_cons);
    uint32_t prod = load(&r->page->rsp_prod);

    if (cons == r->req_cons && prod == r->rsp_prod) {
        return false;
    }
    r->req_cons = cons;
    r->rsp_prod = prod;
    return true;
}

bool ring_publish(struct ring_conn *r)
{
    if (load(&r->page->req_cons) != r->req_cons) {
        store(&r->page->req_cons, r->req_cons);
        r->want_notify = true;
    }
    /* Pairs with the guest's barrier between req_prod and req_cons. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return load(&r->page->req_prod) != r->req_cons;
}

bool ring_wants_reconnect(const struct ring_conn *r)
{
    return load(&r->page->connection) == XENSTORE_RECONNECT;
}

void ring_reconnect(struct ring_conn *r)
{
    struct xenstore_domain_interface *p = r->page;

    r->req_cons = 0;
    r->rsp_prod = 0;
    store(&p->req_cons, 0);
    store(&p->req_prod, 0);
    store(&p->rsp_cons, 0);
    store(&p->rsp_prod, 0);
    store(&p->error, XENSTORE_ERROR_NONE);
    store(&p->connection, XENSTORE_CONNECTED);
    r->want_notify = true;
}

void ring_set_error(struct ring_conn *r, uint32_t error)
{
    store(&r->page->error, error);
    r->want_notify = true;
}

void ring_resume(struct ring_conn *r, struct xenstore_domain_interface *page,
                 const struct ring_saved *saved)
{
    uint32_t cons = load(&page->req_cons);
    uint32_t prod = load(&page->rsp_prod);
    uint32_t taken = prod - saved->rsp_prod;

    r->conn.ops = &ring_ops;
    r->page = page;
    /* Killed between the commit and ring_publish(): the page lags behind. */
    if (cons == saved->cons_before) {
        cons = saved->cons;
    }
    r->req_cons = cons;
    r->rsp_prod = prod;
    if (taken <= r->conn.out.len) {
        conn_sent(&r->conn, taken);
    } else {                          /* the guest began anew meanwhile */
        buf_reset(&r->conn.out);
        r->conn.head_left = 0;
        r->conn.outstanding = 0;
    }
    ring_publish(r);
    r->want_notify = true;
}
