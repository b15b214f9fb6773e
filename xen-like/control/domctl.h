/* SPDX-License-Identifier: MIT */
/*
 * control/domctl.h - between the files of the XEN_DOMCTL_* door.
 *
 * A row's function gets a domain it holds no lock of, and the caller's copy
 * of the structure; what it changes there is copied back if the row says so.
 * -ERESTART: call again from the guest (its arguments have not changed).
 */
#ifndef CONTROL_DOMCTL_H
#define CONTROL_DOMCTL_H

#include <abi/public.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <xen/domctl.h>

#define DOMCTL_HANDLE(h) guest_handle((uint64_t)(uintptr_t)(h).p)

typedef long (*domctl_fn)(struct domain *caller, struct domain *d,
                          struct xen_domctl *op);

/* domctl_info.c */
void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* domctl_ctx.c */
long domctl_setvcpucontext(struct domain *c, struct domain *d,
                           struct xen_domctl *op);
long domctl_getvcpucontext(struct domain *c, struct domain *d,
                           struct xen_domctl *op);
long domctl_get_ext_vcpucontext(struct domain *c, struct domain *d,
                                struct xen_domctl *op);
long domctl_set_ext_vcpucontext(struct domain *c, struct domain *d,
                                struct xen_domctl *op);
long domctl_getvcpuextstate(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_setvcpuextstate(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_vcpu_msrs(struct domain *c, struct domain *d,
                      struct xen_domctl *op);

long domctl_gethvmcontext(struct domain *c, struct domain *d,
                          struct xen_domctl *op);
long domctl_sethvmcontext(struct domain *c, struct domain *d,
                          struct xen_domctl *op);

/* domctl_info.c */
long domctl_getvcpuinfo(struct domain *c, struct domain *d,
                        struct xen_domctl *op);
long domctl_getpageframeinfo(struct domain *c, struct domain *d,
                             struct xen_domctl *op);

/* domctl_set.c */
long domctl_setvcpuaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_getvcpuaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_setnodeaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_getnodeaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op);
long domctl_scheduler(struct domain *c, struct domain *d,
                      struct xen_domctl *op);
long domctl_settsc(struct domain *c, struct domain *d, struct xen_domctl *op);
long domctl_gettsc(struct domain *c, struct domain *d, struct xen_domctl *op);
long domctl_get_cpu_policy(struct domain *c, struct domain *d,
                           struct xen_domctl *op);
long domctl_set_cpu_policy(struct domain *c, struct domain *d,
                           struct xen_domctl *op);
long domctl_settimeoffset(struct domain *c, struct domain *d,
                          struct xen_domctl *op);
long domctl_sendtrigger(struct domain *c, struct domain *d,
                        struct xen_domctl *op);
long domctl_irq_permission(struct domain *c, struct domain *d,
                           struct xen_domctl *op);
long domctl_iomem_permission(struct domain *c, struct domain *d,
                             struct xen_domctl *op);
long domctl_ioport_permission(struct domain *c, struct domain *d,
                              struct xen_domctl *op);

/* To a bitmap of the tools; what it has beyond 64 bits becomes zero. */
int must_check control_bitmap_put(const struct xenctl_bitmap *b, uint64_t v);

#endif
