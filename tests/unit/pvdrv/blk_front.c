/* SPDX-License-Identifier: MIT */
/*
 * The front of the block back end's tests: see blk_front.h.
 */
#include "blk_front.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct ring_header *hdr(struct front *f)
{
    return (struct ring_header *)fake_page(&f->port, 0);
}

void *slot(struct front *f, uint32_t i)
{
    return fake_page(&f->port, 0) + sizeof(struct ring_header) +
           (size_t)(i & (f->nr - 1)) *
           (f->config.narrow ? BLK_NARROW_SLOT_SIZE : BLK_SLOT_SIZE);
}

void open_image(struct front *f)
{
    struct err e = ERR_INIT;

    assert_int_equal(blk_image_open(&f->image, f->path, false, &e), 0);
    assert_int_equal(blk_image_lock(&f->image), 0);
}

void connect_with(struct front *f, bool resume)
{
    f->config.resume = resume;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), 0);
}

int front_setup(void **state)
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

int front_teardown(void **state)
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

void front_stop(struct front *f)
{
    blk_drain(&f->blk);
    blk_stop(&f->blk);
}

/* ---- a small frontend ------------------------------------------------------------ */

/* A 32-bit front has no padding before the id. */
static void put_narrow(uint8_t *to, const uint8_t *request)
{
    const size_t id = offsetof(struct blkif_request, id);

    memcpy(to, request, 4);
    memcpy(to + 4, request + id, BLK_SLOT_SIZE - id);
}

void push(struct front *f, const void *request)
{
    if (f->config.narrow) {
        put_narrow(slot(f, f->req_prod), request);
    } else {
        memcpy(slot(f, f->req_prod), request, BLK_SLOT_SIZE);
    }
    f->req_prod++;
    __atomic_store_n(&hdr(f)->req_prod, f->req_prod, __ATOMIC_RELEASE);
}

/* @nr whole pages at @sector, data pages from @ref on. */
void push_rw(struct front *f, uint8_t op, uint64_t id, uint64_t sector,
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
void push_indirect(struct front *f, uint8_t op, uint64_t id,
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
uint8_t answered_op;

int next_answer(struct front *f, uint64_t *id)
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

void fill_random(uint8_t *p, size_t len, uint32_t seed)
{
    size_t i;

    for (i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

void read_image(struct front *f, uint64_t sector, void *buf, size_t len)
{
    int fd = open(f->path, O_RDONLY);

    assert_int_equal(pread(fd, buf, len, (off_t)sector * 512), len);
    close(fd);
}
