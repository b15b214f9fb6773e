/* SPDX-License-Identifier: MIT */
/*
 * server/state_rec.h - the journal's records beside those of nodes (txn.h).
 *
 * Owns    their layout, for state.c that writes and state_replay.c that
 *         reads them; both are one program, so there are no versions.
 * Tests   tests/unit/store/test_daemon.c
 */
#ifndef SERVER_STATE_REC_H
#define SERVER_STATE_REC_H

#include <conn/ring.h>

enum {
    REC_DOMAIN = 16,                  /* struct rec_domain */
    REC_DOMAIN_GONE,                  /* domid */
    REC_WATCH,                        /* struct rec_watch, path, token */
    REC_UNWATCH,                      /* the same */
    REC_RESET,                        /* domid */
    REC_TXN,                          /* struct rec_txn */
    REC_LIMIT,                        /* struct rec_limit */
    REC_SPECIAL,                      /* number, permissions */
    REC_RING,                         /* struct rec_ring, in, added out */
};

struct rec_domain {
    uint64_t gfn;
    uint32_t domid, target, remote_port;
    uint8_t shutdown, own, pad[2];
};

struct rec_watch {
    uint32_t domid, strip;
};

struct rec_txn {
    uint32_t domid, id, last, open;
};

struct rec_limit {
    uint64_t value;
    uint32_t kind, pad;
};

struct rec_ring {
    uint32_t domid;
    struct ring_saved pos;
    uint32_t head_left, head_is_reply, outstanding;
    uint32_t out_kept;                /* bytes of earlier records unsent */
    uint32_t in_len, add_len;
    uint32_t ignored;
};

#endif
