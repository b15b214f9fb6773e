/* SPDX-License-Identifier: MIT */
/*
 * irq/vector.h - which vector means what.
 *
 * 0x20-0x2f spurious 8259, 0x30-0xef devices (0x80 and 0x82 are left to
 * software interrupts of guests), 0xf0-0xff the local APIC and IPIs.
 */
#ifndef IRQ_VECTOR_H
#define IRQ_VECTOR_H

#define VECTOR_LEGACY      0x20u
#define VECTOR_DEV_FIRST   0x30u
#define VECTOR_DEV_LAST    0xefu
#define VECTOR_SYSCALL80   0x80u
#define VECTOR_SYSCALL82   0x82u
#define VECTOR_EVENT_CHECK 0xfau
#define VECTOR_CALL        0xfbu
#define VECTOR_TIMER       0xfcu
#define VECTOR_ERROR       0xfeu
#define VECTOR_SPURIOUS    0xffu

/* A free device vector, or 0. */
unsigned int vector_alloc(void);
void vector_free(unsigned int vector);

#endif
