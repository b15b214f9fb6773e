/* SPDX-License-Identifier: MIT */
/*
 * guest/guest_mem.h - guest memory, through mapped windows.
 *
 * Owns    a bounded cache of mapped pieces of guest memory.  Frames that are
 *         not there (holes, device windows) are refused, never touched.
 *         What lies there may change at any moment: read once, into a copy.
 * Tests   tests/unit/hvm-emu/frame/test_request.c
 */
#ifndef GUEST_GUEST_MEM_H
#define GUEST_GUEST_MEM_H

#include <stddef.h>
#include <stdint.h>

struct guest_mem;
struct machine;

struct guest_mem *guest_mem_new(struct machine *m);
void guest_mem_free(struct guest_mem *g);

/* 0, or -1: a byte of it lies in no memory.  What was before is copied. */
int guest_read(struct machine *m, uint64_t gpa, void *buf, size_t len);
int guest_write(struct machine *m, uint64_t gpa, const void *buf, size_t len);

/* The hypervisor said that frames went away or moved. */
void guest_mem_forget(struct machine *m);

#endif
