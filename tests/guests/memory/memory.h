/* SPDX-License-Identifier: MIT */
/*
 * memory/memory.h - the parts of the memory guest.
 */
#ifndef GUESTS_MEMORY_MEMORY_H
#define GUESTS_MEMORY_MEMORY_H

void run_grants(void); /* grants.c */

#endif
