/* SPDX-License-Identifier: MIT */
/*
 * hvm/exit.h - what an exit of a guest means, whoever's hardware it was.
 *
 * The vendor's exit table calls one of these with the facts of the exit; the
 * value goes up to entry/vcpu_loop.  RIP moves on only where the function
 * says so.  A state that cannot be crashes the guest, nobody else.
 * Tests   tests/unit/hvm/
 */
#ifndef HVM_EXIT_H
#define HVM_EXIT_H

#include <domain/domain.h>

enum exit_action {
    EXIT_RESUME,                 /* look for work, then enter again */
    EXIT_HYPERCALL,              /* RAX is its number; RIP is behind it */
};

/* @len: bytes of the instruction, verified by the caller. */
enum exit_action hvm_exit_cpuid(struct vcpu *v, unsigned int len);
enum exit_action hvm_exit_msr(struct vcpu *v, bool write, unsigned int len);
enum exit_action hvm_exit_hlt(struct vcpu *v, unsigned int len);
enum exit_action hvm_exit_xsetbv(struct vcpu *v, unsigned int len);
/* RIP goes behind the call first: a continuation goes back by @len. */
enum exit_action hvm_exit_hypercall(struct vcpu *v, unsigned int len);

/* One IN or OUT of RAX; not a string. */
enum exit_action hvm_exit_port(struct vcpu *v, bool write, uint16_t port,
                               unsigned int bytes, unsigned int len);
/* An instruction that needs its bytes looked at: string I/O, MMIO.  @hole:
 * the gfn + 1 where nothing was found, or 0. */
enum exit_action hvm_exit_emulate(struct vcpu *v, uint64_t hole);
enum exit_action hvm_exit_string_port(struct vcpu *v);
/* The nested tables refused @gaddr. */
enum exit_action hvm_exit_nested_fault(struct vcpu *v, uint64_t gaddr,
                                       bool write);
/* Anything that has no row. */
enum exit_action hvm_exit_unknown(struct vcpu *v, uint64_t reason,
                                  uint64_t info1, uint64_t info2);

#endif
