/* SPDX-License-Identifier: MIT */
/*
 * init/main.h - the order of start-up.
 */
#ifndef INIT_MAIN_H
#define INIT_MAIN_H

#include <hv/compiler.h>

/* boot_info is filled; on the boot stack, temporary page tables. */
noreturn void init_main(void);

#endif
