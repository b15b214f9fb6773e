/* SPDX-License-Identifier: MIT */
/*
 * conn/host.h - what the hypervisor does for the store.
 *
 * Owns    mapped ring pages, bound event channels, the state of domains.
 *         host_xen.c is the real one; host_file.c lets tests be the guests,
 *         with files for pages and a socket for events.  The build chooses.
 * Leaves  which domains there are to server/domain.c.
 * Tests   nested boots (host_xen.c), tests/unit/store/test_daemon.c
 */
#ifndef CONN_HOST_H
#define CONN_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct host;
struct xenstore_domain_interface;

/* A mapped ring page. */
struct host_page {
    struct xenstore_domain_interface *ring;
    uint64_t index;                   /* the mapper's own name for it */
    bool granted;                     /* else a foreign map */
};

enum host_domain_state {
    HOST_DOMAIN_GONE,                 /* dead, dying or never there */
    HOST_DOMAIN_SHUTDOWN,
    HOST_DOMAIN_RUNNING,
};

/* NULL with @e filled: there is no hypervisor, or no right to it. */
struct host *host_open(struct err *e);
void host_close(struct host *h);

/* Readable when host_pending() has something. */
int host_fd(const struct host *h);
/*
 * Take pending local ports: how many.  @virq becomes true when the state of
 * some domain has changed; @all when every port must be looked at.
 */
int host_pending(struct host *h, uint32_t *ports, unsigned int max,
                 bool *virq, bool *all);

/* Calls of 0 or -errno. */
int host_map_ring(struct host *h, uint32_t domid, uint64_t gfn,
                  struct host_page *page);
void host_unmap_ring(struct host *h, struct host_page *page);
int host_bind(struct host *h, uint32_t domid, uint32_t remote_port,
              uint32_t *local_port);
void host_unbind(struct host *h, uint32_t local_port);
void host_notify(struct host *h, uint32_t local_port);

/* The control domain's own kernel: its ring and port.  -ENOENT: none. */
int host_own_ring(struct host *h, struct host_page *page, uint32_t *port);

enum host_domain_state host_domain_state(struct host *h, uint32_t domid);

#endif
