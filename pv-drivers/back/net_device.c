/* SPDX-License-Identifier: MIT */
/*
 * The class of network cards: toolstack keys, features, the tap and its
 * bridge.  The tap lives as long as the card, whatever process dies: frames are
 * lost then and nothing else.  Serving is left to net_serve.c.  Exercised
 * by the nested boots.
 */
#include <back/net_device.h>

#include <back/device_child.h>
#include <back/net_serve.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the tap --------------------------------------------------------------------------- */

static void set_name(struct ifreq *r, const char *name)
{
    memset(r, 0, sizeof(*r));
    snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
}

/* Up, and a port of the bridge if there is to be one. */
static int plug_in(struct device *d, struct err *e)
{
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;
    struct ifreq r;

    if (s < 0) {
        return err_errno(e, -errno, "cannot set up the tap", "socket");
    }
    set_name(&r, d->net.name);
    r.ifr_flags = IFF_UP;
    if (ioctl(s, SIOCSIFFLAGS, &r) != 0) {
        rc = err_errno(e, -errno, "cannot set up the tap", "%s", d->net.name);
    }
    if (rc == 0 && d->net.bridge[0] != '\0') {
        set_name(&r, d->net.name);
        rc = ioctl(s, SIOCGIFINDEX, &r) != 0 ? -errno : 0;
        if (rc == 0) {
            int index = r.ifr_ifindex;

            set_name(&r, d->net.bridge);
            r.ifr_ifindex = index;
            rc = ioctl(s, SIOCBRADDIF, &r) != 0 && errno != EBUSY ? -errno : 0;
        }
        if (rc != 0) {
            err_errno(e, rc, "cannot plug the card into the bridge", "%s",
                      d->net.bridge);
        }
    }
    close(s);
    return rc;
}

/* A tap that outlived a killed process may be busy until all of it is gone. */
static int attach_tap(int fd, const char *name)
{
    const struct timespec wait = { .tv_nsec = 50000000 };
    struct ifreq r;
    int i;

    set_name(&r, name);
    r.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    for (i = 0; i < 40; i++) {
        if (ioctl(fd, TUNSETIFF, &r) == 0) {
            return 0;
        }
        if (errno != EBUSY) {
            return -1;
        }
        nanosleep(&wait, NULL);
    }
    return -1;
}

/* It stays when this process dies: address, bridge and queue are kept. */
static int open_tap(struct device *d, struct err *e)
{
    int header = NET_VNET_HEADER, fd;

    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(e, -errno, "cannot open the tap device",
                         "/dev/net/tun (module tun)");
    }
    if (attach_tap(fd, d->net.name) != 0 ||
        ioctl(fd, TUNSETPERSIST, 1) != 0 ||
        ioctl(fd, TUNSETVNETHDRSZ, &header) != 0 ||
        ioctl(fd, TUNSETOFFLOAD, 0) != 0) {
        int rc = err_errno(e, -errno, "cannot make the tap", "%s",
                           d->net.name);

        close(fd);
        return rc;
    }
    d->net.tap_fd = fd;
    return plug_in(d, e);
}

/* ---- keys --------------------------------------------------------------------------------- */

static int read_keys(struct device *d, struct err *e)
{
    struct xs *xs = d->back->xs;

    if (keys_read_text(xs, d->path, "vifname", d->net.name,
                       sizeof(d->net.name)) != 0 || d->net.name[0] == '\0') {
        snprintf(d->net.name, sizeof(d->net.name), "vif%u.%u",
                 d->back->domid % 100000, d->id % 10000);
    }
    if (keys_read_text(xs, d->path, "bridge", d->net.bridge,
                       sizeof(d->net.bridge)) != 0) {
        d->net.bridge[0] = '\0';
    }
    if (d->net.tap_fd > 0) {
        return 0;
    }
    return open_tap(d, e);
}

static int offer(struct device *d, struct err *e)
{
    static const struct { const char *key; uint64_t value; } features[] = {
        { "feature-rx-copy", 1 },
        { "feature-rx-flip", 0 },
        { "feature-sg", 1 },
        { "feature-gso-tcpv4", 1 },
        { "feature-gso-tcpv6", 0 },
        { "feature-ipv6-csum-offload", 1 },
        { "feature-split-event-channels", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        keys_write_u64(d->back->xs, d->path, features[i].key,
                       features[i].value);
    }
    keys_write_text(d->back->xs, d->path, "hotplug-status", "connected");
    return 0;
}

static int read_rings(struct device *d, struct net_serve *s, struct err *e)
{
    struct xs *xs = d->back->xs;
    uint32_t copy = 0;
    int rc = keys_read_u32(xs, d->front, "tx-ring-ref", UINT32_MAX,
                           &s->config.tx_ref);

    if (rc == 0) {
        rc = keys_read_u32(xs, d->front, "rx-ring-ref", UINT32_MAX,
                           &s->config.rx_ref);
    }
    if (rc == 0) {
        rc = keys_read_u32(xs, d->front, "event-channel", UINT32_MAX,
                           &s->remote_port);
    }
    if (rc == 0) {
        rc = keys_read_u32(xs, d->front, "request-rx-copy", 1, &copy);
    }
    if (rc == 0 && copy != 1) {
        rc = -EOPNOTSUPP;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the frontend's keys",
                                   "%s", d->front);
}

/* ---- connect -------------------------------------------------------------------------------- */

static void run(void *arg, int control_fd)
{
    struct net_serve *s = arg;

    s->control_fd = control_fd;
    net_serve(s);
}

static int start(struct device *d, struct err *e)
{
    struct net_serve s = { .domid = d->back->domid, .id = d->id,
                           .tap_fd = d->net.tap_fd,
                           .empty_dir = d->back->empty_dir };
    int rc = read_rings(d, &s, e);

    return rc != 0 ? rc : device_child_spawn(d, run, &s, e);
}

static void end(struct device *d)
{
}

static void release(struct device *d, bool gone)
{
    if (d->net.tap_fd > 0) {
        if (gone && ioctl(d->net.tap_fd, TUNSETPERSIST, 0) != 0) {
            log_warn("the tap %s stays", d->net.name);
        }
        close(d->net.tap_fd);
        d->net.tap_fd = 0;
    }
}

const struct device_class net_device_class = {
    .program = "paravane-netd", .type = "tapnet", .noun = "card",
    .read = read_keys, .offer = offer, .start = start, .end = end,
    .sandbox = &net_sandbox, .release = release,
};
