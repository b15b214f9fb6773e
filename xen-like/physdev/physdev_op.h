/* SPDX-License-Identifier: MIT */
/*
 * physdev/physdev_op.h - the PHYSDEVOP_* door, for hypercall/table.
 */
#ifndef PHYSDEV_PHYSDEV_OP_H
#define PHYSDEV_PHYSDEV_OP_H

#include <stdint.h>

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                   uint64_t a4, uint64_t a5);

#endif
