/* SPDX-License-Identifier: MIT */
/*
 * screen/png.h - a picture as a PNG file.
 *
 * Owns    the encoding; libpng is used here only.
 * Tests   tests/unit/pvdrv/test_screen.c
 */
#ifndef SCREEN_PNG_H
#define SCREEN_PNG_H

#include <stdint.h>

struct buf;

/* Append the file to @out.  0, -ENOMEM, -ENOSPC (its limit) or -EIO. */
int png_of_pixels(const uint32_t *pixels, int32_t width, int32_t height,
                  struct buf *out);

#endif
