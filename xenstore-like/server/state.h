/* SPDX-License-Identifier: MIT */
/*
 * server/state.h - what outlives a kill: records of the journal.
 *
 * Owns    the meaning of every record, the snapshot that shortens a long
 *         journal, and starting from one.
 *
 *         Kept: nodes, access lists, limits; domains with their page and
 *         port, watches, ids of open transactions (which then end in EAGAIN),
 *         the partial request and the unsent bytes of their rings.
 *         Not kept: socket clients, who connect again.
 *
 * INV-SP1 replaying the committed records gives the state of the last round.
 * Tests   tests/unit/store/test_daemon.c
 */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include <server/server.h>

/*
 * Start from the journal at @path, or with an empty one.  Domains come back
 * without page and channel: domain_restore() follows.  0 or -errno.
 */
int state_open(struct server *s, const char *path, bool *restored);

/* Room for the records of one request: 0 or -ENOSPC. */
int state_reserve(struct server *s);

/* Records of what a request did; state_reserve() made room for them. */
void state_domain(struct server *s, const struct domain *d);
void state_domain_gone(struct server *s, uint32_t domid);
void state_watch(struct client *c, const struct watch *w);
void state_unwatch(struct client *c, const struct watch *w);
/* All watches and transactions of @c are gone. */
void state_reset(struct client *c);
void state_txn(struct client *c, uint32_t id, bool open);
void state_limit(struct server *s, unsigned int kind);
void state_special(struct server *s, enum special which);

/* The round's end: rings' bytes, then commit; a snapshot when it is time. */
void state_commit(struct server *s);
/* Write a snapshot now.  0 or -errno; the old journal stays in use then. */
int state_snapshot(struct server *s);

#endif
