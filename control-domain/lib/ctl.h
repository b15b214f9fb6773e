/* SPDX-License-Identifier: MIT */
/*
 * lib/ctl.h - typed calls of the control interface, one header for all.
 *
 * Owns    the shape of each call: versions, bounce buffers, retries.  One .c
 *         file per subject: ctl_domain, ctl_vcpu, ctl_host, ctl_memory,
 *         ctl_event, ctl_version, ctl_hvm.
 * Leaves  policy (which call, in which order) to the toolstack.
 * ABI     xen/domctl.h and xen/sysctl.h, interface version 0x15
 * Tests   tests/unit/lib/test_ctl.c
 *
 * Every function returns 0 (or the count it documents) or -errno as the
 * hypervisor gave it.
 */
#ifndef LIB_CTL_H
#define LIB_CTL_H

#include <lib/hypercall.h>
#include <lib/xen_abi.h>

/* ---- ctl_domain.c: life of a domain --------------------------------------- */

/* Fill the version, issue, copy back: for calls without a wrapper here. */
int ctl_domctl(struct hyp *h, struct xen_domctl *op);

/* @domid: in, 0 = choose one; out, the id. */
int ctl_domain_create(struct hyp *h, unsigned int *domid,
                      const struct xen_domctl_createdomain *config);
/* Repeats while the hypervisor asks for it (-ERESTART). */
int ctl_domain_destroy(struct hyp *h, unsigned int domid);
int ctl_domain_pause(struct hyp *h, unsigned int domid);
int ctl_domain_unpause(struct hyp *h, unsigned int domid);
int ctl_domain_resume(struct hyp *h, unsigned int domid);

/* Exactly @domid: -ESRCH if it does not exist. */
int ctl_domain_info(struct hyp *h, unsigned int domid,
                    struct xen_domctl_getdomaininfo *info);
/* Domains from @first on, in order: how many were written. */
int ctl_domain_list(struct hyp *h, unsigned int first,
                    struct xen_domctl_getdomaininfo *info, unsigned int max);

int ctl_domain_max_mem(struct hyp *h, unsigned int domid, uint64_t max_kb);
int ctl_domain_set_address_size(struct hyp *h, unsigned int domid,
                                unsigned int bits);
int ctl_domain_set_tsc(struct hyp *h, unsigned int domid, uint32_t mode,
                       uint64_t elapsed_ns, uint32_t khz,
                       uint32_t incarnation);
int ctl_domain_set_paging_pool(struct hyp *h, unsigned int domid,
                               uint64_t bytes);
/* @sched_id: XEN_SCHEDULER_CREDIT or _CREDIT2, as ctl_host_sched_id says. */
int ctl_domain_sched_get(struct hyp *h, unsigned int domid, uint32_t sched_id,
                         uint16_t *weight, uint16_t *cap);
int ctl_domain_sched_set(struct hyp *h, unsigned int domid, uint32_t sched_id,
                         uint16_t weight, uint16_t cap);
/* XEN_DOMCTL_SENDTRIGGER_POWER...: buttons of an HVM guest, on vCPU 0. */
int ctl_domain_trigger(struct hyp *h, unsigned int domid, uint32_t trigger);
/* Remote shutdown by the control domain: SHUTDOWN_poweroff... */
int ctl_domain_shutdown(struct hyp *h, unsigned int domid, uint32_t reason);

/* ---- ctl_vcpu.c ------------------------------------------------------------ */

int ctl_vcpu_max(struct hyp *h, unsigned int domid, uint32_t max);
int ctl_vcpu_set_context(struct hyp *h, unsigned int domid, uint32_t vcpu,
                         const struct vcpu_guest_context *ctx);
int ctl_vcpu_get_context(struct hyp *h, unsigned int domid, uint32_t vcpu,
                         struct vcpu_guest_context *ctx);
int ctl_vcpu_info(struct hyp *h, unsigned int domid, uint32_t vcpu,
                  struct xen_domctl_getvcpuinfo *info);
/* @flags: XEN_VCPUAFFINITY_*; maps are @nr_bits wide, NULL = not this one. */
int ctl_vcpu_set_affinity(struct hyp *h, unsigned int domid, uint32_t vcpu,
                          uint32_t flags, uint8_t *hard, uint8_t *soft,
                          uint32_t nr_bits);
int ctl_vcpu_get_affinity(struct hyp *h, unsigned int domid, uint32_t vcpu,
                          uint32_t flags, uint8_t *hard, uint8_t *soft,
                          uint32_t nr_bits);

/* ---- ctl_host.c ------------------------------------------------------------ */

int ctl_sysctl(struct hyp *h, struct xen_sysctl *op);
int ctl_host_physinfo(struct hyp *h, struct xen_sysctl_physinfo *info);
int ctl_host_sched_id(struct hyp *h, uint32_t *sched_id);
/*
 * Bytes of the hypervisor's log from *@index on (which advances), or its
 * oldest when @index is NULL: how many were read.
 */
int ctl_host_readconsole(struct hyp *h, char *buf, uint32_t size,
                         uint32_t *index, int clear);
int ctl_host_debug_keys(struct hyp *h, const char *keys);

/* ---- ctl_memory.c ---------------------------------------------------------- */

/*
 * Give @domid memory: @frames holds the gfns of @count extents and receives
 * their mfns (PV).  How many succeeded (may be fewer), or -errno.
 */
int64_t ctl_memory_populate(struct hyp *h, unsigned int domid,
                            uint64_t *frames, uint64_t count,
                            unsigned int order, unsigned int mem_flags);
int64_t ctl_memory_decrease(struct hyp *h, unsigned int domid,
                            const uint64_t *frames, uint64_t count,
                            unsigned int order);
int ctl_memory_claim(struct hyp *h, unsigned int domid, uint64_t pages);
/* @entries: e820 of 20 bytes each, as BIOS gives them. */
int ctl_memory_set_map(struct hyp *h, unsigned int domid, const void *entries,
                       unsigned int count);

/* One MMUEXT_PIN_L*_TABLE or MMUEXT_UNPIN_TABLE for @domid. */
int ctl_mmuext(struct hyp *h, unsigned int domid, unsigned int cmd,
               uint64_t mfn);

/*
 * Put grants for the store and the console into the first entries of a new
 * domain's grant table, readable by @store_domid and @console_domid.  A frame
 * of ~0 leaves its entry alone.
 */
int ctl_grant_seed(struct hyp *h, unsigned int domid, uint64_t console_gfn,
                   unsigned int console_domid, uint64_t store_gfn,
                   unsigned int store_domid);

/* ---- ctl_event.c ------------------------------------------------------------ */

/* A port of @domid that waits for a bind by @remote. */
int ctl_event_alloc_unbound(struct hyp *h, unsigned int domid,
                            unsigned int remote, uint32_t *port);

/* ---- ctl_version.c ----------------------------------------------------------- */

/* major << 16 | minor, or -errno. */
int ctl_version(struct hyp *h);
int ctl_version_extra(struct hyp *h, char text[XEN_EXTRAVERSION_LEN]);
int ctl_version_capabilities(struct hyp *h, char text[1024]);
int ctl_version_commandline(struct hyp *h, char text[1024]);
/* Does the hypervisor speak our domctl and sysctl versions?  0 or -EPROTO. */
int ctl_version_check(struct hyp *h);

/* ---- ctl_hvm.c ---------------------------------------------------------------- */

int ctl_hvm_set_param(struct hyp *h, unsigned int domid, uint32_t index,
                      uint64_t value);
int ctl_hvm_get_param(struct hyp *h, unsigned int domid, uint32_t index,
                      uint64_t *value);
/* Saved state records; with @buf NULL the size needed. */
int ctl_hvm_get_context(struct hyp *h, unsigned int domid, void *buf,
                        uint32_t size);
int ctl_hvm_set_context(struct hyp *h, unsigned int domid, const void *buf,
                        uint32_t size);

#endif
