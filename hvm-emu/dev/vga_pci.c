/* SPDX-License-Identifier: MIT */
/*
 * Ports, windows and ROM of the VGA; accesses are taken apart into what
 * vga_regs.c, vga_mem.c and vga_vbe.c take.
 * Covered by tests/unit/hvm-emu/test_vga.c and tests/fuzz/fuzz_vga.c.
 */
#include <dev/vga_pci.h>

#include <bus/pci.h>
#include <bus/range.h>
#include <dev/devices.h>
#include <dev/vga.h>
#include <host/screen.h>
#include <lib/err.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS         0x3b0u
#define NR_PORTS      0x30u
#define VBE_PORTS     0x1ceu           /* index, data, data */
#define NR_VBE_PORTS  3u
#define WINDOW        0xa0000u
#define WINDOW_BYTES  0x20000u
#define REG_BYTES     0x1000u          /* BAR 2 */
#define REG_VGA       0x400u           /* of it: ports 3c0.. */
#define REG_VGA_END   0x420u
#define REG_VBE       0x500u
#define REG_VBE_END   (REG_VBE + 2 * VBE_NR)
#define REG_EXT_SIZE  0x600u
#define ROM_MAX       0x10000u
#define MEM_PAGES     (VGA_MEM_BYTES / 4096)

struct vga_pci {
    struct vga vga;
    struct pci_dev pci;
    struct host_screen *screen;
    uint8_t *rom;                      /* ROM_MAX bytes */
};

/* ---- ports --------------------------------------------------------------------------- */

static uint64_t port_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct vga_pci *d = dev;
    uint64_t val = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        val |= (uint64_t)vga_port_read(&d->vga, (uint16_t)(PORTS + off + i))
               << (8 * i);
    }
    return val;
}

static void port_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct vga_pci *d = dev;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        vga_port_write(&d->vga, (uint16_t)(PORTS + off + i),
                       (uint8_t)(val >> (8 * i)));
    }
}

static const struct range_ops port_ops = { port_read, port_write };

static uint64_t vbe_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct vga_pci *d = dev;

    return off == 0 ? d->vga.vbe_index
                    : vga_vbe_read(&d->vga, d->vga.vbe_index);
}

static void vbe_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct vga_pci *d = dev;

    if (off == 0) {
        d->vga.vbe_index = (uint16_t)val;
    } else {
        vga_vbe_write(&d->vga, d->vga.vbe_index, (uint16_t)val);
    }
}

static const struct range_ops vbe_ops = { vbe_read, vbe_write };

/* ---- the window at 0xa0000 ----------------------------------------------------------- */

static uint64_t window_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct vga_pci *d = dev;
    uint64_t val = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        val |= (uint64_t)vga_window_read(&d->vga, (uint32_t)off + i)
               << (8 * i);
    }
    return val;
}

static void window_write(void *dev, uint64_t off, unsigned int bytes,
                         uint64_t val)
{
    struct vga_pci *d = dev;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        vga_window_write(&d->vga, (uint32_t)off + i, (uint8_t)(val >> (8 * i)));
    }
}

static const struct range_ops window_ops = { window_read, window_write };

/* ---- registers in BAR 2 ---------------------------------------------------------------- */

/* No EDID at 0: readers find no header there. */
static uint8_t reg_read_byte(struct vga_pci *d, uint32_t off)
{
    if (off >= REG_VGA && off < REG_VGA_END) {
        return vga_port_read(&d->vga, (uint16_t)(0x3c0 + off - REG_VGA));
    }
    if (off >= REG_VBE && off < REG_VBE_END) {
        return (uint8_t)(vga_vbe_read(&d->vga, (off - REG_VBE) / 2) >>
                         (off & 1) * 8);
    }
    return off - REG_EXT_SIZE < 4 ? 0 : 0xff;
}

static uint64_t reg_read(void *dev, uint64_t off, unsigned int bytes)
{
    uint64_t val = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        val |= (uint64_t)reg_read_byte(dev, (uint32_t)off + i) << (8 * i);
    }
    return val;
}

static void reg_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct vga_pci *d = dev;
    unsigned int i;

    for (i = 0; i < bytes && off >= REG_VGA && off + i < REG_VGA_END; i++) {
        vga_port_write(&d->vga, (uint16_t)(0x3c0 + off + i - REG_VGA),
                       (uint8_t)(val >> (8 * i)));
    }
    if (off >= REG_VBE && off < REG_VBE_END && (off & 1) == 0 && bytes >= 2) {
        vga_vbe_write(&d->vga, (unsigned int)(off - REG_VBE) / 2,
                      (uint16_t)val);
    }
}

static const struct range_ops reg_ops = { reg_read, reg_write };

/* ---- the ROM ----------------------------------------------------------------------------- */

static uint64_t rom_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct vga_pci *d = dev;
    uint64_t val = 0;

    if (off + bytes <= ROM_MAX) {
        memcpy(&val, d->rom + off, bytes);
    }
    return val;
}

static const struct range_ops rom_ops = { rom_read, NULL };

static int load_rom(struct vga_pci *d, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    d->rom = calloc(1, ROM_MAX);
    if (fd >= 0 && d->rom != NULL) {
        got = read(fd, d->rom, ROM_MAX);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (got < 512 || d->rom[0] != 0x55 || d->rom[1] != 0xaa) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the VGA BIOS",
                       path, "it is not a readable expansion ROM");
    }
    return 0;
}

/* ---- the picture -------------------------------------------------------------------------- */

static void on_size(void *arg, uint32_t *width, uint32_t *height)
{
    struct vga_pci *d = arg;
    struct vga_size s = vga_draw_size(&d->vga);

    *width = s.width;
    *height = s.height;
}

static void on_draw(void *arg, uint32_t *out)
{
    struct vga_pci *d = arg;

    vga_draw(&d->vga, out);
}

static void on_text(void *arg, uint8_t *out, uint32_t *cols, uint32_t *rows)
{
    struct vga_pci *d = arg;
    struct vga_text t = vga_text_mode(&d->vga);

    *cols = t.cols;
    *rows = t.rows;
    if (t.cols != 0) {
        vga_text_read(&d->vga, &t, out);
    }
}

/* Frames from the first to the last that the picture shows. */
static uint32_t shown_pages(const struct vga *v)
{
    uint32_t rows = (uint32_t)v->vbe[VBE_Y] + v->vbe[VBE_HEIGHT];
    uint32_t pages = vga_vbe_line_bytes(v) * rows / 4096 + 1;

    return pages < MEM_PAGES ? pages : MEM_PAGES;
}

/* Only a linear mode is written behind our back. */
static bool on_changed(void *arg)
{
    struct vga_pci *d = arg;
    const struct machine *m = d->pci.m;
    uint8_t bits[MEM_PAGES / 8] = { 0 };
    bool changed = d->vga.changed;
    unsigned int i;

    d->vga.changed = false;
    if (!vga_vbe_on(&d->vga)) {
        return changed;
    }
    if (m->hv->dirty == NULL ||
        m->hv->dirty(m->hv_arg, d->pci.bar[0].gfn, shown_pages(&d->vga),
                     bits) != 0) {
        return true;
    }
    for (i = 0; i < sizeof(bits); i++) {
        changed = changed || bits[i] != 0;
    }
    return changed;
}

static const struct host_screen_ops screen_ops = {
    .size = on_size, .draw = on_draw, .text = on_text, .changed = on_changed,
};

/* ---- the device ----------------------------------------------------------------------------- */

static bool vga_wanted(const struct emu_config *c)
{
    return c->vga != NULL;
}

static void vga_destroy(void *dev)
{
    struct vga_pci *d = dev;

    host_screen_source(d->screen, NULL, NULL);
    free(d->rom);
    free(d);
}

static int add_ranges(struct machine *m, struct vga_pci *d)
{
    int rc = range_add(m, RANGE_PORT, PORTS, NR_PORTS, &port_ops, d);

    if (rc == 0) {
        rc = range_add(m, RANGE_PORT, VBE_PORTS, NR_VBE_PORTS, &vbe_ops, d);
    }
    return rc != 0 ? rc : range_add(m, RANGE_MMIO, WINDOW, WINDOW_BYTES,
                                    &window_ops, d);
}

static int set_up(struct machine *m, struct vga_pci *d, struct err *e)
{
    struct pci_dev *p = &d->pci;
    int rc = 0;

    pci_dev_init(p, "vga", PCI_DEVFN(3, 0), 0x1234, 0x1111, 0x030000, 2, 0);
    p->dev = d;
    pci_set16(p->config + 0x2c, 0x1af4);
    pci_set16(p->config + 0x2e, 0x1100);
    p->bar[0] = (struct pci_bar){ .kind = PCI_BAR_RAM, .size = VGA_MEM_BYTES,
                                  .prefetch = true };
    p->bar[2] = (struct pci_bar){ .kind = PCI_BAR_MMIO, .size = REG_BYTES,
                                  .ops = &reg_ops };
    if (m->config->vgabios != NULL) {
        rc = load_rom(d, m->config->vgabios, e);
        p->rom = (struct pci_bar){ .kind = PCI_BAR_MMIO, .size = ROM_MAX,
                                   .ops = &rom_ops };
    }
    if (rc == 0) {
        rc = pci_add(m, p);
        rc = rc != 0 ? rc : add_ranges(m, d);
        if (rc != 0) {
            err_errno(e, rc, "cannot make the VGA", "its memory or ports");
        }
    }
    return rc;
}

static void *vga_create(struct machine *m, struct err *e)
{
    struct vga_pci *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        err_errno(e, -ENOMEM, "cannot make the VGA", "memory");
        return NULL;
    }
    if (set_up(m, d, e) != 0) {
        vga_destroy(d);
        return NULL;
    }
    vga_init(&d->vga, d->pci.bar[0].ram);
    if (host_screen_get(m, &d->screen, e) != 0) {
        vga_destroy(d);
        return NULL;
    }
    host_screen_source(d->screen, &screen_ops, d);
    return d;
}

static void vga_class_reset(void *dev)
{
    struct vga_pci *d = dev;

    vga_reset(&d->vga);
    d->vga.changed = true;
    pci_dev_reset(&d->pci);
}

static int vga_check(void *dev)
{
    struct vga_pci *d = dev;

    d->vga.changed = true;
    return vga_valid(&d->vga) ? 0 : -EINVAL;
}

static const struct state_field fields[] = {
    STATE_FIELD(struct vga_pci, vga.misc),
    STATE_FIELD(struct vga_pci, vga.feature),
    STATE_FIELD(struct vga_pci, vga.status),
    STATE_FIELD(struct vga_pci, vga.seq_index),
    STATE_ARRAY(struct vga_pci, vga.seq),
    STATE_FIELD(struct vga_pci, vga.gfx_index),
    STATE_ARRAY(struct vga_pci, vga.gfx),
    STATE_FIELD(struct vga_pci, vga.attr_index),
    STATE_FIELD(struct vga_pci, vga.attr_data),
    STATE_ARRAY(struct vga_pci, vga.attr),
    STATE_FIELD(struct vga_pci, vga.crtc_index),
    STATE_ARRAY(struct vga_pci, vga.crtc),
    STATE_FIELD(struct vga_pci, vga.dac_mask),
    STATE_FIELD(struct vga_pci, vga.dac_state),
    STATE_FIELD(struct vga_pci, vga.dac_read),
    STATE_FIELD(struct vga_pci, vga.dac_write),
    STATE_FIELD(struct vga_pci, vga.dac_sub),
    STATE_ARRAY(struct vga_pci, vga.dac_cache),
    STATE_ARRAY(struct vga_pci, vga.dac),
    STATE_FIELD(struct vga_pci, vga.latch),
    STATE_FIELD(struct vga_pci, vga.vbe_index),
    STATE_ARRAY(struct vga_pci, vga.vbe),
};

static const struct state_table vga_state = {
    .version = 1, STATE_ROWS(fields), .check = vga_check,
};

const struct device_class vga_class = {
    .name = "vga", .wanted = vga_wanted, .create = vga_create,
    .reset = vga_class_reset, .destroy = vga_destroy, .state = &vga_state,
    .pci = &pci_dev_state, .pci_offset = offsetof(struct vga_pci, pci),
};
