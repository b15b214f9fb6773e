/* SPDX-License-Identifier: MIT */
/*
 * Messages between the source of a picture and its viewers' server.  Covered
 * by tests/unit/pvdrv/test_screen.c.
 */
#include <screen/link.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int screen_link_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                      0, fds) == 0 ? 0 : -errno;
}

int screen_link_send(int fd, const struct screen_msg *m)
{
    ssize_t n;

    do {
        n = write(fd, m, sizeof(*m));
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(*m) ? 0 : n < 0 ? -errno : -EIO;
}

int screen_link_send_wait(int fd, const struct screen_msg *m, int timeout_ms)
{
    int rc = screen_link_send(fd, m);

    if (rc == -EAGAIN) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };

        if (poll(&p, 1, timeout_ms) == 1) {
            rc = screen_link_send(fd, m);
        }
    }
    return rc;
}

/* Messages that make no sense are skipped: their sender is not trusted. */
int screen_link_recv(int fd, struct screen_msg *m)
{
    for (;;) {
        ssize_t n = read(fd, m, sizeof(*m));

        if (n == (ssize_t)sizeof(*m) && screen_msg_valid(m)) {
            return 1;
        }
        if (n == 0) {
            return -EPIPE;
        }
        if (n < 0 && errno != EINTR) {
            return errno == EAGAIN ? 0 : -errno;
        }
    }
}

static bool valid_size(const struct screen_msg *m)
{
    return m->w > 0 && m->w <= SCREEN_MAX_WIDTH && m->h > 0 &&
           m->h <= SCREEN_MAX_HEIGHT;
}

static bool valid_rect(const struct screen_msg *m)
{
    return valid_size(m) && m->x >= 0 && m->x <= SCREEN_MAX_WIDTH - m->w &&
           m->y >= 0 && m->y <= SCREEN_MAX_HEIGHT - m->h;
}

static bool valid_text(const struct screen_msg *m)
{
    return valid_size(m) &&
           (uint32_t)m->w * (uint32_t)m->h <= SCREEN_TEXT_MAX;
}

static bool valid_key(const struct screen_msg *m)
{
    return m->a > 0 && m->a <= (int32_t)SCREEN_MAX_CODE && (m->b & ~1) == 0;
}

static bool valid_pointer(const struct screen_msg *m)
{
    return valid_size(m) && m->x >= 0 && m->x < m->w && m->y >= 0 &&
           m->y < m->h;
}

static bool valid_wheel(const struct screen_msg *m)
{
    return m->a == 1 || m->a == -1;
}

static bool valid_always(const struct screen_msg *m)
{
    return true;
}

bool screen_msg_valid(const struct screen_msg *m)
{
    static bool (*const valid[SCREEN_NR_KINDS])(const struct screen_msg *) = {
        [SCREEN_MODE] = valid_size, [SCREEN_DIRTY] = valid_rect,
        [SCREEN_OFF] = valid_always, [SCREEN_SYNCED] = valid_always,
        [SCREEN_WATCH] = valid_always, [SCREEN_SYNC] = valid_always,
        [SCREEN_TEXT] = valid_text,
        [SCREEN_KEY] = valid_key, [SCREEN_POINTER] = valid_pointer,
        [SCREEN_WHEEL] = valid_wheel, [SCREEN_RELEASE] = valid_always,
    };

    return m->kind < SCREEN_NR_KINDS && valid[m->kind] != NULL &&
           valid[m->kind](m);
}

/* Sealed: nobody can shrink it under a reader. */
int screen_pixels_create(size_t bytes)
{
    int fd = memfd_create("screen", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int rc;

    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, (off_t)bytes) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

void *screen_pixels_map(int fd, size_t bytes, bool writable)
{
    void *p = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0),
                   MAP_SHARED, fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

static int64_t clamp(int64_t v, int64_t max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

struct screen_rect screen_rect_clip(int64_t x, int64_t y, int64_t w, int64_t h,
                                    int32_t width, int32_t height)
{
    int64_t left = clamp(x, width), right = clamp(x + w, width);
    int64_t top = clamp(y, height), bottom = clamp(y + h, height);
    struct screen_rect r = { 0 };

    if (right > left && bottom > top) {
        r = (struct screen_rect){ (int32_t)left, (int32_t)top,
                                  (int32_t)(right - left),
                                  (int32_t)(bottom - top) };
    }
    return r;
}

static int32_t min(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t max(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

struct screen_rect screen_rect_join(struct screen_rect a, struct screen_rect b)
{
    struct screen_rect r;

    if (a.w == 0 || b.w == 0) {
        return a.w == 0 ? b : a;
    }
    r.x = min(a.x, b.x);
    r.y = min(a.y, b.y);
    r.w = max(a.x + a.w, b.x + b.w) - r.x;
    r.h = max(a.y + a.h, b.y + b.h) - r.y;
    return r;
}
