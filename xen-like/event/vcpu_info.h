/* SPDX-License-Identifier: MIT */
/*
 * event/vcpu_info.h - a vcpu_info in a page the guest chose.
 *
 * Owns    the reference on that page; moving the flags; giving the page
 *         back when the domain dies, after every sender has left it.
 * ABI     VCPUOP_register_vcpu_info (xen/vcpu.h).
 * Tests   tests/unit/event/test_virq.c
 */
#ifndef EVENT_VCPU_INFO_H
#define EVENT_VCPU_INFO_H

#include <event/evtchn.h>

/*
 * Put @v's info at @offset of the domain's frame @mfn; once per vcpu.
 * -EINVAL: done before, bad offset, no writable frame of the domain, or @v
 * runs somewhere else.
 */
int must_check vcpu_info_register(struct vcpu *v, mfn_t mfn, uint32_t offset);

/* All infos of a dying domain back to where they began; then (after
 * sched_quiesce()) drop the pages. */
void vcpu_info_detach_all(struct domain *d);
void vcpu_info_put_all(struct domain *d);

#endif
