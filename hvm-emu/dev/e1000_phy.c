/* SPDX-License-Identifier: MIT */
/*
 * The card's EEPROM (by its four wires, or by EERD) and its PHY, a Marvell
 * 88E1011 whose link is always up at a gigabit.
 * Covered by tests/unit/hvm-emu/test_e1000.c.
 */
#include <dev/e1000.h>

#include <string.h>

/* EECD: wires of a microwire part (manual 5.3, 13.4.3). */
#define SK       0x01u
#define CS       0x02u
#define DI       0x04u
#define DATA_OUT 0x08u
#define REQUEST  0x40u
#define GRANTED  0x80u
#define PRESENT  0x100u
#define WRITABLE (SK | CS | DI | 0x30u | REQUEST)
#define OP_READ  6u                    /* start bit and 10b */

/* EERD. */
#define EERD_START 0x01u
#define EERD_DONE  0x10u

/* MDIC. */
#define MDIC_WRITE 0x04000000u
#define MDIC_READ  0x08000000u
#define MDIC_READY 0x10000000u
#define MDIC_INT   0x20000000u
#define MDIC_ERROR 0x40000000u
#define PHY_ADDR   1u

/* ---- EEPROM ------------------------------------------------------------------------------ */

/* Words after the address, as Intel delivers the card (manual 5.6). */
static const uint16_t contents[64] = {
    0x0000, 0x0000, 0x0000, 0x0000, 0xffff, 0x0000, 0x0000, 0x0000,
    0x3000, 0x1000, 0x6403, 0x100e, 0x8086, 0x100e, 0x8086, 0x3040,
    0x0008, 0x2000, 0x7e14, 0x0048, 0x1000, 0x00d8, 0x0000, 0x2700,
    0x6cc9, 0x3150, 0x0722, 0x040b, 0x0984, 0x0000, 0xc000, 0x0706,
    0x1008, 0x0000, 0x0f04, 0x7fff, 0x4d01, 0xffff, 0xffff, 0xffff,
    0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
    0x0100, 0x4000, 0x121c, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
    0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0000,
};

/* All words add up to 0xbaba. */
void e1000_eeprom_fill(struct e1000 *n)
{
    uint16_t sum = 0;
    unsigned int i;

    memcpy(n->eeprom, contents, sizeof(contents));
    for (i = 0; i < 3; i++) {
        n->eeprom[i] = (uint16_t)(n->mac[2 * i] | n->mac[2 * i + 1] << 8);
    }
    for (i = 0; i < 63; i++) {
        sum = (uint16_t)(sum + n->eeprom[i]);
    }
    n->eeprom[63] = (uint16_t)(0xbaba - sum);
}

/* A bit in at each rising edge; after nine: start, operation, address. */
static void clock_edge(struct e1000 *n, uint32_t val)
{
    if ((val & SK) == 0) {
        n->nr_out++;
        return;
    }
    n->bits_in = n->bits_in << 1 | ((val & DI) != 0);
    n->nr_in++;
    if (n->nr_in == 9 && !n->reading) {
        n->nr_out = (uint16_t)(((n->bits_in & 0x3f) << 4) - 1);
        n->reading = ((n->bits_in >> 6) & 7) == OP_READ;
    }
}

void e1000_eecd_write(struct e1000 *n, uint32_t val)
{
    uint32_t before = n->wires;

    n->wires = val & WRITABLE;
    if ((val & CS) == 0) {
        return;
    }
    if (((val ^ before) & CS) != 0) {
        n->bits_in = 0;
        n->nr_in = n->nr_out = 0;
        n->reading = 0;
    }
    if (((val ^ before) & SK) != 0) {
        clock_edge(n, val);
    }
}

uint32_t e1000_eecd_read(const struct e1000 *n)
{
    uint32_t word = n->eeprom[(n->nr_out >> 4) & 0x3f];
    bool bit = !n->reading || ((word >> (15 - (n->nr_out & 15))) & 1) != 0;

    return PRESENT | GRANTED | n->wires | (bit ? DATA_OUT : 0);
}

uint32_t e1000_eerd(const struct e1000 *n, uint32_t val)
{
    uint32_t addr = (val >> 8) & 0xff;

    if ((val & EERD_START) == 0) {
        return val & ~EERD_DONE;
    }
    return (val & 0xff00) | EERD_DONE |
           (uint32_t)(addr < 64 ? n->eeprom[addr] : 0) << 16;
}

/* ---- PHY --------------------------------------------------------------------------------- */

#define PHY_RESET   0x8000u
#define PHY_RESTART 0x0200u

/* IEEE 802.3 clause 22, and the 88E1011's own from 16 on. */
static const struct { uint16_t value, writable; } phy_rows[32] = {
    [0] = { 0x1140, 0x3de0 },          /* negotiates, full duplex, 1000 */
    [1] = { 0x796d, 0 },               /* all speeds, done, link up */
    [2] = { 0x0141, 0 }, [3] = { 0x0c20, 0 },
    [4] = { 0x0de1, 0xffff },          /* offered */
    [5] = { 0xc5e1, 0 },               /* the other side's offer */
    [6] = { 0x0001, 0 },
    [7] = { 0x2001, 0xffff },
    [9] = { 0x0e00, 0xffff }, [10] = { 0x7c00, 0 },
    [15] = { 0x3000, 0 },
    [16] = { 0x0360, 0xffff }, [17] = { 0xac00, 0 },
    [18] = { 0x0000, 0xffff }, [20] = { 0x0d60, 0xffff },
    [29] = { 0x0000, 0xffff }, [30] = { 0x0000, 0xffff },
};

void e1000_phy_reset(struct e1000 *n)
{
    unsigned int i;

    for (i = 0; i < 32; i++) {
        n->phy[i] = phy_rows[i].value;
    }
}

/* A negotiation is over at once, and tells so. */
static void phy_write(struct e1000 *n, unsigned int reg, uint16_t val)
{
    uint16_t mask = phy_rows[reg].writable;

    if (reg == 0 && (val & PHY_RESET) != 0) {
        e1000_phy_reset(n);
        return;
    }
    n->phy[reg] = (uint16_t)((n->phy[reg] & ~mask) | (val & mask));
    if (reg == 0 && (val & PHY_RESTART) != 0) {
        e1000_cause(n, ICR_LSC);
    }
}

uint32_t e1000_mdic(struct e1000 *n, uint32_t val)
{
    unsigned int reg = val >> 16 & 0x1f;

    if ((val >> 21 & 0x1f) != PHY_ADDR) {
        return val | MDIC_ERROR | MDIC_READY;
    }
    if ((val & MDIC_READ) != 0) {
        val = (val & 0xffff0000u) | n->phy[reg];
    } else if ((val & MDIC_WRITE) != 0) {
        phy_write(n, reg, (uint16_t)val);
    }
    if ((val & MDIC_INT) != 0) {
        e1000_cause(n, ICR_MDAC);
    }
    return val | MDIC_READY;
}
