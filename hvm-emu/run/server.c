/* SPDX-License-Identifier: MIT */
/*
 * Slots and ring.  A request is copied once; buffered writes that came before
 * it are carried out first, as the guest did them in that order.  Covered by
 * tests/unit/hvm-emu/frame/test_request.c.
 */
#include <run/server.h>

#include <run/request.h>

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#define STATE_BYTE 30u                 /* state: 4 bits; then flags */
static_assert(sizeof(struct ioreq) == 32, "ABI size");
static_assert(offsetof(struct ioreq, type) == STATE_BYTE + 1, "ABI offset");
static_assert(sizeof(struct buf_ioreq) == 8, "ABI size");

static uint8_t *state_byte(struct ioreq *slot)
{
    return (uint8_t *)slot + STATE_BYTE;
}

static unsigned int state_of(struct ioreq *slot)
{
    return __atomic_load_n(state_byte(slot), __ATOMIC_ACQUIRE) & 0xfu;
}

static void set_state(struct ioreq *slot, unsigned int state)
{
    uint8_t old = __atomic_load_n(state_byte(slot), __ATOMIC_RELAXED);

    /* pairs with the hypervisor's read of the state before data */
    __atomic_store_n(state_byte(slot), (uint8_t)((old & 0xf0u) | state),
                     __ATOMIC_RELEASE);
}

bool server_run_vcpu(struct server *s, unsigned int vcpu)
{
    struct ioreq *slot = &s->slots->vcpu_ioreq[vcpu];
    unsigned int state = state_of(slot);
    struct ioreq req;

    /* INPROCESS: whoever was here before us did not finish. */
    if (state != STATE_IOREQ_READY && state != STATE_IOREQ_INPROCESS) {
        return false;
    }
    memcpy(&req, slot, sizeof(req));
    set_state(slot, STATE_IOREQ_INPROCESS);
    (void)server_run_ring(s);
    request_run(s->m, &req);
    s->requests++;
    __atomic_store_n(&slot->data, req.data, __ATOMIC_RELAXED);
    set_state(slot, STATE_IORESP_READY);
    s->notify(s->arg, vcpu);
    return true;
}

bool server_idle(struct server *s, unsigned int nr_vcpus)
{
    unsigned int i;

    for (i = 0; i < nr_vcpus; i++) {
        if (state_of(&s->slots->vcpu_ioreq[i]) != STATE_IOREQ_NONE) {
            return false;
        }
    }
    return true;
}

/* ---- buffered writes ------------------------------------------------------------- */

static struct buf_ioreq entry(const struct buffered_iopage *ring, uint32_t at)
{
    struct buf_ioreq b;

    memcpy(&b, (const void *)&ring->buf_ioreq[at % IOREQ_BUFFER_SLOT_NUM],
           sizeof(b));
    return b;
}

static void run_one(struct server *s, const struct buf_ioreq *b,
                    uint32_t high)
{
    struct ioreq req = {
        .type = b->type, .dir = IOREQ_WRITE, .count = 1, .addr = b->addr,
        .size = 1u << b->size, .data = b->data | (uint64_t)high << 32,
    };

    if (b->dir == IOREQ_WRITE && (b->type == IOREQ_TYPE_COPY ||
                                  b->type == IOREQ_TYPE_PIO ||
                                  b->type == IOREQ_TYPE_INVALIDATE)) {
        request_run(s->m, &req);
    }
}

/*
 * The hypervisor may lower both indices together while we work, so the read
 * index is moved by adding, and both are read as one.
 */
unsigned int server_run_ring(struct server *s)
{
    uint64_t *both = (uint64_t *)(void *)s->ring;
    unsigned int done = 0;

    while (s->ring != NULL && done < IOREQ_BUFFER_SLOT_NUM) {
        uint64_t at = __atomic_load_n(both, __ATOMIC_ACQUIRE);
        uint32_t rd = (uint32_t)at, wr = (uint32_t)(at >> 32);
        struct buf_ioreq b;
        bool two;

        if (rd == wr) {
            break;
        }
        b = entry(s->ring, rd);
        two = b.size == 3 && wr - rd > 1;
        run_one(s, &b, two ? entry(s->ring, rd + 1).data : 0);
        (void)__atomic_fetch_add(&s->ring->read_pointer, two ? 2u : 1u,
                                 __ATOMIC_RELEASE);
        done += two ? 2u : 1u;
    }
    return done;
}
