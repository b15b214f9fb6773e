/* SPDX-License-Identifier: MIT */
/*
 * traps/main.c - runs the three groups of trap facts.  ABI: xen/xen.h
 * (set_trap_table, TI_*), xen/callback.h, xen/arch-x86/xen-x86_64.h
 * (iret_context).
 */
#include <lib/guest.h>
#include <lib/report.h>

#include "traps.h"

void guest_main(void)
{
    run_exceptions();
    run_returns();
    run_user();
    report_end();
}
