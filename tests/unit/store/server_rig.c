/* SPDX-License-Identifier: MIT */
/*
 * Server and peers for test_server.c; see server_rig.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "server_rig.h"

static void peer_make(struct world *w, struct peer *p, uint32_t domid)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd),
                     0);
    p->fd = fd[0];
    p->req_id = 0;
    p->client = client_new_socket(&w->server, fd[1]);
    assert_non_null(p->client);
    p->client->actor = (struct actor){ domid, domid, domid == 0 };
}

void run_server(struct world *w)
{
    while (server_round(&w->server)) {
    }
}

void put(struct world *w, struct peer *p, uint32_t type, uint32_t tx,
                const void *body, uint32_t len)
{
    char message[WIRE_MESSAGE_MAX];
    struct xsd_sockmsg h = { type, ++p->req_id, tx, len };

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), body, len);
    assert_int_equal(write(p->fd, message, sizeof(h) + len),
                     sizeof(h) + len);
    client_activate(p->client);
    run_server(w);
}

/* The next message; type ~0: there is none. */
uint32_t take(struct peer *p, struct xsd_sockmsg *h,
                     char body[XENSTORE_PAYLOAD_MAX + 1])
{
    ssize_t n = read(p->fd, h, sizeof(*h));

    if (n != (ssize_t)sizeof(*h)) {
        return UINT32_MAX;
    }
    assert_int_equal(read(p->fd, body, h->len), h->len);
    body[h->len] = '\0';
    return h->type;
}

/* The answer as text: "OK", a value, or the name of an error. */
const char *ask_tx(struct world *w, struct peer *p, uint32_t type,
                          uint32_t tx, const void *body, uint32_t len)
{
    static char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;
    uint32_t got;

    put(w, p, type, tx, body, len);
    do {
        got = take(p, &h, answer);
    } while (got == XS_WATCH_EVENT);
    assert_int_equal(h.req_id, p->req_id);
    assert_int_equal(h.tx_id, tx);
    assert_true(got == type || got == XS_ERROR);
    return answer;
}

const char *ask(struct world *w, struct peer *p, uint32_t type,
                       const void *body, uint32_t len)
{
    return ask_tx(w, p, type, 0, body, len);
}

void expect_event(struct peer *p, const char *path, const char *token)
{
    char body[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    assert_int_equal(take(p, &h, body), XS_WATCH_EVENT);
    assert_int_equal(h.req_id, 0);
    assert_string_equal(body, path);
    assert_string_equal(body + strlen(path) + 1, token);
}

void expect_silence(struct peer *p)
{
    char body[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    assert_int_equal(take(p, &h, body), UINT32_MAX);
}

int make_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (server_init(&w->server) != 0) {
        return -1;
    }
    peer_make(w, &w->dom0, 0);
    peer_make(w, &w->guest, 1);
    peer_make(w, &w->other, 2);
    assert_string_equal(ASK(dom0, XS_MKDIR, "/local/domain/1"), "OK");
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "/local/domain/1\0n1"),
                        "OK");
    *state = w;
    return 0;
}

int free_world(void **state)
{
    struct world *w = *state;

    close(w->dom0.fd);
    close(w->guest.fd);
    close(w->other.fd);
    server_fini(&w->server);
    free(w);
    return 0;
}
