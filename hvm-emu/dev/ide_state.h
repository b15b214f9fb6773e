/* SPDX-License-Identifier: MIT */
/*
 * dev/ide_state.h - the table of what an IDE controller remembers.
 *
 * Owns    the fields and the check of loaded ones.  It is saved when no image
 *         is busy (run/main waits), so a command is between two buffers.
 * Tests   tests/unit/hvm-emu/frame/test_ide.c
 */
#ifndef DEV_IDE_STATE_H
#define DEV_IDE_STATE_H

#include <frame/state.h>

extern const struct state_table ide_state;

#endif
