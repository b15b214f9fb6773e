/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest at its store ring, 100000 messages from one seed: any type,
 * any length, positions that jump, replies that are never read.  After each
 * connection the tree and the accounts hold, memory is within its limit, and
 * the control domain is served.  tests/guests/hostile does it from a guest;
 * tests/fuzz/fuzz_store_wire goes on without end.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <lib/err.h>
#include <lib/log.h>
#include <server/domain.h>
#include <server/server.h>

#define MESSAGES 100000u

/* sanitizer/allocator_interface.h, which GCC does not install. */
size_t __sanitizer_get_current_allocated_bytes(void);

static struct server server;
static struct client *dom0;
static struct xenstore_domain_interface *page;
static uint64_t seed = 1;
static char dir[] = "/tmp/hostile-store-XXXXXX";
static int dom0_fd;
static uint64_t reply_bytes;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * below >> 32);
}

static bool once_in(uint32_t n)
{
    return rnd(n) == 0;
}

static uint32_t odd_number(void)
{
    static const uint32_t odd[] = {
        0, 1, 2, 15, 16, 1023, 1024, 1025, 4095, 4096, 4097, 65535,
        0x7fffffff, 0x80000000u, 0xfffffc00u, 0xffffffffu,
    };

    return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
}

/* ---- messages ------------------------------------------------------------- */

static const char *const words[] = {
    "", "/", "//", "data", "data/", "/data", "data/a/b/c/d/e/f/g", "..",
    "../0/name", "/local/domain/0", "/local/domain/1", "/local/domain/",
    "/tool", "@releaseDomain", "@introduceDomain", "@", "n0", "r0", "b1",
    "w1", "n99999", "x", "T", "F", "0", "1", "4294967296", "token", "quota",
    "\xff\xfe", "data/a b",
};

static char message[sizeof(struct xsd_sockmsg) + 8192];

static uint32_t make_message(void)
{
    static const uint8_t usual[] = {
        XS_WRITE, XS_WRITE, XS_READ, XS_DIRECTORY, XS_MKDIR, XS_RM, XS_WATCH,
        XS_UNWATCH, XS_TRANSACTION_START, XS_TRANSACTION_END, XS_SET_PERMS,
        XS_GET_PERMS, XS_DIRECTORY_PART, XS_RESET_WATCHES,
    };
    struct xsd_sockmsg m = { .req_id = rnd(65536) };
    uint32_t at = sizeof(m), n;

    m.type = once_in(10) ? odd_number() : usual[rnd(sizeof(usual))];
    m.tx_id = once_in(3) ? rnd(24) : once_in(20) ? odd_number() : 0;
    if (once_in(2)) {
        at += (uint32_t)sprintf(message + at, "data/n%u/m%u", rnd(64),
                                rnd(64)) + 1;
    }
    for (n = rnd(4); n > 0; n--) {
        const char *w = words[rnd(sizeof(words) / sizeof(words[0]))];

        strcpy(message + at, w);
        at += (uint32_t)strlen(w) + !once_in(16);
    }
    if (once_in(12)) {
        n = rnd(4200);
        memset(message + at, 'a', n);
        at += n;
    }
    m.len = once_in(1000) ? odd_number() : at - (uint32_t)sizeof(m);
    memcpy(message, &m, sizeof(m));
    return at;
}

/* ---- the ring ----------------------------------------------------------------- */

static struct client *guest(void)
{
    struct domain *d = domain_find(&server, 1);

    return d == NULL ? NULL : d->client;
}

static void serve(void)
{
    unsigned int rounds = 0;

    if (guest() != NULL) {
        client_activate(guest());
    }
    while (server_round(&server)) {
        assert_true(++rounds < 100000);   /* one event, a bounded turn */
    }
}

static void take_replies(void)
{
    reply_bytes += page->rsp_prod - page->rsp_cons <= XENSTORE_RING_SIZE
                   ? page->rsp_prod - page->rsp_cons : 0;
    page->rsp_cons = page->rsp_prod;
}

/* False: it is not taken any more. */
static bool push(uint32_t len, bool read_replies)
{
    uint32_t i = 0;
    int tries = 0;

    while (i < len && tries++ < 20) {
        while (i < len && page->req_prod - page->req_cons <
               XENSTORE_RING_SIZE) {
            page->req[MASK_XENSTORE_IDX(page->req_prod++)] = message[i++];
        }
        if (i < len || once_in(4)) {
            serve();
            if (read_replies) {
                take_replies();
            }
        }
    }
    return i == len;
}

static void disturb_positions(void)
{
    uint32_t *const fields[] = {
        &page->req_prod, &page->req_cons, &page->rsp_prod, &page->rsp_cons,
        &page->connection, &page->error, &page->server_features,
    };

    *fields[rnd(7)] = odd_number();
    serve();
}

static void reconnect(void)
{
    page->connection = XENSTORE_RECONNECT;
    serve();
    assert_int_equal(page->connection, XENSTORE_CONNECTED);
    assert_int_equal(page->error, XENSTORE_ERROR_NONE);
    take_replies();
}

/* ---- what must hold --------------------------------------------------------------- */

static int sum_node(void *ctx, const struct node *n)
{
    ((uint64_t *)ctx)[perms_owner(n->perms)]++;
    return 0;
}

static void check(void)
{
    static uint64_t owned[65536];
    const struct account *a;

    memset(owned, 0, sizeof(owned));
    assert_int_equal(tree_check(&server.tree), 0);
    assert_int_equal(tree_walk(&server.tree, sum_node, owned), 0);
    a = server.quota.pages[0];
    assert_non_null(a);
    assert_int_equal(a[1].nodes, owned[1]);
    assert_true(owned[1] <= server.quota.limit[QUOTA_NODES] + 1);
    assert_non_null(guest());
    assert_true(guest()->nr_txns <= 10);
}

/* dom0 asks as it always does. */
static void ask_dom0(uint32_t type, const char *body, uint32_t len)
{
    struct xsd_sockmsg m = { type, 7, 0, len };
    char answer[4200];

    assert_int_equal(write(dom0_fd, &m, sizeof(m)), sizeof(m));
    assert_int_equal(write(dom0_fd, body, len), len);
    client_activate(dom0);
    serve();
    assert_true(read(dom0_fd, answer, sizeof(answer)) >=
                (ssize_t)sizeof(m));
    memcpy(&m, answer, sizeof(m));
    assert_int_equal(m.type, type);
}

static uint32_t one_connection(void)
{
    bool read_replies = !once_in(4);
    uint32_t n = 100 + rnd(4000), done = 0;

    while (done < n && push(make_message(), read_replies)) {
        done++;
    }
    if (once_in(2)) {
        disturb_positions();
    }
    reconnect();
    check();
    ask_dom0(XS_READ, "/local/domain/1/name", 21);
    return done + 1;
}

static void store_survives_a_hundred_thousand_messages(void **state)
{
    uint32_t done = 0, connections = 0;
    size_t used = 0;

    for (; done < MESSAGES; connections++) {
        done += one_connection();
        if (connections == 20) {
            used = __sanitizer_get_current_allocated_bytes();
        }
    }
    print_message("store: %u messages over %u connections, %llu bytes of "
                  "replies\n", done, connections,
                  (unsigned long long)reply_bytes);
    assert_true(reply_bytes > MESSAGES);
    assert_true(__sanitizer_get_current_allocated_bytes() < used + (4u << 20));
}

/* ---- set-up -------------------------------------------------------------------------- */

static void make_file(const char *name, size_t size)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    if (size == 4096) {
        page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(page, MAP_FAILED);
    }
    close(fd);
}

static int setup(void **state)
{
    struct err e = ERR_INIT;
    int ends[2];

    assert_non_null(mkdtemp(dir));
    setenv("XENSTORED_TEST_DIR", dir, 1);
    make_file("1.ring", 4096);
    make_file("1.state", 0);
    log_init("store", LOG_LVL_ERR, 0);
    assert_int_equal(server_init(&server), 0);
    server.host = host_open(&e);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                ends), 0);
    dom0 = client_new_socket(&server, ends[1]);
    dom0->actor = (struct actor){ 0, 0, true };
    dom0_fd = ends[0];
    ask_dom0(XS_WRITE, "/local/domain/1/name\0victim", 27);
    ask_dom0(XS_MKDIR, "/local/domain/1/data", 21);
    ask_dom0(XS_SET_PERMS, "/local/domain/1/data\0n1", 24);
    assert_int_equal(domain_introduce(&server, 1, 1, 1), 0);
    serve();
    return 0;
}

static int teardown(void **state)
{
    char command[96];

    close(dom0_fd);
    host_close(server.host);
    server.host = NULL;
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_survives_a_hundred_thousand_messages),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
