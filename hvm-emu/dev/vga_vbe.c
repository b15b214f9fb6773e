/* SPDX-License-Identifier: MIT */
/*
 * The bochs display interface: modes by number of pixels, in linear memory.
 * Setting one also sets the VGA's registers, as its users expect.
 *
 * INV-VG2 while a mode is on, its picture has at least one pixel, and at most
 *         VGA_MAX_PIXELS, and its rows fit into memory.
 * Covered by tests/unit/hvm-emu/test_vga.c.
 */
#include <dev/vga.h>

#include <string.h>

#define MAX_WIDTH  8192u
#define MAX_HEIGHT 8192u
#define MAX_BPP    32u
#define BANKS      (VGA_MEM_BYTES >> 16)

bool vga_vbe_on(const struct vga *v)
{
    return (v->vbe[VBE_ENABLE] & VBE_ENABLED) != 0;
}

static uint32_t line_bytes(uint32_t width, uint32_t bpp)
{
    return bpp == 4 ? width / 8 * 4 : width * ((bpp + 7) / 8);
}

uint32_t vga_vbe_line_bytes(const struct vga *v)
{
    return line_bytes(v->vbe[VBE_VIRT_WIDTH], v->vbe[VBE_BPP]);
}

static bool valid_bpp(uint16_t bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 ||
           bpp == 32;
}

/* ---- limits ------------------------------------------------------------------------ */

/* A virtual width that memory does not hold becomes the visible one. */
static void fix_virtual(struct vga *v)
{
    uint32_t line, rows;

    if (v->vbe[VBE_VIRT_WIDTH] < v->vbe[VBE_WIDTH]) {
        v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_WIDTH];
    }
    line = vga_vbe_line_bytes(v);
    if (line * (uint64_t)v->vbe[VBE_HEIGHT] > VGA_MEM_BYTES) {
        v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_WIDTH];
        line = vga_vbe_line_bytes(v);
    }
    rows = line == 0 ? 0 : VGA_MEM_BYTES / line;
    v->vbe[VBE_VIRT_HEIGHT] = (uint16_t)(rows > 0xffff ? 0xffff : rows);
    if (v->vbe[VBE_Y] + v->vbe[VBE_HEIGHT] > v->vbe[VBE_VIRT_HEIGHT]) {
        v->vbe[VBE_Y] = (uint16_t)(v->vbe[VBE_VIRT_HEIGHT] -
                                   v->vbe[VBE_HEIGHT]);
    }
    if (v->vbe[VBE_X] + v->vbe[VBE_WIDTH] > v->vbe[VBE_VIRT_WIDTH]) {
        v->vbe[VBE_X] = 0;
    }
}

/* INV-VG2 */
static bool possible(const struct vga *v)
{
    uint32_t w = v->vbe[VBE_WIDTH], h = v->vbe[VBE_HEIGHT];

    return w != 0 && h != 0 && w * h <= VGA_MAX_PIXELS &&
           valid_bpp(v->vbe[VBE_BPP]) &&
           (uint64_t)line_bytes(w, v->vbe[VBE_BPP]) * h <= VGA_MEM_BYTES;
}

/* Every other register is masked where it is used. */
bool vga_valid(const struct vga *v)
{
    return !vga_vbe_on(v) ||
           (possible(v) && v->vbe[VBE_VIRT_WIDTH] >= v->vbe[VBE_WIDTH]);
}

/* ---- a mode begins ------------------------------------------------------------------- */

/* The VGA as the BIOS would have set it for a linear mode. */
static void set_registers(struct vga *v)
{
    uint32_t last = v->vbe[VBE_HEIGHT] - 1u;
    bool planar = v->vbe[VBE_BPP] == 4;

    v->gfx[GFX_MISC] = (uint8_t)((v->gfx[GFX_MISC] & ~0x0c) | 0x05);
    v->crtc[0x17] |= 3;
    v->crtc[0x13] = (uint8_t)(vga_vbe_line_bytes(v) >> 3);
    v->crtc[0x01] = (uint8_t)((v->vbe[VBE_WIDTH] >> 3) - 1);
    v->crtc[0x12] = (uint8_t)last;
    v->crtc[0x07] = (uint8_t)((v->crtc[0x07] & ~0x52) |
                              ((last >> 7) & 0x02) | ((last >> 3) & 0x40) |
                              0x10);
    v->crtc[0x18] = 0xff;
    v->crtc[0x09] = (uint8_t)((v->crtc[0x09] & ~0x9f) | 0x40);
    v->gfx[GFX_MODE] = (uint8_t)((v->gfx[GFX_MODE] & ~0x60) |
                                 (planar ? 0 : 0x40));
    if (planar) {
        v->seq[SEQ_CLOCK] &= (uint8_t)~8;
        v->seq[SEQ_MEMORY] &= (uint8_t)~8;
    } else {
        v->seq[SEQ_MEMORY] |= 8;
        v->seq[SEQ_PLANES] |= 0xf;
    }
}

static void enable(struct vga *v, uint16_t val)
{
    bool was = vga_vbe_on(v);

    if ((val & VBE_ENABLED) != 0 && !was) {
        if (!possible(v)) {
            return;
        }
        v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_WIDTH];
        v->vbe[VBE_X] = v->vbe[VBE_Y] = 0;
        fix_virtual(v);
        set_registers(v);
        if ((val & VBE_NOCLEAR) == 0) {
            memset(v->mem, 0, (size_t)vga_vbe_line_bytes(v) *
                              v->vbe[VBE_HEIGHT]);
        }
    }
    v->vbe[VBE_BANK] = 0;
    v->vbe[VBE_ENABLE] = val;
}

/* ---- registers ------------------------------------------------------------------------ */

uint16_t vga_vbe_read(const struct vga *v, unsigned int index)
{
    static const uint16_t caps[VBE_NR] = {
        [VBE_WIDTH] = MAX_WIDTH, [VBE_HEIGHT] = MAX_HEIGHT,
        [VBE_BPP] = MAX_BPP,
    };

    if (index >= VBE_NR) {
        return 0;
    }
    if (index == VBE_MEMORY) {
        return BANKS;
    }
    if ((v->vbe[VBE_ENABLE] & VBE_GETCAPS) != 0 && caps[index] != 0) {
        return caps[index];
    }
    return v->vbe[index];
}

/* The size of a mode that is on stays: INV-VG2. */
static void set_size(struct vga *v, unsigned int index, uint16_t val)
{
    if (vga_vbe_on(v)) {
        return;
    }
    if (index == VBE_WIDTH && val <= MAX_WIDTH) {
        v->vbe[index] = val & (uint16_t)~7u;
    } else if (index == VBE_HEIGHT && val <= MAX_HEIGHT) {
        v->vbe[index] = val;
    } else if (index == VBE_BPP && (val == 0 || valid_bpp(val))) {
        v->vbe[index] = val == 0 ? 8 : val;
    }
}

void vga_vbe_write(struct vga *v, unsigned int index, uint16_t val)
{
    v->changed = true;
    switch (index) {
    case VBE_ID:
        if (val >= 0xb0c0 && val <= 0xb0c5) {
            v->vbe[VBE_ID] = val;
        }
        break;
    case VBE_WIDTH:
    case VBE_HEIGHT:
    case VBE_BPP:
        set_size(v, index, val);
        break;
    case VBE_ENABLE:
        enable(v, val);
        break;
    case VBE_BANK:
        v->vbe[VBE_BANK] = val & (BANKS - 1);
        break;
    case VBE_VIRT_WIDTH:
    case VBE_X:
    case VBE_Y:
        v->vbe[index] = val;
        if (vga_vbe_on(v)) {
            fix_virtual(v);
        }
        break;
    default:
        break;
    }
}
