/* SPDX-License-Identifier: MIT */
/*
 * One device without a machine: ranges, windows, interrupt lines, timers and
 * guest memory are arrays here, so that a test says exactly what a device
 * sees.  Linked instead of hvm-emu/bus, frame/timer.c and frame/loop.c.
 */
#ifndef DEVICE_RIG_H
#define DEVICE_RIG_H

#include <bus/range.h>
#include <frame/config.h>
#include <frame/machine.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_MEM (1u << 20)             /* guest memory, from address 0 */

struct rig {
    struct machine m;
    struct emu_config config;
    struct hv_ops hv;
    bool isa[16];
    unsigned long isa_edges[16];
    bool pin;                          /* of the PCI function */
    unsigned long pin_edges;
    bool no_master;                    /* DMA is refused */
    unsigned long resets;
    uint64_t now;
    uint8_t *mem;
};

extern struct rig rig;                 /* the one that devices talk to */

void rig_start(void);
void rig_stop(void);

/* The register or memory of whoever claimed @addr; all ones if nobody. */
uint64_t rig_read(enum range_space s, uint64_t addr, unsigned int bytes);
void rig_write(enum range_space s, uint64_t addr, unsigned int bytes,
               uint64_t val);
/* BAR @bar of the function that was added last; its RAM. */
uint64_t rig_bar_read(unsigned int bar, uint64_t off, unsigned int bytes);
void rig_bar_write(unsigned int bar, uint64_t off, unsigned int bytes,
                   uint64_t val);
uint8_t *rig_bar_ram(unsigned int bar);
uint64_t rig_rom_read(uint64_t off, unsigned int bytes);

/* Time passes; timers fire.  How many did. */
unsigned int rig_run(uint64_t ns);
/* The watch on @fd fires, if it listens. */
bool rig_ready(int fd);
bool rig_listens(int fd);
/* The other side of @fd has gone: told as long as somebody watches. */
bool rig_hangs_up(int fd);

#endif
