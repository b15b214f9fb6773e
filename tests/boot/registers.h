/* SPDX-License-Identifier: MIT */
/*
 * boot/registers.h - where each CPU was, from the registers QEMU writes down.
 *
 * Owns    what of such a dump is worth a line: general registers, RIP, the
 *         segments and tables an exception needs, control registers.
 * Tests   tests/unit/boot/test_registers.c
 */
#ifndef BOOT_REGISTERS_H
#define BOOT_REGISTERS_H

#include <stdbool.h>
#include <stdio.h>

/* Does this line of a dump go to the log? */
bool registers_wanted(const char *line);

/*
 * From the log of -d cpu_reset, @resets, to @log: the registers of each CPU as
 * the last reset of the whole machine found them.  True: a triple fault was
 * the reason.
 */
bool registers_of_reset(FILE *resets, FILE *log);

#endif
