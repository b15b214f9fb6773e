/* SPDX-License-Identifier: MIT */
/*
 * pv/priv_op.h - privileged instructions of PV kernels.
 *
 * A PV kernel runs in ring 3: these fault and are carried out here, by table.
 * What is not in the table, or not allowed, is the guest's #GP.
 */
#ifndef PV_PRIV_OP_H
#define PV_PRIV_OP_H

#include <hv/types.h>

struct cpu_regs;
struct vcpu;

/* A #GP of the current guest kernel: true if the instruction was emulated. */
bool must_check pv_priv_op(struct cpu_regs *regs);
/* A #UD: the forced CPUID prefix (ud2; "xen"; cpuid). */
bool must_check pv_forced_cpuid(struct cpu_regs *regs);

/* pv/pv_policy: what a PV guest sees.  rdmsr/wrmsr: false is #GP. */
void pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
bool must_check pv_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val);
bool must_check pv_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val);

/* pv/port_io: one access of 1, 2 or 4 bytes.  Ports that are not the guest's
 * read all ones and swallow writes. */
uint32_t pv_port_in(struct vcpu *v, uint16_t port, unsigned int bytes);
void pv_port_out(struct vcpu *v, uint16_t port, unsigned int bytes,
                 uint32_t val);

#endif
