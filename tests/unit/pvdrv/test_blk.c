/* SPDX-License-Identifier: MIT */
/*
 * The block backend end to end on the host: a frontend in this file, a real
 * image file, grants in plain memory.  Data is verified byte by byte; a
 * process that is killed in a stream of writes is replaced and nothing is lost
 * or answered twice.
 */
#include "fake_port.h"

#include <back/blk.h>
#include <lib/err.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

#define IMAGE_SECTORS 65536u       /* 32 MiB, sparse */
#define DATA_REF      64u          /* first data page */

struct front {
    struct port port;
    struct blk_image image;
    struct blk_journal *journal;
    struct blk blk;
    struct blk_config config;
    char dir[64], path[96];
    int journal_fd;
    uint32_t req_prod, rsp_cons, nr;
};

static struct ring_header *hdr(struct front *f)
{
    return (struct ring_header *)fake_page(&f->port, 0);
}

static void *slot(struct front *f, uint32_t i)
{
    return fake_page(&f->port, 0) + sizeof(struct ring_header) +
           (size_t)(i & (f->nr - 1)) * BLK_SLOT_SIZE;
}

static void open_image(struct front *f)
{
    struct err e = ERR_INIT;

    assert_int_equal(blk_image_open(&f->image, f->path, false, &e), 0);
    assert_int_equal(blk_image_lock(&f->image), 0);
}

static void connect_with(struct front *f, bool resume)
{
    f->config.resume = resume;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), 0);
}

static int setup(void **state)
{
    struct front *f = calloc(1, sizeof(*f));
    char name[96];
    unsigned int i;
    int fd;

    fake_port_init(&f->port);
    strcpy(f->dir, "/tmp/blk-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/disk.img", f->dir);
    fd = open(f->path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, IMAGE_SECTORS * 512ll), 0);
    close(fd);
    snprintf(name, sizeof(name), "%s/journal", f->dir);
    f->journal_fd = open(name, O_RDWR | O_CREAT, 0600);
    f->journal = blk_journal_map(f->journal_fd);
    assert_non_null(f->journal);
    f->config.nr_ring_pages = 1;
    f->config.discard = true;
    for (i = 0; i < BLK_RING_PAGES_MAX; i++) {
        f->config.ring_refs[i] = i;
    }
    f->nr = 32;
    open_image(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct front *f = *state;
    char command[96];

    blk_image_close(&f->image);
    blk_journal_unmap(f->journal);
    close(f->journal_fd);
    assert_int_equal(f->port.mapped, 0);      /* nothing stays mapped */
    fake_port_fini(&f->port);
    snprintf(command, sizeof(command), "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void stop(struct front *f)
{
    blk_drain(&f->blk);
    blk_stop(&f->blk);
}

/* ---- a small frontend ------------------------------------------------------------ */

static void push(struct front *f, const void *request)
{
    memcpy(slot(f, f->req_prod), request, BLK_SLOT_SIZE);
    f->req_prod++;
    __atomic_store_n(&hdr(f)->req_prod, f->req_prod, __ATOMIC_RELEASE);
}

/* @nr whole pages at @sector, data pages from @ref on. */
static void push_rw(struct front *f, uint8_t op, uint64_t id, uint64_t sector,
                    uint32_t ref, unsigned int nr)
{
    struct blkif_request r;
    unsigned int i;

    memset(&r, 0, sizeof(r));
    r.operation = op;
    r.id = id;
    r.sector_number = sector;
    r.nr_segments = (uint8_t)nr;
    for (i = 0; i < nr; i++) {
        r.seg[i].gref = ref + i;
        r.seg[i].last_sect = 7;
    }
    push(f, &r);
}

/* The same through an indirect page at reference @list. */
static void push_indirect(struct front *f, uint8_t op, uint64_t id,
                          uint64_t sector, uint32_t ref, unsigned int nr,
                          uint32_t list)
{
    struct blkif_request_segment *segs =
        (void *)fake_page(&f->port, list % FAKE_PAGES);
    struct blkif_request_indirect r;
    uint8_t raw[BLK_SLOT_SIZE] = { 0 };
    unsigned int i;

    memset(&r, 0, sizeof(r));
    r.operation = BLKIF_OP_INDIRECT;
    r.indirect_op = op;
    r.id = id;
    r.sector_number = sector;
    r.nr_segments = (uint16_t)nr;
    r.indirect_grefs[0] = list;
    for (i = 0; i < nr && i < 512; i++) {
        segs[i].gref = ref + i;
        segs[i].first_sect = 0;
        segs[i].last_sect = 7;
    }
    memcpy(raw, &r, sizeof(r));
    push(f, raw);
}

/* The next answer; runs the backend until it is there. */
static uint8_t answered_op;

static int next_answer(struct front *f, uint64_t *id)
{
    struct blkif_response rsp;
    int tries;

    for (tries = 0; tries < 10000 && hdr(f)->rsp_prod == f->rsp_cons;
         tries++) {
        if (!blk_run(&f->blk) && f->blk.in_flight > 0) {
            blk_image_wait(&f->image);
        }
    }
    assert_int_not_equal(hdr(f)->rsp_prod, f->rsp_cons);
    memcpy(&rsp, slot(f, f->rsp_cons), sizeof(rsp));
    f->rsp_cons++;
    answered_op = rsp.operation;
    if (id != NULL) {
        *id = rsp.id;
    }
    return rsp.status;
}

static void fill(uint8_t *p, size_t len, uint32_t seed)
{
    size_t i;

    for (i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

static void read_image(struct front *f, uint64_t sector, void *buf, size_t len)
{
    int fd = open(f->path, O_RDONLY);

    assert_int_equal(pread(fd, buf, len, (off_t)sector * 512), len);
    close(fd);
}

/* ---- data --------------------------------------------------------------------------- */

static void round_trip(struct front *f)
{
    static uint8_t want[8 * 4096], have[8 * 4096];

    fill(want, sizeof(want), 1);
    memcpy(fake_page(&f->port, DATA_REF), want, sizeof(want));
    push_rw(f, BLKIF_OP_WRITE, 1, 100, DATA_REF, 8);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 100, have, sizeof(have));
    assert_memory_equal(have, want, sizeof(want));

    push_rw(f, BLKIF_OP_READ, 2, 100, DATA_REF + 100, 8);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 100), want,
                        sizeof(want));
}

static void data_survives_a_round_trip_by_every_path(void **state)
{
    struct front *f = *state;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        f->config.persistent = (i & 1) != 0;
        f->config.plain_io = (i & 2) != 0;
        memset(hdr(f), 0, 4096);
        f->req_prod = f->rsp_cons = 0;
        connect_with(f, false);
        round_trip(f);
        stop(f);
        blk_image_close(&f->image);
        open_image(f);
    }
}

static void parts_of_pages_are_packed_in_order(void **state)
{
    struct front *f = *state;
    struct blkif_request r;
    uint8_t have[5 * 512];

    memset(&r, 0, sizeof(r));
    fill(fake_page(&f->port, DATA_REF), 8192, 9);
    r.operation = BLKIF_OP_WRITE;
    r.nr_segments = 2;
    r.sector_number = 40;
    r.seg[0] = (struct blkif_request_segment){ DATA_REF, 6, 7 };
    r.seg[1] = (struct blkif_request_segment){ DATA_REF + 1, 1, 3 };
    connect_with(f, false);
    push(f, &r);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);

    read_image(f, 40, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF) + 6 * 512, 1024);
    assert_memory_equal(have + 1024, fake_page(&f->port, DATA_REF + 1) + 512,
                        1536);
    stop(f);
}

static void indirect_request_moves_a_megabyte(void **state)
{
    struct front *f = *state;
    static uint8_t have[256 * 4096];

    fill(fake_page(&f->port, DATA_REF), sizeof(have), 3);
    connect_with(f, false);
    push_indirect(f, BLKIF_OP_WRITE, 5, 2048, DATA_REF, 256, 60);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_int_equal(answered_op, BLKIF_OP_WRITE);
    read_image(f, 2048, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF), sizeof(have));

    push_indirect(f, BLKIF_OP_READ, 6, 2048, DATA_REF + 300, 256, 61);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 300), have,
                        sizeof(have));
    stop(f);
}

/* 16 ring pages of requests of 1 MiB each: far more than the arena holds. */
static void memory_is_bounded_and_every_request_is_answered(void **state)
{
    struct front *f = *state;
    unsigned int i, answered = 0;

    f->config.nr_ring_pages = 16;
    f->nr = 512;
    connect_with(f, false);
    for (i = 0; i < 64; i++) {
        push_indirect(f, BLKIF_OP_READ, i, i * 100, DATA_REF, 256, 60);
    }
    for (i = 0; i < 64; i++) {
        answered += next_answer(f, NULL) == BLKIF_RSP_OKAY;
    }
    assert_int_equal(answered, 64);
    stop(f);
}

/* What was taken is answered, also what waits for room with no I/O of its own. */
static void draining_answers_all_that_was_taken(void **state)
{
    struct front *f = *state;
    unsigned int i;

    f->config.nr_ring_pages = 16;
    f->nr = 512;
    connect_with(f, false);
    for (i = 0; i < 12; i++) {
        push_indirect(f, i % 2 == 0 ? BLKIF_OP_WRITE : BLKIF_OP_READ, i,
                      i * 256, DATA_REF, 256, 60);
    }
    blk_run(&f->blk);
    alarm(60);
    blk_drain(&f->blk);
    alarm(0);
    assert_int_equal(f->blk.in_flight, 0);
    assert_int_equal(hdr(f)->rsp_prod, f->blk.stats.requests);
    assert_true(f->blk.stats.requests >= 8);
    blk_stop(&f->blk);
}

/* ---- hostile requests ------------------------------------------------------------------ */

static void bad_grant_in_any_segment_writes_nothing(void **state)
{
    struct front *f = *state;
    uint8_t have[11 * 4096], zero[11 * 4096] = { 0 };
    unsigned int k;

    memset(fake_page(&f->port, DATA_REF), 0xff, 11 * 4096);
    connect_with(f, false);
    for (k = 0; k < 11; k++) {
        f->port.bad[DATA_REF + k] = true;
        push_rw(f, BLKIF_OP_WRITE, k, 500, DATA_REF, 11);
        assert_int_equal(next_answer(f, NULL), BLKIF_RSP_ERROR);
        f->port.bad[DATA_REF + k] = false;
    }
    read_image(f, 500, have, sizeof(have));
    assert_memory_equal(have, zero, sizeof(zero));
    stop(f);
}

static void bad_requests_are_answered_with_their_id(void **state)
{
    struct front *f = *state;
    uint8_t raw[BLK_SLOT_SIZE] = { 99 };
    uint64_t id;

    connect_with(f, false);
    push(f, raw);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_EOPNOTSUPP);
    push_rw(f, BLKIF_OP_READ, 71, IMAGE_SECTORS - 7, DATA_REF, 1);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_int_equal(id, 71);
    push_indirect(f, BLKIF_OP_READ, 72, 0, DATA_REF, 257, 60);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_int_equal(id, 72);
    push_indirect(f, BLKIF_OP_READ, 73, 0, DATA_REF, 4, FAKE_PAGES + 5);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    push_indirect(f, BLKIF_OP_WRITE, 74, 0, DATA_REF, 0, 60);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_false(blk_broken(&f->blk));
    stop(f);
}

static void producer_jump_breaks_the_ring_and_stops_cleanly(void **state)
{
    struct front *f = *state;

    connect_with(f, false);
    push_rw(f, BLKIF_OP_READ, 1, 0, DATA_REF, 1);
    blk_run(&f->blk);
    hdr(f)->req_prod += 1000;
    blk_run(&f->blk);
    assert_true(blk_broken(&f->blk));
    stop(f);
}

static void ring_that_begins_broken_is_refused(void **state)
{
    struct front *f = *state;

    hdr(f)->req_prod = 33;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), -EPROTO);
    f->config.ring_refs[0] = FAKE_PAGES;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), -EINVAL);
}

static void grants_that_cannot_be_mapped_are_copied(void **state)
{
    struct front *f = *state;

    f->config.persistent = true;
    f->port.no_map[DATA_REF + 1] = true;
    connect_with(f, false);
    round_trip(f);
    assert_true(f->port.copies > 0);
    assert_true(f->port.maps > 8);
    stop(f);
}

/* ---- flush, discard ------------------------------------------------------------------------ */

static void flush_and_discard_work(void **state)
{
    struct front *f = *state;
    struct blkif_request_discard d = { .operation = BLKIF_OP_DISCARD,
                                       .sector_number = 0,
                                       .nr_sectors = 16 };
    uint8_t raw[BLK_SLOT_SIZE] = { 0 }, have[8192], zero[8192] = { 0 };

    memset(fake_page(&f->port, DATA_REF), 0xee, 8192);
    connect_with(f, false);
    push_rw(f, BLKIF_OP_WRITE, 1, 0, DATA_REF, 2);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    push_rw(f, BLKIF_OP_FLUSH_DISKCACHE, 2, 0, 0, 0);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    push_rw(f, BLKIF_OP_FLUSH_DISKCACHE, 3, 16, DATA_REF, 2);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 16, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF), sizeof(have));

    memcpy(raw, &d, sizeof(d));
    push(f, raw);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 0, have, sizeof(have));
    assert_memory_equal(have, zero, sizeof(have));
    assert_int_equal(f->blk.stats.flushes, 2);
    stop(f);
}

static void image_lock_has_one_writer(void **state)
{
    struct front *f = *state;
    struct blk_image other;
    struct err e = ERR_INIT;

    assert_int_equal(blk_image_open(&other, f->path, false, &e), 0);
    assert_int_equal(blk_image_lock(&other), -EAGAIN);
    blk_image_close(&other);
    assert_int_equal(blk_image_open(&other, f->path, true, &e), 0);
    assert_int_equal(blk_image_lock(&other), -EAGAIN);
    blk_image_close(&other);
    assert_int_equal(blk_image_open(&other, f->dir, true, &e), -EINVAL);
}

/* ---- crashes ------------------------------------------------------------------------------------ */

/*
 * Every point at which a process can die inside take, answer and publish,
 * made by hand in the journal and the ring; then recovery, and the count.
 */
enum cut { CUT_TAKE, CUT_NOTED, CUT_ANSWERED, CUT_RSP_PROD, CUT_WRITTEN,
           CUT_PUBLISHED, NR_CUTS };

static void die_at(struct front *f, enum cut cut)
{
    struct blk_journal *j = f->journal;
    struct ring_back *r = &f->blk.ring;
    uint8_t rsp[BLK_RESPONSE_SIZE];
    struct blk_req req;
    int n;

    assert_int_equal(ring_pending(r), 2);
    n = blk_journal_take(j, r);
    assert_int_equal(n, 0);
    if (cut == CUT_TAKE) {
        j->req_cons--;            /* the record is there, the position not */
        return;
    }
    if (cut == CUT_NOTED) {
        return;
    }
    blk_msg_parse(j->records[0].request, &req);
    blk_msg_response(&req, BLKIF_RSP_OKAY, rsp);
    blk_journal_answer(j, r, 0, rsp);
    if (cut <= CUT_RSP_PROD) {    /* the ring still holds the request */
        memcpy(slot(f, 0), j->records[0].request, BLK_SLOT_SIZE);
    }
    if (cut == CUT_ANSWERED) {
        j->rsp_prod--;
    }
    if (cut == CUT_PUBLISHED) {
        ring_publish(r);
    }
}

static void no_answer_is_lost_or_doubled_at_any_cut(void **state)
{
    struct front *f = *state;
    uint64_t first, second;
    enum cut cut;

    for (cut = CUT_TAKE; cut < NR_CUTS; cut++) {
        memset(hdr(f), 0, 4096);
        f->req_prod = f->rsp_cons = 0;
        connect_with(f, false);
        push_rw(f, BLKIF_OP_READ, 10, 0, DATA_REF, 1);
        push_rw(f, BLKIF_OP_READ, 11, 8, DATA_REF + 1, 1);
        die_at(f, cut);
        blk_stop(&f->blk);

        connect_with(f, true);
        assert_int_equal(next_answer(f, &first), BLKIF_RSP_OKAY);
        assert_int_equal(next_answer(f, &second), BLKIF_RSP_OKAY);
        assert_in_range(first, 10, 11);
        assert_int_equal(first + second, 21);
        blk_run(&f->blk);
        assert_int_equal(hdr(f)->rsp_prod, 2);
        assert_int_equal(f->blk.in_flight, 0);
        stop(f);
    }
}

/* The guest reused a slot after its answer: recovery must not touch it. */
static void published_answers_are_not_written_again(void **state)
{
    struct front *f = *state;
    uint64_t id;
    int i;

    connect_with(f, false);
    for (i = 0; i < 32; i++) {
        push_rw(f, BLKIF_OP_READ, (uint64_t)i, 0, DATA_REF, 1);
    }
    for (i = 0; i < 32; i++) {
        assert_int_equal(next_answer(f, NULL), 0);
    }
    /* As if it died after publishing, before freeing the records. */
    for (i = 0; i < 32; i++) {
        f->journal->records[i].state = BLK_REC_ANSWERED;
    }
    blk_stop(&f->blk);
    for (i = 0; i < 32; i++) {
        push_rw(f, BLKIF_OP_READ, 100 + (uint64_t)i, 0, DATA_REF, 1);
    }
    connect_with(f, true);
    for (i = 0; i < 32; i++) {
        assert_int_equal(next_answer(f, &id), BLKIF_RSP_OKAY);
        assert_in_range(id, 100, 131);
    }
    stop(f);
}

static void serve_until_killed(struct front *f)
{
    struct err e = ERR_INIT;

    blk_image_close(&f->image);
    if (blk_image_open(&f->image, f->path, false, &e) != 0) {
        _exit(1);
    }
    while (blk_image_lock(&f->image) != 0) {
        usleep(1000);             /* the last I/O of the dead one */
    }
    if (blk_start(&f->blk, &f->port, &f->image, f->journal, &f->config) != 0) {
        _exit(2);
    }
    for (;;) {
        blk_run(&f->blk);
        usleep(20);
    }
}

static pid_t start_server(struct front *f)
{
    pid_t pid = fork();

    if (pid == 0) {
        serve_until_killed(f);
    }
    assert_true(pid > 0);
    return pid;
}

#define STREAM    4000u
#define WINDOW    24u

/* Write @n to its own sectors: 4 KiB that name it. */
static void push_stream(struct front *f, unsigned int n)
{
    uint32_t ref = DATA_REF + n % WINDOW;

    fill(fake_page(&f->port, ref), 4096, n + 1);
    push_rw(f, BLKIF_OP_WRITE, n, (uint64_t)n * 8, ref, 1);
}

static unsigned int collect(struct front *f, uint8_t *answers)
{
    unsigned int n = 0;

    while (__atomic_load_n(&hdr(f)->rsp_prod, __ATOMIC_ACQUIRE) !=
           f->rsp_cons) {
        struct blkif_response rsp;

        memcpy(&rsp, slot(f, f->rsp_cons), sizeof(rsp));
        f->rsp_cons++;
        assert_true(rsp.id < STREAM);
        assert_int_equal(rsp.status, BLKIF_RSP_OKAY);
        answers[rsp.id]++;
        n++;
    }
    return n;
}

static void wait_for_window(struct front *f, uint8_t *answers,
                            unsigned int *answered, unsigned int sent,
                            pid_t *pid)
{
    /* A data page is used again only when its last write was answered. */
    while (sent - *answered >= WINDOW ||
           (sent >= WINDOW && answers[sent - WINDOW] == 0)) {
        unsigned int n = collect(f, answers);

        *answered += n;
        if (n == 0) {
            usleep(50);
            continue;
        }
        if (random() % 60 == 0) {
            kill(*pid, SIGKILL);
            assert_int_equal(waitpid(*pid, NULL, 0), *pid);
            *pid = start_server(f);
        }
    }
}

static void killed_in_a_write_stream_nothing_is_lost(void **state)
{
    struct front *f = *state;
    static uint8_t answers[STREAM], have[4096], want[4096];
    unsigned int sent, answered = 0, kills = 0;
    pid_t pid, before;

    /* Guest pages shared with the servers. */
    fake_port_fini(&f->port);
    f->port.pages = mmap(NULL, FAKE_PAGES * 4096u, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    srandom(7);
    memset(answers, 0, sizeof(answers));
    blk_image_close(&f->image);
    f->config.resume = true;
    blk_journal_begin(f->journal, f->nr, 0, 0);
    pid = before = start_server(f);
    for (sent = 0; sent < STREAM; sent++) {
        wait_for_window(f, answers, &answered, sent, &pid);
        kills += pid != before;
        before = pid;
        push_stream(f, sent);
    }
    while (answered < STREAM) {
        answered += collect(f, answers);
        usleep(50);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);

    assert_true(kills >= 5);
    assert_int_equal(hdr(f)->rsp_prod, STREAM);
    for (sent = 0; sent < STREAM; sent++) {
        assert_int_equal(answers[sent], 1);
        fill(want, sizeof(want), sent + 1);
        read_image(f, (uint64_t)sent * 8, have, sizeof(have));
        assert_memory_equal(have, want, sizeof(want));
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(data_survives_a_round_trip_by_every_path),
        T(parts_of_pages_are_packed_in_order),
        T(indirect_request_moves_a_megabyte),
        T(memory_is_bounded_and_every_request_is_answered),
        T(draining_answers_all_that_was_taken),
        T(bad_grant_in_any_segment_writes_nothing),
        T(bad_requests_are_answered_with_their_id),
        T(producer_jump_breaks_the_ring_and_stops_cleanly),
        T(ring_that_begins_broken_is_refused),
        T(grants_that_cannot_be_mapped_are_copied),
        T(flush_and_discard_work),
        T(image_lock_has_one_writer),
        T(no_answer_is_lost_or_doubled_at_any_cut),
        T(published_answers_are_not_written_again),
        T(killed_in_a_write_stream_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
