/* SPDX-License-Identifier: MIT */
/*
 * mm/frame_table_init.h - boot-time filling of the frame table.
 *
 * Every frame begins as I/O space (holes, ROM, the first MiB: the control
 * domain's drivers may map them); RAM is marked range by range, then given
 * to mm/buddy unless something lives in it.
 */
#ifndef MM_FRAME_TABLE_INIT_H
#define MM_FRAME_TABLE_INIT_H

#include <hv/types.h>

/* The array for @nr_frames frames is mapped: make all of them I/O. */
void frame_table_init(uint64_t nr_frames);
/* [start, end) is RAM above 1 MiB: owned by nobody yet. */
void frame_table_set_ram(mfn_t start, mfn_t end);

#endif
