/* SPDX-License-Identifier: MIT */
/*
 * The device model may open nothing, so it gets the image open and with its
 * lock, which belongs to the open file.  An answer of -EAGAIN is the guest's
 * read under way: it is asked again for a while.
 * Tests: tests/unit/hvm-emu/frame/test_image.c, tests/boot/dom0/hvm-iso.sh.
 */
#include <devices/drive.h>
#include <errno.h>
#include <fcntl.h>
#include <host/medium.h>
#include <lib/err.h>
#include <lib/imglock.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define TRIES     100                  /* of 50 ms */

/* ---- the image --------------------------------------------------------------------- */

static int lock_image(int fd, const char *file, uint64_t *bytes,
                      struct err *e)
{
    off_t end = lseek(fd, 0, SEEK_END);
    int rc = end < 0 ? -errno : imglock_take(fd, false);

    if (rc == -EAGAIN) {
        return err_set(e, -EBUSY, ERR_STATE, "the disk image is in use", file,
                       "another program has it open for writing");
    }
    if (rc == 0 && end < 2048) {
        return err_set(e, -EINVAL, ERR_STATE, "not a medium", file,
                       "it has not even one sector of a CD");
    }
    *bytes = (uint64_t)end;
    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the medium", "%s",
                                   file);
}

static int open_image(const char *file, uint64_t *bytes, struct err *e)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int rc;

    if (fd < 0) {
        return err_errno(e, -errno, "cannot read the medium", "%s", file);
    }
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        rc = err_set(e, -EINVAL, ERR_STATE, "not a medium", file,
                     "neither a file nor a block device");
    } else {
        rc = lock_image(fd, file, bytes, e);
    }
    if (rc != 0) {
        close(fd);
        return rc;
    }
    return fd;
}

/* ---- the message ------------------------------------------------------------------- */

union room {
    char bytes[CMSG_SPACE(2 * sizeof(int))];
    struct cmsghdr align;
};

/* @fds: where to answer; the image, or -1. */
static int send_order(int sock, const struct sockaddr_un *to,
                      const struct medium_order *o, const int fds[2])
{
    unsigned int nr = fds[1] < 0 ? 1 : 2;
    union room room = { { 0 } };
    struct iovec iov = { (void *)o, sizeof(*o) };
    struct msghdr m = {
        .msg_name = (void *)to, .msg_namelen = sizeof(*to), .msg_iov = &iov,
        .msg_iovlen = 1, .msg_control = room.bytes,
        .msg_controllen = CMSG_SPACE(nr * sizeof(int)),
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(nr * sizeof(int));
    memcpy(CMSG_DATA(c), fds, nr * sizeof(int));
    return sendmsg(sock, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int32_t wait_answer(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int32_t rc;

    if (poll(&p, 1, ANSWER_MS) <= 0) {
        return -ETIMEDOUT;
    }
    return recv(fd, &rc, sizeof(rc), 0) == (ssize_t)sizeof(rc) ? rc : -EPIPE;
}

/* The answer, or why there is none. */
static int32_t order_once(const struct sockaddr_un *to,
                          const struct medium_order *o, int image)
{
    int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), pair[2];
    int32_t rc;

    if (sock < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
                               pair) != 0) {
        rc = -errno;
        if (sock >= 0) {
            close(sock);
        }
        return rc;
    }
    rc = send_order(sock, to, o, (int[2]){ pair[1], image });
    close(pair[1]);
    rc = rc == 0 ? wait_answer(pair[0]) : rc;
    close(pair[0]);
    close(sock);
    return rc;
}

static int32_t order(const char *dir, const struct medium_order *o, int image)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct timespec t = { .tv_nsec = 50 * 1000000 };
    int n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/" MEDIUM_SOCKET,
                     dir);
    int32_t rc = -ENAMETOOLONG;

    if (n > 0 && (size_t)n < sizeof(to.sun_path)) {
        rc = order_once(&to, o, image);
        for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
            nanosleep(&t, NULL);
            rc = order_once(&to, o, image);
        }
    }
    return rc;
}

/* ---- both -------------------------------------------------------------------------- */

static int refused(int32_t rc, const char *target, struct err *e)
{
    if (rc == -EBUSY) {
        return err_set(e, rc, ERR_STATE, "the guest has locked the drive",
                       target, "it uses the medium; it has been asked to let "
                       "it go");
    }
    if (rc == -EAGAIN) {
        return err_set(e, rc, ERR_STATE, "the guest reads the medium", target,
                       "and does not come to an end");
    }
    return err_errno(e, rc, "cannot change the medium", "%s", target);
}

int drive_medium(const char *dir, unsigned int unit, const char *target,
                 const char *file, struct err *e)
{
    struct medium_order o = { .magic = MEDIUM_MAGIC, .unit = unit };
    int image = file == NULL ? -1 : open_image(file, &o.bytes, e);
    int32_t rc;

    if (file != NULL && image < 0) {
        return image;
    }
    rc = order(dir, &o, image);
    if (image >= 0) {
        close(image);
    }
    return rc == 0 ? 0 : refused(rc, target, e);
}
