/* SPDX-License-Identifier: MIT */
/*
 * Windows are placed by size, the largest first, so that each is aligned to
 * its size and none is wasted.  Everything goes through the configuration
 * space, as a program of the guest would do it.
 * Tests: tests/unit/hvm-emu/fw/test_firmware.c.
 */
#include <run/fw_pci.h>

#include <bus/pci.h>
#include <frame/machine.h>
#include <lib/log.h>

#include <errno.h>
#include <stdlib.h>

#define PORTS_FIRST   0xc000u
#define PORTS_END     0x10000u
#define MAX_WINDOWS   64u

#define REG_COMMAND   0x04u
#define REG_CLASS     0x0au            /* class and subclass */
#define REG_BAR0      0x10u
#define REG_ROM       0x30u
#define REG_LINE      0x3cu
#define REG_PIN       0x3du
#define ROM           6u

#define CLASS_IDE     0x0101u
#define CLASS_VGA     0x0300u
#define CLASS_ISA     0x0601u
#define INTEL         0x8086u
#define PIIX4_PM      0x7113u

/* Of the four links; the lines that toolstack/build makes level-triggered. */
static const uint8_t routes[4] = { 5, 10, 11, 5 };

struct window {
    struct pci_dev *p;
    unsigned int bar;
    bool port;
    uint32_t size;
};

static void set(struct pci_dev *p, unsigned int off, unsigned int bytes,
                uint32_t value)
{
    pci_config_write(p->m, p->devfn, off, bytes, value);
}

/* ---- windows --------------------------------------------------------------------- */

static unsigned int add_windows(struct window *w, unsigned int nr,
                                struct pci_dev *p)
{
    for (unsigned int i = 0; i <= ROM; i++) {
        const struct pci_bar *b = i == ROM ? &p->rom : &p->bar[i];

        if (b->kind != PCI_BAR_NONE && nr < MAX_WINDOWS) {
            w[nr++] = (struct window){ p, i, b->kind == PCI_BAR_PORT,
                                       b->size };
        }
    }
    return nr;
}

static int by_size(const void *a, const void *b)
{
    const struct window *x = a, *y = b;

    if (x->size != y->size) {
        return x->size < y->size ? 1 : -1;
    }
    return x->p->devfn != y->p->devfn ? (int)x->p->devfn - (int)y->p->devfn
                                      : (int)x->bar - (int)y->bar;
}

static int place(const struct window *w, uint64_t *next, uint64_t end)
{
    uint64_t at = (*next + w->size - 1) & ~((uint64_t)w->size - 1);

    if (at + w->size > end) {
        log_err("no room for window %u of %s", w->bar, w->p->name);
        return -ENOSPC;
    }
    *next = at + w->size;
    set(w->p, w->bar == ROM ? REG_ROM : REG_BAR0 + 4 * w->bar, 4,
        (uint32_t)at);
    return 0;
}

static int place_all(struct window *w, unsigned int nr)
{
    uint64_t ports = PORTS_FIRST, memory = MACHINE_HOLE_START;
    int rc = 0;

    qsort(w, nr, sizeof(*w), by_size);
    for (unsigned int i = 0; i < nr && rc == 0; i++) {
        rc = w[i].port ? place(&w[i], &ports, PORTS_END)
                       : place(&w[i], &memory, MACHINE_HOLE_END);
    }
    return rc;
}

/* ---- functions ------------------------------------------------------------------- */

static void route_links(struct pci_dev *isa)
{
    for (unsigned int i = 0; i < 4; i++) {
        set(isa, 0x60 + i, 1, routes[i]);
    }
}

static void set_line(struct pci_dev *p)
{
    unsigned int pin = p->config[REG_PIN];

    if (pin != 0) {
        set(p, REG_LINE, 1, routes[(p->devfn / 8 + pin - 1) % 4]);
    }
}

/* Both channels answer at the ports of old. */
static void enable_ide(struct pci_dev *p)
{
    set(p, 0x40, 2, 0x8000);
    set(p, 0x42, 2, 0x8000);
}

static void enable_pm(struct pci_dev *p)
{
    set(p, 0x40, 4, 0xb001);
    set(p, 0x80, 1, 1);
    set(p, REG_LINE, 1, 9);
}

static void enable(struct pci_dev *p)
{
    uint16_t class = pci_get16(p, REG_CLASS);
    uint16_t command = pci_get16(p, REG_COMMAND) | PCI_COMMAND_MASTER;

    for (unsigned int i = 0; i <= ROM; i++) {
        const struct pci_bar *b = i == ROM ? &p->rom : &p->bar[i];

        command |= b->kind == PCI_BAR_NONE ? 0 :
                   b->kind == PCI_BAR_PORT ? PCI_COMMAND_IO
                                           : PCI_COMMAND_MEMORY;
    }
    if (class == CLASS_IDE || class == CLASS_VGA) {
        command |= PCI_COMMAND_IO;
    }
    set(p, REG_COMMAND, 2, command);
}

static void setup(struct pci_dev *p)
{
    uint16_t class = pci_get16(p, REG_CLASS);

    if (class == CLASS_ISA) {
        route_links(p);
    }
    if (class == CLASS_IDE) {
        enable_ide(p);
    }
    set_line(p);
    if (pci_get16(p, 0) == INTEL && pci_get16(p, 2) == PIIX4_PM) {
        enable_pm(p);
    }
    enable(p);
}

int fw_pci_setup(struct machine *m)
{
    struct window windows[MAX_WINDOWS];
    struct pci_dev *p;
    unsigned int nr = 0;
    int rc;

    for (unsigned int devfn = 0; devfn < 256; devfn++) {
        p = pci_find(m, (uint8_t)devfn);
        nr = p == NULL ? nr : add_windows(windows, nr, p);
    }
    rc = place_all(windows, nr);
    for (unsigned int devfn = 0; devfn < 256 && rc == 0; devfn++) {
        p = pci_find(m, (uint8_t)devfn);
        if (p != NULL) {
            setup(p);
        }
    }
    return rc;
}
