/* SPDX-License-Identifier: MIT */
/*
 * A block back end that is killed in a stream of writes is replaced, and
 * nothing is lost or answered twice.
 */
#include "blk_front.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
        front_stop(f);
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
    front_stop(f);
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

    fill_random(fake_page(&f->port, ref), 4096, n + 1);
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
        fill_random(want, sizeof(want), sent + 1);
        read_image(f, (uint64_t)sent * 8, have, sizeof(have));
        assert_memory_equal(have, want, sizeof(want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(no_answer_is_lost_or_doubled_at_any_cut),
        T(published_answers_are_not_written_again),
        T(killed_in_a_write_stream_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
