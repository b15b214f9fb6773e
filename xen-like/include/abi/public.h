/* SPDX-License-Identifier: MIT */
/*
 * abi/public.h - the one way to the public ABI headers of libxen-dev.
 *
 * Owns    the interface version we build against and the size asserts of
 *         the structures every part relies on.
 * ABI     xen/xen.h, xen/arch-x86/xen-x86_64.h (Xen 4.17).
 */
#ifndef ABI_PUBLIC_H
#define ABI_PUBLIC_H

#include <stddef.h>
#include <stdint.h>

/* With tools on, xen-compat.h picks the latest interface, 0x00040e00. */
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>

#define ABI_ASSERT(e) _Static_assert(e, "public ABI layout")
ABI_ASSERT(sizeof(struct vcpu_info) == 64);
ABI_ASSERT(offsetof(struct vcpu_info, evtchn_upcall_mask) == 1);
ABI_ASSERT(offsetof(struct vcpu_info, evtchn_pending_sel) == 8);
ABI_ASSERT(offsetof(struct vcpu_info, arch.cr2) == 16);
ABI_ASSERT(offsetof(struct vcpu_info, time) == 32);
ABI_ASSERT(sizeof(struct vcpu_time_info) == 32);
ABI_ASSERT(offsetof(struct shared_info, evtchn_pending) == 2048);
ABI_ASSERT(offsetof(struct shared_info, evtchn_mask) == 2560);
ABI_ASSERT(offsetof(struct shared_info, wc_version) == 3072);
ABI_ASSERT(offsetof(struct start_info, cmd_line) == 0x80);
ABI_ASSERT(offsetof(struct start_info, first_p2m_pfn) == 0x480);

#endif
