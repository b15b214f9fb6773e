/* SPDX-License-Identifier: MIT */
/*
 * Block requests of a guest.  The handshake is left to device.c, positions to
 * ring/ring_front.  Covered by tests/guests/frontend.
 */
#include <front/blk.h>

#include <xen/grant_table.h>
#include <xen/io/blkif.h>

static const uint8_t operations[] = {
    [BLK_READ] = BLKIF_OP_READ, [BLK_WRITE] = BLKIF_OP_WRITE,
    [BLK_FLUSH] = BLKIF_OP_FLUSH_DISKCACHE, [BLK_DISCARD] = BLKIF_OP_DISCARD,
};

/* ---- connection --------------------------------------------------------------- */

static long share_ring(struct blk_front *b)
{
    long rc;

    if (b->page == NULL) {
        b->page = guest_env_pages(1);
    }
    if (b->page == NULL) {
        return -ENOMEM;
    }
    ring_front_init(&b->ring, b->page, GUEST_PAGE, BLK_SLOT_SIZE);
    rc = guest_grant(b->dev.back_domid, b->page, true);
    if (rc < 0) {
        return rc;
    }
    b->ring_ref = (uint32_t)rc;
    rc = guest_event_open(b->dev.back_domid);
    if (rc < 0) {
        guest_grant_end(b->ring_ref);
        return rc;
    }
    b->port = (uint32_t)rc;
    return 0;
}

static long tell(struct blk_front *b)
{
    long rc = front_write(&b->dev, "ring-ref", b->ring_ref);

    if (rc >= 0) {
        rc = front_write(&b->dev, "event-channel", b->port);
    }
    if (rc >= 0) {
        rc = front_write_text(&b->dev, "protocol", "x86_64-abi");
    }
    return rc < 0 ? rc : front_set_state(&b->dev, XenbusStateInitialised);
}

static void read_features(struct blk_front *b)
{
    b->sectors = front_back_number(&b->dev, "sectors", 0);
    b->readonly = front_back_number(&b->dev, "info", 0) & VDISK_READONLY;
    b->discard = front_back_number(&b->dev, "feature-discard", 0);
    b->flush = front_back_number(&b->dev, "feature-flush-cache", 0);
}

long blk_front_connect(struct blk_front *b, struct guest_store *store,
                       const char *id)
{
    long rc = front_appear(&b->dev, store, "vbd", id);

    if (rc >= 0) {
        rc = front_wait_back(&b->dev, 1u << XenbusStateInitWait);
    }
    if (rc >= 0) {
        rc = share_ring(b);
    }
    if (rc >= 0) {
        rc = tell(b);
    }
    if (rc >= 0) {
        rc = front_wait_back(&b->dev, 1u << XenbusStateConnected |
                                      1u << XenbusStateClosing |
                                      1u << XenbusStateClosed);
    }
    if (rc >= 0 && front_back_state(&b->dev) != XenbusStateConnected) {
        rc = -EIO;
    }
    if (rc < 0) {
        return rc;
    }
    read_features(b);
    rc = front_set_state(&b->dev, XenbusStateConnected);
    return rc < 0 ? rc : 0;
}

long blk_front_disconnect(struct blk_front *b)
{
    long rc = front_close(&b->dev);

    guest_event_close(b->port);
    return !guest_grant_end(b->ring_ref) && rc >= 0 ? -EBUSY : rc;
}

/* ---- requests ------------------------------------------------------------------- */

static void end_grants(struct blk_front *b, unsigned int slot)
{
    while (b->slots[slot].nr_refs > 0) {
        guest_grant_end(b->slots[slot].refs[--b->slots[slot].nr_refs]);
    }
    b->slots[slot].used = false;
}

/* Segments of whole pages but the last. */
static long share_data(struct blk_front *b, unsigned int slot,
                       struct blkif_request *r, uint64_t nr_sectors,
                       uint8_t *data)
{
    while (nr_sectors > 0) {
        uint64_t n = nr_sectors < BLK_SECTORS_PER_PAGE
                     ? nr_sectors : BLK_SECTORS_PER_PAGE;
        long ref = guest_grant(b->dev.back_domid, data,
                               r->operation == BLKIF_OP_READ);

        if (ref < 0) {
            end_grants(b, slot);
            return ref;
        }
        b->slots[slot].refs[b->slots[slot].nr_refs++] = (uint32_t)ref;
        r->seg[r->nr_segments++] = (struct blkif_request_segment){
            .gref = (uint32_t)ref, .first_sect = 0,
            .last_sect = (uint8_t)(n - 1),
        };
        data += GUEST_PAGE;
        nr_sectors -= n;
    }
    return 0;
}

static void send(struct blk_front *b, const void *request)
{
    ring_front_put(&b->ring, request, BLK_SLOT_SIZE);
    if (ring_front_publish(&b->ring)) {
        guest_event_send(b->port);
    }
}

static int free_slot(const struct blk_front *b)
{
    unsigned int i;

    for (i = 0; i < BLK_FRONT_DEPTH && b->slots[i].used; i++) {
    }
    return i < BLK_FRONT_DEPTH && ring_front_room(&b->ring) > 0 ? (int)i : -1;
}

long blk_front_start(struct blk_front *b, enum blk_kind kind, uint64_t sector,
                     uint64_t nr_sectors, void *data, uint64_t tag)
{
    struct blkif_request r = { .operation = operations[kind],
                               .sector_number = sector };
    int slot = free_slot(b);
    long rc = 0;

    if (slot < 0) {
        return -EBUSY;
    }
    if (data != NULL &&
        nr_sectors > BLK_DIRECT_SEGS * BLK_SECTORS_PER_PAGE) {
        return -E2BIG;
    }
    r.id = (uint64_t)slot;
    if (kind == BLK_DISCARD) {
        struct blkif_request_discard d = {
            .operation = BLKIF_OP_DISCARD, .id = (uint64_t)slot,
            .sector_number = sector, .nr_sectors = nr_sectors,
        };

        __builtin_memcpy(&r, &d, sizeof(d));
    } else if (data != NULL) {
        rc = share_data(b, (unsigned int)slot, &r, nr_sectors, data);
    }
    if (rc == 0) {
        b->slots[slot].used = true;
        b->slots[slot].tag = tag;
        send(b, &r);
    }
    return rc;
}

long blk_front_finish(struct blk_front *b, uint64_t deadline_ns,
                      uint64_t *tag, int *status)
{
    struct blkif_response rsp;

    while (!ring_front_take(&b->ring, &rsp, sizeof(rsp))) {
        if (b->ring.broken) {
            return -EIO;
        }
        if (!ring_front_wait(&b->ring) &&
            !guest_event_wait(b->port, deadline_ns)) {
            return 0;
        }
    }
    if (rsp.id >= BLK_FRONT_DEPTH || !b->slots[rsp.id].used) {
        b->ring.broken = true;
        return -EIO;
    }
    *tag = b->slots[rsp.id].tag;
    *status = rsp.status;
    end_grants(b, (unsigned int)rsp.id);
    return 1;
}

long blk_front_do(struct blk_front *b, enum blk_kind kind, uint64_t sector,
                  uint64_t nr_sectors, void *data)
{
    uint64_t tag;
    int status = BLKIF_RSP_ERROR;
    long rc = blk_front_start(b, kind, sector, nr_sectors, data, 0);

    if (rc == 0) {
        rc = blk_front_finish(b, guest_env_now_ns() + FRONT_TIMEOUT_NS, &tag,
                              &status);
    }
    return rc == 1 && status == BLKIF_RSP_OKAY ? 0 : -EIO;
}
