/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor as the store needs it, over control-domain/lib and xenfs.
 * Tests: nested boots; host_file.c stands in for it on a host.
 */
#include <conn/host.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/evtchn.h>
#include <lib/foreign.h>
#include <lib/gnttab.h>
#include <lib/log.h>
#include <xen/io/xs_wire.h>

#define KVA_FILE "/proc/xen/xsd_kva"
#define PORT_FILE "/proc/xen/xsd_port"

struct host {
    struct hyp *hyp;
    int evtchn_fd;
    int gnttab_fd;                    /* -errno: foreign maps only */
    uint32_t virq_port;
};

struct host *host_open(struct err *e)
{
    struct host *h = calloc(1, sizeof(*h));
    int rc;

    if (h == NULL) {
        err_errno(e, -ENOMEM, "cannot start", "%s", "xenstored");
        return NULL;
    }
    h->gnttab_fd = -ENOENT;
    h->evtchn_fd = -1;
    h->hyp = hyp_open(e);
    if (h->hyp == NULL) {
        goto close;
    }
    h->evtchn_fd = evtchn_open(e);
    if (h->evtchn_fd < 0) {
        goto close;
    }
    rc = evtchn_bind_virq(h->evtchn_fd, VIRQ_DOM_EXC, &h->virq_port);
    if (rc != 0) {
        err_errno(e, rc, "cannot bind a virtual interrupt", "%s", "DOM_EXC");
        goto close;
    }
    h->gnttab_fd = gnttab_open(NULL);
    return h;

close:
    host_close(h);
    return NULL;
}

void host_close(struct host *h)
{
    if (h->gnttab_fd >= 0) {
        gnttab_close(h->gnttab_fd);
    }
    if (h->evtchn_fd >= 0) {
        evtchn_close(h->evtchn_fd);
    }
    if (h->hyp != NULL) {
        hyp_close(h->hyp);
    }
    free(h);
}

int host_fd(const struct host *h)
{
    return h->evtchn_fd;
}

int host_pending(struct host *h, uint32_t *ports, unsigned int max,
                 bool *virq, bool *all)
{
    int n = evtchn_pending(h->evtchn_fd, ports, max);
    int nr = 0;
    int i;

    *virq = false;
    *all = n == -EFBIG;
    for (i = 0; i < n; i++) {
        /* Unmasked before the ring is read: a later event comes again. */
        evtchn_unmask(h->evtchn_fd, ports[i]);
        if (ports[i] == h->virq_port) {
            *virq = true;
        } else {
            ports[nr++] = ports[i];
        }
    }
    if (*all) {
        *virq = true;
    }
    return nr;
}

int host_map_ring(struct host *h, uint32_t domid, uint64_t gfn,
                  struct host_page *page)
{
    uint32_t ref = GNTTAB_RESERVED_XENSTORE;
    struct gnttab_map map;
    void *addr;

    if (h->gnttab_fd >= 0 &&
        gnttab_map(h->gnttab_fd, domid, &ref, 1, PROT_READ | PROT_WRITE,
                   &map) == 0) {
        page->ring = map.addr;
        page->index = map.index;
        page->granted = true;
        return 0;
    }
    addr = foreign_map(h->hyp, domid, PROT_READ | PROT_WRITE, &gfn, 1, NULL);
    if (addr == NULL) {
        return -errno;
    }
    page->ring = addr;
    page->index = 0;
    page->granted = false;
    return 0;
}

void host_unmap_ring(struct host *h, struct host_page *page)
{
    struct gnttab_map map = { page->ring, page->index, 1 };

    if (page->ring == NULL) {
        return;
    }
    if (page->granted) {
        gnttab_unmap(h->gnttab_fd, &map);
    } else {
        foreign_unmap(page->ring, 1);
    }
    page->ring = NULL;
}

int host_bind(struct host *h, uint32_t domid, uint32_t remote_port,
              uint32_t *local_port)
{
    return evtchn_bind_interdomain(h->evtchn_fd, domid, remote_port,
                                   local_port);
}

void host_unbind(struct host *h, uint32_t local_port)
{
    evtchn_unbind(h->evtchn_fd, local_port);
}

void host_notify(struct host *h, uint32_t local_port)
{
    evtchn_notify(h->evtchn_fd, local_port);
}

static int read_port(uint32_t *port)
{
    char text[24];
    int fd = open(PORT_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return -errno;
    }
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0) {
        return -ENOENT;
    }
    text[n] = '\0';
    *port = (uint32_t)strtoul(text, NULL, 10);
    return *port == 0 ? -ENOENT : 0;
}

int host_own_ring(struct host *h, struct host_page *page, uint32_t *port)
{
    int rc = read_port(port);
    int fd;
    void *addr;

    if (rc != 0) {
        return rc;
    }
    fd = open(KVA_FILE, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    addr = mmap(NULL, XEN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                0);
    rc = addr == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc == 0) {
        page->ring = addr;
        page->index = 0;
        page->granted = false;        /* foreign_unmap() unmaps any page */
    }
    return rc;
}

enum host_domain_state host_domain_state(struct host *h, uint32_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = ctl_domain_info(h->hyp, domid, &info);

    if (rc == -ESRCH || (rc == 0 && (info.flags & XEN_DOMINF_dying) != 0)) {
        return HOST_DOMAIN_GONE;
    }
    if (rc != 0) {
        log_warn("d%u: cannot ask for its state: %s", domid, strerror(-rc));
        return HOST_DOMAIN_RUNNING;   /* not known to be gone */
    }
    return (info.flags & XEN_DOMINF_shutdown) != 0 ? HOST_DOMAIN_SHUTDOWN :
                                                     HOST_DOMAIN_RUNNING;
}
