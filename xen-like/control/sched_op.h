/* SPDX-License-Identifier: MIT */
/*
 * control/sched_op.h - the door of SCHEDOP_* (xen/sched.h).
 */
#ifndef CONTROL_SCHED_OP_H
#define CONTROL_SCHED_OP_H

#include <stdint.h>

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                 uint64_t a4, uint64_t a5);

#endif
