/* SPDX-License-Identifier: MIT */
/*
 * The store's calls for programs: one function per message.  The connection
 * is kept by xs_io.c, watches by xs_watch.c.
 * Tests: tests/unit/store/test_client.c
 */
#include <client/xs_int.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 30000u
#define DEFAULT_RUNDIR "/run/xenstored"
#define DEVICE "/dev/xen/xenbus"

/* ---- open and close --------------------------------------------------------- */

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
    xs->timeout_ms = DEFAULT_TIMEOUT_MS;
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

void xs_set_timeout(struct xs *xs, unsigned int timeout_ms)
{
    xs->timeout_ms = timeout_ms;
}

int xs_fd(const struct xs *xs)
{
    return xs->epoll_fd;
}

/* ---- requests ------------------------------------------------------------------ */

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
    int64_t deadline = xs_now_ms() + xs->timeout_ms;

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

static struct iovec text_part(const char *text)
{
    return (struct iovec){ (void *)text, strlen(text) + 1 };
}

/* A request whose payload is one string. */
static int call_text(struct xs *xs, xs_txn_t txn, uint32_t type,
                     const char *text, char **reply, size_t *len)
{
    struct iovec part = text_part(text);

    return xs_call(xs, txn, type, &part, 1, reply, len);
}

/* ---- nodes ------------------------------------------------------------------------ */

int xs_read(struct xs *xs, xs_txn_t txn, const char *path, char **value,
            size_t *len)
{
    return call_text(xs, txn, XS_READ, path, value, len);
}

int xs_read_number(struct xs *xs, xs_txn_t txn, const char *path,
                   uint64_t *value)
{
    char *text, *end;
    uint64_t v;
    int rc = xs_read(xs, txn, path, &text, NULL);

    if (rc != 0) {
        return rc;
    }
    errno = 0;
    v = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || strchr(text, '-')) {
        rc = -EINVAL;
    } else {
        *value = v;
    }
    free(text);
    return rc;
}

int xs_write(struct xs *xs, xs_txn_t txn, const char *path, const void *value,
             size_t len)
{
    struct iovec parts[2] = { text_part(path), { (void *)value, len } };

    return xs_call(xs, txn, XS_WRITE, parts, 2, NULL, NULL);
}

int xs_write_string(struct xs *xs, xs_txn_t txn, const char *path,
                    const char *value)
{
    return xs_write(xs, txn, path, value, strlen(value));
}

int xs_printf(struct xs *xs, xs_txn_t txn, const char *path,
              const char *format, ...)
{
    va_list ap;
    char *text;
    int n, rc;

    va_start(ap, format);
    n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0) {
        return -ENOMEM;
    }
    rc = xs_write(xs, txn, path, text, (size_t)n);
    free(text);
    return rc;
}

int xs_mkdir(struct xs *xs, xs_txn_t txn, const char *path)
{
    return call_text(xs, txn, XS_MKDIR, path, NULL, NULL);
}

int xs_rm(struct xs *xs, xs_txn_t txn, const char *path)
{
    int rc = call_text(xs, txn, XS_RM, path, NULL, NULL);

    return rc == -ENOENT ? 0 : rc;
}

/* One directory in pieces, until a whole round saw one generation. */
static int list_parts(struct xs *xs, xs_txn_t txn, const char *path,
                      struct xs_bytes *all)
{
    char generation[32] = "";

    for (;;) {
        char offset[24];
        struct iovec parts[2] = { text_part(path) };
        char *reply;
        size_t len, gen_len;
        int rc;

        snprintf(offset, sizeof(offset), "%zu", all->end);
        parts[1] = text_part(offset);
        rc = xs_call(xs, txn, XS_DIRECTORY_PART, parts, 2, &reply, &len);
        if (rc != 0) {
            return rc;
        }
        gen_len = strlen(reply) + 1;
        if (gen_len >= len || gen_len > sizeof(generation)) {
            free(reply);
            return gen_len > sizeof(generation) ? -EIO : 0;
        }
        if (all->end == 0) {
            strcpy(generation, reply);
        } else if (strcmp(generation, reply) != 0) {
            all->end = 0;             /* it changed meanwhile */
            free(reply);
            continue;
        }
        rc = xs_bytes_append(all, reply + gen_len, len - gen_len);
        if (rc == 0 && reply[len - 1] == '\0' && reply[len - 2] == '\0') {
            all->end--;               /* the empty name that ends the list */
            free(reply);
            return 0;
        }
        free(reply);
        if (rc != 0) {
            return rc;
        }
    }
}

/* Pointers and names in one block. */
static int make_names(const char *data, size_t len, char ***names, size_t *nr)
{
    size_t count = wire_count_strings(data, len);
    char **list = malloc(count * sizeof(char *) + len + 1);
    char *text;
    size_t i;

    if (list == NULL) {
        return -ENOMEM;
    }
    text = (char *)(list + count);
    memcpy(text, data, len);
    for (i = 0; i < count; i++) {
        list[i] = text;
        text += strlen(text) + 1;
    }
    *names = list;
    *nr = count;
    return 0;
}

int xs_list(struct xs *xs, xs_txn_t txn, const char *path, char ***names,
            size_t *nr)
{
    struct xs_bytes all = { NULL, 0, 0, 0 };
    char *reply;
    size_t len;
    int rc = call_text(xs, txn, XS_DIRECTORY, path, &reply, &len);

    if (rc == 0) {
        rc = make_names(reply, len, names, nr);
        free(reply);
        return rc;
    }
    if (rc != -E2BIG) {
        return rc;
    }
    rc = list_parts(xs, txn, path, &all);
    if (rc == 0) {
        rc = make_names(all.data, all.end, names, nr);
    }
    xs_bytes_free(&all);
    return rc;
}

int xs_get_perms(struct xs *xs, xs_txn_t txn, const char *path,
                 struct perm **perms, size_t *nr)
{
    struct perm *list;
    char *reply, *text;
    size_t len, count, i;
    int rc = call_text(xs, txn, XS_GET_PERMS, path, &reply, &len);

    if (rc != 0) {
        return rc;
    }
    count = wire_count_strings(reply, len);
    list = calloc(count + 1, sizeof(*list));
    rc = list == NULL ? -ENOMEM : 0;
    for (i = 0, text = reply; i < count && rc == 0; i++) {
        rc = wire_parse_perm(text, &list[i]);
        text += strlen(text) + 1;
    }
    free(reply);
    if (rc != 0) {
        free(list);
        return rc;
    }
    *perms = list;
    *nr = count;
    return 0;
}

int xs_set_perms(struct xs *xs, xs_txn_t txn, const char *path,
                 const struct perm *perms, size_t nr)
{
    char text[XENSTORE_PAYLOAD_MAX];
    struct iovec parts[2] = { text_part(path), { text, 0 } };
    size_t i;

    for (i = 0; i < nr; i++) {
        if (parts[1].iov_len + WIRE_PERM_TEXT_MAX > sizeof(text)) {
            return -E2BIG;
        }
        parts[1].iov_len += 1 + wire_format_perm(&perms[i],
                                                 text + parts[1].iov_len);
    }
    return xs_call(xs, txn, XS_SET_PERMS, parts, 2, NULL, NULL);
}

/* ---- transactions ------------------------------------------------------------------- */

int xs_txn_start(struct xs *xs, xs_txn_t *txn)
{
    uint64_t id;
    char *reply;
    int rc = call_text(xs, XS_TXN_NONE, XS_TRANSACTION_START, "", &reply,
                       NULL);

    if (rc != 0) {
        return rc;
    }
    rc = wire_parse_number(reply, UINT32_MAX, &id);
    free(reply);
    if (rc != 0 || id == 0) {
        return -EIO;
    }
    *txn = (uint64_t)xs->generation << 32 | id;
    return 0;
}

int xs_txn_end(struct xs *xs, xs_txn_t txn, bool commit)
{
    int rc = call_text(xs, txn, XS_TRANSACTION_END, commit ? "T" : "F", NULL,
                       NULL);

    return !commit && rc == -EAGAIN ? 0 : rc;
}

int xs_txn_run(struct xs *xs, int (*body)(struct xs *xs, xs_txn_t txn,
                                          void *ctx), void *ctx)
{
    xs_txn_t txn;
    int rc;

    do {
        rc = xs_txn_start(xs, &txn);
        if (rc != 0) {
            return rc;
        }
        rc = body(xs, txn, ctx);
        if (rc == 0) {
            rc = xs_txn_end(xs, txn, true);
        } else {
            xs_txn_end(xs, txn, false);
        }
    } while (rc == -EAGAIN);
    return rc;
}

/* ---- domains ------------------------------------------------------------------------ */

static int call_domid(struct xs *xs, uint32_t type, uint32_t domid,
                      char **reply)
{
    char text[12];

    snprintf(text, sizeof(text), "%u", domid);
    return call_text(xs, XS_TXN_NONE, type, text, reply, NULL);
}

int xs_introduce(struct xs *xs, uint32_t domid, uint64_t gfn, uint32_t port)
{
    char text[3][24];
    struct iovec parts[3];
    size_t i;

    snprintf(text[0], sizeof(text[0]), "%u", domid);
    snprintf(text[1], sizeof(text[1]), "%llu", (unsigned long long)gfn);
    snprintf(text[2], sizeof(text[2]), "%u", port);
    for (i = 0; i < 3; i++) {
        parts[i] = text_part(text[i]);
    }
    return xs_call(xs, XS_TXN_NONE, XS_INTRODUCE, parts, 3, NULL, NULL);
}

int xs_release(struct xs *xs, uint32_t domid)
{
    return call_domid(xs, XS_RELEASE, domid, NULL);
}

int xs_resume(struct xs *xs, uint32_t domid)
{
    return call_domid(xs, XS_RESUME, domid, NULL);
}

int xs_set_target(struct xs *xs, uint32_t domid, uint32_t target)
{
    char text[2][12];
    struct iovec parts[2];

    snprintf(text[0], sizeof(text[0]), "%u", domid);
    snprintf(text[1], sizeof(text[1]), "%u", target);
    parts[0] = text_part(text[0]);
    parts[1] = text_part(text[1]);
    return xs_call(xs, XS_TXN_NONE, XS_SET_TARGET, parts, 2, NULL, NULL);
}

int xs_is_introduced(struct xs *xs, uint32_t domid, bool *introduced)
{
    char *reply;
    int rc = call_domid(xs, XS_IS_DOMAIN_INTRODUCED, domid, &reply);

    if (rc == 0) {
        *introduced = strcmp(reply, "T") == 0;
        free(reply);
    }
    return rc;
}

int xs_domain_path(struct xs *xs, uint32_t domid, char **path)
{
    return call_domid(xs, XS_GET_DOMAIN_PATH, domid, path);
}

int xs_control(struct xs *xs, const char *const *words, size_t nr_words,
               char **reply)
{
    struct iovec parts[16];
    size_t i;

    if (nr_words > 16) {
        return -E2BIG;
    }
    for (i = 0; i < nr_words; i++) {
        parts[i] = text_part(words[i]);
    }
    return xs_call(xs, XS_TXN_NONE, XS_CONTROL, parts, nr_words, reply, NULL);
}
