/* SPDX-License-Identifier: MIT */
/*
 * Instructions that touch devices.  See emulate.h.
 */
#include <core/percpu.h>
#include <hvm/emulate.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>

enum exit_action hvm_exit_emulate(struct vcpu *v)
{
    domain_crash(v->domain, "v%u: access to a device at %#lx",
                 v->vcpu_id, guest_cpu_regs()->rip);
    return EXIT_RESUME;
}
