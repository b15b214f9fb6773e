/* SPDX-License-Identifier: MIT */
/*
 * lib/tinydom.h - a second PV64 domain of six pages, built and driven by
 * hypercalls only, without any toolstack.
 *
 * The domain answers every event on its port with an event and otherwise
 * blocks.  It sends one event by itself when it starts.
 */
#ifndef GUESTS_LIB_TINYDOM_H
#define GUESTS_LIB_TINYDOM_H

#include <lib/types.h>

#define TINYDOM_PAGES 6u

struct tinydom {
    domid_t domid;
    evtchn_port_t local_port, remote_port;
    uint64_t shared_info_mfn;
    xen_pfn_t mfns[TINYDOM_PAGES];
};

/* Steps, each 0 or -errno; tinydom_build() does them all up to unpause. */
long tinydom_create(struct tinydom *t);
long tinydom_build(struct tinydom *t);
long tinydom_run(struct tinydom *t);
long tinydom_destroy(struct tinydom *t);

/* The raw control calls they are made of. */
long domctl_simple(unsigned int cmd, domid_t domid);
long domctl_create(domid_t *domid);
long domctl_max_vcpus(domid_t domid, unsigned int n);
long domctl_max_mem(domid_t domid, uint64_t kb);
long domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info);
long populate(domid_t domid, xen_pfn_t *extents, unsigned long n,
              unsigned int order);

#endif
