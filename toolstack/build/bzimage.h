/* SPDX-License-Identifier: MIT */
/*
 * build/bzimage.h - a kernel file into the ELF image that it carries.
 *
 * Owns    the Linux/x86 boot header (Documentation/arch/x86/boot.rst): where
 *         the payload is; reading the file with a size cap.
 * Leaves  decompression to unpack.h, the image itself to pv_kernel.h.
 * Tests   tests/unit/toolstack/test_kernel.c
 */
#ifndef BUILD_BZIMAGE_H
#define BUILD_BZIMAGE_H

#include <build/unpack.h>

#define KERNEL_FILE_MAX  (256u << 20)
#define KERNEL_IMAGE_MAX (512u << 20)
#define INITRD_FILE_MAX  (1ull << 31)

/* The whole of a file; -EFBIG above @max.  @what names it in messages. */
int bytes_read_file(const char *path, const char *what, size_t max,
                    struct bytes *out, struct err *e);

/*
 * The ELF image of a kernel: a bzImage's payload, a packed ELF file, or the
 * file itself.  On success *@image owns its memory and @file is empty.
 */
int kernel_image(struct bytes *file, struct bytes *image, struct err *e);

#endif
