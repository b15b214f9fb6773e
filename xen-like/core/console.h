/* SPDX-License-Identifier: MIT */
/*
 * core/console.h - one stream of text: ours and the control domain's.
 *
 * Owns    the ring sysctl readconsole reads, output to serial and VGA, and
 *         who gets typed characters (ctrl-a three times switches between the
 *         control domain and our key handlers).
 * Locks   console lock (LOCK_CONSOLE, irqsave); any context.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <hv/types.h>

#define CONSOLE_RING_SIZE 16384u

void console_init(void);             /* after params_parse() */
/* Text to the ring and, if @loud, to serial and VGA. */
void console_write(const char *s, size_t n, bool loud);
/* The control domain's text: to serial and VGA, not into our ring. */
void console_write_guest(const char *s, size_t n);

/*
 * Copy ring bytes from index *@index (bytes since boot; too old ones are
 * skipped) to @buf; *@index: the next.  Returns the count.
 */
size_t console_read_ring(char *buf, size_t size, uint32_t *index);
void console_clear_ring(void);

/* Typed characters for the control domain: CONSOLEIO_read. */
size_t console_read_input(char *buf, size_t size);
/* Called (interrupts off) when input arrives: raises VIRQ_CONSOLE. */
void console_set_input_hook(void (*hook)(void));
/* The UART's interrupt handler. */
void console_interrupt(void);
void console_irq_ready(void);
/* What was written is out when this returns. */
void console_drain(void);
/* Panic: no locks, everything out, now and from now on. */
void console_sync(void);
/* The control domain drives the screen now. */
void console_release_vga(void);

#endif
