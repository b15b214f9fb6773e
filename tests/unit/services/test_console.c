/* SPDX-License-Identifier: MIT */
/*
 * Facts of the console daemon: rings shared with a hostile guest, logs with a
 * bound, viewers, the budget, and each byte logged once across a kill.
 */
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <services/console_guest.h>
#include <services/console_hv.h>
#include <services/console_ring.h>
#include <services/console_view.h>

#include <xen/io/console.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    char log[96], sock[96];
    struct evloop *loop;
    struct xencons_interface ring;
    struct console_guest guest;
    unsigned int notified;
};

static void count_notify(void *arg)
{
    ((struct fixture *)arg)->notified++;
}

static void start_guest(struct fixture *f)
{
    struct err e = ERR_INIT;

    assert_int_equal(console_guest_init(&f->guest, f->loop, 7, f->log, f->sock,
                                        &e), 0);
    console_guest_attach(&f->guest, &f->ring);
    f->guest.notify = count_notify;
    f->guest.notify_arg = f;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->dir, "/tmp/console-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->log, sizeof(f->log), "%s/guest.log", f->dir);
    snprintf(f->sock, sizeof(f->sock), "%s/7.sock", f->dir);
    f->loop = evloop_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[96];

    evloop_free(f->loop);
    snprintf(command, sizeof(command), "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void guest_prints(struct fixture *f, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        f->ring.out[MASK_XENCONS_IDX(f->ring.out_prod++, f->ring.out)] =
            text[i];
    }
}

static size_t file_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void read_log(struct fixture *f, char *buf, size_t size)
{
    int fd = open(f->log, O_RDONLY);
    ssize_t n = read(fd, buf, size - 1);

    assert_true(n >= 0);
    buf[n] = '\0';
    close(fd);
}

static int view(struct fixture *f)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    strcpy(a.sun_path, f->sock);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    evloop_once(f->loop, 0);
    return fd;
}

/* ---- ring ------------------------------------------------------------------ */

static void ring_keeps_bytes_across_the_index_wrap(void **state)
{
    struct xencons_interface ring = { .out_cons = 0xfffffffe,
                                      .out_prod = 0xfffffffe };
    const char *text = "wrapped";
    char buf[16] = "";
    int i;

    for (i = 0; i < 7; i++) {
        ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = text[i];
    }
    assert_int_equal(console_ring_peek(&ring, buf, sizeof(buf)), 7);
    assert_string_equal(buf, "wrapped");
    console_ring_consume(&ring, 7);
    assert_int_equal(ring.out_cons, ring.out_prod);
    assert_int_equal(console_ring_peek(&ring, buf, sizeof(buf)), 0);
}

/* Every distance of the producer, sane or not, gives at most one ring. */
static void ring_survives_producer_jumps(void **state)
{
    static const uint32_t jumps[] = {
        0, 1, 2047, 2048, 2049, 4096, 0x7fffffff, 0x80000000, 0xffffffff
    };
    struct xencons_interface ring;
    char buf[8192];
    size_t i;

    for (i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        memset(&ring, 0, sizeof(ring));
        ring.out_cons = 5;
        ring.out_prod = 5 + jumps[i];
        size_t n = console_ring_peek(&ring, buf, sizeof(buf));

        assert_true(n <= sizeof(ring.out));
        assert_int_equal(n, jumps[i] > 2048 ? 2048 : jumps[i]);
        console_ring_consume(&ring, n);
        assert_int_equal(ring.out_cons, ring.out_prod);
    }
}

static void ring_takes_no_input_beyond_its_room(void **state)
{
    struct xencons_interface ring;
    char data[2000] = "";

    memset(&ring, 0, sizeof(ring));
    assert_int_equal(console_ring_put(&ring, data, sizeof(data)), 1024);
    assert_int_equal(console_ring_put(&ring, data, 1), 0);
    ring.in_cons = 10;
    assert_int_equal(console_ring_room(&ring), 10);
    ring.in_cons = ring.in_prod + 1;          /* the guest lies */
    assert_int_equal(console_ring_room(&ring), 0);
    assert_int_equal(console_ring_put(&ring, data, 1), 0);
}

/* ---- log ------------------------------------------------------------------------ */

static void log_rotates_and_stays_bounded(void **state)
{
    struct fixture *f = *state;
    struct console_log log;
    char line[100], old[128];
    int i;

    memset(line, 'x', sizeof(line));
    assert_int_equal(console_log_open(&log, f->log, 1000), 0);
    for (i = 0; i < 100; i++) {
        assert_int_equal(console_log_write(&log, line, sizeof(line)), 0);
    }
    console_log_close(&log);

    assert_int_equal(file_size(f->log), 1000);
    for (i = 1; i <= 3; i++) {
        snprintf(old, sizeof(old), "%s.%d", f->log, i);
        assert_int_equal(file_size(old), 1000);
    }
    snprintf(old, sizeof(old), "%s.4", f->log);
    assert_int_equal(access(old, F_OK), -1);
}

static void log_goes_on_where_it_ended(void **state)
{
    struct fixture *f = *state;
    struct console_log log;
    char buf[32];

    assert_int_equal(console_log_open(&log, f->log, 1000), 0);
    assert_int_equal(console_log_write(&log, "one", 3), 0);
    console_log_close(&log);
    assert_int_equal(console_log_open(&log, f->log, 1000), 0);
    assert_int_equal(console_log_write(&log, "two", 3), 0);
    console_log_close(&log);

    read_log(f, buf, sizeof(buf));
    assert_string_equal(buf, "onetwo");
}

/* ---- guest ------------------------------------------------------------------------ */

static void output_is_logged_then_given_back(void **state)
{
    struct fixture *f = *state;
    char buf[64];

    start_guest(f);
    guest_prints(f, "hello\n", 6);
    assert_true(console_guest_run(&f->guest));

    read_log(f, buf, sizeof(buf));
    assert_string_equal(buf, "hello\n");
    assert_int_equal(f->ring.out_cons, 6);
    assert_int_equal(f->notified, 1);
    console_guest_fini(&f->guest);
}

/*
 * A process that dies while a chunk goes from the ring to the log: at each
 * number of bytes that reached the log, a successor logs the rest, once.
 */
static void restart_logs_each_byte_once(void **state)
{
    struct fixture *f = *state;
    char buf[64];
    int cut;

    for (cut = 0; cut <= 6; cut++) {
        pid_t pid;

        memset(&f->ring, 0, sizeof(f->ring));
        unlink(f->log);
        guest_prints(f, "first.", 6);
        pid = fork();
        if (pid == 0) {
            start_guest(f);
            f->guest.mark->log_inode = f->guest.log.inode;
            f->guest.mark->log_size = 0;
            f->guest.mark->out_cons = 0;
            f->guest.mark->valid = 1;
            if (write(f->guest.log.fd, "first.", (size_t)cut) != cut) {
                _exit(1);
            }
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        guest_prints(f, "second", 6);
        start_guest(f);
        assert_true(console_guest_run(&f->guest));

        read_log(f, buf, sizeof(buf));
        assert_string_equal(buf, "first.second");
        console_guest_fini(&f->guest);
    }
}

/* A mark of another log or another position says nothing about this one. */
static void stale_marks_are_ignored(void **state)
{
    struct fixture *f = *state;
    char buf[64];

    guest_prints(f, "abc", 3);
    start_guest(f);
    f->guest.ring = NULL;
    f->guest.mark->log_inode = f->guest.log.inode + 1;
    f->guest.mark->valid = 1;
    f->guest.log.size = 3;
    console_guest_attach(&f->guest, &f->ring);
    assert_int_equal(f->ring.out_cons, 0);
    f->guest.mark->log_inode = f->guest.log.inode;
    f->guest.mark->out_cons = 1;
    console_guest_attach(&f->guest, &f->ring);
    assert_int_equal(f->ring.out_cons, 0);
    console_guest_run(&f->guest);
    read_log(f, buf, sizeof(buf));
    assert_string_equal(buf, "abc");
    console_guest_fini(&f->guest);
}

static void viewers_of_a_new_daemon_see_the_old_log(void **state)
{
    struct fixture *f = *state;
    char buf[64];
    int fd;

    start_guest(f);
    guest_prints(f, "before", 6);
    console_guest_run(&f->guest);
    console_guest_fini(&f->guest);
    start_guest(f);
    fd = view(f);
    assert_int_equal(recv(fd, buf, sizeof(buf), 0), 6);
    assert_memory_equal(buf, "before", 6);
    close(fd);
    console_guest_fini(&f->guest);
}

static void budget_stops_a_flood_until_the_refill(void **state)
{
    struct fixture *f = *state;
    char line[2048];
    unsigned int rounds = 0;

    memset(line, 'f', sizeof(line));
    start_guest(f);
    do {
        guest_prints(f, line, sizeof(line));
        rounds++;
    } while (console_guest_run(&f->guest) && rounds < 1000);
    assert_int_equal(rounds, CONSOLE_PERIOD_BYTES / 2048);
    assert_int_equal(file_size(f->log), CONSOLE_PERIOD_BYTES);
    guest_prints(f, line, sizeof(line));
    assert_false(console_guest_run(&f->guest));
    assert_int_equal(file_size(f->log), CONSOLE_PERIOD_BYTES);

    console_guest_refill(&f->guest);
    assert_true(console_guest_run(&f->guest));
    assert_int_equal(file_size(f->log), CONSOLE_PERIOD_BYTES + 2048);
    console_guest_fini(&f->guest);
}

/* ---- viewers ------------------------------------------------------------------------ */

static void viewers_see_recent_and_new_output(void **state)
{
    struct fixture *f = *state;
    char buf[64] = "";
    int a, b;

    start_guest(f);
    guest_prints(f, "early ", 6);
    console_guest_run(&f->guest);
    a = view(f);
    b = view(f);
    guest_prints(f, "late", 4);
    console_guest_run(&f->guest);

    assert_int_equal(recv(a, buf, sizeof(buf), 0), 10);
    assert_memory_equal(buf, "early late", 10);
    assert_int_equal(recv(b, buf, sizeof(buf), 0), 10);
    assert_memory_equal(buf, "early late", 10);
    close(a);
    close(b);
    console_guest_fini(&f->guest);
}

static void viewer_input_waits_for_room_in_the_ring(void **state)
{
    struct fixture *f = *state;
    char data[1500];
    int fd, i;

    memset(data, 'i', sizeof(data));
    data[sizeof(data) - 1] = 'E';
    start_guest(f);
    fd = view(f);
    assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
    for (i = 0; i < 20; i++) {
        evloop_once(f->loop, 0);
    }
    assert_int_equal(f->ring.in_prod, 1024);

    f->ring.in_cons = 1024;                   /* the guest reads */
    console_guest_run(&f->guest);
    for (i = 0; i < 20; i++) {
        evloop_once(f->loop, 0);
    }
    assert_int_equal(f->ring.in_prod, 1500);
    assert_int_equal(f->ring.in[1499 - 1024], 'E');
    close(fd);
    console_guest_fini(&f->guest);
}

static void viewer_that_does_not_read_is_dropped(void **state)
{
    struct fixture *f = *state;
    char line[2048], buf[4096];
    int fd, i;
    ssize_t n;

    memset(line, 'd', sizeof(line));
    start_guest(f);
    fd = view(f);
    for (i = 0; i < 600; i++) {
        guest_prints(f, line, sizeof(line));
        console_guest_refill(&f->guest);
        console_guest_run(&f->guest);
    }
    do {
        n = recv(fd, buf, sizeof(buf), 0);
    } while (n > 0);
    assert_int_equal(n, 0);                   /* closed, not merely empty */
    close(fd);
    console_guest_fini(&f->guest);
}

static void viewers_beyond_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    int fds[CONSOLE_VIEWERS_MAX + 1];
    char c;
    unsigned int i;

    start_guest(f);
    for (i = 0; i <= CONSOLE_VIEWERS_MAX; i++) {
        fds[i] = view(f);
    }
    assert_int_equal(recv(fds[0], &c, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(recv(fds[CONSOLE_VIEWERS_MAX], &c, 1, 0), 0);
    for (i = 0; i <= CONSOLE_VIEWERS_MAX; i++) {
        close(fds[i]);
    }
    console_guest_fini(&f->guest);
}

static void terminal_passes_bytes_both_ways(void **state)
{
    struct fixture *f = *state;
    char buf[16];
    int fd, i;

    start_guest(f);
    fd = open(console_view_tty(f->guest.view), O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(fd >= 0);
    guest_prints(f, "login: ", 7);
    console_guest_run(&f->guest);
    assert_int_equal(read(fd, buf, sizeof(buf)), 7);
    assert_int_equal(write(fd, "root\r", 5), 5);
    for (i = 0; i < 5; i++) {
        evloop_once(f->loop, 10);
    }
    assert_int_equal(f->ring.in_prod, 5);
    assert_memory_equal(f->ring.in, "root\r", 5);
    close(fd);
    console_guest_fini(&f->guest);
}

static void file_names_cannot_leave_their_directory(void **state)
{
    static const struct { const char *name, *file; } cases[] = {
        { "web", "web" }, { "../../etc/x", "_._.._etc_x" },
        { ".hidden", "_hidden" }, { "a b\n", "a_b_" }, { "", "" },
    };
    char out[32];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        console_guest_file_name(cases[i].name, out, sizeof(out));
        assert_string_equal(out, cases[i].file);
    }
    console_guest_file_name("0123456789", out, 5);
    assert_string_equal(out, "0123");
}

/* ---- hypervisor log ------------------------------------------------------------------- */

static const char hv_text[] = "(pv) one\n(pv) two\n";
static size_t hv_len;

static long hv_answer(void *arg, unsigned int op, const uint64_t args[5])
{
    struct xen_sysctl *s = (struct xen_sysctl *)(uintptr_t)args[0];
    struct xen_sysctl_readconsole *rd = &s->u.readconsole;
    size_t n;

    assert_int_equal(op, __HYPERVISOR_sysctl);
    assert_int_equal(s->cmd, XEN_SYSCTL_readconsole);
    assert_true(rd->incremental);
    n = hv_len - rd->index;
    memcpy(rd->buffer.p, hv_text + rd->index, n);
    rd->count = (uint32_t)n;
    rd->index += (uint32_t)n;
    return 0;
}

static void hypervisor_log_is_not_repeated_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct hyp *h = hyp_open_fake(hv_answer, NULL);
    struct console_hv hv;
    char buf[64];

    hv_len = 9;
    console_hv_init(&hv, h, -1, f->dir, f->dir);
    console_hv_fini(&hv);
    hv_len = sizeof(hv_text) - 1;
    console_hv_init(&hv, h, -1, f->dir, f->dir);
    console_hv_fini(&hv);

    snprintf(f->log, sizeof(f->log), "%s/hypervisor.log", f->dir);
    read_log(f, buf, sizeof(buf));
    assert_string_equal(buf, hv_text);
    hyp_close(h);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_keeps_bytes_across_the_index_wrap),
        cmocka_unit_test(ring_survives_producer_jumps),
        cmocka_unit_test(ring_takes_no_input_beyond_its_room),
        T(log_rotates_and_stays_bounded),
        T(log_goes_on_where_it_ended),
        T(output_is_logged_then_given_back),
        T(restart_logs_each_byte_once),
        T(stale_marks_are_ignored),
        T(viewers_of_a_new_daemon_see_the_old_log),
        T(budget_stops_a_flood_until_the_refill),
        T(viewers_see_recent_and_new_output),
        T(viewer_input_waits_for_room_in_the_ring),
        T(viewer_that_does_not_read_is_dropped),
        T(viewers_beyond_the_limit_are_refused),
        T(terminal_passes_bytes_both_ways),
        cmocka_unit_test(file_names_cannot_leave_their_directory),
        T(hypervisor_log_is_not_repeated_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
