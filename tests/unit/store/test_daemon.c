/* SPDX-License-Identifier: MIT */
/*
 * The whole daemon in a child process: killed at random moments while guests
 * on their rings and clients on the socket go on working.  The guests' pages
 * are files (host_file.c), so a kill leaves them as it would leave memory.
 * Covers: server/daemon.c, state.c, domain.c, conn/ring.c, client/.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon_rig.h"

/* Every START is executed once: the ids a guest gets have no gap. */
static void run_exactly_once(uint32_t domid, unsigned int rounds, bool die)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct guest g;
    struct xs *xs;
    unsigned int i;
    int stop;
    pid_t killer;
    pid_t pid;

    guest_make(&g, domid);
    pid = daemon_start();
    xs = connect_client();
    if (domid != 0) {                 /* else it is dom0's own kernel */
        introduce(xs, &g);
    }
    xs_close(xs);
    daemon_kill(pid);
    die_at_commits = die;
    killer = killer_start(&stop);
    die_at_commits = false;
    for (i = 1; i <= rounds; i++) {
        char tx[12], body[64];
        int n;

        assert_int_equal(guest_call(&g, XS_TRANSACTION_START, 0, "", 1,
                                    answer), XS_TRANSACTION_START);
        snprintf(tx, sizeof(tx), "%u", i);
        assert_string_equal(answer, tx);
        n = snprintf(body, sizeof(body), "count%c%u", 0, i);
        assert_int_equal(guest_call(&g, XS_WRITE, 0, body, (uint32_t)n,
                                    answer), XS_WRITE);
        assert_int_equal(guest_call(&g, XS_READ, 0, "count", 6, answer),
                         XS_READ);
        assert_string_equal(answer, tx);
        /* An end without commit is fine whether or not it was killed. */
        assert_int_equal(guest_call(&g, XS_TRANSACTION_END, i, "F", 2,
                                    answer), XS_TRANSACTION_END);
    }
    killer_stop(killer, stop);
    guest_free(&g);
}

static void ring_requests_run_exactly_once_over_kills(void **state)
{
    run_exactly_once(5, 400, false);
}

/* INV-SS1: dead between the commit and the first byte sent. */
static void ring_requests_run_exactly_once_over_deaths_at_commits(
    void **state)
{
    run_exactly_once(5, 60, true);
}

static struct guest late;

/* In the daemon, once: the ring's first request is taken, but not yet seen
 * to be; a second one is written now. */
static void late_request(void)
{
    struct xsd_sockmsg h = { XS_READ, 77, 0, 6 };
    struct xenstore_domain_interface *p = late.page;
    uint32_t i;

    if (p->req_prod == p->req_cons) {
        return;
    }
    for (i = 0; i < sizeof(h) + 6; i++) {
        p->req[MASK_XENSTORE_IDX(p->req_prod + i)] =
            i < sizeof(h) ? ((char *)&h)[i] : "/tool"[i - sizeof(h)];
    }
    p->req_prod += (uint32_t)sizeof(h) + 6;
    at_commit = NULL;
}

/* Linux kicks only when all before was taken: who moves the index looks at
 * the ring once more. */
static void a_request_written_while_the_index_moves_is_served(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg first = { XS_READ, 76, 0, 6 };
    struct xsd_sockmsg h;
    char message[sizeof(first) + 6];
    pid_t pid;

    guest_make(&late, 0);
    at_commit = late_request;
    pid = daemon_start();
    at_commit = NULL;
    xs_close(connect_client());
    usleep(50000);                    /* it sleeps now; one kick wakes it */
    memcpy(message, &first, sizeof(first));
    memcpy(message + sizeof(first), "/tool", 6);
    guest_put(&late, message, sizeof(message));
    assert_int_equal(guest_receive(&late, &h, answer), XS_READ);
    assert_int_equal(h.req_id, 76);
    assert_int_equal(guest_receive(&late, &h, answer), XS_READ);
    assert_int_equal(h.req_id, 77);
    guest_free(&late);
    daemon_stop(pid);
}

/* The ring of the control domain's kernel comes back by another way. */
static void the_kernels_requests_run_exactly_once_over_deaths(void **state)
{
    run_exactly_once(0, 60, true);
}

/* Big requests and replies, pipelined: bytes cross the ring in pieces. */
static void ring_streams_stay_in_step_over_kills(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    char body[2000];
    struct guest g;
    struct xs *xs;
    unsigned int i;
    int stop;
    pid_t killer;
    pid_t pid = daemon_start();

    guest_make(&g, 6);
    xs = connect_client();
    introduce(xs, &g);
    xs_close(xs);
    daemon_kill(pid);
    killer = killer_start(&stop);
    for (i = 1; i <= 60; i++) {
        struct xsd_sockmsg h;
        uint32_t first = g.req_id + 1;

        memset(body, 'a' + i % 26, sizeof(body));
        memcpy(body, "big", 4);
        guest_send(&g, XS_WRITE, 0, body, sizeof(body));
        guest_send(&g, XS_READ, 0, "big", 4);
        assert_int_equal(guest_receive(&g, &h, answer), XS_WRITE);
        assert_int_equal(h.req_id, first);
        assert_int_equal(guest_receive(&g, &h, answer), XS_READ);
        assert_int_equal(h.req_id, first + 1);
        assert_int_equal(h.len, sizeof(body) - 4);
        assert_memory_equal(answer, body + 4, h.len);
    }
    killer_stop(killer, stop);
    guest_free(&g);
}

static int write_pair(struct xs *xs, xs_txn_t txn, void *ctx)
{
    int rc = xs_printf(xs, txn, "/pair/one", "%u", *(unsigned int *)ctx);

    return rc != 0 ? rc : xs_printf(xs, txn, "/pair/two", "%u",
                                    *(unsigned int *)ctx);
}

static void count_event(void *ctx, const char *path)
{
    ++*(unsigned int *)ctx;
}

static void acknowledged_writes_survive_kills(void **state)
{
    unsigned int i, events = 0;
    struct xs_watch *watch;
    struct xs *xs;
    int stop;
    pid_t killer = killer_start(&stop);
    pid_t pid;
    uint64_t value;

    xs = connect_client();
    assert_int_equal(xs_watch(xs, "/log", count_event, &events, &watch), 0);
    for (i = 0; i < 200; i++) {
        char path[32];

        snprintf(path, sizeof(path), "/log/%u", i);
        assert_int_equal(xs_printf(xs, XS_TXN_NONE, path, "%u", i * 7), 0);
        assert_int_equal(xs_txn_run(xs, write_pair, &i), 0);
        if (i >= 20 && i % 2 == 0) {
            snprintf(path, sizeof(path), "/log/%u", i - 20);
            assert_int_equal(xs_rm(xs, XS_TXN_NONE, path), 0);
        }
    }
    killer_stop(killer, stop);
    pid = daemon_start();
    for (i = 0; i < 200; i++) {
        char path[32];
        int rc;

        snprintf(path, sizeof(path), "/log/%u", i);
        rc = xs_read_number(xs, XS_TXN_NONE, path, &value);
        if (i < 180 && i % 2 == 0) {
            assert_int_equal(rc, -ENOENT);
        } else {
            assert_int_equal(rc, 0);
            assert_int_equal(value, i * 7);
        }
    }
    assert_int_equal(xs_read_number(xs, XS_TXN_NONE, "/pair/two", &value), 0);
    assert_int_equal(value, 199);
    /* The watch lives on in the new connection. */
    while (xs_wait(xs, 0) == 0) {
        assert_int_equal(xs_dispatch(xs), 0);
    }
    assert_true(events > 0);
    events = 0;
    assert_int_equal(xs_write_string(xs, XS_TXN_NONE, "/log/last", "x"), 0);
    assert_int_equal(xs_wait(xs, 5000), 0);
    assert_int_equal(xs_dispatch(xs), 0);
    assert_true(events > 0);
    xs_close(xs);
    daemon_stop(pid);
}

/* What a guest has registered is there after a kill; its transaction ends
 * in EAGAIN, so that it starts over. */
static void watches_and_transactions_of_a_ring_survive(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct guest g;
    struct xs *xs;
    pid_t pid = daemon_start();

    guest_make(&g, 7);
    xs = connect_client();
    introduce(xs, &g);
    assert_int_equal(guest_call(&g, XS_WATCH, 0, "data\0tok", 9, answer),
                     XS_WATCH);
    guest_expect_event(&g, "data", "tok");
    assert_int_equal(guest_call(&g, XS_TRANSACTION_START, 0, "", 1, answer),
                     XS_TRANSACTION_START);
    assert_string_equal(answer, "1");
    assert_int_equal(guest_call(&g, XS_WRITE, 1, "data\0in", 7, answer),
                     XS_WRITE);
    daemon_kill(pid);
    pid = daemon_start();

    assert_int_equal(guest_call(&g, XS_WRITE, 1, "more\0in", 7, answer),
                     XS_WRITE);
    assert_int_equal(guest_call(&g, XS_TRANSACTION_END, 1, "T", 2, answer),
                     XS_ERROR);
    assert_string_equal(answer, "EAGAIN");
    assert_int_equal(guest_call(&g, XS_READ, 0, "data", 5, answer),
                     XS_ERROR);
    assert_string_equal(answer, "ENOENT");
    assert_int_equal(xs_write_string(xs, XS_TXN_NONE,
                                     "/local/domain/7/data/x", "1"), 0);
    guest_expect_event(&g, "data/x", "tok");
    assert_int_equal(guest_call(&g, XS_TRANSACTION_START, 0, "", 1, answer),
                     XS_TRANSACTION_START);
    assert_string_equal(answer, "2");
    assert_int_equal(guest_call(&g, XS_UNWATCH, 0, "data\0tok", 9, answer),
                     XS_UNWATCH);
    xs_close(xs);
    guest_free(&g);
    daemon_stop(pid);
}

struct seen {
    unsigned int introduce, release;
};

static void saw_introduce(void *ctx, const char *path)
{
    ((struct seen *)ctx)->introduce++;
}

static void saw_release(void *ctx, const char *path)
{
    ((struct seen *)ctx)->release++;
}

static void settle(struct xs *xs)
{
    while (xs_wait(xs, 100) == 0) {
        xs_dispatch(xs);
    }
}

/* The same, but not before @count has come to @wanted; ten seconds at most. */
static void settle_at(struct xs *xs, const unsigned int *count,
                      unsigned int wanted)
{
    int64_t end = now_ms() + 10000;

    do {
        settle(xs);
    } while (*count < wanted && now_ms() < end);
}

static void deaths_fire_release_once_each(void **state)
{
    struct seen seen = { 0, 0 };
    struct xs_watch *w;
    struct guest g;
    struct xs *xs;
    char *value;
    bool known;
    pid_t pid = daemon_start();

    guest_make(&g, 8);
    xs = connect_client();
    assert_int_equal(xs_watch(xs, "@introduceDomain", saw_introduce, &seen,
                              &w), 0);
    assert_int_equal(xs_watch(xs, "@releaseDomain", saw_release, &seen, &w),
                     0);
    settle(xs);
    seen = (struct seen){ 0, 0 };
    introduce(xs, &g);
    settle_at(xs, &seen.introduce, 1);
    assert_int_equal(seen.introduce, 1);
    assert_int_equal(xs_write_string(xs, XS_TXN_NONE, "/local/domain/8/a",
                                     "1"), 0);

    write_file("8.state", "s");       /* shut down: told once */
    kick_host(g.events, UINT32_MAX);
    kick_host(g.events, UINT32_MAX);
    settle_at(xs, &seen.release, 1);
    assert_int_equal(seen.release, 1);
    assert_int_equal(xs_is_introduced(xs, 8, &known), 0);
    assert_true(known);

    unlink(in_dir("8.state"));        /* gone: told once more */
    kick_host(g.events, UINT32_MAX);
    kick_host(g.events, UINT32_MAX);
    settle_at(xs, &seen.release, 2);
    assert_int_equal(seen.release, 2);
    assert_int_equal(xs_is_introduced(xs, 8, &known), 0);
    assert_false(known);
    /* What it owned went with it. */
    assert_int_equal(xs_read(xs, XS_TXN_NONE, "/local/domain/8/a", &value,
                             NULL), -ENOENT);
    xs_close(xs);
    guest_free(&g);
    daemon_stop(pid);
}

/* The store was away when the domain died. */
static void a_death_during_a_restart_is_noticed(void **state)
{
    struct guest g;
    struct xs *xs;
    bool known;
    char *value;
    pid_t pid = daemon_start();

    guest_make(&g, 9);
    xs = connect_client();
    introduce(xs, &g);
    daemon_kill(pid);
    guest_free(&g);
    pid = daemon_start();
    assert_int_equal(xs_is_introduced(xs, 9, &known), 0);
    assert_false(known);
    assert_int_equal(xs_read(xs, XS_TXN_NONE, "/local/domain/9", &value,
                             NULL), -ENOENT);
    xs_close(xs);
    daemon_stop(pid);
}

static void a_broken_ring_is_told_and_may_reconnect(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg bad = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };
    struct guest g;
    struct xs *xs;
    int64_t deadline = now_ms() + 10000;
    pid_t pid = daemon_start();

    guest_make(&g, 10);
    xs = connect_client();
    introduce(xs, &g);
    assert_int_equal(g.page->server_features, 3);
    guest_put(&g, &bad, sizeof(bad));
    while (__atomic_load_n(&g.page->error, __ATOMIC_ACQUIRE) !=
           XENSTORE_ERROR_PROTO) {
        assert_true(now_ms() < deadline);
        usleep(1000);
    }
    g.page->connection = XENSTORE_RECONNECT;
    kick_host(g.events, 11);
    while (__atomic_load_n(&g.page->connection, __ATOMIC_ACQUIRE) !=
           XENSTORE_CONNECTED) {
        assert_true(now_ms() < deadline);
        usleep(1000);
    }
    assert_int_equal(g.page->error, XENSTORE_ERROR_NONE);
    assert_int_equal(guest_call(&g, XS_MKDIR, 0, "x", 2, answer), XS_MKDIR);

    g.page->req_prod += 5000;         /* indices that cannot be */
    kick_host(g.events, 11);
    while (__atomic_load_n(&g.page->error, __ATOMIC_ACQUIRE) !=
           XENSTORE_ERROR_RINGIDX) {
        assert_true(now_ms() < deadline);
        usleep(1000);
    }
    assert_int_equal(xs_write_string(xs, XS_TXN_NONE, "/alive", "1"), 0);
    xs_close(xs);
    guest_free(&g);
    daemon_stop(pid);
}

/* Firmware clears the whole page before it hands over to the next kernel. */
static void a_cleared_ring_goes_on_from_zero(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    struct guest g;
    struct xs *xs;
    pid_t pid = daemon_start();

    guest_make(&g, 11);
    xs = connect_client();
    introduce(xs, &g);
    assert_int_equal(guest_call(&g, XS_MKDIR, 0, "x", 2, answer), XS_MKDIR);
    usleep(20000);                    /* it is idle now */
    memset(g.page, 0, sizeof(*g.page));
    assert_int_equal(guest_call(&g, XS_MKDIR, 0, "y", 2, answer), XS_MKDIR);
    daemon_kill(pid);
    pid = daemon_start();
    assert_int_equal(guest_call(&g, XS_MKDIR, 0, "z", 2, answer), XS_MKDIR);
    xs_close(xs);
    guest_free(&g);
    daemon_stop(pid);
}

/* INV-SS2: a guest that reads nothing costs at most its quota, and hears of
 * its watch once it reads again. */
static void a_guest_that_never_reads_is_bounded(void **state)
{
    static const char *const words[] = { "memreport" };
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    char name[1000];
    struct xsd_sockmsg h;
    struct guest g;
    struct xs *xs;
    char *report, *unsent;
    unsigned int i;
    bool root_event = false;
    pid_t pid = daemon_start();

    guest_make(&g, 12);
    xs = connect_client();
    introduce(xs, &g);
    assert_int_equal(guest_call(&g, XS_WATCH, 0, "w\0tok", 6, answer),
                     XS_WATCH);
    guest_expect_event(&g, "w", "tok");
    memset(name, 'n', sizeof(name));
    memcpy(name, "/local/domain/12/w/", 19);
    name[sizeof(name) - 1] = '\0';
    for (i = 0; i < 3000; i++) {      /* 3 MB of events */
        assert_int_equal(xs_write_string(xs, XS_TXN_NONE, name, "v"), 0);
    }
    assert_int_equal(xs_control(xs, words, 1, &report), 0);
    unsent = strstr(report, "unsent bytes: ");
    assert_non_null(unsent);
    assert_true(strtoul(unsent + 14, NULL, 10) > 1u << 20);
    assert_true(strtoul(unsent + 14, NULL, 10) <= (2u << 20) + 4096);
    free(report);
    while (!root_event) {
        assert_int_equal(guest_receive(&g, &h, answer), XS_WATCH_EVENT);
        root_event = strcmp(answer, "w") == 0;
    }
    xs_close(xs);
    guest_free(&g);
    daemon_stop(pid);
}

static void a_second_daemon_refuses_to_start(void **state)
{
    struct xs *xs;
    int status;
    pid_t pid = daemon_start();
    pid_t second;

    xs = connect_client();
    second = daemon_start();
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    assert_int_equal(xs_write_string(xs, XS_TXN_NONE, "/still", "1"), 0);
    xs_close(xs);
    daemon_stop(pid);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(watches_and_transactions_of_a_ring_survive),
        IN_DIR(deaths_fire_release_once_each),
        IN_DIR(a_death_during_a_restart_is_noticed),
        IN_DIR(a_broken_ring_is_told_and_may_reconnect),
        IN_DIR(a_cleared_ring_goes_on_from_zero),
        IN_DIR(a_guest_that_never_reads_is_bounded),
        IN_DIR(a_second_daemon_refuses_to_start),
        IN_DIR(acknowledged_writes_survive_kills),
        IN_DIR(ring_requests_run_exactly_once_over_kills),
        IN_DIR(ring_requests_run_exactly_once_over_deaths_at_commits),
        IN_DIR(a_request_written_while_the_index_moves_is_served),
        IN_DIR(the_kernels_requests_run_exactly_once_over_deaths),
        IN_DIR(ring_streams_stay_in_step_over_kills),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
