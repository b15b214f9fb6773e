/* SPDX-License-Identifier: MIT */
/* Bridges, power, CMOS, DMA controllers, serial line, platform device. */
#include "bench.h"

#include <bus/irq.h>
#include <frame/timer.h>
#include <host/serial.h>
#include <lib/err.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <xen/xen.h>
#include <xen/sched.h>

#define ISA_FN  PCI_DEVFN(1, 0)
#define PM_FN   PCI_DEVFN(1, 3)
#define XEN_FN  PCI_DEVFN(2, 0)
#define COM     0x3f8

static char serial_path[32];

static int start(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    int fd;

    strcpy(serial_path, "/tmp/emu-serialXXXXXX");
    fd = mkstemp(serial_path);
    close(fd);
    b->config.serial = serial_path;
    b->config.boot = "dcn";
    bench_start(b);
    bench_devices(b);
    *state = b;
    return 0;
}

static int stop(void **state)
{
    bench_stop(*state);
    free(*state);
    unlink(serial_path);
    return 0;
}

/* ---- bridges -------------------------------------------------------------------- */

static void the_bus_has_its_functions(void **state)
{
    static const struct { uint8_t fn; uint32_t id, class; } rows[] = {
        { PCI_DEVFN(0, 0), 0x12378086, 0x060000 },
        { ISA_FN, 0x70008086, 0x060100 },
        { PCI_DEVFN(1, 1), 0x70108086, 0x010180 },
        { PM_FN, 0x71138086, 0x068000 },
        { XEN_FN, 0x00015853, 0xff8000 },
    };
    struct bench *b = *state;
    unsigned int i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(bench_cfg(b, rows[i].fn, 0, 4), rows[i].id);
        assert_int_equal(bench_cfg(b, rows[i].fn, 8, 4) >> 8, rows[i].class);
    }
    assert_int_equal(bench_cfg(b, ISA_FN, 0x0e, 1), 0x80);
}

static void pirq_registers_route_links(void **state)
{
    struct bench *b = *state;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        bench_cfg_set(b, ISA_FN, (uint8_t)(0x60 + i), 1, 10 + i / 2);
    }
    assert_int_equal(b->link[0], 10);
    assert_int_equal(b->link[3], 11);
    bench_cfg_set(b, ISA_FN, 0x60, 4, 0x050b8080);
    assert_int_equal(b->link[0], 0);
    assert_int_equal(b->link[2], 11);
    assert_int_equal(b->link[3], 5);
}

static void cf9_resets_on_its_bit_only(void **state)
{
    struct bench *b = *state;

    bench_out(b, 0xcf9, 1, 2);
    assert_int_equal(b->resets, 0);
    assert_int_equal(bench_in(b, 0xcf9, 1), 2);
    bench_out(b, 0xcf9, 1, 6);
    assert_int_equal(b->resets, 1);
    bench_out(b, 0xcf8, 4, 0x80000400u);             /* an address, no reset */
    assert_int_equal(b->resets, 1);
    assert_int_equal(bench_in(b, 0xcf8, 4), 0x80000400u);
}

static void port_92_resets_on_its_edge(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_in(b, 0x92, 1), 2);
    bench_out(b, 0x92, 1, 2);
    assert_int_equal(b->resets, 0);
    bench_out(b, 0x92, 1, 3);
    bench_out(b, 0x92, 1, 3);
    assert_int_equal(b->resets, 1);
}

/* ---- power ------------------------------------------------------------------------- */

static void sleep_type_0_switches_off_once(void **state)
{
    struct bench *b = *state;

    bench_out(b, 0xb004, 2, 0x0400);                 /* S3, not entered */
    assert_int_equal(b->shutdown, -1);
    bench_out(b, 0xb004, 2, 0x2400);                 /* not offered */
    assert_int_equal(b->shutdown, -1);
    bench_out(b, 0xb004, 2, 0x0001);
    assert_int_equal(bench_in(b, 0xb004, 2), 1);
    bench_out(b, 0xb005, 1, 0x20);
    assert_int_equal(b->shutdown, SHUTDOWN_poweroff);
    assert_int_equal(bench_in(b, 0xb004, 2), 1);
    b->shutdown = -1;
    bench_out(b, 0xb004, 2, 0x2001);
    assert_int_equal(b->shutdown, -1);
}

static void the_command_port_switches_acpi_on(void **state)
{
    struct bench *b = *state;

    bench_out(b, 0xb2, 1, 0xf1);
    assert_int_equal(bench_in(b, 0xb004, 2), 1);
    bench_out(b, 0xb2, 1, 0xf0);
    assert_int_equal(bench_in(b, 0xb004, 2), 0);
    bench_out(b, 0xafe2, 2, 0x0102);
    assert_int_equal(bench_in(b, 0xafe0, 4), 0x01020000);
}

/* ---- CMOS, DMA ------------------------------------------------------------------------- */

static uint8_t cmos(struct bench *b, uint8_t at)
{
    bench_out(b, 0x70, 1, at);
    return (uint8_t)bench_in(b, 0x71, 1);
}

static void cmos_tells_memory_and_boot_order(void **state)
{
    struct bench *b = *state;

    assert_int_equal(cmos(b, 0x30) | cmos(b, 0x31) << 8, 3 * 1024);
    assert_int_equal(cmos(b, 0x34), 0);
    assert_int_equal(cmos(b, 0x3d), 0x23);           /* CD, then disk */
    assert_int_equal(cmos(b, 0x38) >> 4, 4);
    assert_int_equal(cmos(b, 0x5f), 1);
    bench_out(b, 0x70, 1, 0xff);                     /* the top bit is NMI's */
    bench_out(b, 0x71, 1, 0x99);
    assert_int_equal(cmos(b, 0x7f), 0x99);
    assert_int_equal(cmos(b, 5), 0xff);              /* the clock's */
}

static void dma_registers_read_back(void **state)
{
    struct bench *b = *state;

    bench_out(b, 0x0c, 1, 0);
    bench_out(b, 0x04, 1, 0x34);
    bench_out(b, 0x04, 1, 0x12);
    assert_int_equal(bench_in(b, 0x04, 1), 0x34);
    assert_int_equal(bench_in(b, 0x04, 1), 0x12);
    assert_int_equal(bench_in(b, 0x0f, 1), 0xf);
    bench_out(b, 0xd4, 1, 0x01);
    assert_int_equal(bench_in(b, 0xde, 1), 0x0d);
    bench_out(b, 0x81, 1, 0x42);
    assert_int_equal(bench_in(b, 0x81, 1), 0x42);
    assert_int_equal(bench_in(b, 0x402, 1), 0xe9);
}

/* ---- serial line ------------------------------------------------------------------------- */

static void what_is_sent_is_in_the_file(void **state)
{
    struct bench *b = *state;
    char text[8] = { 0 };
    int fd;

    bench_out(b, COM, 1, 'h');
    bench_out(b, COM, 1, 'i');
    assert_int_equal(bench_in(b, COM + 5, 1), 0x60);
    fd = open(serial_path, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof(text)), 2);
    close(fd);
    assert_string_equal(text, "hi");
}

/* A guest that writes for ever does not fill the disk. */
static void a_file_begins_anew_when_it_is_large(void **state)
{
    struct serial s;
    struct err e = ERR_INIT;
    struct stat st;

    assert_int_equal(truncate(serial_path, SERIAL_FILE_MAX - 1), 0);
    assert_int_equal(serial_open(&s, serial_path, &e), 0);
    serial_put(&s, 'a');
    assert_int_equal(stat(serial_path, &st), 0);
    assert_int_equal(st.st_size, SERIAL_FILE_MAX);
    serial_put(&s, 'b');
    assert_int_equal(stat(serial_path, &st), 0);
    assert_int_equal(st.st_size, 1);
    assert_int_equal(s.lost, 0);
    serial_close(&s);
}

/* Nobody reads: nothing waits.  Somebody writes: it is there. */
static void a_pty_never_holds_the_guest_up(void **state)
{
    struct serial s;
    struct err e = ERR_INIT;
    uint8_t got[8];
    unsigned int i;
    int fd;

    assert_int_equal(serial_open(&s, "pty", &e), 0);
    assert_int_equal(serial_get(&s, got, sizeof(got)), 0);
    for (i = 0; i < 100000; i++) {
        serial_put(&s, 'x');
    }
    assert_true(s.lost > 0);
    fd = open(s.name, O_RDWR | O_NOCTTY);
    assert_int_equal(write(fd, "key", 3), 3);
    assert_int_equal(serial_get(&s, got, sizeof(got)), 3);
    assert_memory_equal(got, "key", 3);
    close(fd);
    serial_close(&s);
}

static void loopback_brings_characters_and_lines_back(void **state)
{
    struct bench *b = *state;
    unsigned int i;

    bench_out(b, COM + 2, 1, 0x07);                  /* FIFOs */
    bench_out(b, COM + 4, 1, 0x1a);                  /* loop, RTS, OUT2 */
    assert_int_equal(bench_in(b, COM + 6, 1) & 0xf0, 0x90);
    for (i = 0; i < 17; i++) {
        bench_out(b, COM, 1, i);
    }
    assert_int_equal(bench_in(b, COM + 5, 1), 0x63); /* data, overrun */
    for (i = 0; i < 16; i++) {
        assert_int_equal(bench_in(b, COM, 1), i);
    }
    assert_int_equal(bench_in(b, COM + 5, 1), 0x60);
    assert_int_equal(bench_in(b, COM, 1), 0);
}

static void the_line_is_raised_for_each_cause(void **state)
{
    struct bench *b = *state;

    bench_out(b, COM + 1, 1, 0x02);
    assert_int_equal(b->isa[4], 0);                  /* OUT2 is the gate */
    bench_out(b, COM + 4, 1, 0x08);
    assert_int_equal(b->isa[4], 1);
    assert_int_equal(bench_in(b, COM + 2, 1), 0x02);
    assert_int_equal(b->isa[4], 0);                  /* read: seen */
    bench_out(b, COM, 1, 'x');
    assert_int_equal(b->isa[4], 1);
    bench_out(b, COM + 1, 1, 0);
    assert_int_equal(b->isa[4], 0);
    assert_int_equal(bench_in(b, COM + 2, 1), 0x01);
}

static void divisor_and_scratch_are_kept(void **state)
{
    struct bench *b = *state;

    bench_out(b, COM + 3, 1, 0x83);
    bench_out(b, COM, 1, 1);
    bench_out(b, COM + 1, 1, 0);
    assert_int_equal(bench_in(b, COM, 1), 1);
    bench_out(b, COM + 3, 1, 0x03);
    assert_int_equal(bench_in(b, COM + 1, 1), 0);
    bench_out(b, COM + 7, 1, 0x5a);
    assert_int_equal(bench_in(b, COM + 7, 1), 0x5a);
}

/* ---- platform device ----------------------------------------------------------------------- */

static void the_platform_device_speaks_the_protocol(void **state)
{
    struct bench *b = *state;
    const char *p;

    assert_int_equal(bench_in(b, 0x10, 2), 0x49d2);
    assert_int_equal(bench_in(b, 0x12, 1), 1);
    bench_out(b, 0x12, 2, 3);
    bench_out(b, 0x10, 4, 0xffff);
    for (p = "from the guest\n"; *p != '\0'; p++) {
        bench_out(b, 0x12, 1, (uint8_t)*p);
    }
    assert_int_equal(bench_cfg(b, XEN_FN, 0x3d, 1), 1);
    bench_cfg_set(b, XEN_FN, 0x14, 4, 0xffffffff);
    assert_int_equal(bench_cfg(b, XEN_FN, 0x14, 4), 0xff000008);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(the_bus_has_its_functions),
        T(pirq_registers_route_links),
        T(cf9_resets_on_its_bit_only),
        T(port_92_resets_on_its_edge),
        T(sleep_type_0_switches_off_once),
        T(the_command_port_switches_acpi_on),
        T(cmos_tells_memory_and_boot_order),
        T(dma_registers_read_back),
        T(what_is_sent_is_in_the_file),
        T(a_file_begins_anew_when_it_is_large),
        T(a_pty_never_holds_the_guest_up),
        T(loopback_brings_characters_and_lines_back),
        T(the_line_is_raised_for_each_cause),
        T(divisor_and_scratch_are_kept),
        T(the_platform_device_speaks_the_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
