/* SPDX-License-Identifier: MIT */
/*
 * unit/pvdrv/fake_port.h - a guest's granted pages in plain memory.
 *
 * Owns    the test's implementation of port/port.h: reference n is page n;
 *         references beyond the last page, and those marked bad, fail.
 *         Mapping a page gives the page itself, so both ends share memory.
 */
#ifndef UNIT_PVDRV_FAKE_PORT_H
#define UNIT_PVDRV_FAKE_PORT_H

#include <port/port.h>

#define FAKE_PAGES 1024u

struct port {
    uint8_t *pages;                /* FAKE_PAGES of 4096 bytes */
    bool bad[FAKE_PAGES];
    bool no_map[FAKE_PAGES];       /* may be copied, not mapped */
    unsigned int mapped;           /* pages mapped now */
    unsigned int notified;
    unsigned int copies, maps;     /* calls */
    void (*disturb)(struct port *p);   /* before each of them; may be NULL */
};

void fake_port_init(struct port *p);
void fake_port_fini(struct port *p);
uint8_t *fake_page(struct port *p, uint32_t ref);

#endif
