/* SPDX-License-Identifier: MIT */
/*
 * mm/heap.h - memory of the hypervisor's own objects.
 *
 * Owns    size classes 32..2048 bytes cut from pages; larger sizes are whole
 *         pages of the buddy allocator.  Memory is zeroed.
 * Locks   heap lock (irqsave) inside.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include <hv/types.h>

void *must_check heap_alloc(size_t bytes);
void heap_free(void *p);

/* 2^order zeroed pages of the hypervisor, by direct-map address. */
void *must_check heap_alloc_pages(unsigned int order);
void heap_free_pages(void *va, unsigned int order);

#define heap_new(type) ((type *)heap_alloc(sizeof(type)))
#define heap_new_array(type, n) ((type *)heap_alloc(sizeof(type) * (n)))

#endif
