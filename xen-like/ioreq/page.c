/* SPDX-License-Identifier: MIT */
/*
 * The shared pages: one slot per vcpu, in states STATE_IOREQ_*, and a ring
 * for writes that nobody waits for.
 */
#include <arch/atomic.h>
#include <domain/domain.h>
#include <event/evtchn.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <sched/sched.h>
#include <xen/hvm/hvm_op.h>

#define STATE_BYTE 30u                    /* state and four flags */
#define VGA_FIRST  0xa0000u
#define VGA_LAST   0xbffffu
ABI_ASSERT(sizeof(struct ioreq) == 32);
ABI_ASSERT(offsetof(struct ioreq, type) == STATE_BYTE + 1);
ABI_ASSERT(sizeof(struct buffered_iopage) <= PAGE_SIZE);

static uint8_t *state_byte(struct ioreq *slot)
{
    return (uint8_t *)slot + STATE_BYTE;
}

void ioreq_slot_init(struct ioreq_server *s, unsigned int vcpu_id)
{
    s->slots->vcpu_ioreq[vcpu_id].vp_eport = s->port[vcpu_id];
}

/* ---- waiting ---------------------------------------------------------------- */
static void wait(struct vcpu *v)
{
    if (atomic_xchg(&v->ioreq->waiting, 1) == 0) {
        vcpu_pause_nosync(v);
    }
}

/* Its device model (or our end of the server) says: look again. */
void ioreq_wake(struct vcpu *v)
{
    if (v->ioreq != NULL && atomic_xchg(&v->ioreq->waiting, 0) != 0) {
        vcpu_unpause(v);
    }
}

/* ---- the ring ------------------------------------------------------------------ */
/* Indices grow for ever and are used modulo 511: bring them down together,
 * unless the reader moves them meanwhile. */
static void bring_down(struct buffered_iopage *ring)
{
    uint64_t old = atomic_load((uint64_t *)ring), by, new;

    if ((uint32_t)old < IOREQ_BUFFER_SLOT_NUM) {
        return;
    }
    by = (uint32_t)old / IOREQ_BUFFER_SLOT_NUM * IOREQ_BUFFER_SLOT_NUM;
    new = (old & ~0xffffffffull) - (by << 32) + ((uint32_t)old - by);
    (void)atomic_cmpxchg((uint64_t *)ring, &old, new);
}

static bool buffer(struct domain *d, struct ioreq_server *s,
                   const struct ioreq *req)
{
    struct buffered_iopage *ring = s->ring;
    unsigned int need = req->size == 8 ? 2 : 1;
    struct buf_ioreq b = { .type = req->type, .dir = 0, .addr = (uint32_t)req->addr & 0xfffff,
                           .size = req->size == 8 ? 3 : req->size >> 1,
                           .data = (uint32_t)req->data };
    uint32_t rd, wr;

    if (ring == NULL || req->type != IOREQ_TYPE_COPY || req->dir != 0 ||
        req->count != 1 || req->data_is_ptr || req->addr < VGA_FIRST ||
        req->addr + req->size - 1 > VGA_LAST) {
        return false;
    }
    rd = atomic_load_acquire(&ring->read_pointer);
    wr = atomic_load(&ring->write_pointer);
    if (wr - rd > IOREQ_BUFFER_SLOT_NUM - need) {
        return false;                     /* full, or nonsense: wait for it */
    }
    ring->buf_ioreq[wr % IOREQ_BUFFER_SLOT_NUM] = b;
    if (need == 2) {
        b.data = (uint32_t)(req->data >> 32);
        ring->buf_ioreq[(wr + 1) % IOREQ_BUFFER_SLOT_NUM] = b;
    }
    (void)__atomic_fetch_add(&ring->write_pointer, need, __ATOMIC_RELEASE);
    if (s->bufmode == HVM_IOREQSRV_BUFIOREQ_ATOMIC) {
        bring_down(ring);
    }
    evtchn_xen_send(d, s->buf_port);
    return true;
}

/* ---- slots ---------------------------------------------------------------------- */
static void put(struct vcpu *v, struct ioreq_server *s, struct ioreq *req)
{
    struct ioreq *slot = &s->slots->vcpu_ioreq[v->vcpu_id];
    uint8_t state;

    req->vp_eport = s->port[v->vcpu_id];
    req->state = STATE_IOREQ_NONE;
    *slot = *req;
    req->state = STATE_IOREQ_READY;
    state = *state_byte(req);
    wait(v);
    atomic_store_release(state_byte(slot), state);
    evtchn_xen_send(v->domain, s->port[v->vcpu_id]);
}

static noinline enum ioreq_sent send(struct vcpu *v,
                                     const struct ioreq_access *a)
{
    struct ioreq req = {
        .addr = a->addr, .data = a->data, .count = a->count, .size = a->bytes,
        .dir = !a->write, .df = a->df, .data_is_ptr = a->data_is_ptr,
        .type = a->mmio ? IOREQ_TYPE_COPY : IOREQ_TYPE_PIO,
    };
    struct ioreq_domain *io = v->domain->ioreq;
    enum ioreq_sent sent = IOREQ_NOBODY;
    struct ioreq_server *s;

    spin_lock(&io->lock);
    s = ioreq_select(v->domain, &req);
    if (s != NULL && buffer(v->domain, s, &req)) {
        sent = IOREQ_BUFFERED;
    } else if (s != NULL && s->port[v->vcpu_id] != 0) {
        for (unsigned int i = 0; i < IOREQ_MAX_SERVERS; i++) {
            if (io->server[i] == s) {
                v->ioreq->server = (uint8_t)(i + 1);
            }
        }
        v->ioreq->gone = false;
        put(v, s, &req);
        sent = IOREQ_SENT;
    }
    spin_unlock(&io->lock);
    return sent;
}

enum ioreq_sent ioreq_send(struct vcpu *v, const struct ioreq_access *a)
{
    return ioreq_maybe(v) ? send(v, a) : IOREQ_NOBODY;
}

/* One look at the slot: 1 the answer, 0 not yet, -1 what cannot be. */
static int look(struct vcpu *v, struct ioreq_server *s, uint64_t *data)
{
    struct ioreq *slot = &s->slots->vcpu_ioreq[v->vcpu_id];

    switch (atomic_load_acquire(state_byte(slot)) & 0xf) {
    case STATE_IORESP_READY:
        *data = READ_ONCE(slot->data);
        atomic_store_release(state_byte(slot), STATE_IOREQ_NONE);
        return 1;
    case STATE_IOREQ_READY:
    case STATE_IOREQ_INPROCESS:
        return 0;
    default:
        return -1;
    }
}

bool ioreq_result(struct vcpu *v, uint64_t *data)
{
    struct ioreq_vcpu *iv = v->ioreq;
    struct ioreq_domain *io = v->domain->ioreq;
    int got = 1;

    spin_lock(&io->lock);
    if (iv->server == 0 || iv->gone) {
        *data = ~0ull;
    } else {
        struct ioreq_server *s = io->server[iv->server - 1];

        /* Wait first, then look: a wake between the two is not lost. */
        wait(v);
        got = look(v, s, data);
    }
    if (got != 0) {
        iv->server = 0;
        iv->gone = false;
        ioreq_wake(v);
    }
    spin_unlock(&io->lock);
    if (got < 0) {
        domain_crash(v->domain, "v%u: device model left its slot in a wrong "
                     "state", v->vcpu_id);
        return false;
    }
    return got != 0;
}

/* A request of its own type; nobody's answer is waited for. */
void ioreq_invalidate(struct domain *d)
{
    struct ioreq_domain *io = d->ioreq;

    if (io == NULL) {
        return;
    }
    spin_lock(&io->lock);
    for (unsigned int i = 0; i < IOREQ_MAX_SERVERS; i++) {
        struct ioreq_server *s = io->server[i];
        struct buffered_iopage *ring = s != NULL ? s->ring : NULL;
        struct buf_ioreq b = { .type = IOREQ_TYPE_INVALIDATE, .size = 2,
                               .data = ~0u };
        uint32_t wr;

        if (ring == NULL || !s->enabled) {
            continue;
        }
        wr = atomic_load(&ring->write_pointer);
        if (wr - atomic_load(&ring->read_pointer) < IOREQ_BUFFER_SLOT_NUM) {
            ring->buf_ioreq[wr % IOREQ_BUFFER_SLOT_NUM] = b;
            (void)__atomic_fetch_add(&ring->write_pointer, 1, __ATOMIC_RELEASE);
            evtchn_xen_send(d, s->buf_port);
        }
    }
    spin_unlock(&io->lock);
}
