/* SPDX-License-Identifier: MIT */
/*
 * The window at 0xa0000 of a VGA: which plane and which byte an access
 * reaches, latches, write modes, the logic unit.
 * Covered by tests/unit/hvm-emu/test_vga.c.
 */
#include <dev/vga.h>

#include <string.h>

#define NOWHERE  UINT32_MAX
#define CHAIN4   0x08u                 /* seq[SEQ_MEMORY] */
#define ODD_EVEN 0x10u                 /* gfx[GFX_MODE] */
#define COMPARE  0x08u

/* The offset in the window that is mapped, or NOWHERE. */
static uint32_t translate(const struct vga *v, uint32_t off)
{
    off &= 0x1ffff;
    switch ((v->gfx[GFX_MISC] >> 2) & 3) {
    case 0:
        return off;
    case 1:
        return off < 0x10000 ? off + (uint32_t)v->vbe[VBE_BANK] * 0x10000
                             : NOWHERE;
    case 2:
        return off - 0x10000 < 0x8000 ? off - 0x10000 : NOWHERE;
    default:
        return off - 0x18000 < 0x8000 ? off - 0x18000 : NOWHERE;
    }
}

static uint8_t *byte_at(const struct vga *v, uint32_t at)
{
    return &v->mem[at & (VGA_MEM_BYTES - 1)];
}

static uint32_t load(const struct vga *v, uint32_t word)
{
    uint32_t val;

    memcpy(&val, byte_at(v, word * 4), 4);
    return val;
}

static void store(struct vga *v, uint32_t word, uint32_t val)
{
    memcpy(byte_at(v, word * 4), &val, 4);
}

/* Even addresses are planes 0 and 2, odd ones 1 and 3. */
static uint32_t odd_even(const struct vga *v, uint32_t at, unsigned int *plane)
{
    *plane = (v->gfx[GFX_READ] & 2) | (at & 1);
    return ((at & ~1u) << 1) | *plane;
}

/* ---- read ------------------------------------------------------------------------ */

static uint8_t read_planar(struct vga *v, uint32_t at)
{
    uint32_t differ;

    v->latch = load(v, at);
    if ((v->gfx[GFX_MODE] & COMPARE) == 0) {
        return (uint8_t)(v->latch >> (8 * (v->gfx[GFX_READ] & 3u)));
    }
    differ = (v->latch ^ vga_planes(v->gfx[GFX_COMPARE])) &
             vga_planes(v->gfx[GFX_NOCARE]);
    differ |= differ >> 16;
    return (uint8_t)~(differ | differ >> 8);
}

uint8_t vga_window_read(struct vga *v, uint32_t off)
{
    uint32_t at = translate(v, off);
    unsigned int plane;

    if (at == NOWHERE) {
        return 0xff;
    }
    if ((v->seq[SEQ_MEMORY] & CHAIN4) != 0) {
        return *byte_at(v, at);
    }
    if ((v->gfx[GFX_MODE] & ODD_EVEN) != 0) {
        return *byte_at(v, odd_even(v, at, &plane));
    }
    return read_planar(v, at);
}

/* ---- write ----------------------------------------------------------------------- */

static uint8_t rotate(const struct vga *v, uint8_t val)
{
    unsigned int n = v->gfx[GFX_OP] & 7;

    return (uint8_t)((val >> n) | (val << (8 - n)));
}

static uint32_t combine(const struct vga *v, uint32_t val)
{
    switch ((v->gfx[GFX_OP] >> 3) & 3) {
    case 1:
        return val & v->latch;
    case 2:
        return val | v->latch;
    case 3:
        return val ^ v->latch;
    default:
        return val;
    }
}

/* What the four planes get, before the map mask. */
static uint32_t planar_value(const struct vga *v, uint8_t byte)
{
    uint32_t set = vga_planes(v->gfx[GFX_SET]), bits = v->gfx[GFX_BITS], val;

    switch (v->gfx[GFX_MODE] & 3) {
    case 0: {
        uint32_t by_set = vga_planes(v->gfx[GFX_SET_ENABLE]);

        val = rotate(v, byte) * 0x01010101u;
        val = (val & ~by_set) | (set & by_set);
        break;
    }
    case 1:
        return v->latch;
    case 2:
        val = vga_planes(byte & 0xf);
        break;
    default:
        bits &= rotate(v, byte);
        val = set;
        break;
    }
    bits *= 0x01010101u;
    return (combine(v, val) & bits) | (v->latch & ~bits);
}

void vga_window_write(struct vga *v, uint32_t off, uint8_t val)
{
    uint32_t at = translate(v, off), mask;
    unsigned int plane;

    if (at == NOWHERE) {
        return;
    }
    v->changed = true;
    if ((v->seq[SEQ_MEMORY] & CHAIN4) != 0) {
        plane = at & 3;
    } else if ((v->gfx[GFX_MODE] & ODD_EVEN) != 0) {
        at = odd_even(v, at, &plane);
    } else {
        mask = vga_planes(v->seq[SEQ_PLANES]);
        store(v, at, (load(v, at) & ~mask) | (planar_value(v, val) & mask));
        return;
    }
    if ((v->seq[SEQ_PLANES] & (1u << plane)) != 0) {
        *byte_at(v, at) = val;
    }
}
