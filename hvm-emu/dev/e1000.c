/* SPDX-License-Identifier: MIT */
/*
 * The card as a function of the bus: windows, a row for each of up to four
 * cards, state.  Covered by tests/unit/hvm-emu/test_e1000.c.
 */
#include <dev/e1000.h>

#include <dev/devices.h>
#include <frame/config.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOT 4u
#define MEM_BYTES  0x20000u
#define IO_BYTES   0x40u
#define IO_ADDR    0u                  /* the register's offset, then it */
#define IO_DATA    4u

/* ---- windows --------------------------------------------------------------------------------- */

/* Registers are read as a whole; the bytes asked for are cut out. */
static uint64_t mem_read(void *dev, uint64_t off, unsigned int bytes)
{
    uint32_t at = (uint32_t)off & ~3u;
    uint64_t val = e1000_read(dev, at);

    if (bytes == 8) {
        val |= (uint64_t)e1000_read(dev, at + 4) << 32;
    }
    return val >> (8 * (off & 3));
}

static void mem_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    if ((off & 3) != 0 || bytes < 4) {
        return;                        /* the card takes whole registers */
    }
    e1000_write(dev, (uint32_t)off, (uint32_t)val);
    if (bytes == 8) {
        e1000_write(dev, (uint32_t)off + 4, (uint32_t)(val >> 32));
    }
}

static const struct range_ops mem_ops = { mem_read, mem_write };

static uint64_t io_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct e1000 *n = dev;

    return off == IO_ADDR ? n->io_addr
           : off == IO_DATA ? e1000_read(n, n->io_addr) : 0;
}

static void io_write(void *dev, uint64_t off, unsigned int bytes,
                     uint64_t val)
{
    struct e1000 *n = dev;

    if (bytes != 4) {
        return;
    }
    if (off == IO_ADDR) {
        n->io_addr = (uint32_t)val & (MEM_BYTES - 4);
    } else if (off == IO_DATA) {
        e1000_write(n, n->io_addr, (uint32_t)val);
    }
}

static const struct range_ops io_ops = { io_read, io_write };

/* ---- timers ---------------------------------------------------------------------------------- */

static void on_throttle(void *arg)
{
    struct e1000 *n = arg;

    n->throttled = 0;
    e1000_update_irq(n);
}

static void on_more(void *arg)
{
    e1000_tx_run(arg);
}

/* The guest may give buffers without telling: RDT is all that counts. */
static const struct host_net_ops net_ops = {
    .room = e1000_rx_room, .frame = e1000_rx_frame,
};

/* ---- the device ------------------------------------------------------------------------------ */

static void e1000_class_reset(void *dev)
{
    struct e1000 *n = dev;

    if (n->net == NULL) {
        return;
    }
    n->io_addr = 0;
    e1000_eeprom_fill(n);
    e1000_phy_reset(n);
    e1000_reset_regs(n);
    pci_dev_reset(&n->pci);
}

/* PV drivers take over: the function is no longer on the bus. */
static void leave(void *arg, uint32_t what)
{
    struct e1000 *n = arg;

    pci_remove(n->m, &n->pci);
    timer_stop(&n->throttle);
    timer_stop(&n->more);
    host_net_close(n->net);
    n->net = NULL;
}

static void destroy(void *dev)
{
    struct e1000 *n = dev;

    unplug_forget(n->m, &n->unplug);
    host_net_close(n->net);
    timer_fini(&n->throttle);
    timer_fini(&n->more);
    free(n);
}

static int set_up(struct machine *m, struct e1000 *n, unsigned int index)
{
    struct pci_dev *p = &n->pci;

    pci_dev_init(p, "e1000", PCI_DEVFN(FIRST_SLOT + index, 0), 0x8086, 0x100e,
                 0x020000, 3, 1);
    p->dev = n;
    pci_set16(p->config + 0x2c, 0x8086);
    pci_set16(p->config + 0x2e, 0x001e);
    p->bar[0] = (struct pci_bar){ .kind = PCI_BAR_MMIO, .size = MEM_BYTES,
                                  .ops = &mem_ops };
    p->bar[1] = (struct pci_bar){ .kind = PCI_BAR_PORT, .size = IO_BYTES,
                                  .ops = &io_ops };
    return pci_add(m, p);
}

static void *create(struct machine *m, unsigned int index, struct err *e)
{
    struct e1000 *n = calloc(1, sizeof(*n));
    int rc = n == NULL ? -ENOMEM : set_up(m, n, index);

    if (rc != 0) {
        err_errno(e, rc, "cannot make the network card", "card %u", index);
        free(n);
        return NULL;
    }
    n->m = m;
    memcpy(n->mac, m->config->nic[index].mac, sizeof(n->mac));
    timer_init(m, &n->throttle, on_throttle, n);
    timer_init(m, &n->more, on_more, n);
    n->unplug = (struct unplug) { .mask = UNPLUG_NICS, .fn = leave,
                                  .arg = n };
    unplug_listen(m, &n->unplug);
    e1000_eeprom_fill(n);
    e1000_phy_reset(n);
    e1000_reset_regs(n);
    if (m->unplugged & UNPLUG_NICS) {
        return n;                      /* a predecessor's guest did that */
    }
    n->net = host_net_open(m, &m->config->nic[index], index, &net_ops, n, e);
    if (n->net == NULL) {
        pci_remove(m, &n->pci);
        destroy(n);
        return NULL;
    }
    return n;
}

/* ---- state ------------------------------------------------------------------------------------- */

static int check(void *dev)
{
    struct e1000 *n = dev;

    return n->tx.len <= E1000_FRAME_MAX ? 0 : -EINVAL;
}

/* What was under way goes on. */
static void loaded(void *dev)
{
    struct e1000 *n = dev;

    n->throttled = 0;
    if (n->net == NULL) {
        leave(n, UNPLUG_NICS);
        return;
    }
    timer_set(&n->more, 1);
    e1000_update_irq(n);
    host_net_kick(n->net);
}

static void thaw(void *dev)
{
    struct e1000 *n = dev;

    if (n->net != NULL) {
        host_net_kick(n->net);
    }
}

static const struct state_field fields[] = {
    STATE_ARRAY(struct e1000, regs), STATE_ARRAY(struct e1000, phy),
    STATE_FIELD(struct e1000, io_addr), STATE_FIELD(struct e1000, wires),
    STATE_FIELD(struct e1000, bits_in), STATE_FIELD(struct e1000, nr_in),
    STATE_FIELD(struct e1000, nr_out), STATE_FIELD(struct e1000, reading),
    STATE_FIELD(struct e1000, raised),
#define CONTEXT(c) STATE_FIELD(struct e1000, c.ip_start), \
    STATE_FIELD(struct e1000, c.ip_offset), \
    STATE_FIELD(struct e1000, c.tcp_start), \
    STATE_FIELD(struct e1000, c.tcp_offset), \
    STATE_FIELD(struct e1000, c.ip_end), \
    STATE_FIELD(struct e1000, c.tcp_end), \
    STATE_FIELD(struct e1000, c.mss), STATE_FIELD(struct e1000, c.header), \
    STATE_FIELD(struct e1000, c.is_ip4), STATE_FIELD(struct e1000, c.is_tcp)
    CONTEXT(tx.plain), CONTEXT(tx.segments),
#undef CONTEXT
    STATE_FIELD(struct e1000, tx.len), STATE_FIELD(struct e1000, tx.drop),
    STATE_FIELD(struct e1000, tx.sums), STATE_FIELD(struct e1000, tx.segment),
    STATE_ARRAY(struct e1000, tx.frame),
};

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .check = check, .loaded = loaded,
};

#define CARD(i) \
    static bool wanted_##i(const struct emu_config *c) \
    { \
        return c->nic[i].present; \
    } \
    static void *create_##i(struct machine *m, struct err *e) \
    { \
        return create(m, i, e); \
    }
CARD(0)
CARD(1)
CARD(2)
CARD(3)
#undef CARD

#define ROW(i) const struct device_class e1000_class_##i = { .name = "e1000-" #i, .wanted = wanted_##i, \
    .create = create_##i, .reset = e1000_class_reset, .destroy = destroy, \
    .thaw = thaw, .state = &state, .pci = &pci_dev_state, \
    .pci_offset = offsetof(struct e1000, pci) };
ROW(0)
ROW(1)
ROW(2)
ROW(3)
#undef ROW
