/* SPDX-License-Identifier: MIT */
/*
 * Watches of the client: registered by number, kept over a reconnect, their
 * events queued for xs_dispatch().  Bytes are moved by xs_io.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <client/xs_int.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_MAX 24

static void format_token(uint64_t id, char token[TOKEN_MAX])
{
    snprintf(token, TOKEN_MAX, "w%" PRIx64, id);
}

static struct xs_watch *find_watch(struct xs *xs, uint64_t id)
{
    struct xs_watch *w = xs->watches;

    while (w != NULL && w->id != id) {
        w = w->next;
    }
    return w;
}

void xs_watch_arrived(struct xs *xs, const char *body, size_t len)
{
    const char *part[2];
    struct xs_arrival *a;
    char *end;
    uint64_t id;

    if (wire_split(body, len, part, 2) != 0 || part[1][0] != 'w') {
        return;
    }
    id = strtoull(part[1] + 1, &end, 16);
    if (*end != '\0' || find_watch(xs, id) == NULL) {
        return;
    }
    a = calloc(1, sizeof(*a) + strlen(part[0]) + 1);
    if (a == NULL) {
        return;
    }
    a->watch_id = id;
    strcpy(a->path, part[0]);
    *xs->arrivals_tail = a;
    xs->arrivals_tail = &a->next;
    xs_arm_timer(xs, 0);
}

/* Queue the registration of every watch on a new connection. */
int xs_watch_restore(struct xs *xs)
{
    char message[WIRE_MESSAGE_MAX];
    struct xs_watch *w;
    int rc = 0;

    for (w = xs->watches; w != NULL && rc == 0; w = w->next) {
        struct xsd_sockmsg h = { .type = XS_WATCH, .req_id = 0 };
        char token[TOKEN_MAX];
        size_t path_size = strlen(w->path) + 1;

        if (!w->active) {
            continue;                 /* its first request is still pending */
        }
        format_token(w->id, token);
        h.len = (uint32_t)(path_size + strlen(token) + 1);
        memcpy(message, &h, sizeof(h));
        memcpy(message + sizeof(h), w->path, path_size);
        strcpy(message + sizeof(h) + path_size, token);
        rc = xs_queue_message(xs, message, sizeof(h) + h.len);
    }
    return rc;
}

static void unlink_watch(struct xs *xs, struct xs_watch *watch)
{
    struct xs_watch **link = &xs->watches;

    while (*link != watch) {
        link = &(*link)->next;
    }
    *link = watch->next;
}

static int send_watch(struct xs *xs, uint32_t type, const struct xs_watch *w)
{
    char token[TOKEN_MAX];
    struct iovec parts[2];

    format_token(w->id, token);
    parts[0] = (struct iovec){ (void *)w->path, strlen(w->path) + 1 };
    parts[1] = (struct iovec){ token, strlen(token) + 1 };
    if (type == XS_UNWATCH) {
        return xs_submit(xs, XS_TXN_NONE, type, parts, 2, NULL, NULL);
    }
    return xs_call(xs, XS_TXN_NONE, type, parts, 2, NULL, NULL);
}

int xs_watch(struct xs *xs, const char *path, xs_watch_fn *fn, void *ctx,
             struct xs_watch **watch)
{
    struct xs_watch *w;
    int rc;

    if (strlen(path) > XENSTORE_ABS_PATH_MAX) {
        return -EINVAL;
    }
    w = calloc(1, sizeof(*w) + strlen(path) + 1);
    if (w == NULL) {
        return -ENOMEM;
    }
    w->xs = xs;
    w->id = ++xs->next_watch_id;
    w->fn = fn;
    w->ctx = ctx;
    strcpy(w->path, path);
    w->next = xs->watches;            /* events may come before the answer */
    xs->watches = w;
    rc = send_watch(xs, XS_WATCH, w);
    if (rc != 0) {
        unlink_watch(xs, w);
        free(w);
        return rc;
    }
    w->active = true;
    *watch = w;
    return 0;
}

void xs_unwatch(struct xs_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    unlink_watch(watch->xs, watch);
    send_watch(watch->xs, XS_UNWATCH, watch);
    free(watch);
}

void xs_watch_run(struct xs *xs, const struct xs_arrival *arrival)
{
    struct xs_watch *w = find_watch(xs, arrival->watch_id);

    if (w != NULL) {
        w->fn(w->ctx, arrival->path);
    }
}

/* ---- dispatch ----------------------------------------------------------- */

static struct xs_arrival *pop_arrival(struct xs *xs)
{
    struct xs_arrival *a = xs->arrivals;

    xs->arrivals = a->next;
    if (xs->arrivals == NULL) {
        xs->arrivals_tail = &xs->arrivals;
    }
    return a;
}

static void arrival_free(struct xs_arrival *a)
{
    if (a->request != NULL) {
        xs_request_free(a->request);
    }
    free(a);
}

void xs_arrivals_free(struct xs *xs)
{
    while (xs->arrivals != NULL) {
        arrival_free(pop_arrival(xs));
    }
}

static void run_arrival(struct xs *xs, struct xs_arrival *a)
{
    struct xs_request *req = a->request;

    if (req == NULL) {
        xs_watch_run(xs, a);
    } else {
        req->done(req->ctx, req->rc, req->reply, req->reply_len);
    }
    arrival_free(a);
}

/* Runs what was there at the start: a callback that causes its own next
 * event cannot keep the caller here for ever. */
int xs_dispatch(struct xs *xs)
{
    uint64_t expirations;
    struct xs_arrival *a;
    size_t nr = 0;

    if (read(xs->timer_fd, &expirations, sizeof(expirations)) < 0 &&
        errno != EAGAIN) {
        return -errno;
    }
    xs_pump(xs);
    for (a = xs->arrivals; a != NULL; a = a->next) {
        nr++;
    }
    while (nr-- > 0) {
        run_arrival(xs, pop_arrival(xs));
    }
    if (xs->arrivals != NULL) {
        xs_arm_timer(xs, 0);
    }
    return 0;
}

int xs_wait(struct xs *xs, int timeout_ms)
{
    struct pollfd p = { .fd = xs->epoll_fd, .events = POLLIN };
    int n = poll(&p, 1, timeout_ms);

    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    return n == 0 ? -ETIMEDOUT : 0;
}
