/* SPDX-License-Identifier: MIT */
/*
 * core/serial.h - the 16550 UART of com1= (or com2=).
 *
 * Owns    a transmit buffer, drained 16 bytes at a time: by whoever writes,
 *         by the UART's interrupt once irq/ has connected it, and by polling
 *         after a panic.  Writers wait only when the buffer is full.
 * Locks   none of its own: the console lock covers every call.
 */
#ifndef CORE_SERIAL_H
#define CORE_SERIAL_H

#include <hv/types.h>

/* "115200,8n1,0x3f8,4" as in com1=; parts may be missing. */
void serial_configure(unsigned int com, const char *spec);
void serial_init(void);
bool serial_present(void);
unsigned int serial_irq(void);          /* legacy IRQ number */
void serial_write(const char *s, size_t n);
/* From the interrupt: received bytes go to @input; refills the FIFO. */
void serial_interrupt(void (*input)(char c));
/* Interrupts will come: let THRE drive the transmitter. */
void serial_irq_ready(void);
void serial_drain(void);                /* everything out */
/* Write everything out and stay synchronous (panic). */
void serial_sync(void);

#endif
