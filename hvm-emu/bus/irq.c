/* SPDX-License-Identifier: MIT */
/*
 * Wires.  The hypervisor keeps a count per GSI of the wires that are up, so
 * it is told of changes only.  Covered by tests/unit/hvm-emu/frame/test_bus.c.
 */
#include <bus/irq.h>

#include <frame/machine.h>
#include <frame/state.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ISA_LINES 16u
#define SLOTS     32u
#define PINS      4u
#define LINKS     4u

struct irq_lines {
    uint8_t isa[ISA_LINES];            /* level */
    uint8_t pci[SLOTS][PINS];          /* a bit for each function */
    uint8_t link[LINKS];               /* ISA line, 0: none */
};

static const struct state_field fields[] = {
    STATE_ARRAY(struct irq_lines, isa),
    STATE_ARRAY(struct irq_lines, pci),
    STATE_ARRAY(struct irq_lines, link),
};

static int check(void *dev)
{
    const struct irq_lines *l = dev;
    unsigned int i;

    for (i = 0; i < ISA_LINES; i++) {
        if (l->isa[i] > 1) {
            return -EINVAL;
        }
    }
    for (i = 0; i < LINKS; i++) {
        if (l->link[i] >= ISA_LINES) {
            return -EINVAL;
        }
    }
    return 0;
}

const struct state_table irq_state = {
    .version = 1, STATE_ROWS(fields), .check = check
};

struct irq_lines *irq_lines_new(void)
{
    return calloc(1, sizeof(struct irq_lines));
}

void irq_lines_free(struct irq_lines *l)
{
    free(l);
}

void irq_isa(struct machine *m, unsigned int line, bool level)
{
    if (line >= ISA_LINES || m->irq->isa[line] == level) {
        return;
    }
    m->irq->isa[line] = level;
    (void)m->hv->isa_level(m->hv_arg, line, level);
}

void irq_pci(struct machine *m, uint8_t devfn, unsigned int pin, bool level)
{
    uint8_t *up = &m->irq->pci[devfn >> 3][pin % PINS];
    uint8_t bit = (uint8_t)(1u << (devfn & 7));
    uint8_t old = *up;

    *up = (uint8_t)(level ? old | bit : old & ~bit);
    if ((old != 0) != (*up != 0)) {
        (void)m->hv->pci_level(m->hv_arg, devfn >> 3, pin % PINS, *up != 0);
    }
}

void irq_link(struct machine *m, unsigned int link, unsigned int line)
{
    if (link >= LINKS || line >= ISA_LINES || m->irq->link[link] == line) {
        return;
    }
    m->irq->link[link] = (uint8_t)line;
    (void)m->hv->pci_link(m->hv_arg, link, line);
}

void irq_reset(struct machine *m)
{
    unsigned int i;

    for (i = 0; i < ISA_LINES; i++) {
        irq_isa(m, i, false);
    }
    for (i = 0; i < SLOTS * PINS; i++) {
        if (m->irq->pci[i / PINS][i % PINS] != 0) {
            m->irq->pci[i / PINS][i % PINS] = 0;
            (void)m->hv->pci_level(m->hv_arg, i / PINS, i % PINS, false);
        }
    }
    for (i = 0; i < LINKS; i++) {
        irq_link(m, i, 0);
    }
}

/* A new process does not know what the hypervisor heard last: say it all. */
void irq_tell_all(struct machine *m)
{
    unsigned int i;

    for (i = 0; i < ISA_LINES; i++) {
        (void)m->hv->isa_level(m->hv_arg, i, m->irq->isa[i]);
    }
    for (i = 0; i < SLOTS * PINS; i++) {
        (void)m->hv->pci_level(m->hv_arg, i / PINS, i % PINS,
                               m->irq->pci[i / PINS][i % PINS] != 0);
    }
    for (i = 0; i < LINKS; i++) {
        (void)m->hv->pci_link(m->hv_arg, i, m->irq->link[i]);
    }
}
