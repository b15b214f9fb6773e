/* SPDX-License-Identifier: MIT */
/*
 * conn/host.h with files for guests: $XENSTORED_TEST_DIR/<domid>.ring is the
 * shared page, <domid>.state holds 'r' or 's' (absent: gone), and events are
 * datagrams to host.sock: a domid + 1, or ~0 for "a domain changed".  What
 * a killed store leaves behind is thus exactly what the guests' memory keeps.
 * Used by: tests/unit/store/test_daemon.c
 */
#include <conn/host.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <lib/err.h>

struct host {
    int fd;
    char dir[80];
};

struct host *host_open(struct err *e)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct host *h = calloc(1, sizeof(*h));
    const char *dir = getenv("XENSTORED_TEST_DIR");

    if (h == NULL || dir == NULL) {
        abort();
    }
    snprintf(h->dir, sizeof(h->dir), "%s", dir);
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/host.sock", h->dir);
    unlink(sun.sun_path);
    h->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (h->fd < 0 ||
        bind(h->fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
        err_errno(e, -errno, "cannot bind", "%s", sun.sun_path);
        return NULL;
    }
    return h;
}

void host_close(struct host *h)
{
    close(h->fd);
    free(h);
}

int host_fd(const struct host *h)
{
    return h->fd;
}

int host_pending(struct host *h, uint32_t *ports, unsigned int max,
                 bool *virq, bool *all)
{
    unsigned int nr = 0;
    uint32_t port;

    *virq = *all = false;
    while (nr < max && recv(h->fd, &port, sizeof(port), 0) > 0) {
        if (port == UINT32_MAX) {
            *virq = true;
        } else {
            ports[nr++] = port;
        }
    }
    return (int)nr;
}

int host_map_ring(struct host *h, uint32_t domid, uint64_t gfn,
                  struct host_page *page)
{
    char path[128];
    void *map;
    int fd;

    snprintf(path, sizeof(path), "%s/%u.ring", h->dir, domid);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        return -errno;
    }
    page->ring = map;
    page->granted = false;
    return 0;
}

void host_unmap_ring(struct host *h, struct host_page *page)
{
    munmap(page->ring, 4096);
    page->ring = NULL;
}

int host_bind(struct host *h, uint32_t domid, uint32_t remote_port,
              uint32_t *local_port)
{
    *local_port = domid + 1;
    return 0;
}

void host_unbind(struct host *h, uint32_t local_port)
{
}

void host_notify(struct host *h, uint32_t local_port)
{
}

int host_own_ring(struct host *h, struct host_page *page, uint32_t *port)
{
    *port = 1;
    return host_map_ring(h, 0, 0, page);
}

enum host_domain_state host_domain_state(struct host *h, uint32_t domid)
{
    char path[128];
    char state = 0;
    int fd;

    snprintf(path, sizeof(path), "%s/%u.state", h->dir, domid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return HOST_DOMAIN_GONE;
    }
    if (read(fd, &state, 1) != 1) {
        state = 'r';
    }
    close(fd);
    return state == 's' ? HOST_DOMAIN_SHUTDOWN : HOST_DOMAIN_RUNNING;
}
