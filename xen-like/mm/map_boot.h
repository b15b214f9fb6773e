/* SPDX-License-Identifier: MIT */
/*
 * mm/map_boot.h - steps of start-up that init/ calls on mm/map.
 */
#ifndef MM_MAP_BOOT_H
#define MM_MAP_BOOT_H

#include <hv/types.h>

/* Build idle_l4: image, direct map, frame table, M2P; switch to it. */
void map_init(void);
/* Frames for new tables come from the buddy allocator from now on. */
void map_use_buddy(void);
/* CR3 of idle_l4. */
uint64_t map_idle_cr3(void);
/* Unmap and free .boot.*; the caller runs on another stack. */
void map_discard_boot(void);

#endif
