/* SPDX-License-Identifier: MIT */
/*
 * control/doors.h - the hypercall doors of control/, for hypercall/table.
 *
 * Arguments are the hypercall's, unused ones are ignored.  Each door checks
 * the caller by the row of its own table before anything else.
 */
#ifndef CONTROL_DOORS_H
#define CONTROL_DOORS_H

#include <hv/types.h>

/* Boot: tools of the control domain may map the M2P table read-only. */
void memory_op_init(void);

#define DOOR(name) \
    long name(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, \
              uint64_t a4, uint64_t a5)

DOOR(do_memory_op);      /* cmd, arg */
DOOR(do_xen_version);    /* cmd, arg */
DOOR(do_console_io);     /* cmd, count, buffer */
DOOR(do_platform_op);    /* arg */
DOOR(do_domctl);         /* arg */
DOOR(do_sysctl);         /* arg */
DOOR(do_vm_assist);      /* cmd, type */
DOOR(do_dm_op);          /* domid, number of buffers, buffers */
DOOR(do_mca);            /* arg */
DOOR(do_xenpmu_op);      /* op, arg */
DOOR(do_xsm_op);         /* arg */

#endif
