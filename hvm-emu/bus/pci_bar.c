/* SPDX-License-Identifier: MIT */
/*
 * Windows.  First all that must go are closed, then others are opened, so that
 * two may change places.  One that cannot be opened (another is there) stays
 * closed until a register changes again.  A RAM window has its frames
 * somewhere always: closing it leaves them where they were last, which a
 * guest cannot tell from a window that it has not closed.
 * Covered by tests/unit/hvm-emu/frame/test_bus.c.
 */
#include <bus/pci_bar.h>

#include <bus/pci.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>
#include <lib/log.h>

#include <errno.h>
#include <string.h>

#define NR_BARS  7u                    /* the last is the ROM */
#define ROM      6u
#define PAGE     4096u

static struct pci_bar *bar_of(struct pci_dev *p, unsigned int i)
{
    return i == ROM ? &p->rom : &p->bar[i];
}

static unsigned int reg_of(unsigned int i)
{
    return i == ROM ? 0x30 : 0x10 + i * 4;
}

static uint32_t frames_of(const struct pci_bar *b)
{
    return b->size / PAGE;
}

/* ---- making --------------------------------------------------------------------- */

static bool sane(const struct pci_bar *b)
{
    uint32_t least = b->kind == PCI_BAR_PORT ? 4
                   : b->kind == PCI_BAR_RAM ? PAGE : 16;

    return b->size >= least && (b->size & (b->size - 1)) == 0 &&
           (b->kind != PCI_BAR_PORT || b->size <= 256);
}

static void set_register(struct pci_dev *p, unsigned int i)
{
    const struct pci_bar *b = bar_of(p, i);
    uint32_t fixed = b->kind == PCI_BAR_PORT ? 1u : b->prefetch ? 8u : 0u;
    uint32_t writable = ~(b->size - 1);

    pci_set32(p->config + reg_of(i), i == ROM ? 0 : fixed);
    pci_set32(p->writable + reg_of(i), i == ROM ? writable | 1u : writable);
}

/* Frames for the window: at a place above all memory, or where they were. */
static int make_ram(struct pci_dev *p, unsigned int i)
{
    struct pci_bar *b = bar_of(p, i);
    struct machine *m = p->m;
    int rc;

    b->ram = m->hv->window(m->hv_arg, frames_of(b));
    if (b->ram == NULL) {
        return -ENOMEM;
    }
    if (m->restored) {
        return 0;                      /* pci_bar_loaded() */
    }
    b->gfn = p->ram_gfn[i] = m->next_park / PAGE;
    rc = m->hv->populate(m->hv_arg, b->gfn, frames_of(b));
    if (rc == 0) {
        m->next_park += b->size;
        rc = m->hv->map(m->hv_arg, b->ram, b->gfn, frames_of(b), NULL);
    }
    return rc;
}

int pci_bar_init(struct pci_dev *p)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; i < NR_BARS && rc == 0; i++) {
        struct pci_bar *b = bar_of(p, i);

        b->at = PCI_NOWHERE;
        if (b->kind == PCI_BAR_NONE) {
            continue;
        }
        if (!sane(b) || (i == ROM && b->kind != PCI_BAR_MMIO)) {
            return -EINVAL;
        }
        set_register(p, i);
        if (b->kind == PCI_BAR_RAM) {
            rc = make_ram(p, i);
        }
    }
    return rc;
}

/* ---- where -------------------------------------------------------------------------- */

static uint64_t wanted(struct pci_dev *p, unsigned int i)
{
    const struct pci_bar *b = bar_of(p, i);
    uint32_t reg = pci_get32(p, reg_of(i));
    uint32_t at = reg & ~(b->size - 1);
    uint16_t on = b->kind == PCI_BAR_PORT ? PCI_COMMAND_IO
                                          : PCI_COMMAND_MEMORY;

    if (b->kind == PCI_BAR_NONE || !(pci_get16(p, 4) & on) || at == 0 ||
        (i == ROM && !(reg & 1u))) {
        return PCI_NOWHERE;
    }
    /* All ones are a guest's question for the size. */
    if (b->kind == PCI_BAR_PORT) {
        return at + b->size > 0x10000 || at < 0x100 ? PCI_NOWHERE : at;
    }
    return (uint64_t)at + b->size > MACHINE_HOLE_END || at < p->m->low_end ||
           at < 0x100000 ? PCI_NOWHERE : at;
}

static void tell(struct pci_dev *p, unsigned int i)
{
    if (p->ops != NULL && p->ops->moved != NULL) {
        p->ops->moved(p, i, bar_of(p, i)->at);
    }
}

static enum range_space space_of(const struct pci_bar *b)
{
    return b->kind == PCI_BAR_PORT ? RANGE_PORT : RANGE_MMIO;
}

static int move_ram(struct pci_dev *p, unsigned int i, uint64_t at)
{
    struct pci_bar *b = bar_of(p, i);
    uint64_t gfn = at / PAGE;
    int rc;

    if (b->gfn == gfn) {
        return 0;
    }
    rc = p->m->hv->relocate(p->m->hv_arg, b->gfn, gfn, frames_of(b));
    if (rc == 0) {
        b->gfn = p->ram_gfn[i] = gfn;
        guest_mem_forget(p->m);
    }
    return rc;
}

static const struct range_ops taken = { NULL, NULL };

/*
 * The addresses of a RAM window are claimed too: nothing else can be put
 * there, and if its frames were taken away by the guest reads give ones.
 */
static void open_at(struct pci_dev *p, unsigned int i, uint64_t at)
{
    struct pci_bar *b = bar_of(p, i);
    bool ram = b->kind == PCI_BAR_RAM;
    int rc = range_add(p->m, space_of(b), at, b->size,
                       ram ? &taken : b->ops, p->dev);

    if (rc == 0 && ram) {
        rc = move_ram(p, i, at);
        if (rc != 0) {
            range_del(p->m, space_of(b), at, p->dev);
        }
    }
    if (rc == 0) {
        b->at = at;
        tell(p, i);
    }
}

void pci_bar_update(struct pci_dev *p)
{
    uint64_t want[NR_BARS];
    unsigned int i;

    for (i = 0; i < NR_BARS; i++) {
        struct pci_bar *b = bar_of(p, i);

        want[i] = wanted(p, i);
        if (b->at != PCI_NOWHERE && b->at != want[i]) {
            range_del(p->m, space_of(b), b->at, p->dev);
            b->at = PCI_NOWHERE;
            if (want[i] == PCI_NOWHERE) {
                tell(p, i);
            }
        }
    }
    for (i = 0; i < NR_BARS; i++) {
        if (bar_of(p, i)->at != want[i]) {
            open_at(p, i, want[i]);
        }
    }
}

/* ---- loaded ------------------------------------------------------------------------- */

int pci_bar_check(const struct pci_dev *p)
{
    unsigned int i;

    for (i = 0; i < 6; i++) {
        if (p->bar[i].kind == PCI_BAR_RAM &&
            p->ram_gfn[i] * PAGE < p->m->low_end) {
            return -EINVAL;
        }
    }
    return 0;
}

void pci_bar_loaded(struct pci_dev *p)
{
    unsigned int i;

    for (i = 0; i < 6; i++) {
        struct pci_bar *b = &p->bar[i];
        int rc;

        if (b->kind != PCI_BAR_RAM) {
            continue;
        }
        b->gfn = p->ram_gfn[i];
        rc = p->m->hv->map(p->m->hv_arg, b->ram, b->gfn, frames_of(b), NULL);
        if (rc != 0) {
            log_err("d%u: %s: its memory is not there: %d", p->m->domid,
                    p->name, rc);
        }
    }
}
