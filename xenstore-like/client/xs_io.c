/* SPDX-License-Identifier: MIT */
/*
 * The client's connection: open, lose and reopen it, move bytes, match
 * answers to requests.  What requests mean is in xs.c, watches in xs_watch.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <client/xs_int.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 20u                  /* between attempts to reconnect */
#define READ_CHUNK 16384u

int64_t xs_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- byte queues -------------------------------------------------------- */

static int bytes_reserve(struct xs_bytes *b, size_t len)
{
    size_t capacity;
    char *data;

    if (b->start > 0) {
        memmove(b->data, b->data + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if (b->capacity - b->end >= len) {
        return 0;
    }
    capacity = (b->end + len) * 2;
    data = realloc(b->data, capacity);
    if (data == NULL) {
        return -ENOMEM;
    }
    b->data = data;
    b->capacity = capacity;
    return 0;
}

int xs_bytes_append(struct xs_bytes *b, const void *data, size_t len)
{
    int rc = bytes_reserve(b, len);

    if (rc == 0 && len > 0) {
        memcpy(b->data + b->end, data, len);
        b->end += len;
    }
    return rc;
}

void xs_bytes_free(struct xs_bytes *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}

/* ---- opening ------------------------------------------------------------ */

static int open_socket(const char *address)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(address) >= sizeof(sun.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(sun.sun_path, address);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    return fd;
}

static int open_address(struct xs *xs)
{
    struct stat st;
    int fd;

    if (stat(xs->address, &st) != 0) {
        return -errno;
    }
    if (S_ISSOCK(st.st_mode)) {
        xs->is_device = false;
        return open_socket(xs->address);
    }
    xs->is_device = true;
    fd = open(xs->address, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static int watch_socket(struct xs *xs, int op, bool wants_write)
{
    struct epoll_event ev = {
        .events = EPOLLIN | (wants_write ? EPOLLOUT : 0u),
    };

    if (epoll_ctl(xs->epoll_fd, op, xs->fd, &ev) != 0) {
        return -errno;
    }
    xs->wants_write = wants_write;
    return 0;
}

/* Queue what a new connection must hear: watches, then open requests. */
static int queue_again(struct xs *xs)
{
    struct xs_request *req, *next;
    int rc = xs_watch_restore(xs);

    for (req = xs->pending; req != NULL && rc == 0; req = next) {
        next = req->next;
        if (!req->complete) {
            rc = xs_queue_message(xs, req->message, req->message_len);
        }
    }
    return rc;
}

int xs_connect(struct xs *xs)
{
    int rc;

    xs->fd = open_address(xs);
    if (xs->fd < 0) {
        rc = xs->fd;
        xs->fd = -1;
        return rc;
    }
    rc = watch_socket(xs, EPOLL_CTL_ADD, false);
    if (rc == 0) {
        xs->generation++;
        rc = queue_again(xs);
    }
    if (rc != 0) {
        xs_disconnect(xs);
    }
    return rc;
}

/* ---- requests ----------------------------------------------------------- */

void xs_request_free(struct xs_request *req)
{
    free(req->reply);
    free(req);
}

void xs_pending_remove(struct xs *xs, struct xs_request *req)
{
    struct xs_request **link = &xs->pending;

    while (*link != req) {
        link = &(*link)->next;
    }
    *link = req->next;
    if (xs->pending_tail == &req->next) {
        xs->pending_tail = link;
    }
    req->next = NULL;
}

/* Give @req its result, and to xs_dispatch() when nobody waits for it. */
static void complete(struct xs *xs, struct xs_request *req, int rc)
{
    struct xs_arrival *a;

    req->rc = rc;
    req->complete = true;
    xs_pending_remove(xs, req);
    if (req->blocking) {
        return;
    }
    a = req->done == NULL ? NULL : calloc(1, sizeof(*a));
    if (a == NULL) {
        xs_request_free(req);
        return;
    }
    a->request = req;
    *xs->arrivals_tail = a;
    xs->arrivals_tail = &a->next;
    xs_arm_timer(xs, 0);
}

void xs_disconnect(struct xs *xs)
{
    struct xs_request *req, *next;

    if (xs->fd >= 0) {
        /* A forked child may hold it too: close() alone would not do. */
        epoll_ctl(xs->epoll_fd, EPOLL_CTL_DEL, xs->fd, NULL);
        close(xs->fd);
        xs->fd = -1;
    }
    xs->in.start = xs->in.end = 0;
    xs->out.start = xs->out.end = 0;  /* INV-XC2 */
    for (req = xs->pending; req != NULL; req = next) {
        next = req->next;
        if (req->in_txn) {
            complete(xs, req, -EAGAIN);   /* INV-XC1 */
        }
    }
    xs_arm_timer(xs, RETRY_MS);
}

static int reply_rc(const struct xs_request *req, uint32_t type,
                    const char *body, size_t len)
{
    if (type == XS_ERROR) {
        return len == 0 || body[len - 1] != '\0' ? -EIO :
                                                   -wire_error_value(body);
    }
    return type == req->type ? 0 : -EIO;
}

static void reply_arrived(struct xs *xs, const struct xsd_sockmsg *h,
                          const char *body)
{
    struct xs_request *req = xs->pending;
    int rc;

    while (req != NULL && req->req_id != h->req_id) {
        req = req->next;
    }
    if (req == NULL) {
        return;                       /* it timed out, or wants no answer */
    }
    rc = reply_rc(req, h->type, body, h->len);
    if (rc == 0) {
        req->reply = malloc(h->len + 1u);
        if (req->reply == NULL) {
            rc = -ENOMEM;
        } else {
            memcpy(req->reply, body, h->len);
            req->reply[h->len] = '\0';
            req->reply_len = h->len;
        }
    }
    complete(xs, req, rc);
}

/* ---- moving bytes ------------------------------------------------------- */

/* Take whole messages out of `in`.  -EPROTO: this is not a store. */
static int parse_input(struct xs *xs)
{
    struct xsd_sockmsg h;
    struct xs_bytes *in = &xs->in;

    while (in->end - in->start >= sizeof(h)) {
        const char *body = in->data + in->start + sizeof(h);

        memcpy(&h, in->data + in->start, sizeof(h));
        if (h.len > XENSTORE_PAYLOAD_MAX) {
            return -EPROTO;
        }
        if (in->end - in->start - sizeof(h) < h.len) {
            break;
        }
        in->start += sizeof(h) + h.len;
        if (h.type == XS_WATCH_EVENT) {
            xs_watch_arrived(xs, body, h.len);
        } else {
            reply_arrived(xs, &h, body);
        }
    }
    return 0;
}

static int pump_in(struct xs *xs)
{
    for (;;) {
        ssize_t n;
        int rc = bytes_reserve(&xs->in, READ_CHUNK);

        if (rc != 0) {
            return rc;
        }
        n = read(xs->fd, xs->in.data + xs->in.end, READ_CHUNK);
        if (n == 0) {
            return xs->is_device ? 0 : -EPIPE;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        xs->in.end += (size_t)n;
        rc = parse_input(xs);
        if (rc != 0) {
            return rc;
        }
    }
}

/* The device takes one message at a time, the socket whatever fits. */
static size_t out_chunk(const struct xs *xs)
{
    size_t len = xs->out.end - xs->out.start;
    struct xsd_sockmsg h;

    if (xs->is_device && len > sizeof(h)) {
        memcpy(&h, xs->out.data + xs->out.start, sizeof(h));
        if (sizeof(h) + h.len < len) {
            len = sizeof(h) + h.len;
        }
    }
    return len;
}

static ssize_t put_bytes(struct xs *xs, const char *data, size_t len)
{
    if (xs->is_device) {
        return write(xs->fd, data, len);
    }
    return send(xs->fd, data, len, MSG_NOSIGNAL);
}

static int pump_out(struct xs *xs)
{
    bool wants_write;

    while (xs->out.start < xs->out.end) {
        ssize_t n = put_bytes(xs, xs->out.data + xs->out.start,
                              out_chunk(xs));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            break;
        }
        if (n < 0) {
            return -errno;
        }
        xs->out.start += (size_t)n;
    }
    wants_write = xs->out.start < xs->out.end;
    if (wants_write != xs->wants_write) {
        return watch_socket(xs, EPOLL_CTL_MOD, wants_write);
    }
    return 0;
}

void xs_pump(struct xs *xs)
{
    int rc;

    if (xs->fd < 0 && xs_connect(xs) != 0) {
        xs_arm_timer(xs, RETRY_MS);
        return;
    }
    rc = pump_out(xs);
    if (rc == 0) {
        rc = pump_in(xs);
    }
    if (rc != 0) {
        xs_disconnect(xs);
    }
}

int xs_queue_message(struct xs *xs, const void *message, size_t len)
{
    return xs_bytes_append(&xs->out, message, len);
}

/* ---- sleeping ----------------------------------------------------------- */

void xs_arm_timer(struct xs *xs, unsigned int delay_ms)
{
    struct itimerspec its = {
        .it_value = {
            .tv_sec = delay_ms / 1000,
            .tv_nsec = (long)(delay_ms % 1000) * 1000000 +
                       (delay_ms == 0 ? 1 : 0),
        },
    };

    timerfd_settime(xs->timer_fd, 0, &its, NULL);
}

void xs_sleep(struct xs *xs, int64_t deadline_ms)
{
    struct pollfd p = { .fd = xs->fd, .events = POLLIN };
    int64_t left = deadline_ms - xs_now_ms();

    if (left < 0) {
        left = 0;
    }
    if (xs->fd < 0 && left > (int64_t)RETRY_MS) {
        left = RETRY_MS;
    }
    if (xs->wants_write) {
        p.events |= POLLOUT;
    }
    poll(&p, 1, (int)left);           /* a descriptor of -1 just waits */
}
