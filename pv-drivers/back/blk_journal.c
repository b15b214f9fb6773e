/* SPDX-License-Identifier: MIT */
/*
 * The journal of requests in flight.  Order of stores is all there is to it:
 * each step is one release store, so a process that dies between two of them
 * leaves a file that recovery understands.  Executing requests is left to
 * blk.c.  Covered by tests/unit/pvdrv/test_blk_crash.c.
 */
#include <back/blk_journal.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC 0x31306c6a6b6c6270u    /* "pblkjl01" */

static void set(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

struct blk_journal *blk_journal_map(int fd)
{
    void *p;

    if (ftruncate(fd, sizeof(struct blk_journal)) != 0) {
        return NULL;
    }
    p = mmap(NULL, sizeof(struct blk_journal), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_POPULATE, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

void blk_journal_unmap(struct blk_journal *j)
{
    if (j != NULL) {
        munmap(j, sizeof(*j));
    }
}

void blk_journal_begin(struct blk_journal *j, uint32_t nr_slots,
                       uint32_t req_cons, uint32_t rsp_prod)
{
    set(&j->valid, 0);
    memset(j->records, 0, sizeof(j->records));
    j->nr_slots = nr_slots;
    j->req_cons = req_cons;
    j->rsp_prod = rsp_prod;
    j->magic = MAGIC;
    set(&j->valid, 1);
}

int blk_journal_usable(const struct blk_journal *j, uint32_t nr_slots)
{
    return j->magic == MAGIC && j->valid == 1 && j->nr_slots == nr_slots &&
           nr_slots <= BLK_JOURNAL_SLOTS &&
           j->req_cons - j->rsp_prod <= nr_slots;
}

/* Requests are answered more or less in turn: begin at the oldest record. */
static int free_record(const struct blk_journal *j, uint32_t turn)
{
    unsigned int i;

    for (i = 0; i < j->nr_slots; i++) {
        unsigned int n = (turn + i) & (j->nr_slots - 1);

        if (j->records[n].state == BLK_REC_FREE) {
            return (int)n;
        }
    }
    return -1;
}

int blk_journal_take(struct blk_journal *j, struct ring_back *r)
{
    int n = free_record(j, r->req_cons);
    struct blk_record *rec;

    if (n < 0) {
        return -1;
    }
    rec = &j->records[n];
    rec->req_index = r->req_cons;
    ring_take(r, rec->request);
    set(&rec->state, BLK_REC_TAKEN);
    set(&j->req_cons, r->req_cons);
    return n;
}

void blk_journal_answer(struct blk_journal *j, struct ring_back *r,
                        unsigned int n, const uint8_t *response)
{
    struct blk_record *rec = &j->records[n];

    memcpy(rec->response, response, sizeof(rec->response));
    rec->rsp_index = r->rsp_prod;
    set(&rec->state, BLK_REC_ANSWERED);
    set(&j->rsp_prod, r->rsp_prod + 1);
    ring_put(r, response, BLK_RESPONSE_SIZE);
}

void blk_journal_published(struct blk_journal *j)
{
    unsigned int n;

    for (n = 0; n < j->nr_slots; n++) {
        if (j->records[n].state == BLK_REC_ANSWERED) {
            set(&j->records[n].state, BLK_REC_FREE);
        }
    }
}

void blk_journal_free(struct blk_journal *j, const uint16_t *records,
                      unsigned int nr)
{
    while (nr > 0) {
        set(&j->records[records[--nr]].state, BLK_REC_FREE);
    }
}

/* The positions may lag one step behind the records: catch up. */
static void catch_up(struct blk_journal *j)
{
    unsigned int n;

    for (n = 0; n < j->nr_slots; n++) {
        struct blk_record *rec = &j->records[n];

        if (rec->state != BLK_REC_FREE && rec->req_index == j->req_cons) {
            set(&j->req_cons, j->req_cons + 1);
        }
        if (rec->state == BLK_REC_ANSWERED && rec->rsp_index == j->rsp_prod) {
            set(&j->rsp_prod, j->rsp_prod + 1);
        }
    }
}

/* Answers not yet visible: write them at their places again (INV-BJ2). */
static void rewrite_answers(struct blk_journal *j, struct ring_back *r,
                            uint32_t published)
{
    uint32_t end = j->rsp_prod;
    unsigned int n;

    for (n = 0; n < j->nr_slots; n++) {
        struct blk_record *rec = &j->records[n];

        if (rec->state != BLK_REC_ANSWERED) {
            continue;
        }
        if (rec->rsp_index - published < end - published) {
            r->rsp_prod = rec->rsp_index;
            ring_put(r, rec->response, sizeof(rec->response));
        } else {
            set(&rec->state, BLK_REC_FREE);
        }
    }
    r->rsp_prod = end;
    r->rsp_published = published;
}

unsigned int blk_journal_recover(struct blk_journal *j, struct ring_back *r,
                                 void *pages, size_t bytes,
                                 uint32_t slot_size,
                                 uint16_t redo[BLK_JOURNAL_SLOTS])
{
    unsigned int n, nr_redo = 0;
    uint32_t published;

    catch_up(j);
    ring_attach(r, pages, bytes, slot_size, j->req_cons, j->rsp_prod);
    published = __atomic_load_n(&r->shared->rsp_prod, __ATOMIC_ACQUIRE);
    if (j->rsp_prod - published > r->nr_slots) {
        r->broken = true;             /* the guest wrote nonsense there */
        return 0;
    }
    rewrite_answers(j, r, published);
    for (n = 0; n < j->nr_slots; n++) {
        if (j->records[n].state == BLK_REC_TAKEN) {
            redo[nr_redo++] = (uint16_t)n;
        }
    }
    return nr_redo;
}
