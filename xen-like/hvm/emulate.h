/* SPDX-License-Identifier: MIT */
/*
 * hvm/emulate.h - callbacks of the instruction emulator for guests whose
 * memory and devices are virtual.
 *
 * The bytes of an instruction are read once; until it is done (a device
 * model may be asked in between) only that copy counts.
 */
#ifndef HVM_EMULATE_H
#define HVM_EMULATE_H

#include <hvm/exit.h>

#endif
