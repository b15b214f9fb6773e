/* SPDX-License-Identifier: MIT */
/*
 * client/xs_int.h - what the files of the client share.
 *
 * Owns    struct xs: one socket that comes and goes, the requests without an
 *         answer (oldest first), the arrivals that wait for xs_dispatch().
 *
 * INV-XC1 A request is in `pending` until its answer, its timeout or the end
 *         of the handle; only requests outside transactions are sent again.
 * INV-XC2 `out` begins at a message boundary whenever a connection is new.
 * Tests   tests/unit/store/test_daemon.c
 */
#ifndef CLIENT_XS_INT_H
#define CLIENT_XS_INT_H

#include <client/xs.h>

struct xs_bytes {
    char *data;
    size_t start, end, capacity;
};

/* A request on its way; the message follows. */
struct xs_request {
    struct xs_request *next;
    uint32_t req_id;
    uint32_t type;
    bool blocking;                    /* xs_call() waits and frees it */
    bool in_txn;
    bool complete;
    int rc;                           /* once complete */
    char *reply;                      /* once complete and rc == 0 */
    size_t reply_len;
    xs_done_fn *done;
    void *ctx;
    size_t message_len;
    char message[];
};

/* A watch event, or a completed request without a waiter. */
struct xs_arrival {
    struct xs_arrival *next;
    struct xs_request *request;       /* NULL: a watch event */
    uint64_t watch_id;
    char path[];
};

struct xs_watch {
    struct xs_watch *next;
    struct xs *xs;
    uint64_t id;
    bool active;                      /* registered at the store once */
    xs_watch_fn *fn;
    void *ctx;
    char path[];
};

struct xs {
    char *address;
    bool is_device;                   /* /dev/xen/xenbus and its like */
    int fd;                           /* -1 while the store is away */
    int epoll_fd;                     /* what callers poll */
    int timer_fd;                     /* reconnect, or arrivals to run */
    uint32_t generation;              /* counts connections */
    uint32_t next_req_id;
    uint64_t next_watch_id;
    bool wants_write;
    struct xs_bytes out, in;
    struct xs_request *pending, **pending_tail;
    struct xs_arrival *arrivals, **arrivals_tail;
    struct xs_watch *watches;
};

int64_t xs_now_ms(void);

/* xs_io.c */
int xs_connect(struct xs *xs);
void xs_disconnect(struct xs *xs);
/* Move bytes both ways without blocking; connects when there is no socket. */
void xs_pump(struct xs *xs);
/* Sleep until the socket or the timer is ready, at most until @deadline. */
void xs_sleep(struct xs *xs, int64_t deadline_ms);
int xs_bytes_append(struct xs_bytes *b, const void *data, size_t len);
void xs_bytes_free(struct xs_bytes *b);
void xs_arm_timer(struct xs *xs, unsigned int delay_ms);
int xs_queue_message(struct xs *xs, const void *message, size_t len);
void xs_pending_remove(struct xs *xs, struct xs_request *req);
void xs_request_free(struct xs_request *req);

/* xs_watch.c */
void xs_watch_arrived(struct xs *xs, const char *body, size_t len);
int xs_watch_restore(struct xs *xs);
void xs_watch_run(struct xs *xs, const struct xs_arrival *arrival);
void xs_arrivals_free(struct xs *xs);

#endif
