/* SPDX-License-Identifier: MIT */
/*
 * See tsc.h.  Who counts by the guest's TSC is told: the numbers of its clock
 * and a deadline of its APIC's timer.
 */
#include <domain/vtime.h>
#include <hvm/tsc.h>
#include <vdev/front.h>

void hvm_set_tsc(struct vcpu *v, uint64_t tsc, uint64_t now)
{
    v->tsc_offset = tsc - now;
    hvm_backend->set_reg(v, HVM_TSC_OFFSET, v->tsc_offset);
    vtime_tsc_moved(v);
    vlapic_tsc_moved(v->vdev);
}
