/* SPDX-License-Identifier: MIT */
/*
 * lib/hypercall_page.h - the page of call entries that guests may ask for.
 *
 * ABI     entry n at n * 32; 64-bit PV guests enter by SYSCALL, which spoils
 *         rcx and r11 (xen/arch-x86/xen-x86_64.h).
 * Tests   tests/unit/lib/test_small.c
 */
#ifndef LIB_HYPERCALL_PAGE_H
#define LIB_HYPERCALL_PAGE_H

#include <hv/types.h>

/* Fill 4096 bytes. */
void hypercall_page_pv64(void *page);
void hypercall_page_hvm(void *page, bool amd);

#endif
