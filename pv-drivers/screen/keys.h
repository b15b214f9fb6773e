/* SPDX-License-Identifier: MIT */
/*
 * screen/keys.h - what a key is called, typed and numbered.
 *
 * Owns    one table: Linux key codes with their names, X11 keysyms and the
 *         characters of the US layout.
 * Tests   tests/unit/pvdrv/test_screen.c
 */
#ifndef SCREEN_KEYS_H
#define SCREEN_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* The code of an X11 keysym, or 0.  A shifted character gives its key. */
unsigned int keys_of_keysym(uint32_t keysym);

/* The code of "KEY_A", "a", "Enter", "ctrl", "30" or "0x1e", or 0. */
unsigned int keys_of_name(const char *name);

/* The code that types @c, and whether with Shift; 0: no key does. */
unsigned int keys_of_char(char c, bool *shift);

#endif
