/* SPDX-License-Identifier: MIT */
/*
 * hvm/hvm_op.h - the HVMOP_* door, for hypercall/table.
 */
#ifndef HVM_HVM_OP_H
#define HVM_HVM_OP_H

#include <stdint.h>

long do_hvm_op(uint64_t op, uint64_t arg, uint64_t a2, uint64_t a3,
               uint64_t a4, uint64_t a5);

#endif
