/* SPDX-License-Identifier: MIT */
/*
 * arch/sections.h - the boundaries boot/hv.lds.S draws in the image.
 *
 * Shapes  all page-aligned.  _load_end: end of the bytes in the file.
 */
#ifndef ARCH_SECTIONS_H
#define ARCH_SECTIONS_H

#include <stdint.h>

extern char _image_start[], _image_end[];
extern char _boot_data_start[], _boot_data_end[];
extern char _text_start[], _text_end[];
extern char _rodata_start[], _rodata_end[];
extern char _data_start[], _data_end[];
extern char _percpu_start[], _percpu_end[];
extern uint64_t boot_phys_base;      /* where _image_start lies in RAM */

#endif
