/* SPDX-License-Identifier: MIT */
/*
 * server/server.h - the running store: its clients, its domains, one round.
 *
 * Owns    struct server, struct client (a socket or a domain's ring) and the
 *         round: serve the clients that have something, commit what happened
 *         to the journal, only then let replies out.
 *
 * INV-SS1 no byte of a reply or event leaves, and no ring index moves, before
 *         the journal has the changes that led to it.
 * INV-SS2 a client that takes no replies is not read from, and its queue of
 *         events is bounded (CLIENT_EVENTS_MAX and its memory quota).
 * Tests   tests/unit/store/test_server.c, test_daemon.c
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <conn/host.h>
#include <conn/ring.h>
#include <conn/unix.h>
#include <store/access.h>
#include <store/watch.h>

#define CLIENT_OUT_HIGH (64u << 10)   /* unsent replies that stop reading */
#define CLIENT_EVENTS_MAX (16u << 20) /* unsent bytes of the control domain */
#define CLIENT_BUDGET 16u             /* requests in one round */

struct ev_source;
struct server;

/* A transaction a client has open. */
struct client_txn {
    struct client_txn *next;
    uint32_t id;
    struct txn txn;
};

struct client {
    union {                           /* first */
        struct conn conn;
        struct unix_conn sock;
        struct ring_conn ring;
    };
    struct server *server;
    struct client *next;              /* of all */
    struct client *next_active;
    bool is_ring;                     /* else a socket */
    bool active;                      /* in the list for the next round */
    bool more;                        /* its turn ended before its requests */
    bool drained;                     /* its socket was empty a moment ago */
    bool stuck;                       /* not read from until replies leave */
    bool dead;                        /* to be freed at the round's end */
    bool ignored;                     /* a domain that broke the protocol */
    bool missed;                      /* some watch has `missed` set */
    struct actor actor;
    struct watch *watches;
    struct client_txn *txns;
    uint32_t nr_txns;
    uint32_t last_txn_id;
    struct domain *domain;            /* of a ring, until it is released */
    struct ev_source *source;         /* of a socket */
    uint32_t source_events;
    /* What the journal knows of a ring (state.c). */
    struct ring_saved saved;
    size_t saved_out;                 /* bytes at the front of `out` in it */
    bool touched;                     /* differs from the journal */
};

struct domain {
    struct domain *next;
    uint32_t domid;
    uint32_t target;                  /* acts for this one too; or domid */
    uint64_t gfn;
    uint32_t remote_port;
    uint32_t local_port;              /* 0: no channel */
    bool shutdown;                    /* was told so once */
    bool own;                         /* the control domain's kernel */
    struct host_page page;
    struct client *client;
};

/* Events of the store itself; their access lists. */
enum special { SPECIAL_INTRODUCE, SPECIAL_RELEASE, SPECIALS };

struct server {
    struct quota quota;
    struct tree tree;
    struct watch_table watches;
    struct journal journal;
    char *journal_path;               /* NULL: nothing is kept */
    size_t journal_floor;             /* bytes after the last snapshot */
    uint64_t journal_retry_ns;        /* broken: when to try again */
    struct client *clients;
    struct client *active;
    struct domain *domains;
    struct host *host;                /* NULL: no domains */
    struct evloop *loop;
    struct ev_source *listener_source, *host_source;
    int listener;
    struct blob *special_perms[SPECIALS];
    bool trace;
    bool accept_paused;
    bool stop;
};

extern const char *const special_names[SPECIALS];

/* Data only: tree, watches, limits, the nodes every store has. */
int server_init(struct server *s);
void server_fini(struct server *s);

/* Serve, commit, send.  True: call again without waiting. */
bool server_round(struct server *s);

/* client.c */
struct client *client_new_socket(struct server *s, int fd);
struct client *client_new_ring(struct server *s, struct domain *d);
/* Run this client in the next round. */
void client_activate(struct client *c);
/* Gone at the end of the round, with its watches and transactions. */
void client_kill(struct client *c);
void client_drop_watches(struct client *c);
void client_drop_txns(struct client *c);
struct client_txn *client_find_txn(struct client *c, uint32_t id);
/* @id 0 chooses one.  0 or -ENOMEM. */
int client_add_txn(struct client *c, uint32_t id, struct client_txn **out);
void client_del_txn(struct client *c, struct client_txn *t);
int client_add_watch(struct client *c, const char *path, const char *token,
                     uint32_t strip, struct watch **out);
void client_del_watch(struct client *c, struct watch *w);
/* Is there memory left for it, with all that waits to be read? */
bool client_over_memory(struct client *c);
void client_free(struct client *c);

/* events.c: fire watches */
void events_fire_txn(struct server *s, const struct txn *txn);
void events_fire_special(struct server *s, enum special which);
/* The event a new watch begins with. */
void events_first(struct watch *w);
/* Events that found no room before. */
void events_retry(struct client *c);

/* dispatch.c */
void dispatch_message(struct client *c, const struct xsd_sockmsg *h,
                      char *body);

#endif
