/* SPDX-License-Identifier: MIT */
/*
 * From registers and memory of a VGA to 32-bit pixels: planes, 4 and 256
 * colours, linear modes of 8 to 32 bits.  Text is vga_text.c's.  A row is drawn
 * by one function, chosen once a picture.
 * Covered by tests/unit/hvm-emu/test_vga.c.
 */
#include <dev/vga.h>

#include <string.h>

#define SCREEN_ON 0x20u                /* of the attributes' index */
#define WIDE      0x08u                /* of the clocking mode: 320 pixels */

/* ---- colours ---------------------------------------------------------------------------- */

uint32_t vga_colour(const struct vga *v, uint8_t index)
{
    const uint8_t *c = &v->dac[(index & v->dac_mask) * 3u];
    uint32_t r = c[0], g = c[1], b = c[2];

    if ((v->vbe[VBE_ENABLE] & VBE_8BIT_DAC) == 0) {
        r = (r & 63) << 2 | (r & 63) >> 4;
        g = (g & 63) << 2 | (g & 63) >> 4;
        b = (b & 63) << 2 | (b & 63) >> 4;
    }
    return r << 16 | g << 8 | b;
}

void vga_palette16(const struct vga *v, uint32_t pal[16])
{
    uint8_t page = v->attr[ATTR_COLOUR];
    unsigned int i;

    for (i = 0; i < 16; i++) {
        unsigned int c = v->attr[i];

        if ((v->attr[ATTR_MODE] & 0x80) != 0) {
            c = (page & 0xfu) << 4 | (c & 0xf);
        } else {
            c = (page & 0xcu) << 4 | (c & 0x3f);
        }
        pal[i] = vga_colour(v, (uint8_t)c);
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

struct canvas {
    const struct vga *v;
    uint32_t width;
    uint32_t pal[256];
    unsigned int wide;                 /* each pixel twice: shift by 1 */
};

static void row_planar(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t mask = vga_planes(c->v->attr[ATTR_PLANES] & 0xf), word = 0, x;

    for (x = 0; x < c->width; x++) {
        uint32_t pixel = x >> c->wide, bit = 7 - (pixel & 7);

        if ((pixel & 7) == 0) {
            memcpy(&word, &c->v->mem[(at + pixel / 8 * 4) &
                                     (VGA_MEM_BYTES - 4)], 4);
            word &= mask;
        }
        out[x] = c->pal[(word >> bit & 1) | (word >> (bit + 8) & 1) << 1 |
                        (word >> (bit + 16) & 1) << 2 |
                        (word >> (bit + 24) & 1) << 3];
    }
}

/* Four pixels a byte, the bytes of planes 0 and 1 in turn. */
static void row_cga(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    for (x = 0; x < c->width; x++) {
        uint32_t pixel = x >> c->wide, byte = pixel / 4;
        uint8_t bits = vga_byte(c->v, at + (byte >> 1) * 4 + (byte & 1));

        out[x] = c->pal[bits >> (6 - 2 * (pixel & 3)) & 3 &
                        c->v->attr[ATTR_PLANES]];
    }
}

static void row_8(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    for (x = 0; x < c->width; x++) {
        out[x] = c->pal[vga_byte(c->v, at + (x >> c->wide))];
    }
}

static uint32_t word16(const struct canvas *c, uint32_t at)
{
    return vga_byte(c->v, at) | (uint32_t)vga_byte(c->v, at + 1) << 8;
}

static uint32_t grow(uint32_t val, unsigned int bits)
{
    return val << (8 - bits) | val >> (2 * bits - 8);
}

static void row_15(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    for (x = 0; x < c->width; x++) {
        uint32_t p = word16(c, at + 2 * x);

        out[x] = grow(p >> 10 & 31, 5) << 16 | grow(p >> 5 & 31, 5) << 8 |
                 grow(p & 31, 5);
    }
}

static void row_16(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    for (x = 0; x < c->width; x++) {
        uint32_t p = word16(c, at + 2 * x);

        out[x] = grow(p >> 11 & 31, 5) << 16 | grow(p >> 5 & 63, 6) << 8 |
                 grow(p & 31, 5);
    }
}

static void row_24(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    for (x = 0; x < c->width; x++, at += 3) {
        out[x] = word16(c, at) | (uint32_t)vga_byte(c->v, at + 2) << 16;
    }
}

static void row_32(const struct canvas *c, uint32_t at, uint32_t *out)
{
    uint32_t x;

    at &= VGA_MEM_BYTES - 4;
    if (at + c->width * 4 <= VGA_MEM_BYTES) {
        memcpy(out, &c->v->mem[at], c->width * 4);
        for (x = 0; x < c->width; x++) {
            out[x] &= 0xffffff;
        }
        return;
    }
    for (x = 0; x < c->width; x++, at += 4) {
        out[x] = word16(c, at) | (uint32_t)vga_byte(c->v, at + 2) << 16;
    }
}

typedef void row_fn(const struct canvas *c, uint32_t at, uint32_t *out);

static row_fn *linear_row(unsigned int bpp)
{
    static const struct { unsigned int bpp; row_fn *row; } rows[] = {
        { 4, row_planar }, { 8, row_8 }, { 15, row_15 }, { 16, row_16 },
        { 24, row_24 }, { 32, row_32 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].bpp == bpp) {
            return rows[i].row;
        }
    }
    return row_8;
}

static row_fn *vga_row(unsigned int shift)
{
    return shift == 0 ? row_planar : shift == 1 ? row_cga : row_8;
}

/* ---- size ----------------------------------------------------------------------------------- */

static bool blank(const struct vga *v)
{
    return !vga_vbe_on(v) && ((v->attr_index & SCREEN_ON) == 0 ||
                              (v->seq[SEQ_CLOCK] & 0x20) != 0);
}

static struct vga_size graphics_size(const struct vga *v)
{
    uint32_t last = v->crtc[0x12] | (uint32_t)(v->crtc[7] & 0x02) << 7 |
                    (uint32_t)(v->crtc[7] & 0x40) << 3;
    struct vga_size s = { (v->crtc[1] + 1u) * 8, last + 1 };

    if (vga_vbe_on(v)) {
        return (struct vga_size){ v->vbe[VBE_WIDTH], v->vbe[VBE_HEIGHT] };
    }
    if ((v->seq[SEQ_CLOCK] & WIDE) != 0 && (v->gfx[GFX_MODE] & 0x40) == 0) {
        s.width *= 2;
    }
    return s;
}

struct vga_size vga_draw_size(const struct vga *v)
{
    struct vga_text t = vga_text_mode(v);
    struct vga_size s = { t.cols * t.cell_w, t.rows * t.cell_h };
    bool text = !vga_vbe_on(v) && (v->gfx[GFX_MISC] & 1) == 0;

    if (!text) {
        s = graphics_size(v);
    }
    if ((uint64_t)s.width * s.height > VGA_MAX_PIXELS || s.width == 0) {
        s = (struct vga_size){ 0, 0 };
    }
    return s;
}

/* ---- the picture ------------------------------------------------------------------------------ */

struct scan {
    uint32_t line, start, compare;     /* bytes, bytes, row */
    uint32_t repeat;                   /* a row of memory is shown so often */
    uint8_t mode;                      /* how addresses are made */
};

static struct scan scan_of(const struct vga *v)
{
    const uint8_t *crtc = v->crtc;
    unsigned int shift = v->gfx[GFX_MODE] >> 5 & 3;
    struct scan s = {
        .line = (uint32_t)crtc[0x13] << 3,
        .start = ((uint32_t)crtc[0xc] << 8 | crtc[0xd]) * 4,
        .compare = crtc[0x18] | (uint32_t)(crtc[7] & 0x10) << 4 |
                   (uint32_t)(crtc[9] & 0x40) << 3,
        .mode = crtc[0x17],
        .repeat = shift == 1 ? 1 : (crtc[9] & 0x1fu) + 1,
    };

    s.repeat <<= crtc[9] >> 7;
    if (vga_vbe_on(v)) {
        uint32_t bpp = v->vbe[VBE_BPP];

        s = (struct scan){ .line = vga_vbe_line_bytes(v), .mode = 3,
                           .compare = UINT32_MAX, .repeat = 1 };
        s.start = v->vbe[VBE_Y] * s.line +
                  (bpp == 4 ? v->vbe[VBE_X] / 8u * 4
                            : v->vbe[VBE_X] * ((bpp + 7) / 8));
    }
    return s;
}

/* CGA and Hercules have their rows in two or four banks. */
static uint32_t banked(const struct scan *s, uint32_t at, uint32_t row)
{
    if ((s->mode & 1) == 0) {
        unsigned int shift = 14 + ((s->mode >> 6) & 1u);

        at = (at & ~(1u << shift)) | (row & 1) << shift;
    }
    if ((s->mode & 2) == 0) {
        at = (at & ~0x8000u) | (row & 2) << 14;
    }
    return at;
}

static void draw_rows(const struct canvas *c, const struct scan *s,
                      row_fn *row, uint32_t height, uint32_t *out)
{
    uint32_t at = s->start, y, src = 0, mask = (s->mode & 3u) ^ 3u, left;

    for (y = 0, left = s->repeat; y < height; y++, out += c->width) {
        row(c, banked(s, at, src), out);
        if (--left == 0) {
            left = s->repeat;
            at += (src & mask) == mask ? s->line : 0;
            src++;
        }
        if (y == s->compare) {
            at = 0;
        }
    }
}

static void choose_palette(struct canvas *c, row_fn *row)
{
    unsigned int i;

    if (row == row_planar || row == row_cga) {
        vga_palette16(c->v, c->pal);
        return;
    }
    for (i = 0; i < 256; i++) {
        c->pal[i] = vga_colour(c->v, (uint8_t)i);
    }
}

void vga_draw(const struct vga *v, uint32_t *out)
{
    struct vga_size size = vga_draw_size(v);
    struct vga_text t = vga_text_mode(v);
    struct canvas c = { .v = v, .width = size.width };
    struct scan s = scan_of(v);
    unsigned int shift = v->gfx[GFX_MODE] >> 5 & 3;
    row_fn *row = vga_vbe_on(v) ? linear_row(v->vbe[VBE_BPP])
                                : vga_row(shift);

    if (blank(v)) {
        memset(out, 0, (size_t)size.width * size.height * 4);
    } else if (t.cols != 0) {
        vga_text_draw(v, &t, out, size.width);
    } else if (size.width != 0) {
        c.wide = !vga_vbe_on(v) &&
                 (shift >= 2 || (v->seq[SEQ_CLOCK] & WIDE) != 0);
        choose_palette(&c, row);
        draw_rows(&c, &s, row, size.height, out);
    }
}
