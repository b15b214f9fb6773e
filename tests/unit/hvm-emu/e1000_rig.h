/* SPDX-License-Identifier: MIT */
/*
 * e1000_rig.h - one card with its rings set up, its wire a socket.
 */
#ifndef E1000_RIG_H
#define E1000_RIG_H

#include "device_rig.h"

#include <dev/e1000.h>
#include <linux/virtio_net.h>

#define TX_RING 0x10000u
#define RX_RING 0x20000u
#define BUFFERS 0x40000u
#define NR      16u                    /* descriptors of a ring */
#define HEADER  10u

/* dword 2 of a descriptor */
#define EOP  0x01000000u
#define IC   0x04000000u
#define TSE  0x04000000u
#define RS   0x08000000u
#define DEXT 0x20000000u
#define DATA 0x00100000u
#define VLE  0x40000000u

extern const uint8_t mac[6];
extern void *card;
extern int wire, wire_inside;
extern uint8_t got[70000];
extern uint32_t tail;                  /* of the TX ring */

void set(uint32_t reg, uint32_t val);
uint32_t get(uint32_t reg);
void set_up_rings(void);
int e1000_setup(void **state);
int e1000_teardown(void **state);
/* Descriptor @i of @ring. */
void fill(uint64_t ring, uint32_t i, uint64_t addr, uint32_t low,
          uint32_t high);
/* The next descriptor to send; kick() tells the card. */
void queue(uint64_t addr, uint32_t low, uint32_t high);
void kick(void);
/* Has the card reported descriptor @i? */
uint8_t done(uint64_t ring, uint32_t i);
/* What left by the wire: its length, header apart; -1: nothing came. */
int frame_out(struct virtio_net_hdr *h);
void fill_frame(uint8_t *f, size_t len);
/* Sum of 16-bit words in ones' complement. */
uint16_t sum(const uint8_t *p, size_t len, uint32_t s);
void give_buffers(uint32_t rctl);
void frame_in(const uint8_t *f, size_t len);
uint16_t rx_len(uint32_t i);

#endif
