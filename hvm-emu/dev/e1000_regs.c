/* SPDX-License-Identifier: MIT */
/*
 * The card's registers: a table of what a guest may keep in them, a few that
 * do something, statistics that are cleared by reading, the interrupt line.
 * Covered by tests/unit/hvm-emu/test_e1000.c.
 */
#include <dev/e1000.h>

#include <string.h>

#define STATUS_VALUE 0x80080783u       /* gigabit, full duplex, link up */
#define CTRL_VALUE   0x00140240u       /* gigabit, link forced up */
#define RA_VALID     0x80000000u
#define THROTTLE_NS  256u              /* unit of ITR */

/* ---- plain registers ------------------------------------------------------------------------ */

/* Kept as written, under a mask; what is in no row reads 0. */
static const struct plain {
    uint16_t first, nr;
    uint32_t mask;
} plain[] = {
    { 0x00, 1, ~CTRL_RESET }, { 0x18, 1, 0xffffffff },      /* CTRL, _EXT */
    { 0x28, 3, 0xffffffff },                                /* FCAL.. */
    { E_VET, 1, 0xffff }, { E_ITR, 1, 0xffff }, { E_RCTL, 1, 0xffffffff },
    { 0x170, 1, 0xffff }, { 0x178, 1, 0xffffffff },         /* FCTTV, TXCW */
    { 0x180, 1, 0xffffffff },                               /* RXCW */
    { E_TCTL, 1, 0xffffffff }, { 0x410, 1, 0xffffffff },    /* TIPG */
    { 0x458, 1, 0xffff }, { 0xe00, 1, 0xffffffff },         /* AIT, LEDCTL */
    { E_PBA, 1, 0xffff },
    { 0x2160, 1, 0xffff }, { 0x2168, 1, 0xffff },           /* FCRTL, FCRTH */
    { E_RDBAL, 1, 0xfffffff0 }, { E_RDBAH, 1, 0xffffffff },
    { E_RDLEN, 1, 0xfff80 }, { E_RDH, 1, 0xffff }, { E_RDT, 1, 0xffff },
    { 0x2820, 1, 0xffff }, { 0x2828, 1, 0xffffffff },       /* RDTR, RXDCTL */
    { 0x282c, 1, 0xffff },                                  /* RADV */
    { E_TDBAL, 1, 0xfffffff0 }, { E_TDBAH, 1, 0xffffffff },
    { E_TDLEN, 1, 0xfff80 }, { E_TDH, 1, 0xffff }, { E_TDT, 1, 0xffff },
    { 0x3820, 1, 0xffff }, { 0x3828, 1, 0xffffffff },       /* TIDV, TXDCTL */
    { 0x382c, 1, 0xffff }, { 0x3830, 1, 0xffffffff },       /* TADV, TSPMT */
    { 0x5000, 1, 0xffffffff },                              /* RXCSUM */
    { E_MTA, 128, 0xffffffff }, { E_RA, 32, 0xffffffff },
    { E_VFTA, 128, 0xffffffff },
    { 0x5800, 1, 0xffffffff }, { 0x5808, 1, 0xffffffff },   /* WUC, WUFC */
    { 0x5820, 1, 0xffffffff }, { 0x5838, 1, 0xffffffff },   /* MANC, IPAV */
};

static const struct plain *find_plain(uint32_t reg)
{
    size_t i;

    for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (reg >= plain[i].first && reg < plain[i].first + plain[i].nr * 4u) {
            return &plain[i];
        }
    }
    return NULL;
}

/* ---- interrupt ------------------------------------------------------------------------------ */

static void set_line(struct e1000 *n, bool level)
{
    if (level != n->raised) {
        n->raised = level;
        pci_irq(&n->pci, level);
    }
}

/* ITR: after one interrupt, the next not before that time. */
void e1000_update_irq(struct e1000 *n)
{
    bool wanted = (e1000_reg(n, E_ICR) & e1000_reg(n, E_IMS)) != 0;

    if (!wanted) {
        set_line(n, false);
    } else if (!n->raised && !n->throttled) {
        set_line(n, true);
        if (e1000_reg(n, E_ITR) != 0) {
            n->throttled = 1;
            timer_set(&n->throttle,
                      (uint64_t)e1000_reg(n, E_ITR) * THROTTLE_NS);
        }
    }
}

void e1000_cause(struct e1000 *n, uint32_t causes)
{
    n->regs[E_ICR / 4] |= causes;
    e1000_update_irq(n);
}

/* ---- statistics ------------------------------------------------------------------------------ */

void e1000_count(struct e1000 *n, unsigned int reg)
{
    if (n->regs[reg / 4] != UINT32_MAX) {
        n->regs[reg / 4]++;
    }
}

void e1000_count64(struct e1000 *n, unsigned int reg, uint64_t by)
{
    uint64_t sum = n->regs[reg / 4] | (uint64_t)n->regs[reg / 4 + 1] << 32;

    sum = sum + by < sum ? UINT64_MAX : sum + by;
    n->regs[reg / 4] = (uint32_t)sum;
    n->regs[reg / 4 + 1] = (uint32_t)(sum >> 32);
}

/* ---- reset ----------------------------------------------------------------------------------- */

static void set_address(struct e1000 *n)
{
    n->regs[E_RA / 4] = n->mac[0] | (uint32_t)n->mac[1] << 8 |
                        (uint32_t)n->mac[2] << 16 | (uint32_t)n->mac[3] << 24;
    n->regs[E_RA / 4 + 1] = n->mac[4] | (uint32_t)n->mac[5] << 8 | RA_VALID;
}

void e1000_reset_regs(struct e1000 *n)
{
    memset(n->regs, 0, sizeof(n->regs));
    n->regs[E_CTRL / 4] = CTRL_VALUE;
    n->regs[E_STATUS / 4] = STATUS_VALUE;
    n->regs[E_PBA / 4] = 0x00100030;
    n->regs[0xe00 / 4] = 0x07061302;
    n->regs[E_VET / 4] = 0x8100;
    set_address(n);
    n->bits_in = n->wires = 0;
    n->nr_in = n->nr_out = 0;
    n->reading = n->throttled = 0;
    timer_stop(&n->throttle);
    timer_stop(&n->more);
    e1000_tx_reset(n);
    e1000_update_irq(n);
}

/* ---- registers that do something --------------------------------------------------------------- */

static void write_ctrl(struct e1000 *n, uint32_t val)
{
    if ((val & CTRL_RESET) != 0) {
        e1000_reset_regs(n);
    } else {
        n->regs[E_CTRL / 4] = val;
    }
}

static void write_icr(struct e1000 *n, uint32_t val)
{
    n->regs[E_ICR / 4] &= ~val;
    e1000_update_irq(n);
}

static void write_ims(struct e1000 *n, uint32_t val)
{
    n->regs[E_IMS / 4] |= val;
    e1000_update_irq(n);
}

static void write_imc(struct e1000 *n, uint32_t val)
{
    n->regs[E_IMS / 4] &= ~val;
    e1000_update_irq(n);
}

static void write_mdic(struct e1000 *n, uint32_t val)
{
    n->regs[E_MDIC / 4] = e1000_mdic(n, val);
}

static void write_eerd(struct e1000 *n, uint32_t val)
{
    n->regs[E_EERD / 4] = e1000_eerd(n, val);
}

static void write_tdt(struct e1000 *n, uint32_t val)
{
    n->regs[E_TDT / 4] = val & 0xffff;
    e1000_tx_run(n);
}

static void write_tctl(struct e1000 *n, uint32_t val)
{
    n->regs[E_TCTL / 4] = val;
    e1000_tx_run(n);
}

static void write_rdt(struct e1000 *n, uint32_t val)
{
    n->regs[E_RDT / 4] = val & 0xffff;
    if (e1000_rx_room(n)) {
        host_net_kick(n->net);
    }
}

static void write_rctl(struct e1000 *n, uint32_t val)
{
    n->regs[E_RCTL / 4] = val;
    if (e1000_rx_room(n)) {
        host_net_kick(n->net);
    }
}

static const struct {
    uint32_t reg;
    void (*write)(struct e1000 *n, uint32_t val);
} acts[] = {
    { E_CTRL, write_ctrl }, { E_EECD, e1000_eecd_write },
    { E_EERD, write_eerd }, { E_MDIC, write_mdic }, { E_ICR, write_icr },
    { E_ICS, e1000_cause }, { E_IMS, write_ims }, { E_IMC, write_imc },
    { E_TCTL, write_tctl }, { E_RCTL, write_rctl }, { E_RDT, write_rdt },
    { E_TDT, write_tdt },
};

void e1000_write(struct e1000 *n, uint32_t reg, uint32_t val)
{
    const struct plain *p;
    size_t i;

    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (acts[i].reg == reg) {
            acts[i].write(n, val);
            return;
        }
    }
    p = find_plain(reg);
    if (p != NULL) {
        n->regs[reg / 4] = val & p->mask;
    }
}

/* Reading tells what happened, and that it was told. */
static uint32_t read_clear(struct e1000 *n, uint32_t reg)
{
    uint32_t val = n->regs[reg / 4];

    n->regs[reg / 4] = 0;
    return val;
}

uint32_t e1000_read(struct e1000 *n, uint32_t reg)
{
    uint32_t val;

    if (reg >= E1000_NR_REGS * 4) {
        return 0;
    }
    if (reg == E_EECD) {
        return e1000_eecd_read(n);
    }
    if (reg == E_ICR) {
        val = read_clear(n, reg);
        e1000_update_irq(n);
        return val;
    }
    if (reg >= E_STATS && reg < E_STATS_END) {
        return read_clear(n, reg);
    }
    if (reg == E_IMC) {
        reg = E_IMS;
    }
    return n->regs[reg / 4];
}
