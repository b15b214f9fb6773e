/* SPDX-License-Identifier: MIT */
/*
 * The guest's store client against the store itself: values, watches, and a
 * store whose positions cannot be.
 */
#include <xenbus/guest_store.h>

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

#include <xen/event_channel.h>
#include <xen/sched.h>

static struct server server;
static struct xenstore_domain_interface *ring_page;
static struct shared_info shared;
static char dir[] = "/tmp/front-test-XXXXXX";
static uint64_t clock_ns;

struct shared_info *guest_env_shared_info(void)
{
    return &shared;
}

uint64_t guest_env_now_ns(void)
{
    return clock_ns;
}

void *guest_env_pages(unsigned int nr)
{
    return NULL;
}

uint64_t guest_env_frame(const void *p)
{
    return 0;
}

int guest_env_map_frame(void *p, uint64_t frame)
{
    return -1;
}

static bool store_sleeps;

static void store_runs(void)
{
    client_activate(domain_find(&server, 1)->client);
    while (server_round(&server)) {
    }
}

/* An event lets the store run; waiting without one lets time pass. */
long guest_env_hypercall(unsigned int nr, uint64_t a1, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (nr == __HYPERVISOR_event_channel_op && a1 == EVTCHNOP_send &&
        !store_sleeps) {
        store_runs();
        shared.evtchn_pending[0] |= 2;
    } else {
        clock_ns += 1000000;
    }
    return 0;
}

static void make_file(const char *name, size_t size)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    if (size == 4096) {
        ring_page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                         0);
        assert_ptr_not_equal(ring_page, MAP_FAILED);
    }
    close(fd);
}

static int start_store(void **state)
{
    static struct guest_store s;
    struct err e = ERR_INIT;

    assert_non_null(mkdtemp(dir));
    setenv("XENSTORED_TEST_DIR", dir, 1);
    make_file("1.ring", 4096);
    make_file("1.state", 0);
    log_init("store", LOG_LVL_ERR, 0);
    assert_int_equal(server_init(&server), 0);
    server.host = host_open(&e);
    assert_int_equal(domain_introduce(&server, 1, 1, 1), 0);
    domain_find(&server, 1)->client->actor.privileged = true;
    guest_store_init(&s, ring_page, 1);
    *state = &s;
    return 0;
}

static int stop_store(void **state)
{
    char command[64];

    host_close(server.host);
    server.host = NULL;
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

static void store_client_reads_what_it_wrote(void **state)
{
    struct guest_store *s = *state;
    char value[2048], big[1500];
    uint64_t number;
    unsigned int i;

    memset(big, 'x', sizeof(big));
    memset(big + 400, '\0', sizeof(big) - 400);
    for (i = 0; i < 300; i++) {       /* the ring wraps many times */
        assert_true(guest_store_write_number(s, "/a/number", i) >= 0);
        assert_int_equal(guest_store_read_number(s, "/a/number", &number), 0);
        assert_int_equal(number, i);
    }
    assert_true(guest_store_write(s, "/a/text", big) >= 0);
    assert_int_equal(guest_store_read(s, "/a/text", value, sizeof(value)),
                     400);
    assert_string_equal(value, big);
    assert_int_equal(guest_store_read(s, "/a/text", value, 11), 400);
    assert_string_equal(value, "xxxxxxxxxx");
    assert_int_equal(guest_store_read(s, "/a/none", value, sizeof(value)),
                     -ENOENT);
    assert_int_equal(guest_store_read_number(s, "/a/text", &number), -EINVAL);
    assert_true(guest_store_rm(s, "/a") >= 0);
    assert_int_equal(guest_store_read_number(s, "/a/number", &number),
                     -ENOENT);
}

static void store_client_hears_its_watches(void **state)
{
    struct guest_store *s = *state;

    assert_true(guest_store_watch(s, "/w") >= 0);
    assert_true(guest_store_wait(s, clock_ns + 1000000000));
    assert_false(guest_store_wait(s, clock_ns + 1000000000));
    assert_true(guest_store_write(s, "/w/x", "1") >= 0);
    assert_true(guest_store_wait(s, clock_ns + 1000000000));
    assert_true(guest_store_unwatch(s, "/w") >= 0);
    assert_true(guest_store_write(s, "/w/x", "2") >= 0);
    assert_false(guest_store_wait(s, clock_ns + 1000000000));
}

static void paths_are_joined_or_refused(void **state)
{
    char path[16];

    assert_true(guest_store_join(path, sizeof(path), "device", "state"));
    assert_string_equal(path, "device/state");
    assert_true(guest_store_join(path, sizeof(path), "123456789", "state"));
    assert_false(guest_store_join(path, sizeof(path), "1234567890", "state"));
}

/* ---- a store that is slow -------------------------------------------------- */

static uint32_t held_back;            /* rsp_prod as the store wants it */

/* Let the guest see @bytes of what the store wrote since it fell asleep. */
static void store_shows(uint32_t from, uint32_t bytes)
{
    ring_page->rsp_prod = from + bytes;
}

/* Its answers come late, in two pieces: no later call takes one for its own. */
static void a_late_answer_is_nobodys(void **state)
{
    struct guest_store *s = *state;
    uint64_t before = clock_ns, number = 0;
    uint32_t rsp = ring_page->rsp_prod;

    assert_true(guest_store_write(s, "/late/a", "1") >= 0);
    assert_true(guest_store_write(s, "/late/b", "2") >= 0);
    rsp = ring_page->rsp_prod;
    store_sleeps = true;
    assert_int_equal(guest_store_read_number(s, "/late/a", &number),
                     -ETIMEDOUT);
    assert_true(clock_ns - before >= STORE_TIMEOUT_NS);
    store_runs();
    held_back = ring_page->rsp_prod;
    assert_int_equal(held_back - rsp, sizeof(struct xsd_sockmsg) + 1);
    store_shows(rsp, 5);              /* of the header */
    assert_false(guest_store_wait(s, clock_ns + 1000000));
    assert_int_equal(ring_page->rsp_cons, rsp + 5);
    store_shows(rsp, sizeof(struct xsd_sockmsg));
    assert_false(guest_store_wait(s, clock_ns + 1000000));
    store_shows(rsp, held_back - rsp);
    store_sleeps = false;

    assert_int_equal(guest_store_read_number(s, "/late/b", &number), 0);

    assert_int_equal(number, 2);
}

/* Requests that found no room leave nothing of themselves in the ring. */
static void a_request_is_sent_whole_or_not_at_all(void **state)
{
    struct guest_store *s = *state;
    char text[400];
    uint64_t number;
    uint32_t prod;

    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    store_sleeps = true;
    assert_int_equal(guest_store_write(s, "/whole", text), -ETIMEDOUT);
    assert_int_equal(guest_store_write(s, "/whole", text), -ETIMEDOUT);
    prod = ring_page->req_prod;
    assert_int_equal(guest_store_write(s, "/whole", text), -ETIMEDOUT);
    assert_int_equal(ring_page->req_prod, prod);
    store_sleeps = false;

    assert_true(guest_store_write(s, "/whole", "7") >= 0);

    assert_int_equal(guest_store_read_number(s, "/whole", &number), 0);
    assert_int_equal(number, 7);
}

/* A store that goes mad makes calls fail; none hangs or reads beyond. */
static void store_client_survives_nonsense(void **state)
{
    struct guest_store *s = *state;
    char value[64];

    ring_page->rsp_prod = ring_page->rsp_cons + 5000;
    assert_int_equal(guest_store_read(s, "/", value, sizeof(value)), -EIO);
    ring_page->rsp_prod = ring_page->rsp_cons;
    ring_page->req_cons = ring_page->req_prod - 3000;
    assert_int_equal(guest_store_read(s, "/", value, sizeof(value)), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_client_reads_what_it_wrote),
        cmocka_unit_test(store_client_hears_its_watches),
        cmocka_unit_test(a_late_answer_is_nobodys),
        cmocka_unit_test(a_request_is_sent_whole_or_not_at_all),
        cmocka_unit_test(paths_are_joined_or_refused),
        cmocka_unit_test(store_client_survives_nonsense),
    };

    return cmocka_run_group_tests(tests, start_store, stop_store);
}
