/* SPDX-License-Identifier: MIT */
/*
 * core/serial.c - 16550: buffered output, input by interrupt.
 *
 * Polling a UART costs a character time each (87 us at 115200 baud), so boot
 * messages are buffered and leave 16 at a time whenever the FIFO is empty.
 */
#include <core/serial.h>

#include <arch/cpu.h>
#include <arch/port_io.h>

#include <lib/string.h>

#define REG_DATA 0
#define REG_IER  1
#define REG_FCR  2
#define REG_IIR  2
#define REG_LCR  3
#define REG_MCR  4
#define REG_LSR  5

#define LSR_DATA  0x01
#define LSR_THRE  0x20
#define IER_RX    0x01
#define IER_TX    0x02
#define FIFO_SIZE 16u
#define BUF_SIZE  16384u                /* power of two */

static struct {
    uint16_t port;
    uint8_t irq;
    bool present, sync, irq_ready;
    uint32_t baud;
    uint8_t ier;
} uart = { .port = 0x3f8, .irq = 4, .baud = 115200 };

static char buf[BUF_SIZE];
static uint32_t head, tail;             /* head: next to write */

/* A panic may meet a CPU that does not stop and writes as well.  What the two
 * make of head and tail may cost text, but must not be sent for hours. */
static bool pending(void)
{
    return head - tail - 1 < BUF_SIZE;
}

static uint8_t reg_read(unsigned int r)
{
    return inb((uint16_t)(uart.port + r));
}

static void reg_write(unsigned int r, uint8_t v)
{
    outb(v, (uint16_t)(uart.port + r));
}

void boot_text serial_configure(unsigned int com, const char *spec)
{
    const char *end;

    if (com == 2) {
        uart.port = 0x2f8;
        uart.irq = 3;
    }
    if (*spec >= '0' && *spec <= '9') {
        uart.baud = (uint32_t)str_to_u64(spec, &end, 10);
    }
    spec = strchr(spec, ',');                     /* format: 8n1 always */
    spec = spec != NULL ? strchr(spec + 1, ',') : NULL;
    if (spec != NULL && spec[1] >= '0' && spec[1] <= '9') {
        uart.port = (uint16_t)str_to_u64(spec + 1, &end, 0);
        if (*end == ',') {
            uart.irq = (uint8_t)str_to_u64(end + 1, &end, 0);
        }
    }
}

void boot_text serial_init(void)
{
    uint32_t divisor = 115200 / (uart.baud != 0 ? uart.baud : 115200);

    reg_write(REG_IER, 0);
    reg_write(REG_LCR, 0x83);                     /* 8n1, divisor open */
    reg_write(REG_DATA, (uint8_t)(divisor != 0 ? divisor : 1));
    reg_write(REG_IER, (uint8_t)(divisor >> 8));
    reg_write(REG_LCR, 0x03);
    reg_write(REG_FCR, 0x07);
    reg_write(REG_MCR, 0x0b);
    uart.present = reg_read(REG_LCR) == 0x03 && reg_read(REG_LSR) != 0xff;
}

bool serial_present(void)
{
    return uart.present;
}

unsigned int serial_irq(void)
{
    return uart.irq;
}

static void set_ier(uint8_t v)
{
    if (uart.ier != v) {
        uart.ier = v;
        reg_write(REG_IER, v);
    }
}

/* Push what the FIFO takes now. */
static void poll_tx(void)
{
    if (!uart.present) {
        return;
    }
    if (pending() && (reg_read(REG_LSR) & LSR_THRE)) {
        for (unsigned int i = 0; i < FIFO_SIZE && pending(); i++) {
            reg_write(REG_DATA, (uint8_t)buf[tail++ % BUF_SIZE]);
        }
    }
    if (uart.irq_ready) {
        set_ier(pending() ? IER_RX | IER_TX : IER_RX);
    }
}

static void put(char c)
{
    while (head - tail == BUF_SIZE) {
        poll_tx();
        cpu_relax();
    }
    if (head - tail > BUF_SIZE) {
        tail = head;
    }
    buf[head++ % BUF_SIZE] = c;
}

void serial_write(const char *s, size_t n)
{
    if (!uart.present) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n') {
            put('\r');
        }
        put(s[i]);
    }
    do {
        poll_tx();
    } while (uart.sync && pending());
}

void serial_interrupt(void (*input)(char c))
{
    while (reg_read(REG_LSR) & LSR_DATA) {
        input((char)reg_read(REG_DATA));
    }
    (void)reg_read(REG_IIR);
    poll_tx();
}

void serial_irq_ready(void)
{
    if (uart.present) {
        uart.irq_ready = true;
        poll_tx();
    }
}

void serial_drain(void)
{
    while (uart.present && pending()) {
        poll_tx();
        cpu_relax();
    }
}

void serial_sync(void)
{
    if (!uart.present) {
        return;
    }
    uart.sync = true;
    uart.irq_ready = false;
    set_ier(0);
    serial_drain();
}
