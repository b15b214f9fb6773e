/* SPDX-License-Identifier: MIT */
/*
 * bus/pci.h - bus 0: configuration space, windows, pins.
 *
 * Owns    ports cf8 and cfc, the 256 bytes of each function, which of their
 *         bits a guest may write, and where windows answer.  A window follows
 *         its register and the command register by itself.
 * Leaves  what is in a window to the device; PIRQ registers to dev/piix3.
 * Source  PCI Local Bus 3.0, ch. 6
 * Tests   tests/unit/hvm-emu/frame/test_bus.c
 */
#ifndef BUS_PCI_H
#define BUS_PCI_H

#include <bus/range.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;
struct pci_bus;
struct pci_dev;
struct state_table;

#define PCI_DEVFN(slot, fn) ((uint8_t)((slot) << 3 | (fn)))
#define PCI_NOWHERE UINT64_MAX

#define PCI_COMMAND_IO     1u
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u

enum pci_bar_kind {
    PCI_BAR_NONE,
    PCI_BAR_PORT,                      /* answered by ops */
    PCI_BAR_MMIO,                      /* answered by ops */
    PCI_BAR_RAM,                       /* memory of its own: no exits */
};

struct pci_bar {
    enum pci_bar_kind kind;
    uint32_t size;                     /* a power of two; pages if RAM */
    bool prefetch;
    const struct range_ops *ops;       /* called with pci_dev.dev */
    /* bus/pci's: */
    uint64_t at;                       /* where it answers, or PCI_NOWHERE */
    uint64_t gfn;                      /* RAM: where its frames are */
    uint8_t *ram;                      /* RAM: we see them here */
};

struct pci_ops {
    /* After the guest wrote @bytes at @off (allowed bits only). */
    void (*written)(struct pci_dev *p, unsigned int off, unsigned int bytes);
    /* Window @bar (6: ROM) answers at @at from now on, or PCI_NOWHERE. */
    void (*moved)(struct pci_dev *p, unsigned int bar, uint64_t at);
};

struct pci_dev {
    const char *name;
    uint8_t devfn;
    uint8_t config[256];
    uint8_t writable[256];             /* 1: the guest may change this bit */
    uint8_t clears[256];               /* 1: writing a one clears this bit */
    struct pci_bar bar[6];
    struct pci_bar rom;                /* PCI_BAR_MMIO or NONE */
    const struct pci_ops *ops;         /* NULL, or members NULL: nothing */
    void *dev;
    /* bus/pci's: */
    struct machine *m;
    uint8_t initial[256];              /* as pci_add() found it */
    uint64_t ram_gfn[6];               /* bar[].gfn, for the state */
};

struct pci_bus *pci_bus_new(struct machine *m);   /* NULL: out of memory */
void pci_bus_free(struct pci_bus *bus);

/*
 * Ids and class (24 bits), header; @pin 1 INTA# .. 4, 0: none.  Command,
 * interrupt line, latency and cache line size are writable.  The rest of *p
 * is zeroed: call it first, then fill windows and what is special.
 */
void pci_dev_init(struct pci_dev *p, const char *name, uint8_t devfn,
                  uint16_t vendor, uint16_t device, uint32_t class_code,
                  uint8_t revision, unsigned int pin);
/* The device is there.  RAM windows get their memory now.  0 or -errno. */
int pci_add(struct machine *m, struct pci_dev *p);
/* Not there any more (unplugged); windows closed, pins down. */
void pci_remove(struct machine *m, struct pci_dev *p);
/* Registers as after power-on; windows closed.  RAM windows keep contents. */
void pci_dev_reset(struct pci_dev *p);

/* The function's own pin.  */
void pci_irq(struct pci_dev *p, bool level);
/* Memory accesses by the device: -1 if it is no bus master, or on a hole. */
int pci_dma_read(struct pci_dev *p, uint64_t gpa, void *buf, size_t len);
int pci_dma_write(struct pci_dev *p, uint64_t gpa, const void *buf,
                  size_t len);

/* Config accesses as the guest makes them; also for run/firmware. */
uint32_t pci_config_read(struct machine *m, uint8_t devfn, unsigned int off,
                         unsigned int bytes);
void pci_config_write(struct machine *m, uint8_t devfn, unsigned int off,
                      unsigned int bytes, uint32_t val);
/* Port cf9, in the middle of the address register, is the chipset's. */
void pci_set_cf9(struct machine *m, const struct range_ops *ops, void *dev);

/* NULL: nothing there.  For run/firmware, which assigns windows. */
struct pci_dev *pci_find(struct machine *m, uint8_t devfn);

static inline uint16_t pci_get16(const struct pci_dev *p, unsigned int off)
{
    return (uint16_t)(p->config[off] | p->config[off + 1] << 8);
}

static inline uint32_t pci_get32(const struct pci_dev *p, unsigned int off)
{
    return pci_get16(p, off) | (uint32_t)pci_get16(p, off + 2) << 16;
}

static inline void pci_set16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

static inline void pci_set32(uint8_t *at, uint32_t v)
{
    pci_set16(at, (uint16_t)v);
    pci_set16(at + 2, (uint16_t)(v >> 16));
}

/* For a device's own table: the state of a struct pci_dev. */
extern const struct state_table pci_dev_state;
/* Of the address register: a struct pci_bus. */
extern const struct state_table pci_bus_state;

#endif
