/* SPDX-License-Identifier: MIT */
/*
 * Store requests over a guest's ring page.  Waiting is left to port/guest.
 * Covered by tests/guests/frontend.
 */
#include <xenbus/guest_store.h>

static const struct { const char *name; int value; } errors[] = {
    { "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
    { "EISDIR", EISDIR }, { "ENOENT", ENOENT }, { "ENOMEM", ENOMEM },
    { "ENOSPC", ENOSPC }, { "EIO", EIO }, { "ENOSYS", ENOSYS },
    { "EROFS", EROFS }, { "EBUSY", EBUSY }, { "EAGAIN", EAGAIN },
    { "E2BIG", E2BIG }, { "EPERM", EPERM },
};

void guest_store_init(struct guest_store *s, void *page, uint32_t port)
{
    __builtin_memset(s, 0, sizeof(*s));
    s->page = page;
    s->port = port;
    __atomic_fetch_or(&guest_env_shared_info()->evtchn_mask[port / 64],
                      1ul << (port % 64), __ATOMIC_SEQ_CST);
}

/* ---- bytes ------------------------------------------------------------------- */

static uint32_t load(const XENSTORE_RING_IDX *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* So that a message is begun only if it can be written whole. */
static int wait_for_room(struct guest_store *s, uint32_t len,
                         uint64_t deadline)
{
    uint32_t used;

    while (used = s->page->req_prod - load(&s->page->req_cons),
           used <= XENSTORE_RING_SIZE && XENSTORE_RING_SIZE - used < len) {
        if (!guest_event_wait(s->port, deadline)) {
            return -ETIMEDOUT;
        }
    }
    return used > XENSTORE_RING_SIZE ? -EIO : 0;
}

static int put(struct guest_store *s, const void *data, uint32_t len,
               uint64_t deadline)
{
    const char *from = data;

    while (len > 0) {
        uint32_t prod = s->page->req_prod, used;
        int rc = wait_for_room(s, 1, deadline);

        if (rc != 0) {
            return rc;
        }
        used = prod - load(&s->page->req_cons);
        for (; used < XENSTORE_RING_SIZE && len > 0; used++, len--) {
            s->page->req[MASK_XENSTORE_IDX(prod++)] = *from++;
        }
        __atomic_store_n(&s->page->req_prod, prod, __ATOMIC_SEQ_CST);
        guest_event_send(s->port);
    }
    return 0;
}

/* Some of the next @len bytes, at least one: how many, or -errno. */
static int take(struct guest_store *s, char *to, uint32_t len,
                uint64_t deadline)
{
    uint32_t cons = s->page->rsp_cons, have, n;

    while ((have = load(&s->page->rsp_prod) - cons) == 0) {
        if (!guest_event_wait(s->port, deadline)) {
            return -ETIMEDOUT;
        }
    }
    if (have > XENSTORE_RING_SIZE) {
        return -EIO;
    }
    for (n = 0; n < have && n < len; n++) {
        if (to != NULL) {
            to[n] = s->page->rsp[MASK_XENSTORE_IDX(cons + n)];
        }
    }
    __atomic_store_n(&s->page->rsp_cons, cons + n, __ATOMIC_SEQ_CST);
    if (have == XENSTORE_RING_SIZE || n < len) {
        guest_event_send(s->port);
    }
    return (int)n;
}

/* ---- messages ------------------------------------------------------------------- */

static long error_value(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (__builtin_strcmp(errors[i].name, name) == 0) {
            return -errors[i].value;
        }
    }
    return -EIO;
}

/* @kept bytes of the body to @to; the rest is skipped. */
static int get_body(struct guest_store *s, char *to, uint32_t kept,
                    uint64_t deadline)
{
    while (s->body_left > 0) {
        int n = take(s, kept > 0 ? to : NULL, kept > 0 ? kept : s->body_left,
                     deadline);

        if (n < 0) {
            return n;
        }
        s->body_left -= (uint32_t)n;
        if (kept > 0) {
            kept -= (uint32_t)n;
            to += n;
        }
    }
    return 0;
}

/* The next message, up to its header; what is left of the last one goes. */
static int get_head(struct guest_store *s, uint64_t deadline)
{
    int rc = get_body(s, NULL, 0, deadline);

    if (s->head_have == sizeof(s->head) && rc == 0) {
        s->head_have = 0;
    }
    while (rc >= 0 && s->head_have < sizeof(s->head)) {
        rc = take(s, (char *)&s->head + s->head_have,
                  (uint32_t)sizeof(s->head) - s->head_have, deadline);
        s->head_have += rc > 0 ? (uint32_t)rc : 0;
    }
    if (rc < 0) {
        return rc;
    }
    s->body_left = s->head.len;
    s->broken = s->head.len > XENSTORE_PAYLOAD_MAX;
    s->events += s->head.type == XS_WATCH_EVENT;
    return s->broken ? -EIO : 0;
}

static int send_request(struct guest_store *s, uint32_t type,
                        const char *data, uint32_t len, uint64_t deadline)
{
    struct xsd_sockmsg m = { .type = type, .req_id = ++s->next_id,
                             .len = len };
    uint32_t all = (uint32_t)sizeof(m) + len;
    int rc = wait_for_room(s, all < XENSTORE_RING_SIZE ? all
                                                       : XENSTORE_RING_SIZE,
                           deadline);

    if (rc != 0) {
        return rc;
    }
    rc = put(s, &m, sizeof(m), deadline);
    if (rc == 0) {
        rc = put(s, data, len, deadline);
    }
    s->broken = rc != 0;              /* half a request */
    return rc;
}

static long get_answer(struct guest_store *s, char *reply, size_t size,
                       uint64_t deadline)
{
    uint32_t len = s->body_left, kept = len;
    int rc;

    if (size > 0 && len >= size) {
        kept = (uint32_t)(size - 1);
    }
    rc = get_body(s, reply, size > 0 ? kept : 0, deadline);
    if (size > 0) {
        reply[kept] = '\0';
    }
    return rc != 0 ? rc : (long)len;
}

long guest_store_call(struct guest_store *s, uint32_t type, const char *data,
                      uint32_t len, char *reply, size_t size)
{
    uint64_t deadline = guest_env_now_ns() + STORE_TIMEOUT_NS;
    char name[16];
    long rc = s->broken ? -EIO : send_request(s, type, data, len, deadline);

    if (rc != 0) {
        return rc;
    }
    do {
        rc = get_head(s, deadline);
        if (rc != 0) {
            return rc;
        }
    } while (s->head.type == XS_WATCH_EVENT || s->head.req_id != s->next_id);
    if (s->head.type != XS_ERROR) {
        return get_answer(s, reply, size, deadline);
    }
    rc = get_answer(s, name, sizeof(name), deadline);
    return rc < 0 ? rc : error_value(name);
}

/* ---- verbs -------------------------------------------------------------------------- */

/* Two strings with their nuls, as WATCH takes them, or a path and bytes. */
static long call2(struct guest_store *s, uint32_t type, const char *a,
                  const char *b, bool both_nuls)
{
    char data[512];
    size_t la = __builtin_strlen(a) + 1, lb = __builtin_strlen(b);

    if (la + lb + 1 > sizeof(data)) {
        return -E2BIG;
    }
    __builtin_memcpy(data, a, la);
    __builtin_memcpy(data + la, b, lb + 1);
    return guest_store_call(s, type, data, (uint32_t)(la + lb + both_nuls),
                            NULL, 0);
}

static long call1(struct guest_store *s, uint32_t type, const char *path,
                  char *reply, size_t size)
{
    return guest_store_call(s, type, path,
                            (uint32_t)__builtin_strlen(path) + 1, reply, size);
}

long guest_store_read(struct guest_store *s, const char *path, char *value,
                      size_t size)
{
    return call1(s, XS_READ, path, value, size);
}

long guest_store_read_number(struct guest_store *s, const char *path,
                             uint64_t *value)
{
    char text[24];
    long n = guest_store_read(s, path, text, sizeof(text)), i;

    if (n <= 0) {
        return n < 0 ? n : -EINVAL;
    }
    *value = 0;
    for (i = 0; i < n; i++) {
        if (n > 19 || text[i] < '0' || text[i] > '9') {
            return -EINVAL;
        }
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return 0;
}

long guest_store_write(struct guest_store *s, const char *path,
                       const char *value)
{
    return call2(s, XS_WRITE, path, value, false);
}

long guest_store_write_number(struct guest_store *s, const char *path,
                              uint64_t value)
{
    char text[24], *p = text + sizeof(text) - 1;

    *p = '\0';
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return guest_store_write(s, path, p);
}

long guest_store_mkdir(struct guest_store *s, const char *path)
{
    return call1(s, XS_MKDIR, path, NULL, 0);
}

long guest_store_rm(struct guest_store *s, const char *path)
{
    return call1(s, XS_RM, path, NULL, 0);
}

long guest_store_watch(struct guest_store *s, const char *path)
{
    return call2(s, XS_WATCH, path, "w", true);
}

long guest_store_unwatch(struct guest_store *s, const char *path)
{
    return call2(s, XS_UNWATCH, path, "w", true);
}

bool guest_store_wait(struct guest_store *s, uint64_t deadline_ns)
{
    while (s->events == 0) {
        if (s->broken || get_head(s, deadline_ns) != 0) {
            return false;
        }
    }
    s->events = 0;
    return true;
}

bool guest_store_join(char *path, size_t size, const char *dir,
                      const char *key)
{
    size_t ld = __builtin_strlen(dir), lk = __builtin_strlen(key);

    if (ld + lk + 2 > size) {
        return false;
    }
    __builtin_memcpy(path, dir, ld);
    path[ld] = '/';
    __builtin_memcpy(path + ld + 1, key, lk + 1);
    return true;
}
