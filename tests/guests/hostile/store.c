/* SPDX-License-Identifier: MIT */
/*
 * hostile/store.c - a client of the store that keeps no rule of its protocol:
 * any type, any length, paths without shape, transactions without end, watches
 * on everything, replies that are never read, positions that jump.
 */
#include <lib/print.h>

#include "hostile.h"

static const char *const paths[] = {
    "", "/", "//", "data", "data/", "/data", "data/a", "data/a/b/c/d/e/f",
    "..", "../0/name", "/local/domain/0", "/local/domain/0/name",
    "/local/domain/0/backend", "/local/domain/1", "/local/domain/", "/tool",
    "@releaseDomain", "@introduceDomain", "@", "device", "control/shutdown",
    "data/\xff", "data/a b", "/vm", "name", "domid", "memory", "error",
};

static const char *const texts[] = {
    "", "T", "F", "n0", "r0", "w0", "b0", "n99999", "x1", "0", "1", "65535",
    "4294967295", "-1", "token", "debug", "quota", "check", "live-update",
};

static char message[sizeof(struct xsd_sockmsg) + 8192];

static uint32_t add_text(uint32_t at, const char *text)
{
    uint32_t n = (uint32_t)strlen(text);

    memcpy(message + at, text, n);
    at += n;
    if (!now_and_then(16)) {
        message[at++] = '\0';
    }
    return at;
}

/* A path of ours with a number in it: the tree shall grow. */
static uint32_t add_own_path(uint32_t at)
{
    char path[64];

    format(path, sizeof(path), "data/n%u/m%u", domu_random(64),
           domu_random(64));
    return add_text(at, path);
}

static uint32_t random_payload(uint32_t at)
{
    uint32_t n, i;

    at = now_and_then(2) ? add_own_path(at)
                         : add_text(at, paths[domu_random(ARRAY_SIZE(paths))]);
    for (n = domu_random(4); n > 0; n--) {
        at = add_text(at, texts[domu_random(ARRAY_SIZE(texts))]);
    }
    if (now_and_then(12)) {
        n = domu_random(2200);
        for (i = 0; i < n; i++) {
            message[at++] = (char)('a' + i % 26);
        }
    }
    return at;
}

/* False: a message that must end the connection. */
static bool random_message(uint32_t *len)
{
    static const uint8_t usual[] = {
        XS_WRITE, XS_WRITE, XS_READ, XS_DIRECTORY, XS_MKDIR, XS_RM, XS_WATCH,
        XS_UNWATCH, XS_TRANSACTION_START, XS_TRANSACTION_END, XS_SET_PERMS,
        XS_GET_PERMS, XS_DIRECTORY_PART, XS_GET_DOMAIN_PATH, XS_RESET_WATCHES,
    };
    struct xsd_sockmsg m = { .req_id = domu_random(1u << 16) };
    bool fatal = now_and_then(2000);

    m.type = now_and_then(10) ? (uint32_t)odd_number() & 31
             : now_and_then(40) ? (uint32_t)odd_number()
                                : usual[domu_random(ARRAY_SIZE(usual))];
    m.tx_id = now_and_then(3) ? domu_random(24)
              : now_and_then(20) ? (uint32_t)odd_number() : 0;
    *len = now_and_then(30) ? (uint32_t)sizeof(m)
                            : random_payload(sizeof(m));
    m.len = *len - (uint32_t)sizeof(m);
    if (fatal) {
        m.len = XENSTORE_PAYLOAD_MAX + 1 + (uint32_t)odd_number();
        fatal = m.len > XENSTORE_PAYLOAD_MAX;
    }
    memcpy(message, &m, sizeof(m));
    return !fatal;
}

/* ---- the ring --------------------------------------------------------------------- */

static void drop_replies(void)
{
    struct xenstore_domain_interface *p = store.page;
    uint32_t prod = __atomic_load_n(&p->rsp_prod, __ATOMIC_ACQUIRE);

    if (p->rsp_cons != prod) {
        h.answers++;
        __atomic_store_n(&p->rsp_cons, prod, __ATOMIC_SEQ_CST);
        guest_event_send(store.port);
    }
}

/* Bytes into the ring; false: nobody takes them. */
static bool push(uint32_t len, bool read_replies)
{
    struct xenstore_domain_interface *p = store.page;
    unsigned int patience = 8;
    uint32_t i = 0;

    while (i < len && patience > 0) {
        uint32_t prod = p->req_prod;
        uint32_t used = prod - __atomic_load_n(&p->req_cons,
                                               __ATOMIC_ACQUIRE);

        if (used >= XENSTORE_RING_SIZE) {
            guest_event_send(store.port);
            guest_event_wait(store.port, now_ns() + 5 * NS_PER_MS);
            if (read_replies) {
                drop_replies();
            }
            patience--;
            continue;
        }
        for (; used < XENSTORE_RING_SIZE && i < len; used++) {
            p->req[MASK_XENSTORE_IDX(prod++)] = message[i++];
        }
        __atomic_store_n(&p->req_prod, prod, __ATOMIC_SEQ_CST);
        patience = 8;
    }
    if (read_replies && now_and_then(8)) {
        guest_event_send(store.port);
        drop_replies();
    }
    return i == len;
}

/* Start over as xenstore-ring.txt says. */
static void reconnect(void)
{
    struct xenstore_domain_interface *p = store.page;
    uint64_t end = now_ns() + 60000 * NS_PER_MS;

    print("store: reconnects after %lu operations, error %u, positions %x %x "
          "%x %x\n", h.ops, p->error, p->req_prod, p->req_cons, p->rsp_prod,
          p->rsp_cons);
    h.sessions++;
    __atomic_store_n(&p->connection, XENSTORE_RECONNECT, __ATOMIC_SEQ_CST);
    guest_event_send(store.port);
    while (__atomic_load_n(&p->connection, __ATOMIC_ACQUIRE) !=
               XENSTORE_CONNECTED && now_ns() < end) {
        guest_event_wait(store.port, now_ns() + 50 * NS_PER_MS);
        guest_event_send(store.port);
    }
    if (p->connection != XENSTORE_CONNECTED) {
        h.refused++;
    }
}

static void disturb_positions(void)
{
    struct xenstore_domain_interface *p = store.page;

    switch (domu_random(6)) {
    case 0:
        p->req_prod = (uint32_t)odd_number();
        break;
    case 1:
        p->rsp_cons = (uint32_t)odd_number();
        break;
    case 2:
        p->req_cons = (uint32_t)odd_number();
        break;
    case 3:
        p->rsp_prod = (uint32_t)odd_number();
        break;
    case 4:
        p->connection = (uint32_t)odd_number();
        break;
    default:
        p->error = (uint32_t)odd_number();
        p->server_features = (uint32_t)odd_number();
    }
    h.ops++;
    flood_events(store.port);
}

static void session(void)
{
    bool read_replies = !now_and_then(4);
    uint32_t n = 100 + domu_random(4000), len;

    while (n-- > 0 && h.ops < h.limit) {
        bool goes_on = random_message(&len);

        h.ops++;
        if (!push(len, read_replies) || !goes_on) {
            return;
        }
    }
    if (now_and_then(2)) {
        disturb_positions();
    }
}

void attack_store(void)
{
    uint64_t shown = 0;

    while (h.ops < h.limit) {
        session();
        reconnect();
        if (h.ops - shown > 2000) {
            shown = h.ops;
            print("hostile: %lu operations, %lu sessions\n", h.ops,
                  h.sessions);
        }
    }
}
