/* SPDX-License-Identifier: MIT */
/*
 * The handle's life, and one request from its parts to its answer.  Bytes
 * are moved by xs_io.c; typed calls are in xs.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <client/xs_int.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TIMEOUT_MS 30000u
#define DEFAULT_RUNDIR "/run/xenstored"
#define DEVICE "/dev/xen/xenbus"

/* ---- open and close ----------------------------------------------------- */

static char *find_address(void)
{
    const char *path = getenv("XENSTORED_PATH");
    const char *dir = getenv("XENSTORED_RUNDIR");
    char *address;

    if (path != NULL) {
        return strdup(path);
    }
    if (asprintf(&address, "%s/socket", dir ? dir : DEFAULT_RUNDIR) < 0) {
        return NULL;
    }
    if (access(address, F_OK) != 0 && access(DEVICE, F_OK) == 0) {
        free(address);
        address = strdup(DEVICE);
    }
    return address;
}

static int open_descriptors(struct xs *xs)
{
    struct epoll_event ev = { .events = EPOLLIN };

    xs->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    xs->timer_fd = timerfd_create(CLOCK_MONOTONIC,
                                  TFD_CLOEXEC | TFD_NONBLOCK);
    if (xs->epoll_fd < 0 || xs->timer_fd < 0 ||
        epoll_ctl(xs->epoll_fd, EPOLL_CTL_ADD, xs->timer_fd, &ev) != 0) {
        return -errno;
    }
    return 0;
}

/* The socket may appear late, and /dev/xen/xenbus stand in for it until. */
static int connect_within(struct xs *xs, unsigned int wait_ms)
{
    int64_t deadline = xs_now_ms() + wait_ms;
    int rc;

    for (;;) {
        free(xs->address);
        xs->address = find_address();
        if (xs->address == NULL) {
            return -ENOMEM;
        }
        rc = xs_connect(xs);
        if (rc == 0 || xs_now_ms() >= deadline) {
            return rc;
        }
        xs_sleep(xs, deadline);
    }
}

int xs_open(struct xs **out, unsigned int wait_ms)
{
    struct xs *xs = calloc(1, sizeof(*xs));
    int rc;

    if (xs == NULL) {
        return -ENOMEM;
    }
    xs->fd = xs->epoll_fd = xs->timer_fd = -1;
    xs->pending_tail = &xs->pending;
    xs->arrivals_tail = &xs->arrivals;
    rc = open_descriptors(xs);
    if (rc == 0) {
        rc = connect_within(xs, wait_ms);
    }
    if (rc != 0) {
        xs_close(xs);
        return rc;
    }
    *out = xs;
    return 0;
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void xs_close(struct xs *xs)
{
    if (xs == NULL) {
        return;
    }
    if (xs->fd >= 0) {
        xs_pump(xs);                  /* the last unanswered requests leave */
    }
    xs_arrivals_free(xs);
    while (xs->pending != NULL) {
        struct xs_request *req = xs->pending;

        xs->pending = req->next;
        xs_request_free(req);
    }
    while (xs->watches != NULL) {
        struct xs_watch *w = xs->watches;

        xs->watches = w->next;
        free(w);
    }
    xs_bytes_free(&xs->in);
    xs_bytes_free(&xs->out);
    close_fd(xs->fd);
    close_fd(xs->timer_fd);
    close_fd(xs->epoll_fd);
    free(xs->address);
    free(xs);
}

int xs_fd(const struct xs *xs)
{
    return xs->epoll_fd;
}

/* ---- requests ----------------------------------------------------------- */

static uint32_t txn_id(xs_txn_t txn)
{
    return (uint32_t)txn;
}

/* A transaction belongs to the connection on which it began. */
static bool txn_is_lost(const struct xs *xs, xs_txn_t txn)
{
    return txn != XS_TXN_NONE &&
           (xs->fd < 0 || (uint32_t)(txn >> 32) != xs->generation);
}

static int make_request(struct xs *xs, xs_txn_t txn, uint32_t type,
                        const struct iovec *parts, size_t nr_parts,
                        struct xs_request **out)
{
    struct xsd_sockmsg h = { .type = type, .tx_id = txn_id(txn) };
    struct xs_request *req;
    size_t len = 0;
    size_t i;

    for (i = 0; i < nr_parts; i++) {
        if (parts[i].iov_len > XENSTORE_PAYLOAD_MAX - len) {
            return -E2BIG;
        }
        len += parts[i].iov_len;
    }
    req = calloc(1, sizeof(*req) + sizeof(h) + len);
    if (req == NULL) {
        return -ENOMEM;
    }
    if (++xs->next_req_id == 0) {
        xs->next_req_id = 1;          /* 0: nobody waits for the answer */
    }
    h.req_id = req->req_id = xs->next_req_id;
    h.len = (uint32_t)len;
    req->type = type;
    req->in_txn = txn != XS_TXN_NONE;
    memcpy(req->message, &h, sizeof(h));
    req->message_len = sizeof(h);
    for (i = 0; i < nr_parts; i++) {
        memcpy(req->message + req->message_len, parts[i].iov_base,
               parts[i].iov_len);
        req->message_len += parts[i].iov_len;
    }
    *out = req;
    return 0;
}

/* Put @req on its way; it is freed when that fails. */
static int start_request(struct xs *xs, struct xs_request *req)
{
    int rc = 0;

    if (xs->fd >= 0) {
        rc = xs_queue_message(xs, req->message, req->message_len);
    }
    if (rc != 0) {
        xs_request_free(req);
        return rc;
    }
    *xs->pending_tail = req;
    xs->pending_tail = &req->next;
    xs_pump(xs);
    return 0;
}

int xs_submit(struct xs *xs, xs_txn_t txn, uint32_t type,
              const struct iovec *parts, size_t nr_parts, xs_done_fn *done,
              void *ctx)
{
    struct xs_request *req;
    int rc;

    if (txn_is_lost(xs, txn)) {
        return -EAGAIN;
    }
    rc = make_request(xs, txn, type, parts, nr_parts, &req);
    if (rc != 0) {
        return rc;
    }
    req->done = done;
    req->ctx = ctx;
    return start_request(xs, req);
}

static int wait_for(struct xs *xs, struct xs_request *req)
{
    int64_t deadline = xs_now_ms() + TIMEOUT_MS;

    while (!req->complete) {
        if (xs_now_ms() >= deadline) {
            xs_pending_remove(xs, req);
            return -ETIMEDOUT;
        }
        xs_sleep(xs, deadline);
        xs_pump(xs);
    }
    return req->rc;
}

int xs_call(struct xs *xs, xs_txn_t txn, uint32_t type,
            const struct iovec *parts, size_t nr_parts, char **reply,
            size_t *len)
{
    struct xs_request *req;
    int rc;

    if (txn_is_lost(xs, txn)) {
        return -EAGAIN;
    }
    rc = make_request(xs, txn, type, parts, nr_parts, &req);
    if (rc != 0) {
        return rc;
    }
    req->blocking = true;
    rc = start_request(xs, req);
    if (rc != 0) {
        return rc;
    }
    rc = wait_for(xs, req);
    if (rc == 0 && reply != NULL) {
        *reply = req->reply;
        req->reply = NULL;
    }
    if (rc == 0 && len != NULL) {
        *len = req->reply_len;
    }
    xs_request_free(req);
    return rc;
}
