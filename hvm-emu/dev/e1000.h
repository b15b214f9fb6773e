/* SPDX-License-Identifier: MIT */
/*
 * dev/e1000.h - Intel 82540EM, 8086:100e: a gigabit card of PCI days.
 *
 * Owns    registers, EEPROM, PHY; rings of descriptors in guest memory, both
 *         directions, checksums and TCP segmentation from the guest; address
 *         filters; interrupts.
 * Leaves  frames to host/net.
 * Source  PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 *         Developer's Manual (317453), chapters 3, 5, 13
 *
 * INV-E1 a ring register is used only below: an index is less than the
 *        ring's length, else the ring does not move.
 * INV-E2 one access makes at most E1000_TX_TURN descriptors of work; the rest
 *        is a timer's.
 * INV-E3 a frame has at most E1000_FRAME_MAX bytes; a longer one is dropped
 *        up to its end.
 * Tests   tests/unit/hvm-emu/test_e1000.c, tests/fuzz/fuzz_e1000.c
 *
 * Not there: loopback modes, wake-up, 82544's and later descriptors, segments
 * of UDP.
 */
#ifndef DEV_E1000_H
#define DEV_E1000_H

#include <bus/pci.h>
#include <bus/unplug.h>
#include <frame/timer.h>
#include <host/net.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define E1000_NR_REGS   0x1800u        /* of 4 bytes; beyond: nothing */
#define E1000_FRAME_MAX HOST_NET_FRAME_MAX
#define E1000_RX_MAX    16384u
#define E1000_TX_TURN   256u

/* Registers, by the manual's names (chapter 13). */
enum {
    E_CTRL = 0x0, E_STATUS = 0x8, E_EECD = 0x10, E_EERD = 0x14,
    E_MDIC = 0x20, E_VET = 0x38, E_ICR = 0xc0, E_ITR = 0xc4, E_ICS = 0xc8,
    E_IMS = 0xd0, E_IMC = 0xd8, E_RCTL = 0x100, E_TCTL = 0x400,
    E_PBA = 0x1000, E_RDBAL = 0x2800, E_RDBAH = 0x2804, E_RDLEN = 0x2808,
    E_RDH = 0x2810, E_RDT = 0x2818, E_TDBAL = 0x3800, E_TDBAH = 0x3804,
    E_TDLEN = 0x3808, E_TDH = 0x3810, E_TDT = 0x3818,
    E_MPC = 0x4010, E_GPRC = 0x4074, E_BPRC = 0x4078, E_MPRC = 0x407c,
    E_GPTC = 0x4080, E_GORCL = 0x4088, E_GORCH = 0x408c, E_GOTCL = 0x4090,
    E_GOTCH = 0x4094, E_RNBC = 0x40a0, E_TORL = 0x40c0, E_TORH = 0x40c4,
    E_TOTL = 0x40c8, E_TOTH = 0x40cc, E_TPR = 0x40d0, E_TPT = 0x40d4,
    E_MPTC = 0x40f0, E_BPTC = 0x40f4, E_TSCTC = 0x40f8,
    E_STATS = 0x4000, E_STATS_END = 0x4128,
    E_MTA = 0x5200, E_RA = 0x5400, E_VFTA = 0x5600,
};

#define CTRL_RESET  0x04000000u
#define CTRL_VLAN   0x40000000u        /* tags are taken off and put on */

/* Causes of an interrupt. */
#define ICR_TXDW    0x01u
#define ICR_TXQE    0x02u
#define ICR_LSC     0x04u
#define ICR_RXDMT0  0x10u
#define ICR_RXO     0x40u
#define ICR_RXT0    0x80u
#define ICR_MDAC    0x200u

/* What the descriptors of one frame add up to. */
struct e1000_context {                 /* of checksums and segmentation */
    uint8_t ip_start, ip_offset, tcp_start, tcp_offset;
    uint16_t ip_end, tcp_end, mss;
    uint8_t header, is_ip4, is_tcp;
    uint32_t payload;
};

struct e1000_tx {
    struct e1000_context plain, segments;
    uint32_t len;
    uint8_t drop;                      /* INV-E3: until its end */
    uint8_t sums, segment;             /* as the first descriptor says */
    uint8_t frame[E1000_FRAME_MAX];
};

struct e1000 {
    struct machine *m;
    struct pci_dev pci;
    struct unplug unplug;
    struct host_net *net;              /* NULL: the card has left */
    uint8_t mac[6];
    uint32_t regs[E1000_NR_REGS];
    uint16_t eeprom[64], phy[32];
    uint32_t io_addr;                  /* the I/O window's index */
    /* The serial EEPROM's wires. */
    uint32_t wires, bits_in;
    uint16_t nr_in, nr_out;
    uint8_t reading;
    uint8_t raised;                    /* the interrupt line */
    struct emu_timer throttle, more;
    uint8_t throttled;                 /* no new interrupt until it fires */
    struct e1000_tx tx;
};

static inline uint32_t e1000_reg(const struct e1000 *n, unsigned int reg)
{
    return n->regs[reg / 4];
}

/* e1000_regs.c: @reg: a byte offset, any. */
uint32_t e1000_read(struct e1000 *n, uint32_t reg);
void e1000_write(struct e1000 *n, uint32_t reg, uint32_t val);
void e1000_reset_regs(struct e1000 *n);
void e1000_cause(struct e1000 *n, uint32_t causes);
void e1000_update_irq(struct e1000 *n);
/* Sticks at its top; 64-bit ones are pairs. */
void e1000_count(struct e1000 *n, unsigned int reg);
void e1000_count64(struct e1000 *n, unsigned int reg, uint64_t by);

/* e1000_phy.c */
void e1000_phy_reset(struct e1000 *n);
uint32_t e1000_mdic(struct e1000 *n, uint32_t val);
void e1000_eeprom_fill(struct e1000 *n);
void e1000_eecd_write(struct e1000 *n, uint32_t val);
uint32_t e1000_eecd_read(const struct e1000 *n);
uint32_t e1000_eerd(const struct e1000 *n, uint32_t val);

/* e1000_tx.c */
void e1000_tx_run(struct e1000 *n);
void e1000_tx_reset(struct e1000 *n);

/* e1000_rx.c */
bool e1000_rx_room(void *arg);
void e1000_rx_frame(void *arg, uint8_t *frame, size_t len);

struct device_class;
/* A row per card. */
extern const struct device_class e1000_class_0, e1000_class_1, e1000_class_2,
                                 e1000_class_3;

#endif
