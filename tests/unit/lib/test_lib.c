/* SPDX-License-Identifier: MIT */
/*
 * Facts of control-domain/lib that need no hypervisor: error values, the rate
 * limit of log lines, byte buffers, the event loop.
 */
#include <lib/buf.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

static void error_names_what_which_and_why(void **state)
{
    struct err e = ERR_INIT;
    char line[256];

    assert_int_equal(err_errno(&e, -ENOENT, "cannot open", "disk %d", 7),
                     -ENOENT);
    err_format(&e, line, sizeof(line));

    assert_string_equal(line, "cannot open: disk 7: No such file or directory");
    assert_int_equal(e.class, ERR_NOT_FOUND);
    assert_int_equal(err_exit_status(&e), 3);
}

static void error_text_longer_than_its_room_is_cut(void **state)
{
    struct err e = ERR_INIT;
    char big[1000];

    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    err_set(&e, -EINVAL, ERR_CONFIG, big, big, "%s", big);

    assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
    assert_int_equal(strlen(e.which), sizeof(e.which) - 1);
    assert_int_equal(strlen(e.why), sizeof(e.why) - 1);
    assert_int_equal(err_set(NULL, -5, ERR_FAILED, "a", NULL, "b"), -5);
}

static void guest_lines_stop_at_the_budget_and_refill(void **state)
{
    struct log_rate rate = LOG_RATE(3);
    const uint64_t second = 1000000000u;
    int i;

    for (i = 0; i < 3; i++) {
        assert_true(log_rate_take(&rate, 0));
    }
    assert_false(log_rate_take(&rate, second / 2));
    assert_int_equal(rate.dropped, 1);
    assert_true(log_rate_take(&rate, second));
    assert_false(log_rate_take(&rate, second));
    assert_true(log_rate_take(&rate, 100 * second));
    assert_int_equal(rate.left, 2);
}

/* A guest's words reach no terminal as commands, and make no second line. */
static void log_lines_carry_no_control_bytes(void **state)
{
    char got[256] = "";
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    log_to_fd(ends[1]);
    log_err("protocol \"%s\"", "a\n\033[2Jb\tc\x7f");
    log_to_fd(STDERR_FILENO);
    assert_true(read(ends[0], got, sizeof(got) - 1) > 0);
    assert_non_null(strstr(got, "protocol \"a??[2Jb?c?\"\n"));
    close(ends[0]);
    close(ends[1]);
}

static void buffer_refuses_to_pass_its_limit(void **state)
{
    struct buf b;

    buf_init(&b, 8);
    assert_int_equal(buf_adds(&b, "12345678"), 0);
    assert_int_equal(buf_add(&b, "9", 1), -ENOSPC);
    assert_string_equal(b.data, "12345678");

    buf_consume(&b, 3);
    assert_string_equal(b.data, "45678");
    assert_int_equal(buf_addf(&b, "%d", 999), 0);
    assert_string_equal(b.data, "45678999");
    buf_consume(&b, 100);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void buffer_moves_bytes_through_descriptors(void **state)
{
    struct buf in = BUF_INIT, out = BUF_INIT;
    int p[2];

    assert_int_equal(pipe(p), 0);
    assert_int_equal(buf_adds(&out, "hello"), 0);
    assert_int_equal(buf_write_fd(&out, p[1]), 5);
    assert_int_equal(out.len, 0);
    assert_int_equal(buf_read_fd(&in, p[0], 100), 5);
    assert_string_equal(in.data, "hello");
    close(p[1]);
    assert_int_equal(buf_read_fd(&in, p[0], 100), 0);
    close(p[0]);
    buf_free(&in);
    buf_free(&out);
}

struct seen {
    struct evloop *loop;
    struct ev_source *a, *b;
    int calls;
    int signo;
};

/* Either of two ready sources removes both: the other must not run. */
static void remove_both(void *arg, uint32_t events)
{
    struct seen *s = arg;

    s->calls++;
    evloop_del(s->a);
    evloop_del(s->b);
}

static void removed_source_is_not_called_in_the_same_batch(void **state)
{
    struct seen s = { .loop = evloop_new() };
    int p[2], q[2];

    assert_int_equal(pipe(p), 0);
    assert_int_equal(pipe(q), 0);
    s.a = evloop_add(s.loop, p[0], EPOLLIN, remove_both, &s);
    s.b = evloop_add(s.loop, q[0], EPOLLIN, remove_both, &s);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(write(q[1], "x", 1), 1);

    assert_int_equal(evloop_once(s.loop, 0), 2);
    assert_int_equal(s.calls, 1);
    assert_int_equal(evloop_once(s.loop, 0), 0);

    evloop_free(s.loop);
    close(p[0]);
    close(p[1]);
    close(q[0]);
    close(q[1]);
}

static void on_timer(void *arg)
{
    struct seen *s = arg;

    if (++s->calls == 3) {
        evloop_stop(s->loop, 42);
    }
}

static void periodic_timer_runs_until_the_loop_stops(void **state)
{
    struct seen s = { .loop = evloop_new() };
    struct ev_source *t = evloop_timer(s.loop, on_timer, &s);

    assert_int_equal(evloop_timer_set(t, 1000000, 1000000), 0);
    assert_int_equal(evloop_run(s.loop), 42);
    assert_int_equal(s.calls, 3);
    evloop_timer_set(t, 0, 0);
    evloop_free(s.loop);
}

static void on_signal(void *arg, int signo)
{
    ((struct seen *)arg)->signo = signo;
}

static void signal_arrives_as_an_event(void **state)
{
    struct seen s = { .loop = evloop_new() };
    const int signos[] = { SIGUSR1, 0 };

    assert_non_null(evloop_signal(s.loop, signos, on_signal, &s));
    raise(SIGUSR1);
    assert_int_equal(evloop_once(s.loop, 1000), 1);
    assert_int_equal(s.signo, SIGUSR1);
    evloop_free(s.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_names_what_which_and_why),
        cmocka_unit_test(error_text_longer_than_its_room_is_cut),
        cmocka_unit_test(guest_lines_stop_at_the_budget_and_refill),
        cmocka_unit_test(log_lines_carry_no_control_bytes),
        cmocka_unit_test(buffer_refuses_to_pass_its_limit),
        cmocka_unit_test(buffer_moves_bytes_through_descriptors),
        cmocka_unit_test(removed_source_is_not_called_in_the_same_batch),
        cmocka_unit_test(periodic_timer_runs_until_the_loop_stops),
        cmocka_unit_test(signal_arrives_as_an_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
