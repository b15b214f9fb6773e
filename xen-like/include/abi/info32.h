/* SPDX-License-Identifier: MIT */
/*
 * abi/info32.h - what a guest shares with us, as 32-bit code has it.
 *
 * Owns    the layouts that the public headers give for i386: words of 32
 *         bits, 64-bit numbers aligned to 4.  A domain has one or the other
 *         (struct domain, info32); ports are bits at the same place in both,
 *         places of vcpu_info and of its time as well.
 * ABI     xen/xen.h, xen/vcpu.h, xen/arch-x86/xen-x86_32.h.
 * Tests   tests/guests/hvm32/, tests/unit/event/test_evtchn.c
 */
#ifndef ABI_INFO32_H
#define ABI_INFO32_H

#include <abi/public.h>
#include <xen/vcpu.h>

#define INFO32_PORTS 1024u             /* 32 selector bits x 32 port bits */

struct vcpu_info32 {
    uint8_t evtchn_upcall_pending, evtchn_upcall_mask, pad[2];
    uint32_t evtchn_pending_sel;
    uint32_t arch[6];
    struct vcpu_time_info time;
};

struct shared_info32 {
    struct vcpu_info32 vcpu_info[XEN_LEGACY_MAX_VCPUS];
    uint64_t evtchn_pending[INFO32_PORTS / 64];
    uint64_t evtchn_mask[INFO32_PORTS / 64];
    uint32_t wc_version, wc_sec, wc_nsec;
    uint32_t arch[6], wc_sec_hi;
};

struct runstate32 {
    int32_t state;
    uint64_t state_entry_time, time[4];
} __attribute__((__packed__));

ABI_ASSERT(sizeof(struct vcpu_info32) == sizeof(struct vcpu_info));
ABI_ASSERT(offsetof(struct vcpu_info32, evtchn_pending_sel) == 4);
ABI_ASSERT(offsetof(struct vcpu_info32, time) ==
           offsetof(struct vcpu_info, time));
ABI_ASSERT(offsetof(struct shared_info32, evtchn_pending) ==
           offsetof(struct shared_info, evtchn_pending));
ABI_ASSERT(offsetof(struct shared_info32, evtchn_mask) == 2176);
ABI_ASSERT(offsetof(struct shared_info32, wc_version) == 2304);
ABI_ASSERT(offsetof(struct shared_info32, wc_sec_hi) == 2340);
ABI_ASSERT(offsetof(struct runstate32, state_entry_time) == 4);
ABI_ASSERT(sizeof(struct runstate32) == 44);

#endif
