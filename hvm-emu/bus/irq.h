/* SPDX-License-Identifier: MIT */
/*
 * bus/irq.h - interrupt lines of devices.
 *
 * Owns    the level of each wire, so that only changes become hypercalls.
 *         Wires of a PCI pin that devices share are the functions' own: the
 *         line of a device is up while one of its functions holds it up.
 * Leaves  PICs and IO-APIC to the hypervisor.
 * Tests   tests/unit/hvm-emu/frame/test_bus.c
 */
#ifndef BUS_IRQ_H
#define BUS_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct irq_lines;
struct machine;
struct state_table;

struct irq_lines *irq_lines_new(void);
void irq_lines_free(struct irq_lines *l);

void irq_isa(struct machine *m, unsigned int line, bool level);
/* @pin: 0 INTA# .. 3 INTD# */
void irq_pci(struct machine *m, uint8_t devfn, unsigned int pin, bool level);
/* The chipset's PIRQ register @link: ISA line, 0: none. */
void irq_link(struct machine *m, unsigned int link, unsigned int line);

/* Everything down, links unrouted: a reset. */
void irq_reset(struct machine *m);

/* Levels and routes, of the struct irq_lines; after a load all is told anew. */
extern const struct state_table irq_state;
void irq_tell_all(struct machine *m);

#endif
