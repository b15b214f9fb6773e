/* SPDX-License-Identifier: MIT */
/*
 * control/vcpu_op.h - the door of VCPUOP_* (xen/vcpu.h).
 */
#ifndef CONTROL_VCPU_OP_H
#define CONTROL_VCPU_OP_H

#include <stdint.h>

long do_vcpu_op(uint64_t cmd, uint64_t vcpu_id, uint64_t arg, uint64_t a3,
                uint64_t a4, uint64_t a5);

#endif
