/* SPDX-License-Identifier: MIT */
/*
 * Taps by /dev/net/tun (linux/if_tun.h).  Names and bridges come from the
 * card's keys.  Exercised by the nested boots.
 */
#include <back/net_tap.h>

#include <back/device.h>
#include <lib/err.h>
#include <lib/log.h>
#include <lib/netif.h>
#include <ring/net_msg.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A tap that outlived a killed process may be busy until all of it is gone. */
static int attach(int fd, const char *name, bool several)
{
    const struct timespec wait = { .tv_nsec = 50000000 };
    struct ifreq r = { .ifr_ifindex = 0 };
    int i;

    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
                          (several ? IFF_MULTI_QUEUE : 0));
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

static int open_queue(const char *name, bool several, struct err *e)
{
    int header = NET_VNET_HEADER, rc;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return err_errno(e, -errno, "cannot open the tap device",
                         "/dev/net/tun (module tun)");
    }
    if (attach(fd, name, several) != 0 ||
        ioctl(fd, TUNSETPERSIST, 1) != 0 ||
        ioctl(fd, TUNSETVNETHDRSZ, &header) != 0) {
        rc = err_errno(e, -errno, "cannot make the tap", "%s", name);
        close(fd);
        return rc;
    }
    return fd;
}

int net_tap_open(struct device *d, unsigned int nr_queues, struct err *e)
{
    int rc = 0;

    while (rc == 0 && d->net.nr_fds < nr_queues) {
        int fd = open_queue(d->net.name, nr_queues > 1, e);

        if (fd < 0) {
            rc = fd;
        } else {
            d->net.detached[d->net.nr_fds] = false;
            d->net.fds[d->net.nr_fds++] = fd;
        }
    }
    if (rc == 0 && d->net.bridge[0] != '\0') {
        rc = netif_join(d->net.bridge, d->net.name, e);
    }
    if (rc == 0) {
        rc = netif_up(d->net.name, d->net.mtu, e);
    }
    if (rc != 0) {
        net_tap_close(d, true);
    }
    return rc;
}

/* Frames go to attached queues only. */
static int use_queue(struct device *d, unsigned int i, bool use)
{
    struct ifreq r = { .ifr_ifindex = 0 };

    if (use != d->net.detached[i]) {
        return 0;
    }
    r.ifr_flags = (short)(use ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
    if (ioctl(d->net.fds[i], TUNSETQUEUE, &r) != 0) {
        return -errno;
    }
    d->net.detached[i] = !use;
    return 0;
}

int net_tap_set(struct device *d, unsigned int nr, unsigned int offloads,
                struct err *e)
{
    unsigned long tun = ((offloads & NET_TAP_CSUM) != 0 ? TUN_F_CSUM : 0) |
                        ((offloads & NET_TAP_TSO4) != 0 ? TUN_F_TSO4 : 0) |
                        ((offloads & NET_TAP_TSO6) != 0 ? TUN_F_TSO6 : 0);
    int rc = ioctl(d->net.fds[0], TUNSETOFFLOAD, tun) != 0 ? -errno : 0;
    unsigned int i;

    for (i = 0; i < d->net.nr_fds && rc == 0; i++) {
        rc = use_queue(d, i, i < nr);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot set up the tap", "%s",
                                   d->net.name);
}

void net_tap_close(struct device *d, bool gone)
{
    if (gone && d->net.nr_fds > 0 &&
        ioctl(d->net.fds[0], TUNSETPERSIST, 0) != 0) {
        log_warn("the tap %s stays", d->net.name);
    }
    while (d->net.nr_fds > 0) {
        close(d->net.fds[--d->net.nr_fds]);
    }
}
