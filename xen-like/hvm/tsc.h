/* SPDX-License-Identifier: MIT */
/*
 * hvm/tsc.h - the time-stamp counter of a vcpu: the CPU's and an offset.
 *
 * Owns    vcpu.tsc_offset.  It begins at 0 and moves when the guest writes
 *         the register or its saved state is loaded; RDTSC does not exit.
 *         The rate is always the CPU's: nothing is scaled.
 * Source  SDM vol. 3B, 18.17; APM vol. 2, 15.30.5 (TSC offset).
 * Tests   tests/guests/hvm/
 */
#ifndef HVM_TSC_H
#define HVM_TSC_H

#include <hvm/hvm_domain.h>

/* At the CPU's @now it reads @tsc.  @v is current or not running. */
void hvm_set_tsc(struct vcpu *v, uint64_t tsc, uint64_t now);

static inline uint64_t hvm_tsc_at(const struct vcpu *v, uint64_t now)
{
    return now + v->tsc_offset;
}

#endif
