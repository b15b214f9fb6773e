/* SPDX-License-Identifier: MIT */
/*
 * pv/pv_switch.h - rows of pv_guest_ops that load and save a vcpu.
 * Interrupts are off.
 */
#ifndef PV_PV_SWITCH_H
#define PV_PV_SWITCH_H

struct vcpu;

void pv_switch_from(struct vcpu *v);
void pv_switch_to(struct vcpu *v);

#endif
