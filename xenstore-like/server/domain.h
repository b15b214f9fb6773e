/* SPDX-License-Identifier: MIT */
/*
 * server/domain.h - domains the store serves over their rings.
 *
 * Owns    introduction, release, deaths; binding everything again after a
 *         restart.
 * Tests   tests/unit/store/test_daemon.c; nested boots
 */
#ifndef SERVER_DOMAIN_H
#define SERVER_DOMAIN_H

#include <server/server.h>

struct domain *domain_find(struct server *s, uint32_t domid);
/* The domain whose channel ends in our @port. */
struct domain *domain_find_port(struct server *s, uint32_t port);

/* A record without page and channel.  NULL: out of memory. */
struct domain *domain_new(struct server *s, uint32_t domid);

/* 0, -EINVAL, -ENOENT, -ENOSYS: no hypervisor here, or what it answered. */
int domain_introduce(struct server *s, uint32_t domid, uint64_t gfn,
                     uint32_t port);
/* Its nodes and its rights go, @releaseDomain fires. */
void domain_release(struct server *s, struct domain *d);
/* Only the record and its connection. */
void domain_free(struct server *s, struct domain *d);

/* Look for domains that have shut down or died since the last time. */
void domain_check_all(struct server *s);

/* Serve the control domain's own kernel, if there is one. */
int domain_introduce_own(struct server *s);

/* After state_open(): map and bind what an earlier process served. */
void domain_restore(struct server *s);

#endif
