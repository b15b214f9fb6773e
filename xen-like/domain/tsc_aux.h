/* SPDX-License-Identifier: MIT */
/*
 * domain/tsc_aux.h - the number that RDTSCP gives a guest besides the time.
 *
 * Owns    vcpu.tsc_aux as MSR_TSC_AUX, for guests of either kind; what each
 *         CPU has loaded.
 * INV-TA1 a guest that runs finds its own number: every write of the MSR is
 *         here and noted.
 * Tests   tests/guests/control/
 */
#ifndef DOMAIN_TSC_AUX_H
#define DOMAIN_TSC_AUX_H

#include <domain/domain.h>

/* Rows of the tables of MSRs: false is #GP.  A write is of the vcpu that runs
 * here. */
bool tsc_aux_read(struct vcpu *v, uint32_t msr, uint64_t *val);
bool tsc_aux_write(struct vcpu *v, uint32_t msr, uint64_t val);
/* Of a vcpu that does not run; false: not a number, no such instruction. */
bool tsc_aux_set(struct vcpu *v, uint64_t val);
/* @v is about to run here. */
void tsc_aux_load(const struct vcpu *v);

#endif
