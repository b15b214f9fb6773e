/* SPDX-License-Identifier: MIT */
/*
 * core/vga.h - 80x25 text, until the control domain takes the screen.
 */
#ifndef CORE_VGA_H
#define CORE_VGA_H

#include <hv/types.h>

/* @text: the 32 KiB at 0xb8000, mapped; NULL: the screen is not ours. */
void vga_init(void *text);
void vga_write(const char *s, size_t n);
/* Somebody else draws now; after a panic we write over it. */
void vga_release(void);
void vga_reclaim(void);

#endif
