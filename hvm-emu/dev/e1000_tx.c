/* SPDX-License-Identifier: MIT */
/*
 * From the guest: descriptors of a ring become frames (manual 3.3).  Each
 * descriptor is read once.  TCP segmentation is handed on: the frame stays
 * whole and carries how to cut it.  Covered by tests/unit/hvm-emu/test_e1000.c.
 */
#include <dev/e1000.h>

#include <string.h>

#define TCTL_ON    0x02u
#define TCTL_PAD   0x08u

/* Second word of a descriptor. */
#define CMD_EOP    0x01000000u
#define CMD_SUM    0x04000000u         /* legacy: insert a checksum */
#define CMD_TSE    0x04000000u         /* extended: segment */
#define CMD_REPORT 0x08000000u
#define CMD_EXT    0x20000000u
#define CMD_VLAN   0x40000000u
#define TYPE_DATA  0x00100000u         /* of an extended one */
#define TYPE_MASK  0x00f00000u
/* Of a context. */
#define CTX_TCP    0x01000000u
#define CTX_IP4    0x02000000u
#define STATUS_DONE 0x01u
#define SUM_IP     0x01u
#define SUM_TCP    0x02u

struct descriptor {
    uint64_t addr;
    uint32_t low, high;
};

static struct e1000_tx *tx_of(struct e1000 *n)
{
    return &n->tx;
}

/* What is in the frame's bytes stays: len says what counts. */
void e1000_tx_reset(struct e1000 *n)
{
    struct e1000_tx *t = tx_of(n);

    t->plain = t->segments = (struct e1000_context){ 0 };
    t->len = 0;
    t->drop = t->sums = t->segment = 0;
}

/* ---- checksums ---------------------------------------------------------------------------- */

static uint32_t add_up(const uint8_t *p, size_t len, uint32_t sum)
{
    size_t i;

    for (i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)(p[i] << 8 | p[i + 1]);
    }
    return i < len ? sum + ((uint32_t)p[i] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void put16(uint8_t *p, uint16_t val)
{
    p[0] = (uint8_t)(val >> 8);
    p[1] = (uint8_t)val;
}

/* Over @start..@end (0: all that follows), into @at; nothing if outside. */
static void put_sum(struct e1000_tx *t, uint32_t at, uint32_t start,
                    uint32_t end)
{
    uint32_t last = end != 0 && end + 1 < t->len ? end + 1 : t->len;
    uint16_t sum;

    if (at + 2 > t->len || start >= last) {
        return;
    }
    sum = (uint16_t)~fold(add_up(t->frame + start, last - start, 0));
    put16(t->frame + at, sum);
}

/* ---- a whole frame ------------------------------------------------------------------------- */

static void pad(struct e1000 *n, struct e1000_tx *t)
{
    if ((e1000_reg(n, E_TCTL) & TCTL_PAD) != 0 && t->len < 60) {
        memset(t->frame + t->len, 0, 60 - t->len);
        t->len = 60;
    }
}

static void count(struct e1000 *n, const struct e1000_tx *t)
{
    static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    e1000_count(n, E_TPT);
    e1000_count(n, E_GPTC);
    e1000_count64(n, E_TOTL, t->len + 4u);
    e1000_count64(n, E_GOTCL, t->len + 4u);
    if (memcmp(t->frame, all, 6) == 0) {
        e1000_count(n, E_BPTC);
    } else if ((t->frame[0] & 1) != 0) {
        e1000_count(n, E_MPTC);
    }
}

/*
 * The lengths that cutting would write into each piece, for the whole; the
 * TCP checksum's field has the sum of the addresses, the length is added.
 */
static bool prepare_segments(struct e1000_tx *t, struct host_net_offload *o)
{
    const struct e1000_context *c = &t->segments;
    uint32_t ip = c->ip_start, tcp = c->tcp_start;
    uint8_t *sum = t->frame + c->tcp_offset;

    if (!c->is_tcp || c->mss == 0 || tcp < ip + 20u || t->len < tcp + 20u ||
        c->tcp_offset < tcp || c->tcp_offset + 2u > t->len ||
        c->header < tcp || c->header > t->len || t->len - ip > 0xffff) {
        return false;
    }
    if (c->is_ip4) {
        put16(t->frame + ip + 2, (uint16_t)(t->len - ip));
        put16(t->frame + ip + 10, 0);
        put16(t->frame + ip + 10,
              (uint16_t)~fold(add_up(t->frame + ip, tcp - ip, 0)));
    } else {
        if (tcp < ip + 40u) {
            return false;
        }
        put16(t->frame + ip + 4, (uint16_t)(t->len - ip - 40));
    }
    put16(sum, fold(add_up(sum, 2, t->len - tcp)));
    o->csum_start = (uint16_t)tcp;
    o->csum_offset = (uint16_t)(c->tcp_offset - tcp);
    o->ipv6 = !c->is_ip4;
    if (t->len > (uint32_t)c->header + c->mss) {
        o->segment = c->mss;
        o->header = c->header;
    }
    return true;
}

static void put_sums(struct e1000_tx *t)
{
    const struct e1000_context *c = &t->plain;

    if ((t->sums & SUM_TCP) != 0) {
        put_sum(t, c->tcp_offset, c->tcp_start, c->tcp_end);
    }
    if ((t->sums & SUM_IP) != 0) {
        put_sum(t, c->ip_offset, c->ip_start, c->ip_end);
    }
}

/* Four bytes behind the addresses. */
static void put_tag(struct e1000 *n, struct e1000_tx *t, uint16_t tag,
                    struct host_net_offload *o)
{
    if (t->len < 14 || t->len + 4 > E1000_FRAME_MAX) {
        return;
    }
    memmove(t->frame + 16, t->frame + 12, t->len - 12);
    put16(t->frame + 12, (uint16_t)e1000_reg(n, E_VET));
    put16(t->frame + 14, tag);
    t->len += 4;
    o->csum_start = (uint16_t)(o->csum_start + (o->csum_start != 0 ? 4 : 0));
    o->header = (uint16_t)(o->header + (o->segment != 0 ? 4 : 0));
}

static void send_frame(struct e1000 *n, const struct descriptor *d)
{
    struct e1000_tx *t = tx_of(n);
    struct host_net_offload o = { 0 };
    bool good = !t->drop && t->len >= 14;

    if (good && t->segment) {
        good = prepare_segments(t, &o);
        e1000_count(n, E_TSCTC);
    } else if (good) {
        put_sums(t);
    }
    if (good && (d->low & CMD_VLAN) != 0 &&
        (e1000_reg(n, E_CTRL) & CTRL_VLAN) != 0) {
        put_tag(n, t, (uint16_t)(d->high >> 16), &o);
    }
    if (good) {
        pad(n, t);
        count(n, t);
        host_net_send(n->net, t->frame, t->len, &o);
    }
    t->len = 0;
    t->drop = t->sums = t->segment = 0;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static void take_context(struct e1000_tx *t, const struct descriptor *d)
{
    struct e1000_context c = {
        .ip_start = (uint8_t)d->addr, .ip_offset = (uint8_t)(d->addr >> 8),
        .ip_end = (uint16_t)(d->addr >> 16),
        .tcp_start = (uint8_t)(d->addr >> 32),
        .tcp_offset = (uint8_t)(d->addr >> 40),
        .tcp_end = (uint16_t)(d->addr >> 48),
        .payload = d->low & 0xfffff, .is_tcp = (d->low & CTX_TCP) != 0,
        .is_ip4 = (d->low & CTX_IP4) != 0,
        .header = (uint8_t)(d->high >> 8), .mss = (uint16_t)(d->high >> 16),
    };

    if ((d->low & CMD_TSE) != 0) {
        t->segments = c;
    } else {
        t->plain = c;
    }
}

/* INV-E3 */
static void take_bytes(struct e1000 *n, uint64_t addr, uint32_t len)
{
    struct e1000_tx *t = tx_of(n);

    if (t->drop || len > E1000_FRAME_MAX - t->len ||
        pci_dma_read(&n->pci, addr, t->frame + t->len, len) != 0) {
        t->drop = 1;
        return;
    }
    t->len += len;
}

static void take_data(struct e1000 *n, const struct descriptor *d)
{
    struct e1000_tx *t = tx_of(n);

    if (t->len == 0 && !t->drop) {
        t->sums = (uint8_t)(d->high >> 8) & (SUM_IP | SUM_TCP);
        t->segment = (d->low & CMD_TSE) != 0;
    }
    take_bytes(n, d->addr, d->low & 0xfffff);
}

/* Its checksum is in the descriptor itself. */
static void take_legacy(struct e1000 *n, const struct descriptor *d)
{
    struct e1000_tx *t = tx_of(n);

    take_bytes(n, d->addr, d->low & 0xffff);
    if ((d->low & CMD_EOP) != 0 && (d->low & CMD_SUM) != 0 && !t->drop) {
        put_sum(t, d->low >> 16 & 0xff, d->high >> 8 & 0xff, 0);
    }
}

static void take(struct e1000 *n, const struct descriptor *d)
{
    if ((d->low & CMD_EXT) != 0 && (d->low & TYPE_MASK) == 0) {
        take_context(tx_of(n), d);
        return;
    }
    if ((d->low & CMD_EXT) != 0 && (d->low & TYPE_MASK) == TYPE_DATA) {
        take_data(n, d);
    } else if ((d->low & CMD_EXT) == 0) {
        take_legacy(n, d);
    }
    if ((d->low & CMD_EOP) != 0) {
        send_frame(n, d);
    }
}

/* ---- the ring --------------------------------------------------------------------------------- */

static uint64_t at(const struct e1000 *n, uint32_t index)
{
    return (e1000_reg(n, E_TDBAL) | (uint64_t)e1000_reg(n, E_TDBAH) << 32) +
           (uint64_t)index * 16;
}

/* False: the ring is not where it is said to be. */
static bool read_one(struct e1000 *n, uint32_t index, struct descriptor *d)
{
    uint32_t words[4];

    if (pci_dma_read(&n->pci, at(n, index), words, sizeof(words)) != 0) {
        return false;
    }
    d->addr = words[0] | (uint64_t)words[1] << 32;
    d->low = words[2];
    d->high = words[3];
    return true;
}

static void write_back(struct e1000 *n, uint32_t index,
                       const struct descriptor *d)
{
    uint32_t high = d->high | STATUS_DONE;

    pci_dma_write(&n->pci, at(n, index) + 12, &high, sizeof(high));
}

/* INV-E1, INV-E2 */
void e1000_tx_run(struct e1000 *n)
{
    uint32_t length = e1000_reg(n, E_TDLEN) / 16, causes = 0, i;
    uint32_t head = e1000_reg(n, E_TDH), tail = e1000_reg(n, E_TDT);
    struct descriptor d;

    if ((e1000_reg(n, E_TCTL) & TCTL_ON) == 0 || head >= length ||
        tail >= length || head == tail) {
        return;
    }
    for (i = 0; head != tail && i < E1000_TX_TURN; i++) {
        if (!read_one(n, head, &d)) {
            n->regs[E_TDT / 4] = head;
            break;
        }
        take(n, &d);
        if ((d.low & CMD_REPORT) != 0) {
            write_back(n, head, &d);
            causes |= ICR_TXDW;
        }
        head = head + 1 == length ? 0 : head + 1;
        n->regs[E_TDH / 4] = head;
    }
    if (head != e1000_reg(n, E_TDT)) {
        timer_set(&n->more, 1);
    } else {
        causes |= ICR_TXQE;
    }
    e1000_cause(n, causes);
}
