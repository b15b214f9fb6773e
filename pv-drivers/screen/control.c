/* SPDX-License-Identifier: MIT */
/*
 * Lines on the local socket of a screen.  Covered by
 * tests/unit/pvdrv/test_screen.c.
 */
#include <screen/control.h>

#include <screen/link.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE    1024u
#define PATIENCE_NS 10000000000u

void control_init(struct control *c, const struct control_ops *ops, void *arg)
{
    unsigned int i;

    memset(c, 0, sizeof(*c));
    c->ops = ops;
    c->arg = arg;
    for (i = 0; i < CONTROL_MAX; i++) {
        c->conns[i].fd = -1;
    }
}

static void end(struct control_conn *n)
{
    close(n->fd);
    buf_free(&n->in);
    buf_free(&n->out);
    n->fd = -1;
}

void control_fini(struct control *c)
{
    unsigned int i;

    for (i = 0; i < CONTROL_MAX; i++) {
        if (c->conns[i].fd >= 0) {
            end(&c->conns[i]);
        }
    }
}

void control_adopt(struct control *c, int fd)
{
    unsigned int i;

    for (i = 0; i < CONTROL_MAX; i++) {
        struct control_conn *n = &c->conns[i];

        if (n->fd < 0) {
            memset(n, 0, sizeof(*n));
            n->fd = fd;
            buf_init(&n->in, MAX_LINE);
            buf_init(&n->out, 0);
            return;
        }
    }
    close(fd);
}

unsigned int control_poll_fds(const struct control *c, struct pollfd *p)
{
    unsigned int i, nr = 0;

    for (i = 0; i < CONTROL_MAX; i++) {
        const struct control_conn *n = &c->conns[i];

        if (n->fd >= 0) {
            p[nr++] = (struct pollfd){
                .fd = n->fd, .events = n->out.len > 0 ? POLLOUT : POLLIN };
        }
    }
    return nr;
}

/* ---- questions ----------------------------------------------------------------------------- */

static void answer(struct control_conn *n, const char *why)
{
    if (why == NULL) {
        buf_adds(&n->out, "ok\n");
    } else {
        buf_addf(&n->out, "error %s\n", why);
    }
}

static const char *ask_keys(struct control *c, char *words)
{
    unsigned int codes[CONTROL_MAX_KEYS], nr = 0;
    char *save = NULL, *w;

    for (w = strtok_r(words, " ", &save); w != NULL;
         w = strtok_r(NULL, " ", &save)) {
        unsigned long code = strtoul(w, NULL, 10);

        if (nr == CONTROL_MAX_KEYS) {
            return "too many keys at once";
        }
        if (code == 0 || code > SCREEN_MAX_CODE) {
            return "no such key code";
        }
        codes[nr++] = (unsigned int)code;
    }
    return c->ops->keys(c->arg, codes, nr);
}

static void begin(struct control *c, struct control_conn *n,
                  enum control_want want, uint64_t now_ns)
{
    const char *why = c->ops->screenshot(c->arg);

    n->waits = why == NULL ? want : CONTROL_NOTHING;
    n->deadline_ns = now_ns + PATIENCE_NS;
    if (why != NULL) {
        answer(n, why);
    }
}

static void take_line(struct control *c, struct control_conn *n, char *line,
                      uint64_t now_ns)
{
    if (strcmp(line, "info") == 0) {
        c->ops->info(c->arg, &n->out);
    } else if (strncmp(line, "keys ", 5) == 0) {
        answer(n, ask_keys(c, line + 5));
    } else if (strcmp(line, "screenshot") == 0) {
        begin(c, n, CONTROL_PICTURE, now_ns);
    } else if (strcmp(line, "text") == 0) {
        begin(c, n, CONTROL_TEXT, now_ns);
    } else {
        answer(n, "no such request");
    }
}

/* One question at a time: the next line waits for the answer to be out. */
static bool take_next(struct control *c, struct control_conn *n,
                      uint64_t now_ns)
{
    char line[MAX_LINE + 1], *end_of_line;
    size_t len;

    if (n->in.len == 0 || n->out.len > 0 || n->waits) {
        return false;
    }
    end_of_line = memchr(n->in.data, '\n', n->in.len);
    if (end_of_line == NULL) {
        return false;
    }
    len = (size_t)(end_of_line - n->in.data);
    memcpy(line, n->in.data, len);
    line[len] = '\0';
    buf_consume(&n->in, len + 1);
    take_line(c, n, line, now_ns);
    return true;
}

/* False: the connection is over. */
static bool read_some(struct control_conn *n)
{
    long got = buf_read_fd(&n->in, n->fd, MAX_LINE - n->in.len);

    return got > 0 || got == -EAGAIN || got == -EINTR;
}

static bool write_some(struct control_conn *n)
{
    while (n->out.len > 0) {
        long put = buf_write_fd(&n->out, n->fd);

        if (put < 0) {
            return put == -EAGAIN || put == -EINTR;
        }
    }
    return true;
}

void control_run(struct control *c, uint64_t now_ns)
{
    unsigned int i;

    for (i = 0; i < CONTROL_MAX; i++) {
        struct control_conn *n = &c->conns[i];
        bool over;

        if (n->fd < 0) {
            continue;
        }
        over = n->in.len < MAX_LINE && !read_some(n);
        if (n->waits && now_ns >= n->deadline_ns) {
            n->waits = CONTROL_NOTHING;
            answer(n, "the guest's frame buffer does not answer");
        }
        over = !write_some(n) || over;
        while (take_next(c, n, now_ns)) {
            over = !write_some(n) || over;
        }
        if (over ||
            (n->in.len == MAX_LINE && n->out.len == 0 && !n->waits)) {
            end(n);
        }
    }
}

static void finish(struct control *c, enum control_want want,
                   const struct buf *body, const char *why)
{
    unsigned int i;

    for (i = 0; i < CONTROL_MAX; i++) {
        struct control_conn *n = &c->conns[i];

        if (n->fd < 0 || n->waits != want) {
            continue;
        }
        n->waits = CONTROL_NOTHING;
        if (why != NULL) {
            answer(n, why);
        } else if (buf_addf(&n->out, "ok %zu\n", body->len) == 0) {
            if (buf_add(&n->out, body->data, body->len) != 0) {
                end(n);
            }
        }
    }
}

void control_screenshot(struct control *c, const struct buf *png,
                        const char *why)
{
    finish(c, CONTROL_PICTURE, png, why);
}

void control_text(struct control *c, const struct buf *text, const char *why)
{
    finish(c, CONTROL_TEXT, text, why);
}

bool control_waits(const struct control *c)
{
    unsigned int i;

    for (i = 0; i < CONTROL_MAX; i++) {
        if (c->conns[i].fd >= 0 && c->conns[i].waits != CONTROL_NOTHING) {
            return true;
        }
    }
    return false;
}
