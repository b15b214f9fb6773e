/* SPDX-License-Identifier: MIT */
/*
 * pv/pv_switch.h - rows of pv_guest_ops that load and save a vcpu, with
 * interrupts off; and single parts of what the CPU holds of the current vcpu,
 * after a hypercall changed them.
 */
#ifndef PV_PV_SWITCH_H
#define PV_PV_SWITCH_H

struct vcpu;

void pv_switch_from(struct vcpu *v);
void pv_switch_to(struct vcpu *v);

void pv_load_debug(const struct vcpu *v);    /* v->pv->dr */
void pv_load_ldt(const struct vcpu *v);      /* v->pv->ldt_ents at its place */

#endif
