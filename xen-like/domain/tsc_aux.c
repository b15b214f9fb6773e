/* SPDX-License-Identifier: MIT */
/*
 * See tsc_aux.h: 32 bits, on CPUs that have the instruction.
 * Tested by tests/guests/control/.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <core/percpu.h>
#include <domain/tsc_aux.h>

static DEFINE_PER_CPU(uint32_t, loaded);  /* [C] zero after a reset */

bool tsc_aux_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
    *val = v->tsc_aux;
    return has_cpu(X86_FEATURE_RDTSCP);
}

bool tsc_aux_set(struct vcpu *v, uint64_t val)
{
    if (!has_cpu(X86_FEATURE_RDTSCP) || val != (uint32_t)val) {
        return false;
    }
    v->tsc_aux = (uint32_t)val;
    return true;
}

void tsc_aux_load(const struct vcpu *v)
{
    if (v->tsc_aux != this_cpu(loaded)) {
        this_cpu(loaded) = v->tsc_aux;
        wrmsr(MSR_TSC_AUX, v->tsc_aux);
    }
}

bool tsc_aux_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
    if (!tsc_aux_set(v, val)) {
        return false;
    }
    tsc_aux_load(v);
    return true;
}
