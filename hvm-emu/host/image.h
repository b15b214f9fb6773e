/* SPDX-License-Identifier: MIT */
/*
 * host/image.h - a disk image behind an emulated drive.
 *
 * Owns    one operation at a time, through a buffer of its own, over
 *         back/blk_image (files, block devices, a storage daemon for qcow2)
 *         and its lock.  An operation ends in a call from the loop, never
 *         from within image_start().
 * Tests   tests/unit/hvm-emu/frame/test_ide.c
 */
#ifndef HOST_IMAGE_H
#define HOST_IMAGE_H

#include <frame/config.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct image;
struct machine;

#define IMAGE_BUFFER (128u * 1024)

enum image_op { IMAGE_READ, IMAGE_WRITE, IMAGE_FLUSH };

/* @res: 0 or -errno. */
typedef void image_done_fn(void *arg, int res);

/* Opened, locked, ready; without a path: of 0 bytes.  NULL with @e filled. */
struct image *image_open(struct machine *m, const struct emu_disk *d,
                         struct err *e);
/* Waits for what is under way (its end is not reported), drops the lock. */
void image_close(struct image *img);

uint64_t image_bytes(const struct image *img);
bool image_readonly(const struct image *img);
uint8_t *image_buffer(struct image *img);

/*
 * @bytes (at most IMAGE_BUFFER, whole sectors) between the buffer's start and
 * @offset.  Nothing else may be under way.
 */
void image_start(struct image *img, enum image_op op, uint64_t offset,
                 uint32_t bytes, image_done_fn *fn, void *arg);
/*
 * Another raw file, locked by whoever opened it, or -1: none, 0 bytes.  It is
 * taken over if 0 is returned; the one before is closed in any case.  Nothing
 * may be under way.
 */
int image_swap(struct image *img, int fd, uint64_t bytes);
/* Until nothing is under way; ends are reported. */
void image_drain(struct image *img);

#endif
