/* SPDX-License-Identifier: MIT */
/*
 * An emulated card's way out.  Frames carry the header of linux/virtio_net.h.
 * Covered by tests/unit/hvm-emu/test_e1000.c and the nested boots (hvm).
 */
#include <host/net.h>

#include <back/device.h>
#include <back/net_tap.h>
#include <back/net_user.h>
#include <frame/config.h>
#include <frame/loop.h>
#include <frame/machine.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER     10u                 /* struct virtio_net_hdr */
#define TURN       32u                 /* frames before others get theirs */
#define MTU        1500u
#define EMPTY_DIR  "/run/paravane/blk/empty"

struct host_net {
    const struct host_net_ops *ops;
    void *arg;
    struct device device;              /* what the PV back end's code takes */
    struct back back;
    int fd;
    bool listening;
    struct loop_watch *watch;
    uint8_t packet[HEADER + HOST_NET_FRAME_MAX];
};

static void listen_to(struct host_net *n, bool yes)
{
    if (n->watch != NULL && yes != n->listening) {
        n->listening = yes;
        loop_watch_mod(n->watch, yes ? EPOLLIN : 0);
    }
}

/* As if the cable had been pulled; its end would be told for ever. */
static void lost(struct host_net *n)
{
    log_warn("a network card has lost its other side");
    loop_unwatch(n->watch);
    n->watch = NULL;
}

static void on_frames(void *arg, uint32_t events)
{
    struct host_net *n = arg;
    unsigned int i;

    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        lost(n);
        return;
    }
    for (i = 0; i < TURN; i++) {
        ssize_t got;

        if (!n->ops->room(n->arg)) {
            listen_to(n, false);
            return;
        }
        got = read(n->fd, n->packet, sizeof(n->packet));
        if (got <= 0) {
            return;
        }
        if ((size_t)got > HEADER) {
            n->ops->frame(n->arg, n->packet + HEADER, (size_t)got - HEADER);
        }
    }
}

void host_net_kick(struct host_net *n)
{
    if (n != NULL && !n->listening) {
        listen_to(n, true);
    }
}

static void fill(struct virtio_net_hdr *h, const struct host_net_offload *o)
{
    if (o->csum_start != 0) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->csum_start = o->csum_start;
        h->csum_offset = o->csum_offset;
    }
    if (o->segment != 0) {
        h->gso_type = o->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6
                              : VIRTIO_NET_HDR_GSO_TCPV4;
        h->gso_size = o->segment;
        h->hdr_len = o->header;
    }
}

void host_net_send(struct host_net *n, const uint8_t *frame, size_t len,
                   const struct host_net_offload *o)
{
    struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };
    struct iovec iov[] = { { &h, HEADER },
                           { (void *)(uintptr_t)frame, len } };

    fill(&h, o);
    if (n != NULL && writev(n->fd, iov, 2) < 0) {
        return;
    }
}

/* ---- set-up ------------------------------------------------------------------------------- */

static int open_own(struct host_net *n, struct machine *m,
                    const struct emu_nic *nic, unsigned int index,
                    struct err *e)
{
    struct device *d = &n->device;
    int rc;

    n->back.domid = m->domid;
    snprintf(n->back.empty_dir, sizeof(n->back.empty_dir), EMPTY_DIR);
    d->back = &n->back;
    d->id = index;
    d->net.user = nic->tap == NULL;
    d->net.mtu = nic->mtu != 0 ? nic->mtu : d->net.user ? MTU : 0;
    if (d->net.user) {
        rc = net_user_start(d, e);
    } else {
        snprintf(d->net.name, sizeof(d->net.name), "%s", nic->tap);
        snprintf(d->net.bridge, sizeof(d->net.bridge), "%s",
                 nic->bridge != NULL ? nic->bridge : "");
        rc = net_tap_open(d, 1, e);
        rc = rc != 0 ? rc : net_tap_set(d, 1, 0, e);
    }
    if (rc == 0 && !d->net.user && ioctl(d->net.fds[0], TUNSETPERSIST, 0) != 0) {
        rc = err_errno(e, -errno, "cannot set up the tap", "%s", nic->tap);
        net_tap_close(d, true);
    }
    n->fd = d->net.fds[0];
    return rc;
}

struct host_net *host_net_open(struct machine *m, const struct emu_nic *nic,
                               unsigned int index,
                               const struct host_net_ops *ops, void *arg,
                               struct err *e)
{
    struct host_net *n = calloc(1, sizeof(*n));

    if (n == NULL) {
        err_errno(e, -ENOMEM, "cannot make the network card", "memory");
        return NULL;
    }
    n->ops = ops;
    n->arg = arg;
    n->fd = nic->fd;
    if (n->fd < 0 && open_own(n, m, nic, index, e) != 0) {
        free(n);
        return NULL;
    }
    n->listening = true;
    n->watch = loop_watch(m, n->fd, EPOLLIN, on_frames, n);
    if (n->watch == NULL) {
        err_errno(e, -ENOMEM, "cannot make the network card", "event loop");
        host_net_close(n);
        return NULL;
    }
    return n;
}

/* The tap goes with its descriptor, and so does what user mode runs in. */
void host_net_close(struct host_net *n)
{
    if (n == NULL) {
        return;
    }
    loop_unwatch(n->watch);
    close(n->fd);
    free(n);
}
