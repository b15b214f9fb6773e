/* SPDX-License-Identifier: MIT */
/*
 * A datagram socket, so that an order needs no connection to be accepted.  What
 * comes is checked all the same; descriptors nobody asked for are closed.
 * Covered by tests/unit/hvm-emu/frame/test_image.c.
 */
#include <host/medium.h>

#include <frame/loop.h>
#include <frame/machine.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_FDS 2u                     /* the answer's socket, the medium */

struct medium {
    int fd;
    struct loop_watch *watch;
    medium_fn *fn;
    void *arg;
};

union room {
    char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
    struct cmsghdr align;
};

/* ---- one order --------------------------------------------------------------------- */

static unsigned int take_fds(struct msghdr *m, int fds[MAX_FDS])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    unsigned int n = 0;

    if (c != NULL && c->cmsg_level == SOL_SOCKET &&
        c->cmsg_type == SCM_RIGHTS) {
        n = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        n = n < MAX_FDS ? n : MAX_FDS;
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    }
    return n;
}

static ssize_t receive(int fd, struct medium_order *o, int fds[MAX_FDS])
{
    union room room;
    struct iovec iov = { o, sizeof(*o) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
                        .msg_control = room.bytes,
                        .msg_controllen = sizeof(room.bytes) };
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    unsigned int nr;

    fds[0] = fds[1] = -1;
    nr = n < 0 ? 0 : take_fds(&m, fds);
    return nr == 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ? 0 : n;
}

static void answer(int fd, int32_t rc)
{
    if (sendto(fd, &rc, sizeof(rc), MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0) {
        log_warn("nobody waits for the medium's answer");
    }
}

static void on_order(void *arg, uint32_t events)
{
    struct medium *md = arg;
    struct medium_order o = { 0 };
    int fds[MAX_FDS], rc = -EINVAL;
    ssize_t n = receive(md->fd, &o, fds);

    if (n == (ssize_t)sizeof(o) && o.magic == MEDIUM_MAGIC) {
        rc = md->fn(md->arg, &o, fds[1]);
        log_info("drive %u: %s: %d", o.unit,
                 fds[1] < 0 ? "the medium is taken out" : "another medium",
                 rc);
    }
    if (fds[0] >= 0) {
        answer(fds[0], rc);
        close(fds[0]);
    }
    if (fds[1] >= 0 && rc != 0) {
        close(fds[1]);
    }
}

/* ---- the socket -------------------------------------------------------------------- */

static int open_socket(const char *dir)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/" MEDIUM_SOCKET, dir);
    int fd, rc;

    if (n < 0 || (size_t)n >= sizeof(a.sun_path)) {
        return -ENAMETOOLONG;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    (void)unlink(a.sun_path);          /* of one that was killed */
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

struct medium *medium_listen(struct machine *m, const char *dir,
                             medium_fn *fn, void *arg, struct err *e)
{
    struct medium *md = calloc(1, sizeof(*md));

    if (md == NULL) {
        return NULL;
    }
    md->fn = fn;
    md->arg = arg;
    md->fd = open_socket(dir);
    if (md->fd < 0) {
        err_errno(e, md->fd, "cannot wait for another medium", "%s", dir);
        free(md);
        return NULL;
    }
    md->watch = loop_watch(m, md->fd, EPOLLIN, on_order, md);
    if (md->watch == NULL) {
        err_errno(e, -ENOMEM, "cannot wait for another medium", "%s", dir);
        medium_close(md);
        return NULL;
    }
    return md;
}

void medium_close(struct medium *md)
{
    if (md != NULL) {
        loop_unwatch(md->watch);
        close(md->fd);
        free(md);
    }
}
