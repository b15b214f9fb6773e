/* SPDX-License-Identifier: MIT */
/*
 * Requests as clients send them, over socket pairs into a server without a
 * loop.  A peer may be given a guest's identity, to meet rights and quotas.
 * Covers: server/dispatch.c, op_*.c, events.c, client.c; conn/conn.c, unix.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "server_rig.h"

/* ---- nodes -------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
    struct world *w = *state;

    assert_string_equal(WRITE(dom0, "/a/b\0value"), "OK");
    assert_string_equal(ASK(dom0, XS_READ, "/a/b"), "value");
    assert_string_equal(ASK(dom0, XS_READ, "/a"), "");
    assert_string_equal(WRITE(dom0, "/a/c\0"), "OK");
    assert_memory_equal(ASK(dom0, XS_DIRECTORY, "/a"), "b\0c\0", 4);
    assert_string_equal(WRITE(guest, "data\0mine"), "OK");
    assert_string_equal(ASK(dom0, XS_READ, "/local/domain/1/data"), "mine");
    assert_string_equal(ASK(dom0, XS_RM, "/a"), "OK");
    assert_string_equal(ASK(dom0, XS_READ, "/a/b"), "ENOENT");
}

static void errors_are_told_by_name(void **state)
{
    static const struct {
        uint32_t type;
        const char *body;
        uint32_t len;
        const char *answer;
    } rows[] = {
        { XS_READ, "/none", 6, "ENOENT" },
        { XS_READ, "/none", 5, "EINVAL" },           /* no nul */
        { XS_READ, "", 0, "EINVAL" },
        { XS_READ, "/a\0/b", 6, "EINVAL" },
        { XS_READ, "/a//b", 6, "EINVAL" },
        { XS_READ, "/a/", 3, "EINVAL" },
        { XS_READ, "/a b", 5, "EINVAL" },
        { XS_READ, "@introduceDomain", 17, "EINVAL" },
        { XS_WRITE, "/a", 2, "EINVAL" },
        { XS_RM, "/", 2, "EINVAL" },
        { XS_RM, "/none", 6, "OK" },
        { XS_RM, "/none/deeper", 13, "ENOENT" },
        { XS_MKDIR, "/tool", 6, "OK" },
        { XS_SET_PERMS, "/tool", 6, "EINVAL" },
        { XS_SET_PERMS, "/tool\0x1", 9, "EINVAL" },
        { XS_SET_PERMS, "/tool\0r", 8, "EINVAL" },
        { XS_SET_PERMS, "/tool\0r99999", 13, "EINVAL" },
        { XS_UNWATCH, "/a\0t", 5, "ENOENT" },
        { XS_WATCH, "/a", 3, "EINVAL" },
        { XS_TRANSACTION_END, "T", 2, "ENOENT" },
        { XS_INTRODUCE, "1\0002\0003", 6, "ENOSYS" },  /* no hypervisor */
        { XS_INTRODUCE, "1\0002\0000", 6, "EINVAL" },
        { XS_INTRODUCE, "99999\0002\0003", 10, "EINVAL" },
        { XS_RELEASE, "7", 2, "ENOENT" },
        { XS_RESUME, "7", 2, "ENOENT" },
        { XS_SET_TARGET, "7\0008", 4, "ENOENT" },
        { XS_IS_DOMAIN_INTRODUCED, "7", 2, "F" },
        { XS_GET_DOMAIN_PATH, "7", 2, "/local/domain/7" },
        { XS_GET_DOMAIN_PATH, "x", 2, "EINVAL" },
        { XS_CONTROL, "check", 6, "OK" },
        { XS_CONTROL, "nonsense", 9, "EINVAL" },
        { XS_WATCH_EVENT, "a\0b", 4, "ENOSYS" },
        { XS_ERROR, "EIO", 4, "ENOSYS" },
        { XS_SET_TARGET + 1, "", 1, "ENOSYS" },      /* once XS_RESTRICT */
        { 9999, "", 1, "ENOSYS" },
        { XS_DIRECTORY_PART, "/\0x", 4, "EINVAL" },
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(ask(w, &w->dom0, rows[i].type, rows[i].body,
                                rows[i].len), rows[i].answer);
    }
    assert_string_equal(ask_tx(w, &w->dom0, XS_READ, 5, "/tool", 6),
                        "ENOENT");    /* no such transaction */
}

static void a_long_directory_comes_in_parts(void **state)
{
    struct world *w = *state;
    char all[20000], request[32];
    const char *answer;
    size_t at = 0, total = 0;
    int i;

    for (i = 0; i < 1000; i++) {
        int n = snprintf(request, sizeof(request), "/dir/name%04d", i);

        total += 9;
        assert_string_equal(ask(w, &w->dom0, XS_MKDIR, request,
                                (uint32_t)n + 1), "OK");
    }
    assert_string_equal(ASK(dom0, XS_DIRECTORY, "/dir"), "E2BIG");
    for (;;) {
        int n = snprintf(request, sizeof(request), "/dir%c%zu", 0, at);

        answer = ask(w, &w->dom0, XS_DIRECTORY_PART, request,
                     (uint32_t)n + 1);
        answer += strlen(answer) + 1;
        while (*answer != '\0') {
            strcpy(all + at, answer);
            at += strlen(answer) + 1;
            answer += strlen(answer) + 1;
        }
        if (at >= total) {
            break;
        }
    }
    assert_int_equal(at, total);
    assert_string_equal(all, "name0000");
    assert_string_equal(all + total - 9, "name0999");
}

static void a_value_may_fill_the_payload(void **state)
{
    struct world *w = *state;
    char body[XENSTORE_PAYLOAD_MAX];

    memset(body, 'x', sizeof(body));
    memcpy(body, "/big", 5);
    assert_string_equal(ask(w, &w->dom0, XS_WRITE, body, sizeof(body)),
                        "OK");
    assert_int_equal(strlen(ASK(dom0, XS_READ, "/big")), sizeof(body) - 5);
}

/* ---- rights ------------------------------------------------------------- */

static void a_guest_sees_what_it_may(void **state)
{
    struct world *w = *state;

    assert_string_equal(WRITE(dom0, "/secret/x\0value"), "OK");
    assert_string_equal(ASK(guest, XS_READ, "/secret/x"), "EACCES");
    assert_string_equal(ASK(guest, XS_READ, "/secret/none"), "EACCES");
    assert_string_equal(WRITE(guest, "/secret/y\0v"), "EACCES");
    assert_string_equal(ASK(guest, XS_RM, "/secret/x"), "EACCES");
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "/secret\0n0\0r1"), "OK");
    assert_string_equal(ASK(guest, XS_READ, "/secret/none"), "ENOENT");
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "/secret/x\0n0\0r1"), "OK");
    assert_string_equal(ASK(guest, XS_READ, "/secret/x"), "value");
    assert_string_equal(ASK(other, XS_READ, "/secret/x"), "EACCES");
    assert_string_equal(WRITE(guest, "/secret/x\0v"), "EACCES");
    assert_memory_equal(ASK(guest, XS_GET_PERMS, "/secret/x"), "n0\0r1\0",
                        6);
}

static void only_an_owner_changes_rights_and_never_the_owner(void **state)
{
    struct world *w = *state;

    assert_string_equal(WRITE(guest, "d\0v"), "OK");
    assert_string_equal(ASK(guest, XS_SET_PERMS, "d\0n1\0b2"), "OK");
    assert_string_equal(WRITE(other, "/local/domain/1/d\0w"), "OK");
    assert_string_equal(ASK(other, XS_SET_PERMS,
                            "/local/domain/1/d\0n2"), "EACCES");
    assert_string_equal(ASK(guest, XS_SET_PERMS, "d\0n2"), "EPERM");
    assert_string_equal(ASK(dom0, XS_SET_PERMS,
                            "/local/domain/1/d\0n2"), "OK");
}

static void guests_have_no_control(void **state)
{
    static const uint32_t types[] = {
        XS_CONTROL, XS_INTRODUCE, XS_RELEASE, XS_RESUME, XS_SET_TARGET,
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_string_equal(ask(w, &w->guest, types[i], "1\0002\0003", 6),
                            "EACCES");
    }
    assert_string_equal(ASK(guest, XS_SET_PERMS, "@releaseDomain\0n1"),
                        "EACCES");
}

/* ---- quotas ------------------------------------------------------------- */

static void each_quota_stops_a_guest_and_not_dom0(void **state)
{
    struct world *w = *state;
    char text[3000];
    int i, n;

    w->server.quota.limit[QUOTA_NODE_SIZE] = 100000;   /* its home's names */
    for (i = 0; i < 999; i++) {       /* its home is the first of 1000 */
        n = snprintf(text, sizeof(text), "n%d", i);
        assert_string_equal(ask(w, &w->guest, XS_MKDIR, text,
                                (uint32_t)n + 1), "OK");
    }
    assert_string_equal(ASK(guest, XS_MKDIR, "one-more"), "ENOSPC");
    assert_string_equal(ASK(dom0, XS_MKDIR, "/local/domain/1/dom0"), "OK");
    assert_string_equal(ASK(guest, XS_RM, "n1"), "OK");

    for (i = 0; i < 128; i++) {
        n = snprintf(text, sizeof(text), "w%c%d", 0, i);
        assert_string_equal(ask(w, &w->guest, XS_WATCH, text,
                                (uint32_t)n + 1), "OK");
    }
    assert_string_equal(ASK(guest, XS_WATCH, "w\0more"), "E2BIG");
    assert_string_equal(ASK(guest, XS_UNWATCH, "w\0" "5"), "OK");
    assert_string_equal(ASK(guest, XS_WATCH, "w\0more"), "OK");

    for (i = 0; i < 10; i++) {
        n = snprintf(text, sizeof(text), "%d", i + 1);
        assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), text);
    }
    assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), "ENOSPC");
    assert_string_equal(ask_tx(w, &w->guest, XS_TRANSACTION_END, 3, "F", 2),
                        "OK");
    assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), "11");

    assert_string_equal(ASK(guest, XS_SET_PERMS,
                            "n2\0n1\0r2\0r3\0r4\0r5"), "OK");
    assert_string_equal(ASK(guest, XS_SET_PERMS,
                            "n2\0n1\0r2\0r3\0r4\0r5\0r6"), "ENOSPC");

    w->server.quota.limit[QUOTA_NODE_SIZE] = 2048;
    memset(text, 'v', sizeof(text));
    memcpy(text, "n2", 3);
    assert_string_equal(ask(w, &w->guest, XS_WRITE, text, 3 + 2048), "OK");
    assert_string_equal(ask(w, &w->guest, XS_WRITE, text, 3 + 2049),
                        "ENOSPC");
    memset(text, 'p', sizeof(text));
    text[2049] = '\0';
    assert_string_equal(ask(w, &w->guest, XS_READ, text, 2050), "EINVAL");
}

static void memory_is_bounded_also_inside_a_transaction(void **state)
{
    struct world *w = *state;
    const char *answer = "";
    char path[2000];
    int i;

    assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), "1");
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    for (i = 0; i < 3000; i++) {      /* 6 MB of absent nodes looked at */
        memcpy(path, "x", 1);
        snprintf(path + 1, 12, "%06d", i);
        path[7] = 'a';
        answer = ask_tx(w, &w->guest, XS_READ, 1, path, sizeof(path));
        if (strcmp(answer, "ENOSPC") == 0) {
            break;
        }
        assert_string_equal(answer, "ENOENT");
    }
    assert_string_equal(answer, "ENOSPC");
    assert_in_range(i, 500, 1100);
    assert_string_equal(ask_tx(w, &w->guest, XS_TRANSACTION_END, 1, "F", 2),
                        "OK");
    assert_string_equal(WRITE(guest, "again\0v"), "OK");
}

/* ---- transactions ------------------------------------------------------- */

static void a_conflict_is_eagain_and_changes_nothing(void **state)
{
    struct world *w = *state;

    assert_string_equal(WRITE(dom0, "/n\0001"), "OK");
    assert_string_equal(ASK(dom0, XS_TRANSACTION_START, ""), "1");
    assert_string_equal(ask_tx(w, &w->dom0, XS_READ, 1, "/n", 3), "1");
    assert_string_equal(ask_tx(w, &w->dom0, XS_WRITE, 1, "/m\0x", 4), "OK");
    assert_string_equal(ASK(dom0, XS_READ, "/m"), "ENOENT");
    assert_string_equal(ask_tx(w, &w->dom0, XS_READ, 1, "/m", 3), "x");
    assert_string_equal(WRITE(other, "/n\0002"), "EACCES");
    assert_string_equal(WRITE(dom0, "/n\0002"), "OK");
    assert_string_equal(ask_tx(w, &w->dom0, XS_TRANSACTION_END, 1, "T", 2),
                        "EAGAIN");
    assert_string_equal(ASK(dom0, XS_READ, "/m"), "ENOENT");
    assert_string_equal(ask_tx(w, &w->dom0, XS_READ, 1, "/n", 3), "ENOENT");
}

static void a_commit_shows_all_of_it_at_once(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), "1");
    assert_string_equal(ask_tx(w, &w->guest, XS_WRITE, 1, "a\0001", 3),
                        "OK");
    assert_string_equal(ask_tx(w, &w->guest, XS_WRITE, 1, "b\0002", 3),
                        "OK");
    assert_string_equal(ASK(dom0, XS_WATCH, "/local/domain/1\0t"), "OK");
    expect_event(&w->dom0, "/local/domain/1", "t");
    expect_silence(&w->dom0);
    assert_string_equal(ask_tx(w, &w->guest, XS_TRANSACTION_END, 1, "T", 2),
                        "OK");
    expect_event(&w->dom0, "/local/domain/1/a", "t");
    expect_event(&w->dom0, "/local/domain/1/b", "t");
    expect_silence(&w->dom0);
    assert_string_equal(ASK(dom0, XS_TRANSACTION_START, ""), "1");
    assert_string_equal(ask_tx(w, &w->dom0, XS_TRANSACTION_START, 1, "", 1),
                        "EBUSY");
    assert_string_equal(ask_tx(w, &w->dom0, XS_TRANSACTION_END, 1, "X", 2),
                        "EINVAL");
}

/* ---- watches ------------------------------------------------------------ */

static void watches_fire_for_the_node_and_below(void **state)
{
    struct world *w = *state;

    assert_string_equal(WRITE(dom0, "/w/a/b\0v"), "OK");
    assert_string_equal(ASK(dom0, XS_WATCH, "/w/a\0t"), "OK");
    expect_event(&w->dom0, "/w/a", "t");
    assert_string_equal(ASK(dom0, XS_WATCH, "/w/a\0t"), "EEXIST");
    assert_string_equal(WRITE(guest, "x\0v"), "OK");
    expect_silence(&w->dom0);

    w->other.client->actor.privileged = true;
    assert_string_equal(WRITE(other, "/w/a/b/c\0v"), "OK");
    expect_event(&w->dom0, "/w/a/b/c", "t");
    assert_string_equal(WRITE(other, "/w/ab\0v"), "OK");
    expect_silence(&w->dom0);
    assert_string_equal(ASK(other, XS_SET_PERMS, "/w/a/b\0n0"), "OK");
    expect_event(&w->dom0, "/w/a/b", "t");
    assert_string_equal(ASK(other, XS_RM, "/w"), "OK");
    expect_event(&w->dom0, "/w/a", "t");
    expect_silence(&w->dom0);
    assert_string_equal(ASK(other, XS_MKDIR, "/w/a/new"), "OK");
    expect_event(&w->dom0, "/w/a/new", "t");
    assert_string_equal(ASK(other, XS_MKDIR, "/w/a/new"), "OK");
    expect_silence(&w->dom0);         /* nothing changed */
    assert_string_equal(ASK(dom0, XS_UNWATCH, "/w/a\0t"), "OK");
    assert_string_equal(WRITE(other, "/w/a/new\0v"), "OK");
    expect_silence(&w->dom0);
}

static void a_relative_watch_hears_relative_paths(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(guest, XS_WATCH, "dev\0t"), "OK");
    expect_event(&w->guest, "dev", "t");
    assert_string_equal(WRITE(guest, "dev/x\0v"), "OK");
    assert_string_equal(WRITE(dom0, "/local/domain/1/dev/y\0v"), "OK");
    expect_event(&w->guest, "dev/y", "t");
}

static void events_need_the_right_to_read(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(guest, XS_WATCH, "/p\0t"), "OK");
    expect_event(&w->guest, "/p", "t");
    assert_string_equal(WRITE(dom0, "/p\0v"), "OK");
    expect_silence(&w->guest);
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "/p\0n0\0r1"), "OK");
    expect_event(&w->guest, "/p", "t");
    assert_string_equal(WRITE(dom0, "/p\0w"), "OK");
    expect_event(&w->guest, "/p", "t");
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "/p\0n0"), "OK");
    expect_event(&w->guest, "/p", "t");          /* it could until now */
    assert_string_equal(ASK(dom0, XS_RM, "/p"), "OK");
    expect_silence(&w->guest);
}

static void special_events_have_rights_of_their_own(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(guest, XS_WATCH, "@releaseDomain\0t"), "OK");
    expect_event(&w->guest, "@releaseDomain", "t");
    events_fire_special(&w->server, SPECIAL_RELEASE);
    run_server(w);
    expect_silence(&w->guest);
    assert_string_equal(ASK(dom0, XS_SET_PERMS, "@releaseDomain\0n0\0r1"),
                        "OK");
    assert_memory_equal(ASK(dom0, XS_GET_PERMS, "@releaseDomain"),
                        "n0\0r1\0", 6);
    events_fire_special(&w->server, SPECIAL_RELEASE);
    run_server(w);
    expect_event(&w->guest, "@releaseDomain", "t");
}

static void reset_drops_watches_and_transactions(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(guest, XS_WATCH, "a\0t"), "OK");
    expect_event(&w->guest, "a", "t");
    assert_string_equal(ASK(guest, XS_TRANSACTION_START, ""), "1");
    assert_string_equal(ASK(guest, XS_RESET_WATCHES, ""), "OK");
    assert_string_equal(ask_tx(w, &w->guest, XS_READ, 1, "a", 2), "ENOENT");
    assert_string_equal(WRITE(dom0, "/local/domain/1/a\0v"), "OK");
    expect_silence(&w->guest);
    assert_int_equal(quota_account(&w->server.quota, 1)->watches, 0);
}

/* ---- connections -------------------------------------------------------- */

static void a_message_may_come_in_single_bytes(void **state)
{
    static const char body[] = "/tool";
    struct world *w = *state;
    struct xsd_sockmsg h = { XS_DIRECTORY, 77, 0, sizeof(body) };
    char message[sizeof(h) + sizeof(body)], answer[XENSTORE_PAYLOAD_MAX + 1];
    size_t i;

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), body, sizeof(body));
    for (i = 0; i < sizeof(message); i++) {
        expect_silence(&w->dom0);
        assert_int_equal(write(w->dom0.fd, message + i, 1), 1);
        client_activate(w->dom0.client);
        run_server(w);
    }
    assert_int_equal(take(&w->dom0, &h, answer), XS_DIRECTORY);
    assert_int_equal(h.req_id, 77);
    assert_string_equal(answer, "xenstored");
}

static void a_message_beyond_the_protocol_ends_a_connection(void **state)
{
    struct world *w = *state;
    struct xsd_sockmsg h = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };
    char c;

    assert_int_equal(write(w->other.fd, &h, sizeof(h)), sizeof(h));
    client_activate(w->other.client);
    run_server(w);
    assert_int_equal(read(w->other.fd, &c, 1), 0);
    assert_string_equal(ASK(dom0, XS_READ, "/tool"), "");
}

/* The answer meets a closed socket: the client is freed, once. */
static void a_client_may_leave_before_its_answer(void **state)
{
    struct world *w = *state;
    struct xsd_sockmsg h = { XS_READ, 1, 0, 6 };
    char message[sizeof(h) + 6];

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), "/tool", 6);
    assert_int_equal(write(w->other.fd, message, sizeof(message)),
                     sizeof(message));
    close(w->other.fd);
    w->other.fd = dup(w->dom0.fd);
    client_activate(w->other.client);
    run_server(w);
    assert_string_equal(ASK(dom0, XS_READ, "/tool"), "");
}

/* INV-SS2: nothing more is read while replies are not taken. */
static void a_client_that_never_reads_is_bounded(void **state)
{
    struct world *w = *state;
    struct xsd_sockmsg h = { XS_DIRECTORY, 1, 0, 6 };
    char message[sizeof(h) + 6], big[4000];
    size_t sent = 0;
    ssize_t n;

    memset(big, 'v', sizeof(big));
    memcpy(big, "/tool", 6);
    assert_string_equal(ask(w, &w->dom0, XS_WRITE, big, sizeof(big)), "OK");
    h.type = XS_READ;
    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), "/tool", 6);
    while ((n = send(w->dom0.fd, message, sizeof(message),
                     MSG_DONTWAIT)) > 0) {
        sent += (size_t)n;
        client_activate(w->dom0.client);
        run_server(w);
        assert_true(sent < 64u << 20);
    }
    assert_true(w->dom0.client->stuck);
    assert_true(w->dom0.client->conn.out.len < CLIENT_OUT_HIGH + 8192);
    while ((n = recv(w->dom0.fd, big, sizeof(big), MSG_DONTWAIT)) > 0) {
        client_activate(w->dom0.client);
        run_server(w);
    }
    assert_false(w->dom0.client->stuck);
}

/* A guest may have so many requests unanswered, and no more. */
static void outstanding_requests_of_a_guest_are_bounded(void **state)
{
    struct world *w = *state;
    struct client *c = w->guest.client;

    c->conn.outstanding = (uint32_t)w->server.quota.limit[QUOTA_OUTSTANDING];
    put(w, &w->guest, XS_MKDIR, 0, "waits", 6);
    expect_silence(&w->guest);
    assert_true(c->stuck);
    c->conn.outstanding = 0;
    client_activate(c);
    run_server(w);
    assert_string_equal(ASK(dom0, XS_READ, "/local/domain/1/waits"), "");
}

static void limits_are_set_by_control(void **state)
{
    struct world *w = *state;

    assert_string_equal(ASK(dom0, XS_CONTROL, "quota\0set\0nodes\0" "2"),
                        "OK");
    assert_string_equal(WRITE(guest, "a\0v"), "OK");
    assert_string_equal(WRITE(guest, "b\0v"), "ENOSPC");
    assert_string_equal(ASK(dom0, XS_CONTROL, "quota\0set\0no\0" "2"),
                        "EINVAL");
    assert_non_null(strstr(ASK(dom0, XS_CONTROL, "quota\0" "1"),
                           "nodes       :        2"));
}

int main(void)
{
#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_is_written_is_read),
        IN_WORLD(errors_are_told_by_name),
        IN_WORLD(a_long_directory_comes_in_parts),
        IN_WORLD(a_value_may_fill_the_payload),
        IN_WORLD(a_guest_sees_what_it_may),
        IN_WORLD(only_an_owner_changes_rights_and_never_the_owner),
        IN_WORLD(guests_have_no_control),
        IN_WORLD(each_quota_stops_a_guest_and_not_dom0),
        IN_WORLD(memory_is_bounded_also_inside_a_transaction),
        IN_WORLD(a_conflict_is_eagain_and_changes_nothing),
        IN_WORLD(a_commit_shows_all_of_it_at_once),
        IN_WORLD(watches_fire_for_the_node_and_below),
        IN_WORLD(a_relative_watch_hears_relative_paths),
        IN_WORLD(events_need_the_right_to_read),
        IN_WORLD(special_events_have_rights_of_their_own),
        IN_WORLD(reset_drops_watches_and_transactions),
        IN_WORLD(a_message_may_come_in_single_bytes),
        IN_WORLD(a_message_beyond_the_protocol_ends_a_connection),
        IN_WORLD(a_client_may_leave_before_its_answer),
        IN_WORLD(a_client_that_never_reads_is_bounded),
        IN_WORLD(outstanding_requests_of_a_guest_are_bounded),
        IN_WORLD(limits_are_set_by_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
