/* SPDX-License-Identifier: MIT */
/*
 * hv/limits.h - array sizes and maxima, in one place.
 */
#ifndef HV_LIMITS_H
#define HV_LIMITS_H

#define NR_CPUS              64u     /* one word of cpumask_t */
#define MAX_VCPUS            64u     /* per domain */
#define MAX_DOMID            0x7ff0u /* DOMID_FIRST_RESERVED */
#define NR_GSIS              256u
#define NR_IRQS              1024u
#define NR_VECTORS           256u

/* Quotas a domain gets when its creator does not say. */
#define DEFAULT_EVTCHN_PORTS 1024u
#define DEFAULT_GRANT_FRAMES 64u
#define DEFAULT_MAPTRACK_FRAMES 1024u

#endif
