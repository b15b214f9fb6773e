/* SPDX-License-Identifier: MIT */
/*
 * lib/evtchn.h - event channels of a dom0 process, over /dev/xen/evtchn.
 *
 * Owns    the descriptor; it is readable while a bound port is pending.
 *         Every port taken by evtchn_pending() stays masked until
 *         evtchn_unmask().  Ports are closed with the descriptor.
 * ABI     xen/sys/evtchn.h; module xen-evtchn
 * Tests   nested boots; the fake of tests/unit/pvdrv/fake_port for the users
 */
#ifndef LIB_EVTCHN_H
#define LIB_EVTCHN_H

#include <stdint.h>

struct err;

typedef uint32_t evtchn_local_t;       /* a port of our own domain */

/* A descriptor (non-blocking, close-on-exec) or -errno. */
int evtchn_open(struct err *e);
void evtchn_close(int fd);

/* 0 and *@port, or -errno. */
int evtchn_bind_virq(int fd, unsigned int virq, evtchn_local_t *port);
int evtchn_bind_interdomain(int fd, unsigned int domid, uint32_t remote_port,
                            evtchn_local_t *port);

int evtchn_unbind(int fd, evtchn_local_t port);
int evtchn_notify(int fd, evtchn_local_t port);

/* From now on this descriptor binds channels of @domid only. */
int evtchn_restrict(int fd, unsigned int domid);

/*
 * Take up to @max pending ports: how many, 0 if none, or -errno.  A full
 * kernel ring (-EFBIG) is reset and reported as such: check every port then.
 */
int evtchn_pending(int fd, evtchn_local_t *ports, unsigned int max);
/* Forget events that were not fetched; their ports stay masked. */
void evtchn_reset(int fd);
int evtchn_unmask(int fd, evtchn_local_t port);

#endif
