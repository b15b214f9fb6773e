/* SPDX-License-Identifier: MIT */
/*
 * entry/entry.h - what the .S files call, and the symbols it defines.
 */
#ifndef ENTRY_ENTRY_H
#define ENTRY_ENTRY_H

struct cpu_regs;

/* One C handler per vector; @regs is the frame (the guest's when CS says). */
void handle_vector(struct cpu_regs *regs);

/* Boot: INT3, INTO and INT 0x80 are open to ring 3. */
void traps_init(void);

/* Address of the iretq that leaves to a guest: a fault there is the guest's. */
extern const char pv_iretq[];

#endif
