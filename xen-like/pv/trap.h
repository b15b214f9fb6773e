/* SPDX-License-Identifier: MIT */
/*
 * pv/trap.h - traps, events and system calls into a PV guest's kernel.
 *
 * Owns    the bounce frame, trap table, callbacks, iret, stack_switch.
 * ABI     xen/arch-x86/xen-x86_64.h (iret frame), xen/callback.h,
 *         HYPERVISOR_set_trap_table (xen/arch-x86/xen.h).
 * All act on the current vcpu and its frame in cpu_info.regs.
 */
#ifndef PV_TRAP_H
#define PV_TRAP_H

#include <hv/types.h>

struct cpu_regs;
struct vcpu;

#define TRAP_NO_ERROR_CODE (-1)

/* Bounce vector @nr to the guest; @error_code or TRAP_NO_ERROR_CODE. */
void pv_inject_trap(struct cpu_regs *regs, unsigned int nr, int error_code);
void pv_inject_page_fault(struct cpu_regs *regs, uint64_t cr2,
                          uint32_t error_code);
/* From entry/: an event is deliverable; a guest's own system call. */
void pv_deliver_event(struct cpu_regs *regs);
void pv_guest_syscall(struct cpu_regs *regs, int kind);
/* The frame to return to was refused by the CPU (bad selectors). */
void pv_failsafe(struct cpu_regs *regs);

long do_set_trap_table(uint64_t traps, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5);
long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                    uint64_t a4, uint64_t a5);
long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall,
                      uint64_t a3, uint64_t a4, uint64_t a5);
long do_stack_switch(uint64_t ss, uint64_t sp, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5);
long do_iret(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
             uint64_t a5);
long do_fpu_taskswitch(uint64_t set, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5);
long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5);
long do_set_debugreg(uint64_t reg, uint64_t value, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5);
long do_get_debugreg(uint64_t reg, uint64_t a1, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5);

/* Write one debug register of @v; -EINVAL, -EPERM. */
int must_check pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t val);

#endif
