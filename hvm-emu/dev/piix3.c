/* SPDX-License-Identifier: MIT */
/*
 * ISA bridge: which ISA line a PCI link goes to, and the two ports that reset
 * the machine.  PICs and the edge/level register are the hypervisor's.
 * Source  Intel 82371SB data sheet (290550), 2.2.   Tests  test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/irq.h>
#include <bus/pci.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>

#define PIRQ_FIRST 0x60u
#define NR_PIRQS   4u
#define PIRQ_OFF   0x80u
#define CF9_RESET  0x04u
#define CF9_KEEP   0x0au               /* what else is remembered */
#define PORT92     0x92u
#define FAST_RESET 0x01u

struct piix3 {
    struct pci_dev pci;
    uint8_t cf9, port92;
};

static void route(struct piix3 *p)
{
    unsigned int i;

    for (i = 0; i < NR_PIRQS; i++) {
        uint8_t r = p->pci.config[PIRQ_FIRST + i];

        irq_link(p->pci.m, i, r & PIRQ_OFF ? 0 : r & 0xfu);
    }
}

static void written(struct pci_dev *pci, unsigned int off, unsigned int bytes)
{
    if (off < PIRQ_FIRST + NR_PIRQS && off + bytes > PIRQ_FIRST) {
        route(pci->dev);
    }
}

static const struct pci_ops pci_ops = { .written = written };

static void reset_machine(struct piix3 *p, const char *by)
{
    p->pci.m->reset(p->pci.m, by);
}

static uint64_t cf9_read(void *dev, uint64_t off, unsigned int bytes)
{
    return ((struct piix3 *)dev)->cf9;
}

static void cf9_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct piix3 *p = dev;

    if (val & CF9_RESET) {
        reset_machine(p, "port cf9");
    }
    p->cf9 = (uint8_t)(val & CF9_KEEP);
}

static uint64_t port92_read(void *dev, uint64_t off, unsigned int bytes)
{
    return ((struct piix3 *)dev)->port92;
}

static void port92_write(void *dev, uint64_t off, unsigned int bytes,
                         uint64_t val)
{
    struct piix3 *p = dev;

    if ((val & FAST_RESET) && !(p->port92 & FAST_RESET)) {
        reset_machine(p, "port 92");
    }
    p->port92 = (uint8_t)(val & 3);
}

static const struct range_ops cf9_ops = { cf9_read, cf9_write };
static const struct range_ops port92_ops = { port92_read, port92_write };

static void init_config(struct piix3 *p)
{
    struct pci_dev *d = &p->pci;
    unsigned int i;

    pci_dev_init(d, "piix3", PCI_DEVFN(1, 0), 0x8086, 0x7000, 0x060100, 0, 0);
    d->config[0x0e] = 0x80;            /* more functions */
    d->config[0x4c] = 0x4d;            /* I/O recovery */
    d->config[0x4e] = 0x03;            /* X-bus chip selects */
    d->writable[0x4c] = d->writable[0x4e] = d->writable[0x4f] = 0xff;
    d->config[0x69] = 0x02;            /* top of memory */
    d->writable[0x69] = 0xfe;
    for (i = 0; i < NR_PIRQS; i++) {
        d->config[PIRQ_FIRST + i] = PIRQ_OFF;
        d->writable[PIRQ_FIRST + i] = 0x8f;
    }
    d->ops = &pci_ops;
    d->dev = p;
}

static void *create(struct machine *m, struct err *e)
{
    struct piix3 *p = calloc(1, sizeof(*p));
    int rc = p == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        init_config(p);
        p->port92 = 2;                 /* A20 is open */
        rc = pci_add(m, &p->pci);
    }
    if (rc == 0) {
        rc = range_add(m, RANGE_PORT, PORT92, 1, &port92_ops, p);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the ISA bridge", NULL);
        free(p);
        return NULL;
    }
    pci_set_cf9(m, &cf9_ops, p);
    return p;
}

static void reset(void *dev)
{
    struct piix3 *p = dev;

    pci_dev_reset(&p->pci);
    p->cf9 = 0;
    p->port92 = 2;
    route(p);
}

static void destroy(void *dev)
{
    struct piix3 *p = dev;

    pci_set_cf9(p->pci.m, NULL, NULL);
    range_del(p->pci.m, RANGE_PORT, PORT92, p);
    pci_remove(p->pci.m, &p->pci);
    free(p);
}

static const struct state_field fields[] = {
    STATE_FIELD(struct piix3, cf9),
    STATE_FIELD(struct piix3, port92),
};

static void loaded(void *dev)
{
    route(dev);
}

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .loaded = loaded
};

const struct device_class piix3_class = {
    .name = "piix3", .create = create, .reset = reset, .destroy = destroy,
    .state = &state, .pci = &pci_dev_state,
    .pci_offset = offsetof(struct piix3, pci),
};
