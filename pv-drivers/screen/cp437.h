/* SPDX-License-Identifier: MIT */
/*
 * screen/cp437.h - a screen of characters as lines of text.
 *
 * Owns    the table from code page 437, in which a PC's BIOS shows text.
 * Tests   tests/unit/pvdrv/test_screen.c
 */
#ifndef SCREEN_CP437_H
#define SCREEN_CP437_H

#include <stdint.h>

struct buf;

/* @rows lines of UTF-8, without blanks at their ends.  0 or -errno. */
int cp437_lines(const uint8_t *cells, uint32_t cols, uint32_t rows,
                struct buf *out);

#endif
