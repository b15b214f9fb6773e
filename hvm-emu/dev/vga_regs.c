/* SPDX-License-Identifier: MIT */
/*
 * The register file of a VGA: sequencer, CRT controller, graphics controller,
 * attributes, palette.  What they mean for memory is vga_mem.c's, for the
 * picture vga_draw.c's.  Covered by tests/unit/hvm-emu/test_vga.c.
 */
#include <dev/vga.h>

#include <string.h>

#define COLOUR_PORTS 0x01u             /* misc: 3dx, not 3bx */
#define RETRACE      0x09u
#define CRTC_NR      0x19u
#define ATTR_NR      0x15u

void vga_init(struct vga *v, uint8_t *mem)
{
    memset(v, 0, sizeof(*v));
    v->mem = mem;
    vga_reset(v);
}

void vga_reset(struct vga *v)
{
    uint8_t *mem = v->mem;

    memset(v, 0, sizeof(*v));
    v->mem = mem;
    v->dac_mask = 0xff;
    v->vbe[VBE_ID] = 0xb0c5;
}

/* ---- tables ------------------------------------------------------------------ */

static const uint8_t seq_mask[8] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gfx_mask[16] = {
    0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff,
};
static const uint8_t attr_mask[32] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0xef, 0xff, 0x3f, 0x0f, 0x0f,
};

/* ---- attributes ------------------------------------------------------------------ */

static uint8_t attr_read_index(struct vga *v)
{
    return v->attr_data ? 0 : v->attr_index;
}

static uint8_t attr_read(struct vga *v)
{
    unsigned int i = v->attr_index & 0x1f;

    return i < ATTR_NR ? v->attr[i] : 0;
}

/* One port takes the index and the value in turn. */
static void attr_write(struct vga *v, uint8_t val)
{
    unsigned int i = v->attr_index & 0x1f;

    if (!v->attr_data) {
        v->attr_index = val & 0x3f;
    } else if (i < ATTR_NR) {
        v->attr[i] = val & attr_mask[i];
    }
    v->attr_data = !v->attr_data;
}

/* ---- palette -------------------------------------------------------------------- */

static void dac_set_read(struct vga *v, uint8_t val)
{
    v->dac_read = val;
    v->dac_sub = 0;
    v->dac_state = 3;
}

static void dac_set_write(struct vga *v, uint8_t val)
{
    v->dac_write = val;
    v->dac_sub = 0;
    v->dac_state = 0;
}

static uint8_t dac_read(struct vga *v)
{
    uint8_t val = v->dac[v->dac_read * 3u + v->dac_sub % 3u];

    if (++v->dac_sub >= 3) {
        v->dac_sub = 0;
        v->dac_read++;
    }
    return val;
}

static void dac_write(struct vga *v, uint8_t val)
{
    v->dac_cache[v->dac_sub % 3u] = val;
    if (++v->dac_sub >= 3) {
        memcpy(&v->dac[v->dac_write * 3u], v->dac_cache, 3);
        v->dac_sub = 0;
        v->dac_write++;
    }
}

/* ---- CRT controller --------------------------------------------------------------- */

static uint8_t crtc_read(struct vga *v)
{
    return v->crtc_index < CRTC_NR ? v->crtc[v->crtc_index] : 0;
}

/* 0x11 bit 7 protects the timing, save one bit of line compare. */
static void crtc_write(struct vga *v, uint8_t val)
{
    if (v->crtc_index >= CRTC_NR) {
        return;
    }
    if ((v->crtc[0x11] & 0x80) != 0 && v->crtc_index <= 7) {
        if (v->crtc_index == 7) {
            v->crtc[7] = (uint8_t)((v->crtc[7] & ~0x10) | (val & 0x10));
        }
        return;
    }
    v->crtc[v->crtc_index] = val;
}

/* Software waits for both edges of the retrace: each look sees the other. */
static uint8_t status_read(struct vga *v)
{
    v->attr_data = 0;
    v->status ^= RETRACE;
    return v->status;
}

/* ---- ports ---------------------------------------------------------------------- */

/* The CRT controller answers at 3bx or at 3dx; -1: not there now. */
static int crtc_port(const struct vga *v, uint16_t port)
{
    bool colour = (v->misc & COLOUR_PORTS) != 0;

    return (port & 0xfff0) == (colour ? 0x3d0 : 0x3b0) ? port & 0xf : -1;
}

static uint8_t crtc_port_read(struct vga *v, int reg)
{
    switch (reg) {
    case 0x4:
        return v->crtc_index;
    case 0x5:
        return crtc_read(v);
    case 0xa:
        return status_read(v);
    default:
        return 0xff;
    }
}

static void crtc_port_write(struct vga *v, int reg, uint8_t val)
{
    if (reg == 0x4) {
        v->crtc_index = val;
    } else if (reg == 0x5) {
        crtc_write(v, val);
    } else if (reg == 0xa) {
        v->feature = val & 0x10;
    }
}

uint8_t vga_port_read(struct vga *v, uint16_t port)
{
    switch (port) {
    case 0x3c0:
        return attr_read_index(v);
    case 0x3c1:
        return attr_read(v);
    case 0x3c2:
        return 0;
    case 0x3c4:
        return v->seq_index;
    case 0x3c5:
        return v->seq[v->seq_index & 7];
    case 0x3c6:
        return v->dac_mask;
    case 0x3c7:
        return v->dac_state;
    case 0x3c8:
        return v->dac_write;
    case 0x3c9:
        return dac_read(v);
    case 0x3ca:
        return v->feature;
    case 0x3cc:
        return v->misc;
    case 0x3ce:
        return v->gfx_index;
    case 0x3cf:
        return v->gfx[v->gfx_index & 0xf];
    default:
        return crtc_port_read(v, crtc_port(v, port));
    }
}

void vga_port_write(struct vga *v, uint16_t port, uint8_t val)
{
    v->changed = true;
    switch (port) {
    case 0x3c0:
        attr_write(v, val);
        break;
    case 0x3c2:
        v->misc = val & 0xef;
        break;
    case 0x3c4:
        v->seq_index = val & 7;
        break;
    case 0x3c5:
        v->seq[v->seq_index & 7] = val & seq_mask[v->seq_index & 7];
        break;
    case 0x3c6:
        v->dac_mask = val;
        break;
    case 0x3c7:
        dac_set_read(v, val);
        break;
    case 0x3c8:
        dac_set_write(v, val);
        break;
    case 0x3c9:
        dac_write(v, val);
        break;
    case 0x3ce:
        v->gfx_index = val & 0xf;
        break;
    case 0x3cf:
        v->gfx[v->gfx_index & 0xf] = val & gfx_mask[v->gfx_index & 0xf];
        break;
    default:
        crtc_port_write(v, crtc_port(v, port), val);
        break;
    }
}
