/* SPDX-License-Identifier: MIT */
/*
 * Every allocation behind every kind of request fails once: the answer is an
 * error or the connection ends, the tree and the accounts hold, and the next
 * request is served.  Also a journal whose file system is full.
 * Covers: error paths of server/, conn/conn.c, store/watch.c, lib/buf.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "server_rig.h"

#include <lib/log.h>
#include <server/state.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_fallocate(int fd, off_t offset, off_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t len);

static int fail_at;                   /* counts down; 0: never fail */
static bool disk_full;

static bool fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
    return fails() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

int __wrap_posix_fallocate(int fd, off_t offset, off_t len)
{
    return disk_full ? ENOSPC : __real_posix_fallocate(fd, offset, len);
}

static int sum_node(void *ctx, const struct node *n)
{
    ((uint64_t *)ctx)[perms_owner(n->perms) & 7]++;
    return 0;
}

static void check_server(struct server *s)
{
    uint64_t nodes[8] = { 0 };
    uint64_t watches[8] = { 0 };
    const struct client *c;
    const struct watch *w;
    uint32_t domid;

    assert_int_equal(tree_check(&s->tree), 0);
    assert_int_equal(tree_walk(&s->tree, sum_node, nodes), 0);
    for (c = s->clients; c != NULL; c = c->next) {
        for (w = c->watches; w != NULL; w = w->next_own) {
            watches[c->actor.domid]++;
        }
    }
    for (domid = 0; domid < 8; domid++) {
        assert_int_equal(quota_account(&s->quota, domid)->nodes,
                         nodes[domid]);
        assert_int_equal(quota_account(&s->quota, domid)->watches,
                         watches[domid]);
    }
}

static bool is_alive(const struct server *s, const struct client *client)
{
    const struct client *c = s->clients;

    while (c != NULL && c != client) {
        c = c->next;
    }
    return c != NULL;
}

static const struct {
    uint32_t type;
    uint32_t in_txn;
    const char *body;
    uint32_t len;
} requests[] = {
    { XS_WRITE, 0, "a/b/c\0value", 11 },
    { XS_WRITE, 0, "a/b/c\0other", 11 },
    { XS_MKDIR, 0, "d/e", 4 },
    { XS_READ, 0, "a/b/c", 6 },
    { XS_DIRECTORY, 0, "a", 2 },
    { XS_DIRECTORY_PART, 0, "a\0" "0", 4 },
    { XS_SET_PERMS, 0, "a\0n1\0r2", 8 },
    { XS_GET_PERMS, 0, "a", 2 },
    { XS_WATCH, 0, "a\0tok", 6 },
    { XS_WRITE, 0, "a/b\0fires", 9 },
    { XS_UNWATCH, 0, "a\0tok", 6 },
    { XS_TRANSACTION_START, 0, "", 1 },
    { XS_WRITE, 1, "t/x\0in", 6 },
    { XS_READ, 1, "t/x", 4 },
    { XS_RM, 1, "a/b", 4 },
    { XS_TRANSACTION_END, 1, "T", 2 },
    { XS_RM, 0, "a", 2 },
    { XS_CONTROL, 0, "memreport", 10 },
    { XS_CONTROL, 0, "check", 6 },
    { XS_RESET_WATCHES, 0, "", 1 },
};

/* The whole series with allocation @n failing.  True: it came so far. */
static bool run_series(struct world *w, int n)
{
    char body[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;
    uint32_t txn = 0;
    bool failed;
    size_t i;

    fail_at = n;
    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        if (!is_alive(&w->server, w->guest.client)) {
            break;                    /* no memory for an answer */
        }
        put(w, &w->guest, requests[i].type, requests[i].in_txn ? txn : 0,
            requests[i].body, requests[i].len);
        while (take(&w->guest, &h, body) != UINT32_MAX) {
            if (h.type == XS_TRANSACTION_START) {
                txn = (uint32_t)atoi(body);
            }
        }
    }
    failed = fail_at == 0;
    fail_at = 0;
    check_server(&w->server);
    assert_string_equal(ASK(dom0, XS_READ, "/tool"), "");
    return failed;
}

static void every_allocation_may_fail(void **state)
{
    int n;

    log_to_fd(-1);
    for (n = 1; n < 400; n++) {
        struct world *w;
        bool failed;

        assert_int_equal(make_world((void **)&w), 0);
        failed = run_series(w, n);
        free_world((void **)&w);
        if (!failed) {
            break;
        }
    }
    assert_in_range(n, 30, 399);
}

/* Changes are refused, reading goes on; with room changes go on as well. */
static void a_full_file_system_refuses_changes(void **state)
{
    char path[] = "/tmp/test-faults-XXXXXX";
    char big[XENSTORE_PAYLOAD_MAX];
    struct world *w;
    bool restored;
    const char *answer = "OK";
    int i;

    log_to_fd(-1);
    assert_int_equal(make_world((void **)&w), 0);
    close(mkstemp(path));
    assert_int_equal(state_open(&w->server, path, &restored), 0);
    assert_false(restored);
    disk_full = true;
    memset(big, 'v', sizeof(big));
    memcpy(big, "/big", 5);
    for (i = 0; i < 1000 && strcmp(answer, "OK") == 0; i++) {
        answer = ask(w, &w->dom0, XS_WRITE, big, sizeof(big));
    }
    assert_string_equal(answer, "ENOSPC");
    assert_true(i > 100);
    assert_int_equal(strlen(ASK(dom0, XS_READ, "/big")), sizeof(big) - 5);
    disk_full = false;
    assert_string_equal(WRITE(dom0, "/more\0v"), "OK");
    free_world((void **)&w);

    assert_int_equal(make_world((void **)&w), 0);
    server_fini(&w->server);
    assert_int_equal(server_init(&w->server), 0);
    assert_int_equal(state_open(&w->server, path, &restored), 0);
    assert_true(restored);
    assert_non_null(tree_find(&w->server.tree, "/more", 5));
    assert_non_null(tree_find(&w->server.tree, "/big", 4));
    free_world((void **)&w);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_full_file_system_refuses_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
