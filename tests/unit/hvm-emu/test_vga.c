/* SPDX-License-Identifier: MIT */
/*
 * The VGA by its ports and memory alone, as a BIOS uses it: text against the
 * glyphs that were loaded, planes and write modes, VBE modes of every depth,
 * and what no register may lead to.
 */
#include "device_rig.h"

#include <dev/devices.h>
#include <dev/vga.h>
#include <dev/vga_pci.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WINDOW 0xa0000u
#define TEXT   0xb8000u

static void *dev;
static uint32_t *picture;

/* The device begins with its struct vga (vga_pci.c). */
static struct vga *vga(void)
{
    return dev;
}

static int setup(void **state)
{
    rig_start();
    rig.config.vga = "std";
    picture = calloc(VGA_MAX_PIXELS, 4);
    dev = vga_class.create(&rig.m, NULL);
    assert_non_null(dev);
    return 0;
}

static int teardown(void **state)
{
    vga_class.destroy(dev);
    rig_stop();
    free(picture);
    return 0;
}

/* ---- a BIOS ------------------------------------------------------------------------------ */

static void out(uint16_t port, uint8_t val)
{
    rig_write(RANGE_PORT, port, 1, val);
}

static uint8_t in(uint16_t port)
{
    return (uint8_t)rig_read(RANGE_PORT, port, 1);
}

static void reg(uint16_t port, uint8_t index, uint8_t val)
{
    rig_write(RANGE_PORT, port, 2, (uint64_t)val << 8 | index);
}

static void attr(uint8_t index, uint8_t val)
{
    in(0x3da);
    out(0x3c0, index);
    out(0x3c0, val);
}

static void colour(uint8_t index, uint8_t r, uint8_t g, uint8_t b)
{
    out(0x3c8, index);
    out(0x3c9, r);
    out(0x3c9, g);
    out(0x3c9, b);
}

static void vbe(uint16_t index, uint16_t val)
{
    rig_write(RANGE_PORT, 0x1ce, 2, index);
    rig_write(RANGE_PORT, 0x1cf, 2, val);
}

static uint16_t vbe_get(uint16_t index)
{
    rig_write(RANGE_PORT, 0x1ce, 2, index);
    return (uint16_t)rig_read(RANGE_PORT, 0x1cf, 2);
}

static void poke(uint32_t addr, uint8_t val)
{
    rig_write(RANGE_MMIO, addr, 1, val);
}

static uint8_t peek(uint32_t addr)
{
    return (uint8_t)rig_read(RANGE_MMIO, addr, 1);
}

/* Attributes i -> palette i -> gray 4 * i of 63. */
static void gray_palette(void)
{
    unsigned int i;

    for (i = 0; i < 16; i++) {
        attr((uint8_t)i, (uint8_t)i);
        colour((uint8_t)i, (uint8_t)(i * 4), (uint8_t)(i * 4),
               (uint8_t)(i * 4));
    }
    attr(ATTR_PLANES, 0x0f);
    in(0x3da);
    out(0x3c0, 0x20);                  /* the screen is on */
}

static uint32_t gray(unsigned int i)
{
    uint32_t c = i * 4;

    c = c << 2 | c >> 4;
    return c << 16 | c << 8 | c;
}

/* Mode 3 with cells of @lines. */
static void text_mode(unsigned int cols, unsigned int rows, unsigned int lines,
                      bool nine)
{
    unsigned int last = rows * lines - 1;

    out(0x3c2, 0x67);
    reg(0x3c4, SEQ_CLOCK, nine ? 0 : 1);
    reg(0x3c4, SEQ_PLANES, 3);
    reg(0x3c4, SEQ_MEMORY, 2);
    reg(0x3ce, GFX_MODE, 0x10);
    reg(0x3ce, GFX_MISC, 0x0e);
    reg(0x3ce, GFX_BITS, 0xff);
    reg(0x3d4, 0x11, 0);
    reg(0x3d4, 0x01, (uint8_t)(cols - 1));
    reg(0x3d4, 0x09, (uint8_t)(lines - 1));
    reg(0x3d4, 0x0a, 0x20);            /* no cursor */
    reg(0x3d4, 0x13, (uint8_t)(cols / 2));
    reg(0x3d4, 0x12, (uint8_t)last);
    reg(0x3d4, 0x07, (uint8_t)((last >> 7 & 2) | (last >> 3 & 0x40)));
    gray_palette();
}

/* A glyph of @ch into plane 2, as a BIOS does. */
static void load_glyph(uint8_t ch, const uint8_t *lines, unsigned int nr)
{
    unsigned int i;

    reg(0x3c4, SEQ_PLANES, 4);
    reg(0x3c4, SEQ_MEMORY, 6);
    reg(0x3ce, GFX_MODE, 0);
    reg(0x3ce, GFX_MISC, 4);
    for (i = 0; i < nr; i++) {
        poke(WINDOW + ch * 32u + i, lines[i]);
    }
    reg(0x3c4, SEQ_PLANES, 3);
    reg(0x3c4, SEQ_MEMORY, 2);
    reg(0x3ce, GFX_MODE, 0x10);
    reg(0x3ce, GFX_MISC, 0x0e);
}

static void put_char(unsigned int at, uint8_t ch, uint8_t colours)
{
    poke(TEXT + at * 2, ch);
    poke(TEXT + at * 2 + 1, colours);
}

/* ---- text ---------------------------------------------------------------------------------- */

static void text_is_drawn_with_the_guests_glyphs(void **state)
{
    static const uint8_t glyph[16] = { 0x81, 0x42, 0x24, 0x18, 0x18, 0x24,
                                       0x42, 0x81, 0xff, 0x00, 0xaa, 0x55,
                                       0x80, 0x01, 0xf0, 0x0f };
    unsigned int x, y;
    struct vga_size s;

    text_mode(80, 25, 16, false);
    load_glyph('A', glyph, 16);
    put_char(80 * 3 + 5, 'A', 0x2e);

    s = vga_draw_size(vga());
    assert_int_equal(s.width, 640);
    assert_int_equal(s.height, 400);
    vga_draw(vga(), picture);
    for (y = 0; y < 16; y++) {
        for (x = 0; x < 8; x++) {
            bool lit = (glyph[y] >> (7 - x) & 1) != 0;

            assert_int_equal(picture[(3 * 16 + y) * 640 + 5 * 8 + x],
                             gray(lit ? 14 : 2));
        }
    }
}

static void ninth_column_repeats_in_line_characters_only(void **state)
{
    static const uint8_t glyph[16] = { 0xff };
    struct vga_size s;

    text_mode(80, 25, 16, true);
    attr(ATTR_MODE, 0x04);
    gray_palette();
    load_glyph(0xc4, glyph, 16);
    load_glyph('x', glyph, 16);
    put_char(0, 0xc4, 0x07);
    put_char(1, 'x', 0x07);

    s = vga_draw_size(vga());
    assert_int_equal(s.width, 720);
    vga_draw(vga(), picture);
    assert_int_equal(picture[8], gray(7));
    assert_int_equal(picture[9 + 7], gray(7));
    assert_int_equal(picture[9 + 8], gray(0));
}

static void cursor_covers_its_lines(void **state)
{
    text_mode(80, 25, 16, false);
    put_char(81, ' ', 0x07);
    reg(0x3d4, 0x0a, 14);
    reg(0x3d4, 0x0b, 15);
    reg(0x3d4, 0x0e, 0);
    reg(0x3d4, 0x0f, 81);

    vga_draw(vga(), picture);
    assert_int_equal(picture[(16 + 13) * 640 + 8], gray(0));
    assert_int_equal(picture[(16 + 14) * 640 + 8], gray(7));
    assert_int_equal(picture[(16 + 15) * 640 + 15], gray(7));
    assert_int_equal(picture[(16 + 15) * 640 + 16], gray(0));
}

static void characters_can_be_read_back_scrolled_too(void **state)
{
    uint8_t cells[VGA_TEXT_MAX];
    struct vga_text t;
    unsigned int i;

    text_mode(80, 25, 16, false);
    for (i = 0; i < 5; i++) {
        put_char(80 + i, (uint8_t)"GRUB!"[i], 7);
    }
    reg(0x3d4, 0x0c, 0);
    reg(0x3d4, 0x0d, 80);              /* the display starts a row later */

    t = vga_text_mode(vga());
    assert_int_equal(t.cols, 80);
    assert_int_equal(t.rows, 25);
    vga_text_read(vga(), &t, cells);
    assert_memory_equal(cells, "GRUB!", 5);
}

static void blanked_screen_is_black(void **state)
{
    text_mode(80, 25, 16, false);
    put_char(0, ' ', 0x70);
    vga_draw(vga(), picture);
    assert_int_equal(picture[0], gray(7));

    in(0x3da);
    out(0x3c0, 0);                     /* the screen is off */
    vga_draw(vga(), picture);
    assert_int_equal(picture[0], 0);
}

/* ---- planes ---------------------------------------------------------------------------------- */

static void planar_mode(void)
{
    out(0x3c2, 0x67);
    reg(0x3c4, SEQ_CLOCK, 1);
    reg(0x3c4, SEQ_PLANES, 0xf);
    reg(0x3c4, SEQ_MEMORY, 6);
    reg(0x3ce, GFX_MODE, 0);
    reg(0x3ce, GFX_MISC, 5);
    reg(0x3ce, GFX_NOCARE, 0xf);
    reg(0x3ce, GFX_BITS, 0xff);
    reg(0x3d4, 0x11, 0);
    reg(0x3d4, 0x01, 79);
    reg(0x3d4, 0x09, 0x40);
    reg(0x3d4, 0x12, 0xdf);
    reg(0x3d4, 0x07, 0x12);
    reg(0x3d4, 0x13, 40);
    reg(0x3d4, 0x17, 0xe3);
    reg(0x3d4, 0x18, 0xff);
    gray_palette();
}

/* Each row: latches, registers, the byte, what the four planes have then. */
static void write_modes_do_what_the_manual_says(void **state)
{
    static const struct {
        uint32_t latch;
        uint8_t mode, set, set_enable, op, bits, planes, byte;
        uint32_t expected;
    } t[] = {
        { 0x00000000, 0, 0, 0, 0, 0xff, 0xf, 0x5a, 0x5a5a5a5a },
        { 0x11223344, 0, 0, 0, 0, 0xff, 0x5, 0x5a, 0x115a335a },
        { 0x00000000, 0, 0, 0, 3, 0xff, 0xf, 0x0f, 0xe1e1e1e1 },
        { 0x00000000, 0, 0x5, 0xf, 0, 0xff, 0xf, 0x33, 0x00ff00ff },
        { 0x00000000, 0, 0x5, 0x3, 0, 0xff, 0xf, 0x33, 0x333300ff },
        { 0xf0f0f0f0, 0, 0, 0, 0, 0x0f, 0xf, 0xff, 0xffffffff },
        { 0xf0f0f0f0, 0, 0, 0, 0, 0x3c, 0xf, 0x00, 0xc0c0c0c0 },
        { 0xff00ff00, 0, 0, 0, 0x08, 0xff, 0xf, 0x3c, 0x3c003c00 },
        { 0xff00ff00, 0, 0, 0, 0x10, 0xff, 0xf, 0x3c, 0xff3cff3c },
        { 0xff00ff00, 0, 0, 0, 0x18, 0xff, 0xf, 0x3c, 0xc33cc33c },
        { 0x12345678, 1, 0xf, 0xf, 0x18, 0x00, 0xf, 0xff, 0x12345678 },
        { 0x00000000, 2, 0, 0, 0, 0xff, 0xf, 0x0a, 0xff00ff00 },
        { 0x0f0f0f0f, 2, 0, 0, 0, 0xf0, 0xf, 0x0c, 0xffff0f0f },
        { 0x00000000, 3, 0x9, 0, 0, 0xff, 0xf, 0x81, 0x81000081 },
        { 0xffffffff, 3, 0x0, 0, 0, 0x0f, 0xf, 0x3c, 0xf3f3f3f3 },
    };
    uint32_t word;
    size_t i;

    planar_mode();
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        memcpy(vga()->mem + 400, &t[i].latch, 4);
        reg(0x3ce, GFX_MODE, 0);
        peek(WINDOW + 100);            /* into the latches */
        reg(0x3ce, GFX_MODE, t[i].mode);
        reg(0x3ce, GFX_SET, t[i].set);
        reg(0x3ce, GFX_SET_ENABLE, t[i].set_enable);
        reg(0x3ce, GFX_OP, t[i].op);
        reg(0x3ce, GFX_BITS, t[i].bits);
        reg(0x3c4, SEQ_PLANES, t[i].planes);
        poke(WINDOW + 100, t[i].byte);
        memcpy(&word, vga()->mem + 400, 4);
        if (word != t[i].expected) {
            printf("row %zu: %08x, expected %08x\n", i, word, t[i].expected);
        }
        assert_int_equal(word, t[i].expected);
    }
}

static void reads_choose_a_plane_or_compare_colours(void **state)
{
    planar_mode();
    memcpy(vga()->mem + 400, "\x0f\x33\x55\xff", 4);

    reg(0x3ce, GFX_READ, 2);
    assert_int_equal(peek(WINDOW + 100), 0x55);
    reg(0x3ce, GFX_MODE, 8);
    reg(0x3ce, GFX_COMPARE, 0xf);
    assert_int_equal(peek(WINDOW + 100), 0x0f & 0x33 & 0x55 & 0xff);
    reg(0x3ce, GFX_NOCARE, 0x1);
    assert_int_equal(peek(WINDOW + 100), 0x0f);
}

static void sixteen_colours_are_drawn_from_four_planes(void **state)
{
    struct vga_size s;
    unsigned int x;

    planar_mode();
    memcpy(vga()->mem + 320 * 2, "\xaa\xcc\xf0\x0f", 4);

    s = vga_draw_size(vga());
    assert_int_equal(s.width, 640);
    assert_int_equal(s.height, 480);
    vga_draw(vga(), picture);
    for (x = 0; x < 8; x++) {
        unsigned int c = (0xaa >> (7 - x) & 1) | (0xcc >> (7 - x) & 1) << 1 |
                         (0xf0 >> (7 - x) & 1) << 2 |
                         (0x0f >> (7 - x) & 1) << 3;

        assert_int_equal(picture[2 * 640 + x], gray(c));
    }
}

/* Mode 13h is shown as 640 by 400. */
static void chained_bytes_are_256_colours(void **state)
{
    struct vga_size s;

    planar_mode();
    reg(0x3c4, SEQ_MEMORY, 0x0e);
    reg(0x3ce, GFX_MODE, 0x40);
    reg(0x3d4, 0x09, 0x41);
    reg(0x3d4, 0x12, 0x8f);
    colour(200, 63, 0, 32);
    poke(WINDOW + 320 + 7, 200);

    assert_int_equal(peek(WINDOW + 320 + 7), 200);
    s = vga_draw_size(vga());
    assert_int_equal(s.width, 640);
    assert_int_equal(s.height, 400);
    vga_draw(vga(), picture);
    assert_int_equal(picture[2 * 640 + 14], 0xff0082);
    assert_int_equal(picture[3 * 640 + 15], 0xff0082);
    assert_int_equal(picture[2 * 640 + 16], 0);
}

/* ---- VBE ---------------------------------------------------------------------------------------- */

static void set_mode(uint16_t w, uint16_t h, uint16_t bpp)
{
    vbe(VBE_ENABLE, 0);
    vbe(VBE_WIDTH, w);
    vbe(VBE_HEIGHT, h);
    vbe(VBE_BPP, bpp);
    vbe(VBE_ENABLE, 0x41);
}

static void linear_modes_of_every_depth_are_drawn(void **state)
{
    static const struct {
        uint16_t bpp;
        uint8_t bytes[4];
        unsigned int pixel;            /* at which the bytes lie */
        uint32_t expected;
    } t[] = {
        { 8, { 77 }, 9, 0xff0000 },
        { 15, { 0x1f, 0x00 }, 9, 0x0000ff },
        { 15, { 0x00, 0x7c }, 9, 0xff0000 },
        { 16, { 0xe0, 0x07 }, 9, 0x00ff00 },
        { 24, { 0x33, 0x22, 0x11 }, 9, 0x112233 },
        { 32, { 0x33, 0x22, 0x11, 0xff }, 9, 0x112233 },
    };
    struct vga_size s;
    size_t i;

    colour(77, 63, 0, 0);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        unsigned int bytes = (t[i].bpp + 7u) / 8;

        set_mode(1024, 768, t[i].bpp);
        assert_int_equal(vbe_get(VBE_ENABLE), 0x41);
        memcpy(rig_bar_ram(0) + (5 * 1024 + t[i].pixel) * bytes, t[i].bytes,
               bytes);
        s = vga_draw_size(vga());
        assert_int_equal(s.width, 1024);
        assert_int_equal(s.height, 768);
        vga_draw(vga(), picture);
        assert_int_equal(picture[5 * 1024 + 9], t[i].expected);
    }
}

static void display_start_and_virtual_width_pan(void **state)
{
    set_mode(800, 600, 32);
    vbe(VBE_VIRT_WIDTH, 1600);
    vbe(VBE_X, 8);
    vbe(VBE_Y, 3);
    rig_bar_ram(0)[(3 * 1600 + 8) * 4] = 0x42;

    vga_draw(vga(), picture);
    assert_int_equal(picture[0], 0x42);
}

static void impossible_modes_do_not_begin(void **state)
{
    static const uint16_t t[][3] = {
        { 0, 600, 32 }, { 800, 0, 32 }, { 8192, 8192, 8 }, { 4096, 2048, 32 },
        { 8, 9000, 32 }, { 800, 600, 7 },
    };
    size_t i;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        vbe(VBE_ENABLE, 0);
        vbe(VBE_WIDTH, 0);
        vbe(VBE_HEIGHT, 0);
        vbe(VBE_BPP, 8);
        vga()->vbe[VBE_WIDTH] = vga()->vbe[VBE_HEIGHT] = 0;
        set_mode(t[i][0], t[i][1], t[i][2]);
        if (t[i][2] != 7) {
            assert_int_equal(vbe_get(VBE_ENABLE) & 1, 0);
        }
        assert_true(vga_valid(vga()));
    }
    assert_int_equal(vbe_get(VBE_BPP), 8);
}

static void registers_are_in_the_second_bar_too(void **state)
{
    rig_bar_write(2, 0x500 + 2 * VBE_WIDTH, 2, 640);
    assert_int_equal(vbe_get(VBE_WIDTH), 640);
    assert_int_equal(rig_bar_read(2, 0x500, 2), 0xb0c5);
    assert_int_equal(rig_bar_read(2, 0x500 + 2 * VBE_MEMORY, 2), 256);
    rig_bar_write(2, 0x400 + 2, 1, 0x67);
    assert_int_equal(in(0x3cc), 0x67);
    assert_int_equal(rig_bar_read(2, 0xff8, 8), UINT64_MAX);
}

static void banks_reach_all_memory(void **state)
{
    set_mode(1024, 768, 8);
    vbe(VBE_BANK, 11);
    poke(WINDOW + 5, 0x77);
    assert_int_equal(rig_bar_ram(0)[11 * 65536 + 5], 0x77);
    vbe(VBE_BANK, 0xffff);
    poke(WINDOW + 0xffff, 0x78);
    assert_int_equal(rig_bar_ram(0)[VGA_MEM_BYTES - 1], 0x78);
}

/* ---- the rest -------------------------------------------------------------------------------------- */

static void palette_is_read_as_it_was_written(void **state)
{
    colour(9, 1, 2, 3);
    out(0x3c7, 9);
    assert_int_equal(in(0x3c9), 1);
    assert_int_equal(in(0x3c9), 2);
    assert_int_equal(in(0x3c9), 3);
    assert_int_equal(in(0x3c7), 3);
}

static void timing_is_write_protected(void **state)
{
    out(0x3c2, 0x67);
    reg(0x3d4, 0x01, 79);
    reg(0x3d4, 0x11, 0x80);
    reg(0x3d4, 0x01, 39);
    out(0x3d4, 0x01);
    assert_int_equal(in(0x3d5), 79);
}

static void crt_controller_is_where_misc_says(void **state)
{
    out(0x3c2, 0x66);
    assert_int_equal(in(0x3d5), 0xff);
    reg(0x3b4, 0x13, 40);
    out(0x3b4, 0x13);
    assert_int_equal(in(0x3b5), 40);
}

static void rom_of_debian_fits_the_device(void **state)
{
    const char *path = "/usr/share/seabios/vgabios-stdvga.bin";
    unsigned int data;

    if (access(path, R_OK) != 0) {
        skip();
    }
    vga_class.destroy(dev);
    rig_stop();
    rig_start();
    rig.config.vga = "std";
    rig.config.vgabios = path;
    dev = vga_class.create(&rig.m, NULL);
    assert_non_null(dev);

    assert_int_equal(rig_rom_read(0, 2), 0xaa55);
    data = (unsigned int)rig_rom_read(0x18, 2);
    assert_int_equal(rig_rom_read(data, 4), 0x52494350);      /* "PCIR" */
    assert_int_equal(rig_rom_read(data + 4, 4), 0x11111234);
    assert_true(rig_rom_read(2, 1) * 512 <= 65536);
}

static void saved_registers_that_cannot_be_are_refused(void **state)
{
    set_mode(1024, 768, 32);
    assert_int_equal(vga_class.state->check(dev), 0);
    vga()->vbe[VBE_HEIGHT] = 0x7fff;
    assert_true(vga_class.state->check(dev) < 0);
    vga()->vbe[VBE_HEIGHT] = 768;
    vga()->vbe[VBE_VIRT_WIDTH] = 8;
    assert_true(vga_class.state->check(dev) < 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(text_is_drawn_with_the_guests_glyphs),
        T(ninth_column_repeats_in_line_characters_only),
        T(cursor_covers_its_lines),
        T(characters_can_be_read_back_scrolled_too),
        T(blanked_screen_is_black),
        T(write_modes_do_what_the_manual_says),
        T(reads_choose_a_plane_or_compare_colours),
        T(sixteen_colours_are_drawn_from_four_planes),
        T(chained_bytes_are_256_colours),
        T(linear_modes_of_every_depth_are_drawn),
        T(display_start_and_virtual_width_pan),
        T(impossible_modes_do_not_begin),
        T(registers_are_in_the_second_bar_too),
        T(banks_reach_all_memory),
        T(palette_is_read_as_it_was_written),
        T(timing_is_write_protected),
        T(crt_controller_is_where_misc_says),
        T(rom_of_debian_fits_the_device),
        T(saved_registers_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
