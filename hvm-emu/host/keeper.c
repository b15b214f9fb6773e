/* SPDX-License-Identifier: MIT */
/*
 * Fork, start the daemon there, hand its socket over, wait.  Covered by
 * tests/unit/hvm-emu/frame/test_image.c.
 */
#include <host/keeper.h>

#include <back/storaged.h>
#include <lib/err.h>

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RUN_DIR "/run/paravane-hvm"

struct report {
    int32_t rc;
    uint64_t bytes;
    struct err e;
};

union room {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

/* ---- the keeper -------------------------------------------------------------------- */

static void hand_over(int sock, const struct report *r, int fd)
{
    union room room;
    struct iovec iov = { (void *)r, sizeof(*r) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct cmsghdr *c;

    memset(&room, 0, sizeof(room));
    if (fd >= 0) {
        m.msg_control = room.bytes;
        m.msg_controllen = sizeof(room.bytes);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    (void)sendmsg(sock, &m, MSG_NOSIGNAL);
}

static void keep(int sock, const struct storaged_config *c)
{
    struct report r = { .e = ERR_INIT };
    struct storaged s;
    char word;

    memset(&s, 0, sizeof(s));
    r.rc = storaged_start(&s, c, &r.e);
    r.bytes = s.bytes;
    hand_over(sock, &r, r.rc == 0 ? s.request_fd : -1);
    if (r.rc == 0) {
        while (read(sock, &word, 1) < 0 && errno == EINTR) {
        }
        storaged_stop(&s, true);
    }
    _exit(0);
}

/* Nothing of the device model's is held on to. */
static int begin_child(int sock)
{
    const int keep_at = 3;

    prctl(PR_SET_NAME, "hvm-keeper");
    if (sock != keep_at) {
        if (dup2(sock, keep_at) < 0) {
            _exit(1);
        }
    }
    (void)syscall(SYS_close_range, keep_at + 1, ~0u, 0);
    return keep_at;
}

/* ---- the device model's side ------------------------------------------------------- */

static int receive(struct keeper *k, struct report *r)
{
    union room room;
    struct iovec iov = { r, sizeof(*r) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
                        .msg_control = room.bytes,
                        .msg_controllen = sizeof(room.bytes) };
    ssize_t n = recvmsg(k->fd, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = n == (ssize_t)sizeof(*r) ? CMSG_FIRSTHDR(&m) : NULL;

    if (c != NULL && c->cmsg_type == SCM_RIGHTS) {
        memcpy(&k->request_fd, CMSG_DATA(c), sizeof(k->request_fd));
    }
    return n == (ssize_t)sizeof(*r) ? 0 : -EPIPE;
}

int keeper_start(struct keeper *k, const char *image, bool readonly,
                 unsigned int domid, unsigned int index, struct err *e)
{
    const struct storaged_config c = {
        .image = image, .readonly = readonly, .run_dir = RUN_DIR,
        .domid = domid, .vdev = index,
    };
    struct report r = { .e = ERR_INIT };
    int pair[2], rc;
    pid_t pid;

    k->fd = k->request_fd = -1;
    (void)mkdir(RUN_DIR, 0700);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(e, -errno, "cannot start a storage daemon", NULL);
    }
    pid = fork();
    if (pid == 0) {
        keep(begin_child(pair[1]), &c);
    }
    close(pair[1]);
    k->fd = pair[0];
    rc = pid < 0 ? -errno : receive(k, &r);
    if (rc == 0 && r.rc != 0) {
        if (e != NULL) {
            *e = r.e;
        }
        rc = r.rc;
    } else if (rc != 0) {
        err_errno(e, rc, "cannot start a storage daemon", "%s", image);
    }
    k->bytes = r.bytes;
    if (rc != 0) {
        keeper_stop(k);
    }
    return rc;
}

void keeper_stop(struct keeper *k)
{
    char word = 's';

    if (k->fd >= 0) {
        if (write(k->fd, &word, 1) == 1) {
            while (read(k->fd, &word, 1) < 0 && errno == EINTR) {
            }
        }
        close(k->fd);
    }
    if (k->request_fd >= 0) {
        close(k->request_fd);
    }
    k->fd = k->request_fd = -1;
}
