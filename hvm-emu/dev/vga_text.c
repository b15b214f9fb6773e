/* SPDX-License-Identifier: MIT */
/*
 * Text modes of a VGA: cells of a character and its colours in planes 0 and
 * 1, the font that the guest has put into plane 2.
 * Covered by tests/unit/hvm-emu/test_vga.c.
 */
#include <dev/vga.h>

#define FONT_BYTES 32u                 /* of one glyph */

static uint32_t rows_of(const struct vga *v, uint32_t cell_h)
{
    uint32_t lines = v->crtc[0x12] | (uint32_t)(v->crtc[7] & 0x02) << 7 |
                     (uint32_t)(v->crtc[7] & 0x40) << 3;

    /* 160x100 has its lines in cells of two. */
    return v->crtc[6] == 100 ? 100 : (lines + 1) / cell_h;
}

struct vga_text vga_text_mode(const struct vga *v)
{
    struct vga_text t = { .cell_w = (v->seq[SEQ_CLOCK] & 1) != 0 ? 8 : 9 };

    if (vga_vbe_on(v) || (v->gfx[GFX_MISC] & 1) != 0) {
        return t;
    }
    if ((v->seq[SEQ_CLOCK] & 8) != 0) {
        t.cell_w = 16;
    }
    t.cell_h = (v->crtc[9] & 0x1fu) + 1;
    t.rows = rows_of(v, t.cell_h);
    t.cols = v->crtc[1] + 1u;
    t.start = (uint32_t)v->crtc[0xc] << 8 | v->crtc[0xd];
    t.line = v->crtc[0x13] * 2u;
    if (t.rows == 0 || t.cols * t.rows > VGA_TEXT_MAX ||
        t.cols * t.cell_w * t.rows * t.cell_h > VGA_MAX_PIXELS) {
        t.cols = 0;
    }
    return t;
}

static uint32_t cell_at(const struct vga_text *t, uint32_t col, uint32_t row)
{
    return (t->start + row * t->line + col) * 4;
}

void vga_text_read(const struct vga *v, const struct vga_text *t, uint8_t *out)
{
    uint32_t col, row;

    for (row = 0; row < t->rows; row++) {
        for (col = 0; col < t->cols; col++) {
            *out++ = vga_byte(v, cell_at(t, col, row));
        }
    }
}

/* ---- drawing ------------------------------------------------------------------------ */

struct pen {
    const struct vga *v;
    const struct vga_text *t;
    uint32_t pal[16];
    uint32_t fonts[2];                 /* by bit 3 of the colours */
    bool blink, line_chars;            /* attribute mode */
    uint32_t cursor, cursor_top, cursor_bottom;    /* cell; UINT32_MAX: none */
    uint32_t width;
};

/* Where the two fonts begin: bits 5, 3, 2 and 4, 1, 0. */
static void choose_fonts(struct pen *p)
{
    unsigned int s = p->v->seq[SEQ_FONTS];

    p->fonts[0] = (((s >> 4) & 1) | ((s << 1) & 6)) * 8192 * 4 + 2;
    p->fonts[1] = (((s >> 5) & 1) | ((s >> 1) & 6)) * 8192 * 4 + 2;
}

/* It does not blink: a picture is a picture. */
static void choose_cursor(struct pen *p)
{
    const uint8_t *crtc = p->v->crtc;

    p->cursor = (((uint32_t)crtc[0xe] << 8 | crtc[0xf]) & 0xffff) * 4;
    p->cursor_top = crtc[0xa] & 0x1f;
    p->cursor_bottom = crtc[0xb] & 0x1f;
    if ((crtc[0xa] & 0x20) != 0) {
        p->cursor = UINT32_MAX;
    }
}

/* Eight pixels become 8, 9 or 16; the ninth repeats in line characters. */
static uint32_t widen(const struct pen *p, uint8_t ch, uint8_t bits)
{
    uint32_t wide = 0;
    unsigned int i;

    if (p->t->cell_w == 16) {
        for (i = 0; i < 8; i++) {
            wide |= (bits >> i & 1u) * 3u << (2 * i);
        }
        return wide;
    }
    if (p->t->cell_w == 9) {
        bool again = p->line_chars && ch >= 0xc0 && ch <= 0xdf;

        return (uint32_t)bits << 1 | (again ? bits & 1u : 0);
    }
    return bits;
}

static void draw_cell(const struct pen *p, uint32_t at, uint32_t *out)
{
    uint8_t ch = vga_byte(p->v, at), colours = vga_byte(p->v, at + 1);
    uint32_t font = p->fonts[colours >> 3 & 1] + ch * FONT_BYTES * 4;
    uint32_t fore = p->pal[colours & 0xf];
    uint32_t back = p->pal[colours >> 4 & (p->blink ? 7 : 15)];
    uint32_t line, i, w = p->t->cell_w;

    for (line = 0; line < p->t->cell_h; line++, out += p->width) {
        uint32_t bits = widen(p, ch, vga_byte(p->v, font + line * 4));

        if (at == p->cursor && line >= p->cursor_top &&
            line <= p->cursor_bottom) {
            bits = UINT32_MAX;
        }
        for (i = 0; i < w; i++) {
            out[i] = (bits >> (w - 1 - i) & 1) != 0 ? fore : back;
        }
    }
}

void vga_text_draw(const struct vga *v, const struct vga_text *t,
                   uint32_t *out, uint32_t width)
{
    struct pen p = { .v = v, .t = t, .width = width };
    uint32_t col, row;

    p.blink = (v->attr[ATTR_MODE] & 8) != 0;
    p.line_chars = (v->attr[ATTR_MODE] & 4) != 0;
    vga_palette16(v, p.pal);
    choose_fonts(&p);
    choose_cursor(&p);
    for (row = 0; row < t->rows; row++) {
        for (col = 0; col < t->cols; col++) {
            draw_cell(&p, cell_at(t, col, row),
                      out + (size_t)row * t->cell_h * width + col * t->cell_w);
        }
    }
}
