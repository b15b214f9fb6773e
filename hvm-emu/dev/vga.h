/* SPDX-License-Identifier: MIT */
/*
 * dev/vga.h - a VGA with the bochs display interface, as QEMU's 1234:1111.
 *
 * Owns    registers, what the windows at 0xa0000 and in the BARs do, the
 *         picture that follows from registers and memory, the text on it.
 *         Its memory is the guest's: it may change while it is drawn, so no
 *         index is taken from it without a mask.
 * Leaves  ports and BARs to vga_pci.c, showing it to host/screen.h.
 *
 * Memory holds the four planes as the bytes of a 32-bit word: plane p of
 * address a is byte 4 * a + p.
 *
 * INV-VG1 every offset into memory is masked by its size, a power of two.
 * Tests   tests/unit/hvm-emu/test_vga.c, tests/fuzz/fuzz_vga.c
 */
#ifndef DEV_VGA_H
#define DEV_VGA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VGA_MEM_BYTES  (16u << 20)
#define VGA_MAX_PIXELS (VGA_MEM_BYTES / 4)    /* what is shown at most */
#define VGA_TEXT_MAX   (160u * 100u)

/* Indices of the sequencer, the graphics controller, the attributes. */
enum { SEQ_RESET, SEQ_CLOCK, SEQ_PLANES, SEQ_FONTS, SEQ_MEMORY };
enum { GFX_SET, GFX_SET_ENABLE, GFX_COMPARE, GFX_OP, GFX_READ, GFX_MODE,
       GFX_MISC, GFX_NOCARE, GFX_BITS };
enum { ATTR_MODE = 0x10, ATTR_OVERSCAN, ATTR_PLANES, ATTR_PAN, ATTR_COLOUR };

/* The bochs display interface. */
enum { VBE_ID, VBE_WIDTH, VBE_HEIGHT, VBE_BPP, VBE_ENABLE, VBE_BANK,
       VBE_VIRT_WIDTH, VBE_VIRT_HEIGHT, VBE_X, VBE_Y, VBE_MEMORY, VBE_NR };
#define VBE_ENABLED  0x01u
#define VBE_GETCAPS  0x02u
#define VBE_8BIT_DAC 0x20u
#define VBE_NOCLEAR  0x80u

/* All that is saved: vga_pci.c has the table. */
struct vga {
    uint8_t misc, feature, status;
    uint8_t seq_index, seq[8];
    uint8_t gfx_index, gfx[16];
    uint8_t attr_index, attr_data, attr[32];  /* attr_data: data comes next */
    uint8_t crtc_index, crtc[32];
    uint8_t dac_mask, dac_state, dac_read, dac_write, dac_sub;
    uint8_t dac_cache[3], dac[768];
    uint32_t latch;
    uint16_t vbe_index, vbe[VBE_NR];
    uint8_t *mem;                             /* not saved from here */
    bool changed;                             /* something was written */
};

struct vga_size {
    uint32_t width, height;                   /* 0: nothing to show */
};

void vga_init(struct vga *v, uint8_t *mem);
void vga_reset(struct vga *v);
/* Can a machine be in this state? */
bool vga_valid(const struct vga *v);

/* vga_regs.c: @port 0x3b0..0x3df. */
uint8_t vga_port_read(struct vga *v, uint16_t port);
void vga_port_write(struct vga *v, uint16_t port, uint8_t val);

/* vga_mem.c: @off from 0xa0000 on. */
uint8_t vga_window_read(struct vga *v, uint32_t off);
void vga_window_write(struct vga *v, uint32_t off, uint8_t val);

/* vga_vbe.c */
uint16_t vga_vbe_read(const struct vga *v, unsigned int index);
void vga_vbe_write(struct vga *v, unsigned int index, uint16_t val);
bool vga_vbe_on(const struct vga *v);
uint32_t vga_vbe_line_bytes(const struct vga *v);

/* vga_draw.c: the picture, 0x00RRGGBB; at most VGA_MAX_PIXELS. */
struct vga_size vga_draw_size(const struct vga *v);
/* Into @out, which has room for the size above. */
void vga_draw(const struct vga *v, uint32_t *out);

/* vga_text.c */
struct vga_text {
    uint32_t cols, rows, cell_w, cell_h;      /* cols 0: not text */
    uint32_t start, line;                     /* in words of memory */
};
struct vga_text vga_text_mode(const struct vga *v);
void vga_text_draw(const struct vga *v, const struct vga_text *t,
                   uint32_t *out, uint32_t width);
/* The characters, code page 437, cols * rows of them; VGA_TEXT_MAX fit. */
void vga_text_read(const struct vga *v, const struct vga_text *t,
                   uint8_t *out);

/* For the drawing files. */
uint32_t vga_colour(const struct vga *v, uint8_t index);    /* of the DAC */
void vga_palette16(const struct vga *v, uint32_t pal[16]);

static inline uint8_t vga_byte(const struct vga *v, uint32_t at)
{
    return v->mem[at & (VGA_MEM_BYTES - 1)];
}

/* Every plane whose bit is set. */
static inline uint32_t vga_planes(unsigned int bits)
{
    return ((bits & 1) ? 0xffu : 0) | ((bits & 2) ? 0xff00u : 0) |
           ((bits & 4) ? 0xff0000u : 0) | ((bits & 8) ? 0xff000000u : 0);
}

#endif
