/* SPDX-License-Identifier: MIT */
/*
 * The store's calls for programs: one function per message.  Requests are
 * sent and awaited by xs_call.c, watches kept by xs_watch.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <client/xs_int.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- nodes -------------------------------------------------------------- */

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

/* ---- transactions ------------------------------------------------------- */

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

/* ---- domains ------------------------------------------------------------ */

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
