/* SPDX-License-Identifier: MIT */
/*
 * entry/entry.h - the second half of the entry facts (tables.c).
 */
#ifndef GUESTS_ENTRY_ENTRY_H
#define GUESTS_ENTRY_ENTRY_H

#include <lib/types.h>

void entry_run_tables(void);

#endif
