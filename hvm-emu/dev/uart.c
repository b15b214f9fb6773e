/* SPDX-License-Identifier: MIT */
/*
 * A 16550A at 3f8, line 4.  Characters leave at once, whatever the divisor
 * says; what arrives waits in the FIFO, and outside while that is full.
 * Source  TI TL16C550C data sheet (SLLS177).
 * Tests   tests/unit/hvm-emu/frame/test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/irq.h>
#include <bus/range.h>
#include <frame/loop.h>
#include <host/serial.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define PORT   0x3f8u
#define LINE   4u
#define FIFO   16u

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };

#define IER_RX      0x01u
#define IER_TX      0x02u
#define IER_LINE    0x04u
#define IER_MODEM   0x08u
#define IIR_NONE    0x01u
#define IIR_TX      0x02u
#define IIR_RX      0x04u
#define IIR_LINE    0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFOS   0xc0u
#define FCR_ON      0x01u
#define FCR_CLEAR   0x02u
#define LCR_DLAB    0x80u
#define MCR_OUT2    0x08u
#define MCR_LOOP    0x10u
#define LSR_DATA    0x01u
#define LSR_OVERRUN 0x02u
#define LSR_EMPTY   0x60u              /* transmitter, both its registers */
#define MSR_LINES   0xb0u              /* DCD, DSR, CTS of a peer that is there */

struct uart {
    struct machine *m;
    struct serial out;
    struct loop_watch *watch;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint8_t dll, dlm;
    uint8_t tx_due;                    /* "transmitter empty" was not seen */
    uint8_t fifo[FIFO];
    uint8_t first, count;
    uint8_t listening;
};

/* ---- interrupts -------------------------------------------------------------------- */

static unsigned int trigger(const struct uart *u)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    return u->fcr & FCR_ON ? levels[u->fcr >> 6] : 1;
}

static uint8_t cause(const struct uart *u)
{
    if ((u->ier & IER_LINE) && (u->lsr & LSR_OVERRUN)) {
        return IIR_LINE;
    }
    if ((u->ier & IER_RX) && u->count > 0) {
        return u->count >= trigger(u) ? IIR_RX : IIR_TIMEOUT;
    }
    if ((u->ier & IER_TX) && u->tx_due) {
        return IIR_TX;
    }
    return (u->ier & IER_MODEM) && (u->msr & 0x0f) ? 0 : IIR_NONE;
}

static void update(struct uart *u)
{
    bool out2 = (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

    irq_isa(u->m, LINE, out2 && cause(u) != IIR_NONE);
}

/* ---- characters ------------------------------------------------------------------------ */

static unsigned int room(const struct uart *u)
{
    unsigned int size = u->fcr & FCR_ON ? FIFO : 1;

    return u->count < size ? size - u->count : 0;
}

static void receive(struct uart *u, uint8_t byte)
{
    if (room(u) == 0) {
        u->lsr |= LSR_OVERRUN;
        return;
    }
    u->fifo[(u->first + u->count) % FIFO] = byte;
    u->count++;
}

static void listen(struct uart *u)
{
    bool want = room(u) > 0 && !(u->mcr & MCR_LOOP);

    if (u->watch != NULL && want != u->listening) {
        u->listening = want;
        (void)loop_watch_mod(u->watch, want ? EPOLLIN : 0);
    }
}

static void arrived(void *arg, uint32_t events)
{
    struct uart *u = arg;
    uint8_t bytes[FIFO];
    size_t n = serial_get(&u->out, bytes, room(u));
    size_t i;

    for (i = 0; i < n; i++) {
        receive(u, bytes[i]);
    }
    listen(u);
    update(u);
}

static uint8_t take(struct uart *u)
{
    uint8_t byte = 0;

    if (u->count > 0) {
        byte = u->fifo[u->first];
        u->first = (u->first + 1) % FIFO;
        u->count--;
    }
    listen(u);
    return byte;
}

static void send(struct uart *u, uint8_t byte)
{
    if (u->mcr & MCR_LOOP) {
        receive(u, byte);
    } else {
        serial_put(&u->out, byte);
    }
    u->tx_due = 1;
}

/* ---- registers ------------------------------------------------------------------------- */

/* In loopback the modem's lines are our own outputs. */
static uint8_t modem_lines(const struct uart *u)
{
    uint8_t m = u->mcr;

    if (!(m & MCR_LOOP)) {
        return MSR_LINES;
    }
    return (uint8_t)((m & 2) << 3 | (m & 1) << 5 | (m & 4) << 4 |
                     (m & 8) << 4);
}

static uint8_t get_msr(struct uart *u)
{
    uint8_t v = u->msr;

    u->msr &= 0xf0;
    return v;
}

static uint8_t get_iir(struct uart *u)
{
    uint8_t v = cause(u);

    if (v == IIR_TX) {
        u->tx_due = 0;
    }
    return v | (u->fcr & FCR_ON ? IIR_FIFOS : 0);
}

static uint8_t get_lsr(struct uart *u)
{
    uint8_t v = u->lsr | LSR_EMPTY | (u->count > 0 ? LSR_DATA : 0);

    u->lsr = 0;
    return v;
}

static uint64_t uart_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct uart *u = dev;
    bool dlab = (u->lcr & LCR_DLAB) != 0;
    uint8_t v = 0;

    if (bytes != 1) {
        return ~0ull;
    }
    switch (off) {
    case RBR:
        v = dlab ? u->dll : take(u);
        break;
    case IER:
        v = dlab ? u->dlm : u->ier;
        break;
    case IIR:
        v = get_iir(u);
        break;
    case LCR:
        v = u->lcr;
        break;
    case MCR:
        v = u->mcr;
        break;
    case LSR:
        v = get_lsr(u);
        break;
    case MSR:
        v = get_msr(u);
        break;
    default:
        v = u->scr;
        break;
    }
    update(u);
    return v;
}

static void set_ier(struct uart *u, uint8_t v)
{
    if ((v & IER_TX) && !(u->ier & IER_TX)) {
        u->tx_due = 1;
    }
    u->ier = v & 0x0f;
}

static void set_fcr(struct uart *u, uint8_t v)
{
    if ((v & FCR_CLEAR) || ((v ^ u->fcr) & FCR_ON)) {
        u->first = u->count = 0;
    }
    u->fcr = v & 0xc9;
}

static void set_mcr(struct uart *u, uint8_t v)
{
    uint8_t old = u->msr & 0xf0;

    u->mcr = v & 0x1f;
    u->msr = modem_lines(u);
    u->msr |= (uint8_t)((old ^ u->msr) >> 4 & 0x0b);
    u->msr |= (old & ~u->msr & 0x40) >> 4;      /* RI: its end counts */
}

static void uart_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct uart *u = dev;
    bool dlab = (u->lcr & LCR_DLAB) != 0;
    uint8_t v = (uint8_t)val;

    switch (off) {
    case RBR:
        if (dlab) {
            u->dll = v;
        } else {
            send(u, v);
        }
        break;
    case IER:
        if (dlab) {
            u->dlm = v;
        } else {
            set_ier(u, v);
        }
        break;
    case IIR:
        set_fcr(u, v);
        break;
    case LCR:
        u->lcr = v;
        break;
    case MCR:
        set_mcr(u, v);
        break;
    case SCR:
        u->scr = v;
        break;
    default:                           /* LSR, MSR: read only */
        break;
    }
    listen(u);
    update(u);
}

static const struct range_ops ops = { uart_read, uart_write };

/* ---- life ---------------------------------------------------------------------------------- */

static void reset(void *dev)
{
    struct uart *u = dev;

    u->ier = u->fcr = u->lcr = u->mcr = u->lsr = u->scr = 0;
    u->msr = MSR_LINES;
    u->dll = 12;                       /* 9600 baud */
    u->dlm = u->tx_due = u->first = u->count = 0;
    listen(u);
    update(u);
}

static void destroy(void *dev)
{
    struct uart *u = dev;

    loop_unwatch(u->watch);
    range_del(u->m, RANGE_PORT, PORT, u);
    serial_close(&u->out);
    free(u);
}

static int open_line(struct uart *u, struct err *e)
{
    int rc = serial_open(&u->out, u->m->config->serial, e);

    if (rc == 0 && u->out.input) {
        u->watch = loop_watch(u->m, u->out.fd, EPOLLIN, arrived, u);
        u->listening = 1;
        rc = u->watch == NULL ? -ENOMEM : 0;
    }
    return rc;
}

static void *create(struct machine *m, struct err *e)
{
    struct uart *u = calloc(1, sizeof(*u));
    int rc;

    if (u == NULL) {
        return NULL;
    }
    u->m = m;
    rc = open_line(u, e);
    if (rc == 0) {
        reset(u);
        rc = range_add(m, RANGE_PORT, PORT, 8, &ops, u);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the serial line", NULL);
        serial_close(&u->out);
        free(u);
        return NULL;
    }
    return u;
}

const char *uart_pty(const void *dev)
{
    const struct uart *u = dev;

    return u->out.name[0] != '\0' ? u->out.name : NULL;
}

static const struct state_field fields[] = {
    STATE_FIELD(struct uart, ier), STATE_FIELD(struct uart, fcr),
    STATE_FIELD(struct uart, lcr), STATE_FIELD(struct uart, mcr),
    STATE_FIELD(struct uart, lsr), STATE_FIELD(struct uart, msr),
    STATE_FIELD(struct uart, scr), STATE_FIELD(struct uart, dll),
    STATE_FIELD(struct uart, dlm), STATE_FIELD(struct uart, tx_due),
    STATE_ARRAY(struct uart, fifo), STATE_FIELD(struct uart, first),
    STATE_FIELD(struct uart, count),
};

static int check(void *dev)
{
    const struct uart *u = dev;

    return u->first < FIFO && u->count <= FIFO ? 0 : -EINVAL;
}

static void loaded(void *dev)
{
    listen(dev);
    update(dev);
}

static const struct state_table state = {
    .version = 1, STATE_ROWS(fields), .check = check, .loaded = loaded
};

const struct device_class uart_class = {
    .name = "uart", .create = create, .reset = reset, .destroy = destroy,
    .state = &state,
};
