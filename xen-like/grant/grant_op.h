/* SPDX-License-Identifier: MIT */
/*
 * grant/grant_op.h - the door of GNTTABOP_* (xen/grant_table.h).
 */
#ifndef GRANT_GRANT_OP_H
#define GRANT_GRANT_OP_H

#include <stdint.h>

long do_grant_table_op(uint64_t cmd, uint64_t uop, uint64_t count, uint64_t a3,
                       uint64_t a4, uint64_t a5);

#endif
