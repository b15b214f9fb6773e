/* SPDX-License-Identifier: MIT */
/*
 * The life of block requests.  Taken from the ring into the journal, checked,
 * data copied in batches, I/O queued, answered.  Parsing is left to
 * ring/blk_msg, positions to ring/ring and blk_journal, I/O to blk_image.
 * Covered by tests/unit/pvdrv/test_blk.c.
 */
#include <back/blk.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

#define PAGE        4096u
#define NR_PIECES   1024u
#define NO_RUN      0xffffffffu
#define MAX_ROUNDS  64u           /* of one blk_run(): others wait too */

/* What a finished I/O or copy leads to. */
enum stage {
    STAGE_FREE,
    STAGE_ROOM,                   /* waits for arena pages */
    STAGE_COPY_IN,                /* its data is in the batch */
    STAGE_PREFLUSH,               /* flush before a write with flush */
    STAGE_IO,
    STAGE_POSTFLUSH,
    STAGE_COPY_OUT,
};

struct blk_task {
    struct blk_task *next;        /* in the batch */
    struct blk_req req;
    enum stage stage;
    unsigned int record;
    unsigned int run, nr_pages;   /* arena */
    uint64_t done;                /* bytes of I/O finished */
    unsigned int first_piece, nr_pieces;
    struct blk_seg *segs;         /* req.segs, or the list behind this task */
    struct blk_seg list[BLK_INDIRECT_SEGS];
};

/* ---- arena: runs of pages ---------------------------------------------------- */

static unsigned int find_run(const struct blk *b, unsigned int nr)
{
    unsigned int i, len = 0;

    for (i = 0; i < BLK_ARENA_PAGES; i++) {
        len = b->arena_used[i] ? 0 : len + 1;
        if (len == nr) {
            return i + 1 - nr;
        }
    }
    return NO_RUN;
}

static bool is_free(const struct blk *b, unsigned int run, unsigned int nr)
{
    return nr <= BLK_ARENA_PAGES - run &&
           memchr(b->arena_used + run, 1, nr) == NULL;
}

/* Behind the last one that was given; else wherever there is room. */
static unsigned int arena_get(struct blk *b, unsigned int nr)
{
    unsigned int run = is_free(b, b->arena_next, nr) ? b->arena_next
                                                     : find_run(b, nr);

    if (run != NO_RUN) {
        memset(b->arena_used + run, 1, nr);
        b->arena_next = run + nr;
    }
    return run;
}

static void arena_put(struct blk *b, struct blk_task *t)
{
    memset(b->arena_used + t->run, 0, t->nr_pages);
    t->nr_pages = 0;
}

static uint8_t *task_data(const struct blk *b, const struct blk_task *t)
{
    return b->arena + (size_t)t->run * PAGE;
}

/* ---- answers --------------------------------------------------------------------- */

static void answer(struct blk *b, struct blk_task *t, int status)
{
    uint8_t rsp[BLK_RESPONSE_SIZE];

    if (status != BLKIF_RSP_OKAY) {
        b->stats.errors++;
    }
    arena_put(b, t);
    blk_msg_response(&t->req, status, rsp);
    blk_journal_answer(b->journal, &b->ring, t->record, rsp);
    b->answered[b->nr_answered++] = (uint16_t)t->record;
    t->stage = STAGE_FREE;
    b->in_flight--;
    if (b->in_flight == 0) {
        b->arena_next = 0;        /* the pages that the caches know */
    }
}

static void show_answers(struct blk *b)
{
    bool notify;

    if (b->ring.rsp_published == b->ring.rsp_prod) {
        return;
    }
    notify = ring_publish(&b->ring);
    if (b->recovered) {
        blk_journal_published(b->journal);
        b->recovered = false;
    } else {
        blk_journal_free(b->journal, b->answered, b->nr_answered);
    }
    b->nr_answered = 0;
    if (notify) {
        port_notify(b->port);
    }
}

/* ---- I/O --------------------------------------------------------------------------- */

static uint64_t task_bytes(const struct blk_task *t)
{
    return t->req.nr_sectors * BLK_SECTOR_SIZE;
}

static void queue_io(struct blk *b, struct blk_task *t, enum blk_image_op op)
{
    uint64_t offset = t->req.sector * BLK_SECTOR_SIZE + t->done;
    void *data = op == IMG_READ || op == IMG_WRITE
                 ? task_data(b, t) + t->done : NULL;

    if (blk_image_queue(b->image, op, data, offset, task_bytes(t) - t->done,
                        t) != 0) {
        answer(b, t, BLKIF_RSP_ERROR);
    }
}

static void start_io(struct blk *b, struct blk_task *t)
{
    t->stage = STAGE_IO;
    switch (t->req.kind) {
    case BLK_READ:
        b->stats.sectors_read += t->req.nr_sectors;
        queue_io(b, t, IMG_READ);
        break;
    case BLK_WRITE:
        b->stats.sectors_written += t->req.nr_sectors;
        queue_io(b, t, IMG_WRITE);
        break;
    case BLK_FLUSH:
        b->stats.flushes++;
        t->stage = t->req.nr_sectors > 0 ? STAGE_PREFLUSH : STAGE_POSTFLUSH;
        queue_io(b, t, IMG_FLUSH);
        break;
    case BLK_DISCARD:
        b->stats.discards++;
        queue_io(b, t, IMG_DISCARD);
        break;
    }
}

/* ---- data ---------------------------------------------------------------------------- */

static void batch_run(struct blk *b);

/* All data of @t was copied, or some of it was not. */
static void data_copied(struct blk *b, struct blk_task *t, bool all)
{
    if (!all) {
        answer(b, t, BLKIF_RSP_ERROR);
    } else if (t->stage == STAGE_COPY_OUT) {
        answer(b, t, BLKIF_RSP_OKAY);
    } else {
        start_io(b, t);           /* INV-BK2 */
    }
}

/* At once where the page's mapping is kept, else in the batch.  How much. */
static unsigned int move_segment(struct blk *b, const struct blk_seg *s,
                                 uint8_t *data, bool to_peer)
{
    unsigned int offset = s->first * BLK_SECTOR_SIZE;
    unsigned int len = (s->last + 1u) * BLK_SECTOR_SIZE - offset;
    uint8_t *page = blk_grants_page(&b->grants, s->gref);

    if (page == NULL) {
        b->pieces[b->nr_pieces++] = (struct port_copy){
            .local = data, .ref = s->gref, .len = (uint16_t)len,
            .offset = (uint16_t)offset, .to_peer = to_peer,
        };
    } else if (to_peer) {
        blk_grants_copy(&b->grants, page + offset, data, len);
    } else {
        blk_grants_copy(&b->grants, data, page + offset, len);
    }
    return len;
}

static void move_data(struct blk *b, struct blk_task *t, bool to_peer)
{
    uint8_t *data = task_data(b, t);
    uint16_t i;

    if (b->nr_pieces + t->req.nr_segs > NR_PIECES) {
        batch_run(b);
    }
    t->first_piece = b->nr_pieces;
    t->stage = to_peer ? STAGE_COPY_OUT : STAGE_COPY_IN;
    for (i = 0; i < t->req.nr_segs; i++) {
        data += move_segment(b, &t->segs[i], data, to_peer);
    }
    t->nr_pieces = b->nr_pieces - t->first_piece;
    if (t->nr_pieces == 0) {
        data_copied(b, t, true);
        return;
    }
    t->next = b->batch;
    b->batch = t;
}

static bool pieces_ok(const struct blk *b, const struct blk_task *t)
{
    unsigned int i;

    for (i = 0; i < t->nr_pieces; i++) {
        if (b->pieces[t->first_piece + i].status != 0) {
            return false;
        }
    }
    return true;
}

/* Copy all that was collected; each task goes on or is answered. */
static void batch_run(struct blk *b)
{
    struct blk_task *t, *next;

    if (b->batch == NULL) {
        return;
    }
    blk_grants_move(&b->grants, b->pieces, b->nr_pieces);
    for (t = b->batch; t != NULL; t = next) {
        next = t->next;
        data_copied(b, t, pieces_ok(b, t));
    }
    b->batch = NULL;
    b->nr_pieces = 0;
}

/* ---- requests --------------------------------------------------------------------------- */

/* Fetch the segment list of an indirect request: one page, copied once. */
static int fetch_segments(struct blk *b, struct blk_task *t)
{
    static uint8_t page[BLK_INDIRECT_SEGS * sizeof(struct blk_seg)];
    struct port_copy piece = {
        .local = page, .ref = t->req.indirect_gref,
        .len = (uint16_t)(t->req.nr_segs * sizeof(struct blk_seg)),
    };

    if (t->req.nr_segs == 0 ||
        blk_grants_move(&b->grants, &piece, 1) != 0 || piece.status != 0) {
        return BLKIF_RSP_ERROR;
    }
    blk_msg_indirect(page, t->req.nr_segs, t->list);
    t->segs = t->list;
    return 0;
}

/* Room for the data, then copy or I/O.  False: no room now. */
static bool admit(struct blk *b, struct blk_task *t)
{
    unsigned int nr = (unsigned int)((task_bytes(t) + PAGE - 1) / PAGE);

    if (t->req.kind == BLK_DISCARD || nr == 0) {
        start_io(b, t);
        return true;
    }
    t->run = arena_get(b, nr);
    if (t->run == NO_RUN) {
        t->stage = STAGE_ROOM;
        t->run = 0;
        return false;
    }
    t->nr_pages = nr;
    if (t->req.kind == BLK_READ) {
        start_io(b, t);
    } else {
        move_data(b, t, false);
    }
    return true;
}

static int parse(const struct blk *b, const uint8_t *slot, struct blk_req *req)
{
    uint8_t wide[BLK_SLOT_SIZE];

    if (!b->narrow) {
        return blk_msg_parse(slot, req);
    }
    blk_msg_widen(slot, wide);
    return blk_msg_parse(wide, req);
}

/* Execute the request of journal record @n; false: it is stuck for room. */
static bool execute(struct blk *b, unsigned int n)
{
    struct blk_task *t = &b->tasks[n];
    int status;

    t->stage = STAGE_FREE;
    t->record = n;
    t->run = t->nr_pages = 0;
    t->done = 0;
    t->first_piece = t->nr_pieces = 0;
    t->segs = t->req.segs;            /* blk_msg_parse() makes all of it */
    b->in_flight++;
    b->stats.requests++;
    status = parse(b, b->journal->records[n].request, &t->req);
    if (status == 0 && t->req.indirect) {
        status = fetch_segments(b, t);
    }
    if (status == 0) {
        status = blk_msg_check(&t->req, t->segs, &b->limits);
    }
    if (status != 0) {
        answer(b, t, status);
        return true;
    }
    return admit(b, t);
}

static void retry_stuck(struct blk *b)
{
    struct blk_task *t = b->stuck;

    b->stuck = NULL;
    if (t != NULL && !admit(b, t)) {
        b->stuck = t;
    }
}

/* What a dead process had taken and not answered comes before new ones. */
static void take_requests(struct blk *b)
{
    retry_stuck(b);
    while (b->stuck == NULL && b->next_redo < b->nr_redo) {
        unsigned int n = b->redo[b->next_redo++];

        if (!execute(b, n)) {
            b->stuck = &b->tasks[n];
        }
    }
    while (b->stuck == NULL && !b->draining &&
           b->in_flight < b->image->depth && ring_pending(&b->ring) > 0) {
        int n = blk_journal_take(b->journal, &b->ring);

        if (n < 0) {
            return;               /* all records await their answers */
        }
        if (!execute(b, (unsigned int)n)) {
            b->stuck = &b->tasks[n];
        }
    }
}

/* ---- completions -------------------------------------------------------------------------- */

static void io_ended(struct blk *b, struct blk_task *t, int res)
{
    if (res < 0) {
        /* A hole that cannot be punched is no harm: discard is advice. */
        answer(b, t, res == -EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP
                                        : BLKIF_RSP_ERROR);
        return;
    }
    if (t->req.kind == BLK_READ) {
        move_data(b, t, true);
    } else if (t->req.kind == BLK_FLUSH) {
        t->stage = STAGE_POSTFLUSH;
        queue_io(b, t, IMG_FLUSH);
    } else {
        answer(b, t, BLKIF_RSP_OKAY);
    }
}

/* The kernel may move less than asked for: go on with the rest. */
static void data_moved(struct blk *b, struct blk_task *t, int res)
{
    if (res > 0 && t->done + (uint64_t)res < task_bytes(t)) {
        t->done += (uint64_t)res;
        queue_io(b, t, t->req.kind == BLK_DISCARD ? IMG_DISCARD
                       : t->req.kind == BLK_READ ? IMG_READ : IMG_WRITE);
        return;
    }
    if (res >= 0 && t->done + (uint64_t)res != task_bytes(t)) {
        res = -EIO;               /* the image became shorter */
    }
    io_ended(b, t, res);
}

static void on_done(void *arg, void *tag, int res)
{
    struct blk *b = arg;
    struct blk_task *t = tag;

    if (t->stage == STAGE_PREFLUSH && res >= 0) {
        t->stage = STAGE_IO;
        queue_io(b, t, IMG_WRITE);
    } else if (t->stage == STAGE_IO &&
               (t->req.kind != BLK_DISCARD || res > 0)) {
        data_moved(b, t, res);
    } else if (t->stage == STAGE_POSTFLUSH && res >= 0) {
        answer(b, t, BLKIF_RSP_OKAY);
    } else {
        io_ended(b, t, res);
    }
}

/* ---- running ---------------------------------------------------------------------------------- */

/* One round: true if anything moved. */
static bool round_once(struct blk *b)
{
    uint64_t requests = b->stats.requests;
    unsigned int reaped;

    reaped = blk_image_reap(b->image, on_done, b);
    take_requests(b);
    if (reaped > 0 && b->stats.requests != requests) {
        blk_image_overlap(b->image);
    }
    batch_run(b);
    blk_image_submit(b->image);
    show_answers(b);
    return reaped > 0 || b->stats.requests != requests;
}

/* Can and should another request be taken right now? */
static bool more_waits(struct blk *b)
{
    return !b->ring.broken && b->stuck == NULL && !b->draining &&
           ring_wait(&b->ring) && !b->ring.broken &&
           b->in_flight < b->ring.nr_slots &&
           b->in_flight < b->image->depth;
}

/* All that was taken is answered: another round would find nothing. */
static bool is_idle(const struct blk *b)
{
    return b->in_flight == 0 && b->next_redo == b->nr_redo;
}

bool blk_run(struct blk *b)
{
    unsigned int rounds;

    for (rounds = 0; rounds < MAX_ROUNDS; rounds++) {
        bool moved = round_once(b);

        if ((!moved || is_idle(b)) && !more_waits(b)) {
            return false;
        }
    }
    return true;
}

void blk_drain(struct blk *b)
{
    b->draining = true;
    while (!blk_image_dead(b->image) &&
           (b->in_flight > 0 || b->next_redo < b->nr_redo)) {
        /* One that waits for room has no I/O whose end could wake us. */
        if (!round_once(b) && b->in_flight > 0) {
            blk_image_wait(b->image);
        }
    }
}

void blk_resize(struct blk *b, uint64_t sectors)
{
    b->image->sectors = sectors;
    b->limits.capacity = sectors;
}

bool blk_broken(const struct blk *b)
{
    return b->ring.broken;
}

/* ---- connect ----------------------------------------------------------------------------------- */

static int get_memory(struct blk *b)
{
    b->tasks = calloc(b->ring.nr_slots, sizeof(b->tasks[0]));
    b->pieces = calloc(NR_PIECES, sizeof(b->pieces[0]));
    return b->tasks == NULL || b->pieces == NULL ? -ENOMEM : 0;
}

/* Positions: from the journal, or where the guest says it begins. */
static int attach_ring(struct blk *b, const struct blk_config *c)
{
    size_t bytes = (size_t)c->nr_ring_pages * PAGE;
    uint32_t slot = c->narrow ? BLK_NARROW_SLOT_SIZE : BLK_SLOT_SIZE;
    uint32_t nr = ring_nr_slots(bytes, slot), start;

    if (c->resume && blk_journal_usable(b->journal, nr)) {
        b->nr_redo = blk_journal_recover(b->journal, &b->ring,
                                         b->ring_pages.addr, bytes, slot,
                                         b->redo);
        b->recovered = true;
    } else {
        start = __atomic_load_n(&((struct ring_header *)b->ring_pages.addr)
                                ->rsp_prod, __ATOMIC_ACQUIRE);
        ring_attach(&b->ring, b->ring_pages.addr, bytes, slot, start, start);
        blk_journal_begin(b->journal, nr, start, start);
    }
    return ring_pending(&b->ring) < 0 ? -EPROTO : 0;
}

int blk_start(struct blk *b, struct port *port, struct blk_image *image,
              struct blk_journal *journal, const struct blk_config *c)
{
    int rc;

    memset(b, 0, sizeof(*b));
    b->port = port;
    b->image = image;
    b->journal = journal;
    b->narrow = c->narrow;
    b->limits = (struct blk_limits){ .capacity = image->sectors,
                                     .readonly = image->readonly,
                                     .discard = c->discard };
    blk_grants_init(&b->grants, port, c->persistent);
    rc = port_map(port, c->ring_refs, c->nr_ring_pages, true, &b->ring_pages);
    if (rc != 0) {
        return rc;
    }
    rc = attach_ring(b, c);
    if (rc == 0) {
        rc = get_memory(b);
    }
    if (rc == 0) {
        rc = blk_image_start(image, (size_t)BLK_ARENA_PAGES * PAGE,
                             !c->plain_io);
        b->arena = image->buffers;
    }
    if (rc != 0) {
        blk_stop(b);
    }
    return rc;
}

void blk_stop(struct blk *b)
{
    blk_grants_fini(&b->grants);
    if (b->ring_pages.addr != NULL) {
        port_unmap(b->port, &b->ring_pages);
    }
    blk_image_stop(b->image);
    free(b->tasks);
    free(b->pieces);
    memset(b, 0, sizeof(*b));
}
