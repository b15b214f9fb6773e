/* SPDX-License-Identifier: MIT */
/* Saved state, see the header.  Tests: tests/unit/hvm-emu/frame/test_ide.c. */
#include <dev/ide_state.h>

#include <dev/ide_int.h>

#include <errno.h>

#define DRIVE(c, u, member) \
    STATE_FIELD(struct ide, channel[c].drive[u].member)
#define DRIVE_FIELDS(c, u) \
    DRIVE(c, u, unplugged), DRIVE(c, u, multi), DRIVE(c, u, mdma), \
    DRIVE(c, u, udma), DRIVE(c, u, sense), DRIVE(c, u, asc), \
    DRIVE(c, u, attention), DRIVE(c, u, locked), DRIVE(c, u, loaded), \
    DRIVE(c, u, event), DRIVE(c, u, tf)
#define CHANNEL(c, member) STATE_FIELD(struct ide, channel[c].member)
#define CHANNEL_FIELDS(c) \
    DRIVE_FIELDS(c, 0), DRIVE_FIELDS(c, 1), CHANNEL(c, control), \
    CHANNEL(c, irq_pending), CHANNEL(c, doing), CHANNEL(c, unit), \
    CHANNEL(c, dma), CHANNEL(c, waiting_start), CHANNEL(c, at), \
    CHANNEL(c, left), CHANNEL(c, pos), CHANNEL(c, have), CHANNEL(c, block), \
    CHANNEL(c, block_end), CHANNEL(c, limit), CHANNEL(c, bm_cmd), \
    CHANNEL(c, bm_status), CHANNEL(c, bm_table), CHANNEL(c, prd_next), \
    CHANNEL(c, prd_addr), CHANNEL(c, prd_left), CHANNEL(c, prds), \
    CHANNEL(c, prd_last), STATE_ARRAY(struct ide, channel[c].buffer)

static const struct state_field fields[] = {
    CHANNEL_FIELDS(0), CHANNEL_FIELDS(1)
};

static bool needs_image(const struct ide_channel *c)
{
    return c->doing == IDE_READ || c->doing == IDE_WRITE ||
           c->doing == IDE_CD_READ;
}

static bool inside_image(const struct ide_channel *c)
{
    const struct ide_drive *d = &c->drive[c->unit];
    uint64_t all = d->img != NULL ? image_bytes(d->img) : 0;

    return d->img != NULL && !d->unplugged && c->at <= all &&
           c->left <= all - c->at &&
           (c->doing != IDE_WRITE || c->have <= all - c->at - c->left);
}

static bool channel_ok(const struct ide_channel *c)
{
    return c->doing < IDE_NR_DOING && c->unit <= 1 && c->dma <= 1 &&
           c->doing != IDE_FLUSH && c->have <= IDE_BUFFER &&
           c->block_end <= c->have && c->pos <= c->have &&
           (c->pos <= c->block_end || c->dma) && c->block != 0 &&
           c->limit <= 0xffff && c->prd_left <= 0x10000 &&
           c->prds <= MAX_PRDS && c->drive[0].multi <= MAX_MULTI &&
           c->drive[1].multi <= MAX_MULTI &&
           (c->doing != IDE_PACKET || c->have == 12) &&
           (!needs_image(c) || inside_image(c));
}

/* A disk without an image is one that was unplugged. */
static bool drive_ok(const struct ide_drive *d)
{
    return !d->present || d->cdrom || d->unplugged || d->img != NULL;
}

static int check(void *dev)
{
    const struct ide *ide = dev;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        if (!drive_ok(&ide->channel[i / 2].drive[i % 2])) {
            return -EINVAL;
        }
    }
    return channel_ok(&ide->channel[0]) && channel_ok(&ide->channel[1])
           ? 0 : -EINVAL;
}

static void loaded(void *dev)
{
    struct ide *ide = dev;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        struct ide_drive *d = &ide->channel[i / 2].drive[i % 2];

        if (d->unplugged && d->img != NULL) {
            image_close(d->img);
            d->img = NULL;
        }
    }
}

const struct state_table ide_state = {
    .version = 2, STATE_ROWS(fields), .check = check, .loaded = loaded
};
