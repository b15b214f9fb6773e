/* SPDX-License-Identifier: MIT */
/*
 * To the guest: frames that pass the filters go into buffers that the ring
 * names (manual 3.2, 13.4.22).  Covered by tests/unit/hvm-emu/test_e1000.c.
 */
#include <dev/e1000.h>

#include <frame/machine.h>

#include <string.h>

#define RCTL_ON        0x02u
#define RCTL_UNICAST   0x08u           /* all of them */
#define RCTL_MULTICAST 0x10u
#define RCTL_LONG      0x20u
#define RCTL_BROADCAST 0x8000u
#define RCTL_VLAN      0x40000u        /* only tags in the table */
#define RCTL_NO_CRC    0x4000000u
#define RA_VALID       0x80000000u
#define LONGEST        1514u           /* without a tag, without CRC */

#define STATUS_DONE 0x01u
#define STATUS_END  0x02u
#define STATUS_IXSM 0x04u              /* no checksum was looked at */
#define STATUS_TAG  0x08u

/* ---- filters --------------------------------------------------------------------------------- */

static bool is_tagged(const struct e1000 *n, const uint8_t *frame, size_t len)
{
    return len >= 18 && (uint32_t)(frame[12] << 8 | frame[13]) ==
                            (e1000_reg(n, E_VET) & 0xffff);
}

static bool tag_passes(const struct e1000 *n, const uint8_t *frame, size_t len)
{
    uint32_t id;

    if ((e1000_reg(n, E_RCTL) & RCTL_VLAN) == 0 || !is_tagged(n, frame, len)) {
        return true;
    }
    id = (uint32_t)(frame[14] << 8 | frame[15]) & 0xfff;
    return (e1000_reg(n, E_VFTA + (id >> 5) * 4) >> (id & 31) & 1) != 0;
}

static bool address_passes(const struct e1000 *n, const uint8_t *frame)
{
    uint32_t low = frame[0] | (uint32_t)frame[1] << 8 |
                   (uint32_t)frame[2] << 16 | (uint32_t)frame[3] << 24;
    uint32_t high = frame[4] | (uint32_t)frame[5] << 8, i;

    for (i = 0; i < 16; i++) {
        if (e1000_reg(n, E_RA + i * 8) == low &&
            (e1000_reg(n, E_RA + i * 8 + 4) & (RA_VALID | 0xffff)) ==
                (RA_VALID | high)) {
            return true;
        }
    }
    return false;
}

/* Twelve bits of the address, where RCTL says, name a bit of the table. */
static bool hash_passes(const struct e1000 *n, const uint8_t *frame)
{
    static const uint8_t shifts[4] = { 4, 3, 2, 0 };
    unsigned int shift = shifts[e1000_reg(n, E_RCTL) >> 12 & 3];
    uint32_t bit = (uint32_t)(frame[5] << 8 | frame[4]) >> shift & 0xfff;

    return (e1000_reg(n, E_MTA + (bit >> 5) * 4) >> (bit & 31) & 1) != 0;
}

static bool passes(const struct e1000 *n, const uint8_t *frame, size_t len)
{
    static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    uint32_t rctl = e1000_reg(n, E_RCTL);
    bool group = (frame[0] & 1) != 0;

    if (!tag_passes(n, frame, len)) {
        return false;
    }
    if (memcmp(frame, all, 6) == 0 && (rctl & RCTL_BROADCAST) != 0) {
        return true;
    }
    if ((rctl & (group ? RCTL_MULTICAST : RCTL_UNICAST)) != 0) {
        return true;
    }
    return address_passes(n, frame) || (group && hash_passes(n, frame));
}

/* ---- the ring ---------------------------------------------------------------------------------- */

static uint32_t buffer_bytes(const struct e1000 *n)
{
    uint32_t rctl = e1000_reg(n, E_RCTL), size = 2048u >> (rctl >> 16 & 3);

    return (rctl & 0x2000000u) != 0 && size != 2048 ? size * 16 : size;
}

/* Descriptors that the guest has given; INV-E1. */
static uint32_t available(const struct e1000 *n)
{
    uint32_t length = e1000_reg(n, E_RDLEN) / 16;
    uint32_t head = e1000_reg(n, E_RDH), tail = e1000_reg(n, E_RDT);

    if (head >= length || tail >= length) {
        return 0;
    }
    return tail >= head ? tail - head : length - head + tail;
}

static uint32_t needed(const struct e1000 *n, size_t len)
{
    uint32_t size = buffer_bytes(n);

    return ((uint32_t)len + size - 1) / size;
}

/* For the longest frame of usual size; a rare longer one may be lost. */
bool e1000_rx_room(void *arg)
{
    const struct e1000 *n = arg;

    return !n->m->frozen && (e1000_reg(n, E_RCTL) & RCTL_ON) != 0 &&
           available(n) >= needed(n, LONGEST + 8);
}

struct descriptor {
    uint64_t addr;
    uint16_t len, sum;
    uint8_t status, errors;
    uint16_t tag;
};

/* One buffer's worth; false: the ring or the buffer is not memory. */
static bool put_piece(struct e1000 *n, const uint8_t *data, uint32_t len,
                      uint8_t status, uint16_t tag)
{
    uint32_t length = e1000_reg(n, E_RDLEN) / 16, head = e1000_reg(n, E_RDH);
    uint64_t at = (e1000_reg(n, E_RDBAL) |
                   (uint64_t)e1000_reg(n, E_RDBAH) << 32) +
                  (uint64_t)head * 16;
    struct descriptor d;

    if (head >= length || pci_dma_read(&n->pci, at, &d, sizeof(d)) != 0) {
        return false;
    }
    pci_dma_write(&n->pci, d.addr, data, len);
    d.len = (uint16_t)len;
    d.sum = 0;
    d.errors = 0;
    d.tag = tag;
    d.status = status;
    if (pci_dma_write(&n->pci, at, &d, sizeof(d)) != 0) {
        return false;
    }
    n->regs[E_RDH / 4] = head + 1 == length ? 0 : head + 1;
    return true;
}

static void put_frame(struct e1000 *n, const uint8_t *frame, uint32_t len,
                      uint8_t tag_status, uint16_t tag)
{
    uint32_t size = buffer_bytes(n), done, piece;
    uint8_t status;

    for (done = 0; done < len; done += piece) {
        piece = len - done < size ? len - done : size;
        status = STATUS_DONE;
        if (done + piece == len) {
            status |= STATUS_END | STATUS_IXSM | tag_status;
        }
        if (!put_piece(n, frame + done, piece, status, tag)) {
            return;
        }
    }
}

/* Few left: when less than a half, a quarter, an eighth of the ring. */
static uint32_t low_water(const struct e1000 *n)
{
    uint32_t length = e1000_reg(n, E_RDLEN) / 16;
    unsigned int shift = (e1000_reg(n, E_RCTL) >> 8 & 3) + 1;

    return available(n) <= length >> shift ? ICR_RXDMT0 : 0;
}

static void count(struct e1000 *n, const uint8_t *frame, uint32_t len)
{
    static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    e1000_count(n, E_TPR);
    e1000_count(n, E_GPRC);
    e1000_count64(n, E_TORL, len + 4u);
    e1000_count64(n, E_GORCL, len + 4u);
    if (memcmp(frame, all, 6) == 0) {
        e1000_count(n, E_BPRC);
    } else if ((frame[0] & 1) != 0) {
        e1000_count(n, E_MPRC);
    }
}

static bool acceptable(const struct e1000 *n, const uint8_t *frame, size_t len)
{
    uint32_t rctl = e1000_reg(n, E_RCTL);

    return (rctl & RCTL_ON) != 0 && len >= 14 && len <= E1000_RX_MAX - 4 &&
           ((rctl & RCTL_LONG) != 0 ||
            len <= LONGEST + (is_tagged(n, frame, len) ? 4u : 0u)) &&
           passes(n, frame, len);
}

/*
 * Four bytes of CRC follow unless they are stripped; nobody looks at them.
 * @frame has room for them and for a short frame's padding.
 */
void e1000_rx_frame(void *arg, uint8_t *frame, size_t len)
{
    struct e1000 *n = arg;
    uint8_t tag_status = 0, out[E1000_RX_MAX];
    uint16_t tag = 0;
    uint32_t total;

    if (!acceptable(n, frame, len)) {
        return;
    }
    memcpy(out, frame, len);
    if (is_tagged(n, frame, len) && (e1000_reg(n, E_CTRL) & CTRL_VLAN) != 0) {
        tag = (uint16_t)(frame[14] << 8 | frame[15]);
        tag_status = STATUS_TAG;
        len -= 4;
        memcpy(out + 12, frame + 16, len - 12);
    }
    if (len < 60) {
        memset(out + len, 0, 60 - len);
        len = 60;
    }
    total = (uint32_t)len;
    if ((e1000_reg(n, E_RCTL) & RCTL_NO_CRC) == 0) {
        memset(out + len, 0, 4);
        total += 4;
    }
    if (available(n) < needed(n, total)) {
        e1000_count(n, E_MPC);
        e1000_count(n, E_RNBC);
        e1000_cause(n, ICR_RXO);
        return;
    }
    count(n, out, (uint32_t)len);
    put_frame(n, out, total, tag_status, tag);
    e1000_cause(n, ICR_RXT0 | low_water(n));
}
