/* SPDX-License-Identifier: MIT */
/*
 * Thin functions over the kernel's event-channel device.  What a port means
 * is left to the caller.  Exercised by every nested boot; the users are tested
 * on the host through their own port table.
 */
#include <lib/evtchn.h>

#include <lib/err.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/sys/evtchn.h>

int evtchn_open(struct err *e)
{
    int fd = open("/dev/xen/evtchn", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return err_errno(e, -errno, "cannot open the event channel device",
                         "/dev/xen/evtchn (module xen-evtchn)");
    }
    return fd;
}

void evtchn_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static int bind(int fd, unsigned long request, void *arg, evtchn_local_t *port)
{
    int rc = ioctl(fd, request, arg);

    if (rc < 0) {
        return -errno;
    }
    *port = (evtchn_local_t)rc;
    return 0;
}

int evtchn_bind_virq(int fd, unsigned int virq, evtchn_local_t *port)
{
    struct ioctl_evtchn_bind_virq arg = { .virq = virq };

    return bind(fd, IOCTL_EVTCHN_BIND_VIRQ, &arg, port);
}

int evtchn_bind_interdomain(int fd, unsigned int domid, uint32_t remote_port,
                            evtchn_local_t *port)
{
    struct ioctl_evtchn_bind_interdomain arg = {
        .remote_domain = domid, .remote_port = remote_port
    };

    return bind(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &arg, port);
}

int evtchn_unbind(int fd, evtchn_local_t port)
{
    struct ioctl_evtchn_unbind arg = { .port = port };

    return ioctl(fd, IOCTL_EVTCHN_UNBIND, &arg) != 0 ? -errno : 0;
}

int evtchn_notify(int fd, evtchn_local_t port)
{
    struct ioctl_evtchn_notify arg = { .port = port };

    return ioctl(fd, IOCTL_EVTCHN_NOTIFY, &arg) != 0 ? -errno : 0;
}

int evtchn_restrict(int fd, unsigned int domid)
{
    struct ioctl_evtchn_restrict_domid arg = { .domid = (domid_t)domid };

    return ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &arg) != 0 ? -errno : 0;
}

int evtchn_pending(int fd, evtchn_local_t *ports, unsigned int max)
{
    ssize_t got = read(fd, ports, max * sizeof(ports[0]));

    if (got >= 0) {
        return (int)((size_t)got / sizeof(ports[0]));
    }
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    if (errno == EFBIG) {
        ioctl(fd, IOCTL_EVTCHN_RESET, 0);
        return -EFBIG;
    }
    return -errno;
}

void evtchn_reset(int fd)
{
    ioctl(fd, IOCTL_EVTCHN_RESET, 0);
}

int evtchn_unmask(int fd, evtchn_local_t port)
{
    return write(fd, &port, sizeof(port)) == sizeof(port) ? 0 : -errno;
}
