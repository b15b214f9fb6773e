/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/elf: what is accepted, and that foreign numbers never lead
 * outside the image (the sanitizers watch the reads).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/errno.h>
#include <lib/elf.h>

#define IMG_SIZE 512

/* A small image: ELF header, PT_LOAD, PT_NOTE, notes at 256. */
static uint8_t *make_image(void)
{
    uint8_t *p = calloc(1, IMG_SIZE);
    static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
    uint64_t load[7] = { 1 | 5ull << 32, 0, 0xffffffff80100000, 0x100000,
                         IMG_SIZE, 0x3000, 4096 };
    uint64_t note[7] = { 4 | 4ull << 32, 256, 0, 0, 64, 64, 4 };
    uint32_t virt_base[4] = { 4, 8, 3, 0x6e6558 };
    uint32_t os[4] = { 4, 6, 6, 0x6e6558 };
    uint64_t base = 0xffffffff80000000;

    memcpy(p, ident, sizeof(ident));
    p[16] = 2;                       /* ET_EXEC */
    p[18] = 62;                      /* x86-64 */
    p[24] = 0x78;                    /* entry */
    p[32] = 64;                      /* phoff */
    p[54] = 56;
    p[56] = 2;                       /* phnum */
    memcpy(p + 64, load, 56);
    memcpy(p + 120, note, 56);
    memcpy(p + 256, virt_base, 16);
    memcpy(p + 272, &base, 8);
    memcpy(p + 280, os, 16);
    memcpy(p + 296, "linux", 6);
    /* The rest of the 64 bytes: an empty note of another owner. */
    p[304] = 0;
    return p;
}

/* The same for i386, as GRUB for PVH is one. */
static uint8_t *make_32bit_image(void)
{
    uint8_t *p = calloc(1, IMG_SIZE);
    static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };
    uint32_t load[8] = { 1, 0, 0x100000, 0x100000, IMG_SIZE, 0x3000, 7, 4096 };
    uint32_t note[8] = { 4, 256, 0, 0, 20, 0, 4, 4 };
    uint32_t entry[5] = { 4, 4, 18, 0x6e6558, 0x100000 };

    memcpy(p, ident, sizeof(ident));
    p[16] = 2;                       /* ET_EXEC */
    p[18] = 3;                       /* i386 */
    p[28] = 52;                      /* phoff */
    p[42] = 32;
    p[44] = 2;                       /* phnum */
    memcpy(p + 52, load, 32);
    memcpy(p + 84, note, 32);
    memcpy(p + 256, entry, 20);
    return p;
}

static void reads_a_32bit_image_where_it_may_be_one(void **state)
{
    uint8_t *p = make_32bit_image();
    struct elf_image img;
    struct elf_xen_notes n;
    uint64_t start, end;

    assert_int_equal(elf_init(&img, p, IMG_SIZE), -ENOEXEC);
    assert_int_equal(elf_init_32bit(&img, p, IMG_SIZE), 0);
    assert_int_equal(elf_xen_notes(&img, &n), 0);
    assert_true(n.has_phys32_entry && n.phys32_entry == 0x100000);
    assert_int_equal(elf_load_range(&img, &start, &end), 0);
    assert_true(start == 0x100000 && end == 0x103000);
    free(p);
    p = make_image();
    assert_int_equal(elf_init_32bit(&img, p, IMG_SIZE), -ENOEXEC);
    free(p);
}

static void reads_the_notes_of_an_image(void **state)
{
    uint8_t *p = make_image();
    struct elf_image img;
    struct elf_xen_notes n;

    assert_int_equal(elf_init(&img, p, IMG_SIZE), 0);
    assert_int_equal(elf_xen_notes(&img, &n), 0);

    assert_true(n.present);
    assert_true(n.has_virt_base);
    assert_false(n.has_entry);
    assert_true(n.virt_base == 0xffffffff80000000);
    assert_string_equal(n.guest_os, "linux");
    free(p);
}

static void gives_the_span_of_the_loaded_segments(void **state)
{
    uint8_t *p = make_image();
    struct elf_image img;
    uint64_t start, end;

    assert_int_equal(elf_init(&img, p, IMG_SIZE), 0);
    assert_int_equal(elf_load_range(&img, &start, &end), 0);

    assert_true(start == 0x100000 && end == 0x103000);
    free(p);
}

/* {offset, byte}: each makes the image unacceptable to one of the calls. */
static void refuses_each_spoilt_header(void **state)
{
    static const struct {
        unsigned int at;
        uint8_t byte;
    } spoil[] = {
        { 0, 0 }, { 4, 1 }, { 18, 3 }, { 54, 57 }, { 56, 0 }, { 56, 65 },
        { 39, 0x7f },                /* phoff beyond the image */
        { 64 + 32 + 3, 1 },          /* filesz of PT_LOAD beyond */
        { 64 + 15, 0x80 },           /* offset of PT_LOAD beyond */
        { 120 + 8 + 1, 0xff },       /* PT_NOTE outside */
        { 260, 200 },                /* descsz runs out of the segment */
        { 256, 200 },                /* namesz runs out of the segment */
        { 64 + 40 + 1, 0 },          /* memsz < filesz */
        { 64 + 24 + 7, 0xff },       /* paddr + memsz */
    };

    for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
        uint8_t *p = make_image();
        struct elf_image img;
        struct elf_xen_notes n;
        uint64_t a, b;

        p[spoil[i].at] = spoil[i].byte;
        if (i == 13) {
            memset(p + 64 + 24, 0xff, 8);
        }
        if (elf_init(&img, p, IMG_SIZE) == 0 &&
            elf_load_range(&img, &a, &b) == 0) {
            assert_int_equal(elf_xen_notes(&img, &n), -ENOEXEC);
        }
        free(p);
    }
}

/* Every truncation of a good image is refused or stays inside its bytes. */
static void truncations_stay_inside(uint8_t *whole,
                                    int (*init)(struct elf_image *img,
                                                const void *data,
                                                uint64_t size))
{
    for (size_t size = 0; size < IMG_SIZE; size++) {
        uint8_t *p = malloc(size != 0 ? size : 1);
        struct elf_image img;
        struct elf_xen_notes n;
        uint64_t a, b;

        memcpy(p, whole, size);
        if (init(&img, p, size) == 0) {
            assert_int_not_equal(elf_load_range(&img, &a, &b), 0);
            (void)elf_xen_notes(&img, &n);
        }
        free(p);
    }
    free(whole);
}

static void truncated_images_stay_inside(void **state)
{
    truncations_stay_inside(make_image(), elf_init);
    truncations_stay_inside(make_32bit_image(), elf_init_32bit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_notes_of_an_image),
        cmocka_unit_test(reads_a_32bit_image_where_it_may_be_one),
        cmocka_unit_test(gives_the_span_of_the_loaded_segments),
        cmocka_unit_test(refuses_each_spoilt_header),
        cmocka_unit_test(truncated_images_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
