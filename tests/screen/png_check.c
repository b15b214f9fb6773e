/* SPDX-License-Identifier: MIT */
/*
 * Looks into a PNG file.
 *
 *   png_check FILE.png PICTURE.raw    status 0 if every pixel is that of the
 *                                     raw file (32 bits, top byte ignored)
 *   png_check FILE.png                size, number of colours, and the pixels
 *                                     as 32 bits with a zero top byte to
 *                                     standard output if that is no terminal
 */
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare(const png_image *image, const uint32_t *have,
                   const char *path)
{
    size_t n = (size_t)image->width * image->height, i;
    uint32_t *want = calloc(n + 1, 4);
    FILE *f = fopen(path, "re");

    if (f == NULL || want == NULL || fread(want, 4, n + 1, f) != n) {
        fprintf(stderr, "%s: not %ux%u pixels\n", path, image->width,
                image->height);
        return 1;
    }
    fclose(f);
    for (i = 0; i < n; i++) {
        if (((have[i] ^ want[i]) & 0xffffff) != 0) {
            fprintf(stderr, "pixel %zu,%zu is %06x, not %06x\n",
                    i % image->width, i / image->width, have[i] & 0xffffff,
                    want[i] & 0xffffff);
            return 1;
        }
    }
    free(want);
    return 0;
}

static unsigned int count_other(const uint32_t *p, size_t n)
{
    unsigned int other = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        other += (p[i] & 0xffffff) != (p[0] & 0xffffff);
    }
    return other;
}

int main(int argc, char **argv)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    uint32_t *pixels;
    size_t n, i;

    if (argc < 2 || argc > 3 || !png_image_begin_read_from_file(&image, argv[1])) {
        fprintf(stderr, "png_check: %s\n", argc > 1 ? image.message : "usage");
        return 2;
    }
    image.format = PNG_FORMAT_BGRA;
    n = (size_t)image.width * image.height;
    pixels = calloc(n, 4);
    if (pixels == NULL ||
        !png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
        fprintf(stderr, "png_check: %s\n", image.message);
        return 2;
    }
    if (argc == 3) {
        return compare(&image, pixels, argv[2]);
    }
    fprintf(stderr, "%ux%u, %u pixels unlike the first\n", image.width,
            image.height, count_other(pixels, n));
    for (i = 0; i < n; i++) {
        pixels[i] &= 0xffffff;
    }
    if (!isatty(1)) {
        fwrite(pixels, 4, n, stdout);
    }
    free(pixels);
    return 0;
}
