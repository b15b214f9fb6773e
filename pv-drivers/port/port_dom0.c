/* SPDX-License-Identifier: MIT */
/*
 * The port of a dom0 process: gntdev and evtchn.  Checks of what the peer
 * wrote are left to ring/.  Exercised by the nested boots with a disk.
 */
#include <port/port.h>

#include <lib/err.h>
#include <lib/evtchn.h>
#include <lib/foreign.h>
#include <lib/gnttab.h>
#include <lib/hypercall.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/sys/privcmd.h>

struct port {
    unsigned int domid;
    int gnttab_fd;
    int evtchn_fd;
    evtchn_local_t local;          /* 0: not bound */
    struct hyp *hyp;               /* port_open_frames(), or NULL */
};

int port_open(struct port **port, unsigned int domid, struct err *e)
{
    struct port *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        return err_errno(e, -ENOMEM, "cannot reach the domain", "%u", domid);
    }
    p->domid = domid;
    p->evtchn_fd = -1;
    p->gnttab_fd = gnttab_open(e);
    if (p->gnttab_fd >= 0) {
        p->evtchn_fd = evtchn_open(e);
    }
    if (p->gnttab_fd < 0 || p->evtchn_fd < 0) {
        port_close(p);
        return -ENODEV;
    }
    *port = p;
    return 0;
}

void port_close(struct port *p)
{
    if (p == NULL) {
        return;
    }
    if (p->local != 0) {
        evtchn_unbind(p->evtchn_fd, p->local);
    }
    evtchn_close(p->evtchn_fd);
    gnttab_close(p->gnttab_fd);
    hyp_close(p->hyp);
    free(p);
}

int port_bind(struct port *p, uint32_t remote_port)
{
    int rc = evtchn_bind_interdomain(p->evtchn_fd, p->domid, remote_port,
                                     &p->local);

    if (rc == 0) {
        evtchn_restrict(p->evtchn_fd, p->domid);
    }
    return rc;
}

int port_event_fd(const struct port *p)
{
    return p->evtchn_fd;
}

bool port_event_take(struct port *p)
{
    evtchn_local_t ports[4];
    int n = evtchn_pending(p->evtchn_fd, ports, 4);

    return n > 0 || n == -EFBIG;
}

void port_event_blocking(struct port *p)
{
    fcntl(p->evtchn_fd, F_SETFL, 0);
}

bool port_event_sleep(struct port *p)
{
    return port_event_take(p);
}

void port_event_drop(struct port *p)
{
    evtchn_reset(p->evtchn_fd);
}

void port_event_rearm(struct port *p)
{
    evtchn_unmask(p->evtchn_fd, p->local);
}

void port_notify(struct port *p)
{
    evtchn_notify(p->evtchn_fd, p->local);
}

int port_map(struct port *p, const uint32_t *refs, unsigned int count,
             bool writable, struct port_pages *pages)
{
    struct gnttab_map map;
    int rc = gnttab_map(p->gnttab_fd, p->domid, refs, count,
                        PROT_READ | (writable ? PROT_WRITE : 0), &map);

    if (rc == 0) {
        *pages = (struct port_pages){ map.addr, map.index, map.count };
    }
    return rc;
}

void port_unmap(struct port *p, struct port_pages *pages)
{
    struct gnttab_map map = {
        .addr = pages->addr, .index = pages->cookie, .count = pages->count
    };

    gnttab_unmap(p->gnttab_fd, &map);
    pages->addr = NULL;
}

/* From the restriction on, the descriptor serves this domain's frames only. */
int port_open_frames(struct port *p, struct err *e)
{
    domid_t domid = (domid_t)p->domid;

    p->hyp = hyp_open(e);
    if (p->hyp == NULL) {
        return -ENODEV;
    }
    if (ioctl(hyp_fd(p->hyp), IOCTL_PRIVCMD_RESTRICT, &domid) != 0) {
        return err_errno(e, -errno, "cannot restrict privcmd", "domain %u",
                         p->domid);
    }
    return 0;
}

int port_map_frames(struct port *p, const uint64_t *frames,
                    unsigned int count, bool writable,
                    struct port_pages *pages)
{
    void *addr = foreign_map(p->hyp, p->domid,
                             PROT_READ | (writable ? PROT_WRITE : 0), frames,
                             count, NULL);

    if (addr == NULL) {
        return -errno;
    }
    *pages = (struct port_pages){ addr, 0, count };
    return 0;
}

void port_unmap_frames(struct port *p, struct port_pages *pages)
{
    foreign_unmap(pages->addr, pages->count);
    pages->addr = NULL;
}

static int copy_some(struct port *p, struct port_copy *c, unsigned int n)
{
    struct gnttab_copy_seg segs[GNTTAB_COPY_MAX];
    unsigned int i;
    int rc;

    for (i = 0; i < n; i++) {
        segs[i] = (struct gnttab_copy_seg){
            .local = c[i].local, .ref = c[i].ref, .offset = c[i].offset,
            .len = c[i].len, .to_guest = c[i].to_peer,
        };
    }
    rc = gnttab_copy(p->gnttab_fd, p->domid, segs, n);
    for (i = 0; i < n; i++) {
        c[i].status = rc == 0 || rc == -EIO ? segs[i].status : -1;
    }
    return rc;
}

int port_copy(struct port *p, struct port_copy *pieces, unsigned int count)
{
    int rc = 0;

    while (count > 0) {
        unsigned int n = count < GNTTAB_COPY_MAX ? count : GNTTAB_COPY_MAX;
        int one = copy_some(p, pieces, n);

        rc = one != 0 ? one : rc;
        pieces += n;
        count -= n;
    }
    return rc;
}
