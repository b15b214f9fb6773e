/* SPDX-License-Identifier: MIT */
/*
 * PNG files through libpng, into memory.  Covered by
 * tests/unit/pvdrv/test_screen.c.
 */
#include <screen/png.h>

#include <lib/buf.h>

#include <errno.h>
#include <png.h>
#include <setjmp.h>

struct sink {
    struct buf *out;
    int rc;
};

static void on_data(png_structp png, png_bytep data, size_t len)
{
    struct sink *s = png_get_io_ptr(png);

    s->rc = buf_add(s->out, data, len);
    if (s->rc != 0) {
        png_error(png, "no room");
    }
}

static void on_flush(png_structp png)
{
}

static void on_message(png_structp png, png_const_charp text)
{
}

static void on_error(png_structp png, png_const_charp text)
{
    png_longjmp(png, 1);
}

static void write_rows(png_structp png, png_infop info, const uint32_t *pixels,
                       int32_t width, int32_t height)
{
    int32_t y;

    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 3);
    png_write_info(png, info);
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    for (y = 0; y < height; y++) {
        png_write_row(png, (png_const_bytep)(pixels + (size_t)y * width));
    }
    png_write_end(png, info);
}

int png_of_pixels(const uint32_t *pixels, int32_t width, int32_t height,
                  struct buf *out)
{
    struct sink s = { .out = out };
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
                                              on_error, on_message);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;

    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return -ENOMEM;
    }
    if (setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        return s.rc != 0 ? s.rc : -EIO;
    }
    png_set_write_fn(png, &s, on_data, on_flush);
    write_rows(png, info, pixels, width, height);
    png_destroy_write_struct(&png, &info);
    return 0;
}
