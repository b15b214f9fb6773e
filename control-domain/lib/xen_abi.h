/* SPDX-License-Identifier: MIT */
/*
 * lib/xen_abi.h - the public ABI as control-domain programs see it.
 *
 * Owns    the two switches of the public headers (tools view, newest
 *         interface) and the size checks of what this library passes.
 * Leaves  every structure to the libxen-dev package.
 * Tests   compile-time asserts below; tests/unit/lib/test_ctl.c
 */
#ifndef LIB_XEN_ABI_H
#define LIB_XEN_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_TOOLS__
#ifdef __XEN_PUBLIC_XEN_H__
#error "include <lib/xen_abi.h> before any <xen/...> header"
#endif
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define XEN_PAGE_SHIFT 12
#define XEN_PAGE_SIZE  4096u

static_assert(__XEN_INTERFACE_VERSION__ == 0x00040e00, "tools view");
static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x15, "domctl version");
static_assert(XEN_SYSCTL_INTERFACE_VERSION == 0x15, "sysctl version");
static_assert(sizeof(struct xen_domctl) == 144, "ABI size");
static_assert(sizeof(struct xen_sysctl) == 136, "ABI size");
static_assert(offsetof(struct xen_domctl, u) == 16, "ABI offset");
static_assert(offsetof(struct xen_sysctl, u) == 8, "ABI offset");
static_assert(sizeof(struct xen_memory_reservation) == 32, "ABI size");
static_assert(sizeof(struct xen_mem_acquire_resource) == 32, "ABI size");

#endif
