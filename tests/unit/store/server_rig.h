/* SPDX-License-Identifier: MIT */
/*
 * A server without a loop and three peers on socket pairs: the control
 * domain, and two that have been given a guest's identity.
 * Used by tests/unit/store/test_server.c
 */
#ifndef TEST_SERVER_RIG_H
#define TEST_SERVER_RIG_H

#include <server/server.h>

struct peer {
    int fd;
    struct client *client;
    uint32_t req_id;
};

struct world {
    struct server server;
    struct peer dom0, guest, other;
};

int make_world(void **state);
int free_world(void **state);
void run_server(struct world *w);
void put(struct world *w, struct peer *p, uint32_t type, uint32_t tx,
    const void *body, uint32_t len);
/* The next message; type ~0: there is none. */
uint32_t take(struct peer *p, struct xsd_sockmsg *h,
    char body[XENSTORE_PAYLOAD_MAX + 1]);
/* The answer as text: "OK", a value, or the name of an error. */
const char *ask_tx(struct world *w, struct peer *p, uint32_t type,
    uint32_t tx, const void *body, uint32_t len);
const char *ask(struct world *w, struct peer *p, uint32_t type,
    const void *body, uint32_t len);
void expect_event(struct peer *p, const char *path, const char *token);
void expect_silence(struct peer *p);

#define ASK(p, type, text) \
    ask(w, &w->p, type, text, sizeof(text))             /* with its nul */
#define WRITE(p, text) \
    ask(w, &w->p, XS_WRITE, text, sizeof(text) - 1)     /* "path\0value" */

#endif
