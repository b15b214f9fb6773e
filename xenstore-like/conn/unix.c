/* SPDX-License-Identifier: MIT */
/*
 * The unix socket: listen, accept, and move bytes without blocking.
 * Tests: tests/unit/store/test_server.c
 */
#include <conn/unix.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

int unix_listen(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    mode_t mask;
    int fd, rc;

    if (strlen(path) >= sizeof(sun.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(sun.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    unlink(path);
    mask = umask(0177);
    rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
    umask(mask);
    if (rc != 0 || listen(fd, BACKLOG) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

int unix_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

static long would_block(void)
{
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static long unix_read(struct conn *c, void *data, size_t len)
{
    struct unix_conn *u = (struct unix_conn *)(void *)c;
    ssize_t n = recv(u->fd, data, len, 0);

    return n > 0 ? n : n == 0 ? -EPIPE : would_block();
}

static long unix_write(struct conn *c, const void *data, size_t len)
{
    struct unix_conn *u = (struct unix_conn *)(void *)c;
    ssize_t n = send(u->fd, data, len, MSG_NOSIGNAL);

    return n >= 0 ? n : would_block();
}

static const struct conn_ops unix_ops = { unix_read, unix_write };

void unix_conn_init(struct unix_conn *u, int fd)
{
    conn_init(&u->conn, &unix_ops);
    u->fd = fd;
}

void unix_conn_fini(struct unix_conn *u)
{
    conn_fini(&u->conn);
    close(u->fd);
}
