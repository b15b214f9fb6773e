/* SPDX-License-Identifier: MIT */
/*
 * lib/hypercall.h - hypercalls by the syscall instruction, as PV64 does.
 *
 * Owns the calling convention: number in rax, arguments in rdi, rsi, rdx,
 * r10, r8; rcx and r11 are lost.  Thin typed wrappers follow; anything not
 * wrapped is called through hcall().
 */
#ifndef GUESTS_LIB_HYPERCALL_H
#define GUESTS_LIB_HYPERCALL_H

#include <lib/types.h>

/* Any hypercall: unused arguments are passed as zero. */
static inline long hcall(unsigned int nr, uint64_t a1, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5)
{
    register uint64_t r10 __asm__("r10") = a4;
    register uint64_t r8 __asm__("r8") = a5;
    uint64_t rax = nr;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10),
                       "+r"(r8)
                     :
                     : "rcx", "r11", "memory");
    return (long)rax;
}

#define hcall5(nr, a, b, c, d, e) \
    hcall((nr), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
          (uint64_t)(e))
#define hcall4(nr, a, b, c, d) hcall5(nr, a, b, c, d, 0)
#define hcall3(nr, a, b, c) hcall5(nr, a, b, c, 0, 0)
#define hcall2(nr, a, b) hcall5(nr, a, b, 0, 0, 0)
#define hcall1(nr, a) hcall5(nr, a, 0, 0, 0, 0)

#define hc_version(cmd, arg) hcall2(__HYPERVISOR_xen_version, cmd, arg)
#define hc_event(cmd, arg) hcall2(__HYPERVISOR_event_channel_op, cmd, arg)
#define hc_sched(cmd, arg) hcall2(__HYPERVISOR_sched_op, cmd, arg)
#define hc_vcpu(cmd, id, arg) hcall3(__HYPERVISOR_vcpu_op, cmd, id, arg)
#define hc_memory(cmd, arg) hcall2(__HYPERVISOR_memory_op, cmd, arg)
#define hc_grant(cmd, arg, n) hcall3(__HYPERVISOR_grant_table_op, cmd, arg, n)
#define hc_console(cmd, n, buf) hcall3(__HYPERVISOR_console_io, cmd, n, buf)
#define hc_mmu_update(req, n, done, dom) \
    hcall4(__HYPERVISOR_mmu_update, req, n, done, dom)
#define hc_mmuext(op, n, done, dom) \
    hcall4(__HYPERVISOR_mmuext_op, op, n, done, dom)
#define hc_uvm(va, pte, flags) \
    hcall3(__HYPERVISOR_update_va_mapping, va, pte, flags)
#define hc_multicall(list, n) hcall2(__HYPERVISOR_multicall, list, n)
#define hc_callback(cmd, arg) hcall2(__HYPERVISOR_callback_op, cmd, arg)
#define hc_physdev(cmd, arg) hcall2(__HYPERVISOR_physdev_op, cmd, arg)
#define hc_domctl(arg) hcall1(__HYPERVISOR_domctl, arg)
#define hc_sysctl(arg) hcall1(__HYPERVISOR_sysctl, arg)
#define hc_set_timer(ns) hcall1(__HYPERVISOR_set_timer_op, ns)

#endif
