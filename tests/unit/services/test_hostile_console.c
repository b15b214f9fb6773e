/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest at its console ring, 100000 operations from one seed:
 * positions that jump, all bytes, no reader.  The log keeps its bound, input
 * never passes its ring, and a sober guest is heard again afterwards.
 */
#include <lib/err.h>
#include <lib/evloop.h>
#include <services/console_guest.h>
#include <services/console_ring.h>

#include <xen/io/console.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OPERATIONS 100000u

static struct xencons_interface ring;
static struct console_guest guest;
static unsigned int notified;
static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * below >> 32);
}

static uint32_t odd_number(void)
{
    static const uint32_t odd[] = {
        0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 0x7fffffff, 0x80000000u,
        0xfffff800u, 0xffffffffu,
    };

    return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
}

static void notify(void *arg)
{
    notified++;
}

static void print_bytes(void)
{
    uint32_t n = rnd(300), i;

    for (i = 0; i < n; i++) {
        ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] =
            (char)rnd(256);
    }
}

static void one_operation(void)
{
    char text[64] = "typed";

    switch (rnd(8)) {
    case 0:
        ring.out_prod = odd_number();
        break;
    case 1:
        ring.out_cons = odd_number();
        break;
    case 2:
        ring.in_cons = odd_number();
        break;
    case 3:
        ring.in_prod = odd_number();
        break;
    case 4:
        assert_true(console_ring_put(&ring, text, sizeof(text)) <=
                    sizeof(text));
        break;
    default:
        print_bytes();
    }
}

static void console_survives_a_hundred_thousand_operations(void **state)
{
    const char *dir = *state;
    char log_path[96], word[16] = "";
    struct stat st;
    uint32_t i;
    FILE *f;

    snprintf(log_path, sizeof(log_path), "%s/guest.log", dir);
    for (i = 0; i < OPERATIONS; i++) {
        one_operation();
        if (rnd(3) == 0) {
            console_guest_run(&guest);
        }
        if (rnd(50) == 0) {
            console_guest_refill(&guest);
        }
    }
    assert_int_equal(stat(log_path, &st), 0);
    assert_true((uint64_t)st.st_size <= CONSOLE_LOG_LIMIT);

    ring.out_cons = ring.out_prod = 5;
    memcpy(ring.out + 5, "sober\n", 6);
    ring.out_prod += 6;
    console_guest_refill(&guest);
    assert_true(console_guest_run(&guest));
    f = fopen(log_path, "re");
    assert_non_null(f);
    assert_int_equal(fseek(f, -6, SEEK_END), 0);
    assert_int_equal(fread(word, 1, 6, f), 6);
    fclose(f);
    assert_string_equal(word, "sober\n");
    assert_true(notified > 0);
    print_message("console: %u operations, log of %lld bytes\n", OPERATIONS,
                  (long long)st.st_size);
}

static struct evloop *loop;

static int setup(void **state)
{
    static char dir[] = "/tmp/hostile-console-XXXXXX";
    char log_path[96], sock[96];
    struct err e = ERR_INIT;

    loop = evloop_new();
    assert_non_null(mkdtemp(dir));
    snprintf(log_path, sizeof(log_path), "%s/guest.log", dir);
    snprintf(sock, sizeof(sock), "%s/1.sock", dir);
    assert_int_equal(console_guest_init(&guest, loop, 1, log_path, sock, &e),
                     0);
    console_guest_attach(&guest, &ring);
    guest.notify = notify;
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    char command[96];

    console_guest_fini(&guest);
    evloop_free(loop);
    snprintf(command, sizeof(command), "rm -r %s", (const char *)*state);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(console_survives_a_hundred_thousand_operations),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
