/* SPDX-License-Identifier: MIT */
/*
 * boot/qmp.c: a reset is the guest's own, also when its line comes in pieces;
 * nothing else is one.  The lines are QEMU 7.2's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../boot/qmp.h"

#define TIME "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, "
#define GUEST "\"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\r\n"
#define HOST "\"data\": {\"guest\": false, \"reason\": \"host-qmp-system-reset\"}}\r\n"

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void it_begins_by_asking_for_events(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);
    char text[64] = "";

    assert_true(theirs >= 0);

    assert_true(read(theirs, text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "{\"execute\":\"qmp_capabilities\"}\n");
    assert_false(qmp_was_reset(&q));
    qmp_close(&q);
    close(theirs);
}

static void a_reset_is_seen_in_pieces(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);

    say(theirs, "{\"return\": {}}\r\n" TIME "\"event\": \"RES");
    assert_false(qmp_was_reset(&q));
    say(theirs, "ET\", " GUEST);
    assert_true(qmp_was_reset(&q));
    assert_true(qmp_was_reset(&q));
    qmp_close(&q);
    close(theirs);
}

static void other_events_are_no_reset(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);

    say(theirs, TIME "\"event\": \"SHUTDOWN\", " GUEST);
    say(theirs, TIME "\"event\": \"RESET\", " HOST);
    say(theirs, TIME "\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1}}\r\n");
    close(theirs);

    assert_false(qmp_was_reset(&q));
    qmp_close(&q);
    assert_false(qmp_was_reset(&q));
}

/* Longer than it cares for: cut, and the next is whole again. */
static void a_long_line_hides_nothing(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);
    char x[100];

    memset(x, 'x', sizeof(x) - 1);
    x[sizeof(x) - 1] = '\0';
    for (int i = 0; i < 100; i++) {
        say(theirs, x);
    }
    assert_false(qmp_was_reset(&q));
    say(theirs, "\n" TIME "\"event\": \"RESET\", " GUEST);
    assert_true(qmp_was_reset(&q));
    qmp_close(&q);
    close(theirs);
}

/* Written before it is asked for: the socket holds it until then. */
static void registers_are_asked_for(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);
    char asked[256] = "", *text;
    size_t size;
    FILE *log = open_memstream(&text, &size);

    say(theirs, "{\"return\": {}}\r\n"
        "{\"return\": \"\\r\\nCPU#0\\r\\nRIP=1 RFL=2\\r\\nDS =0010\\r\\nCR0=3\\r\\n"
        "\\r\\nCPU#1\\r\\nRIP=4\\r\\n\"}\r\n");

    assert_true(qmp_log_registers(&q, log, 1000));
    fclose(log);
    assert_string_equal(text, "== CPU#0\n== RIP=1 RFL=2\n== CR0=3\n"
                        "== CPU#1\n== RIP=4\n");
    free(text);
    assert_true(read(theirs, asked, sizeof(asked) - 1) > 0);
    assert_non_null(strstr(asked, "info registers -a"));
    qmp_close(&q);
    close(theirs);
}

static void a_monitor_that_is_gone_is_not_waited_for(void **state)
{
    struct qmp q;
    int theirs = qmp_open(&q);
    FILE *log = tmpfile();

    assert_false(qmp_log_registers(&q, log, 10));
    close(theirs);
    assert_false(qmp_log_registers(&q, log, 100000));
    qmp_close(&q);
    assert_false(qmp_log_registers(&q, log, 100000));
    fclose(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_by_asking_for_events),
        cmocka_unit_test(a_reset_is_seen_in_pieces),
        cmocka_unit_test(other_events_are_no_reset),
        cmocka_unit_test(a_long_line_hides_nothing),
        cmocka_unit_test(registers_are_asked_for),
        cmocka_unit_test(a_monitor_that_is_gone_is_not_waited_for),
    };

    return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
