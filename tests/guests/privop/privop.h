/* SPDX-License-Identifier: MIT */
/*
 * privop/privop.h - the parts of the privop guest.
 */
#ifndef GUESTS_PRIVOP_PRIVOP_H
#define GUESTS_PRIVOP_PRIVOP_H

void run_ports(void);       /* ports.c: port I/O, assists */
void run_descriptors(void); /* descriptors.c: GDT, LDT, segment bases */

#endif
