/* SPDX-License-Identifier: MIT */
/*
 * The VGA under random registers and memory; whatever mode they make is drawn
 * and its text read.  Covers hvm-emu/dev/vga*.
 *
 *   fuzz_vga [SECONDS [SEED]]
 */
#include "fuzz_device.h"

#include <dev/devices.h>
#include <dev/vga.h>
#include <dev/vga_pci.h>

#include <stdlib.h>

static uint32_t *picture;

static void before(void)
{
    rig.config.vga = "std";
    picture = malloc(VGA_MAX_PIXELS * 4);
}

static void after(void)
{
    free(picture);
}

/* A mode that begins more often than not. */
static void set_mode(uint32_t *seed)
{
    static const uint16_t depths[] = { 4, 8, 15, 16, 24, 32 };
    const uint16_t values[][2] = {
        { VBE_ENABLE, 0 }, { VBE_WIDTH, (uint16_t)fuzz_rnd(seed, 2100) },
        { VBE_HEIGHT, (uint16_t)fuzz_rnd(seed, 2100) },
        { VBE_BPP, depths[fuzz_rnd(seed, 6)] },
        { VBE_ENABLE, (uint16_t)(0xc1 | fuzz_rnd(seed, 256)) },
    };
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        rig_write(RANGE_PORT, 0x1ce, 2, values[i][0]);
        rig_write(RANGE_PORT, 0x1cf, 2, values[i][1]);
    }
}

/* Behind our back, by the linear window; then somebody looks. */
static void look(void *dev, uint32_t *seed)
{
    const struct vga *v = dev;
    struct vga_size s = vga_draw_size(v);
    struct vga_text t = vga_text_mode(v);
    uint8_t cells[VGA_TEXT_MAX];

    rig_bar_ram(0)[fuzz_rnd(seed, VGA_MEM_BYTES)] = (uint8_t)*seed;
    fuzz_need((uint64_t)s.width * s.height <= VGA_MAX_PIXELS, "size");
    fuzz_need(vga_valid(v), "a mode that fits");
    if (fuzz_rnd(seed, 50) == 0) {
        set_mode(seed);
    }
    s = vga_draw_size(v);
    if (fuzz_rnd(seed, 20) == 0) {
        vga_draw(v, picture);
    }
    if (t.cols != 0) {
        vga_text_read(v, &t, cells);
    }
}

int main(int argc, char **argv)
{
    static const struct fuzz_target targets[] = {
        { FUZZ_PORT, 0x3b0, 0x30, 6 }, { FUZZ_PORT, 0x1ce, 3, 3 },
        { FUZZ_MMIO, 0xa0000, 0x20000, 4 }, { FUZZ_BAR, 2, 0x1000, 1 },
    };
    static const struct fuzz_device device = {
        .name = "fuzz_vga", .class = &vga_class, .targets = targets,
        .nr_targets = 4, .before = before, .also = look, .after = after,
    };

    return fuzz_device_main(argc, argv, &device);
}
