/* SPDX-License-Identifier: MIT */
/*
 * Data of a command.  The image is read or written a buffer at a time; a
 * buffer travels to or from the guest in blocks through the data port, or by
 * the bus master along the guest's list of memory pieces, of which no more
 * than MAX_PRDS are looked at for one command.
 * Covered by tests/unit/hvm-emu/frame/test_ide.c.
 */
#include <dev/ide_int.h>

#include <string.h>

#define PIECE 4096u                    /* no guest memory is written longer */

static void next_buffer(struct ide_channel *c);

static bool to_guest(const struct ide_channel *c)
{
    return c->doing != IDE_WRITE && c->doing != IDE_PACKET;
}

static bool is_packet(const struct ide_channel *c)
{
    return c->doing == IDE_REPLY || c->doing == IDE_CD_READ;
}

static void set_status(struct ide_channel *c, uint8_t status)
{
    ide_unit(c)->tf.status = status;
}

/* ---- the end of a command ------------------------------------------------------------ */

static void finish(struct ide_channel *c)
{
    if (is_packet(c)) {
        atapi_end(c, 0, 0);
    } else {
        ide_done(c);
    }
}

static void disk_error(struct ide_channel *c)
{
    if (is_packet(c)) {
        atapi_end(c, 3, 0x11);         /* medium error: unrecovered */
    } else {
        ide_fail(c, ER_UNC);
    }
}

/* ---- bus master ------------------------------------------------------------------------ */

/* The next piece of guest memory: false at the end of the list. */
static bool next_prd(struct ide_channel *c, bool *bad)
{
    uint8_t row[8];
    uint32_t bytes;

    if (c->prd_last || c->prds == MAX_PRDS) {
        return false;
    }
    if (pci_dma_read(&c->ide->pci, c->prd_next, row, sizeof(row)) != 0) {
        *bad = true;
        return false;
    }
    c->prds++;
    c->prd_next += 8;
    c->prd_addr = (row[0] | (uint32_t)row[1] << 8 | (uint32_t)row[2] << 16 |
                   (uint32_t)row[3] << 24) & ~1u;
    bytes = (row[4] | (uint32_t)row[5] << 8) & ~1u;
    c->prd_left = bytes == 0 ? 0x10000 : bytes;
    c->prd_last = row[7] >> 7;
    return true;
}

static int move_piece(struct ide_channel *c, uint32_t n)
{
    uint8_t *at = c->buffer + c->pos;
    int rc = to_guest(c)
             ? pci_dma_write(&c->ide->pci, c->prd_addr, at, n)
             : pci_dma_read(&c->ide->pci, c->prd_addr, at, n);

    c->pos += n;
    c->prd_addr += n;
    c->prd_left -= n;
    return rc;
}

/* Buffer and list, until one ends: 1 the buffer, 0 the list, -1 bad memory. */
static int move_buffer(struct ide_channel *c)
{
    bool bad = false;

    while (c->pos < c->have) {
        uint32_t n = c->have - c->pos;

        if (c->prd_left == 0 && !next_prd(c, &bad)) {
            return bad ? -1 : 0;
        }
        n = n < c->prd_left ? n : c->prd_left;
        n = n < PIECE ? n : PIECE;
        if (move_piece(c, n) != 0) {
            return -1;
        }
    }
    return 1;
}

static void bm_end(struct ide_channel *c)
{
    if (c->prd_left == 0 && c->prd_last) {
        c->bm_status &= (uint8_t)~BM_ACTIVE;
    }
}

static void bad_memory(struct ide_channel *c)
{
    c->bm_status = (uint8_t)((c->bm_status & ~BM_ACTIVE) | BM_ERROR);
    if (is_packet(c)) {
        atapi_end(c, 4, 0x44);         /* hardware error */
    } else {
        ide_fail(c, ER_ABRT);
    }
}

/*
 * The list was shorter than the data: the bus master stops without an
 * interrupt (SFF-8038i, 3.1) and the drive waits until it is reset or gets
 * another command.
 */
static void list_too_short(struct ide_channel *c)
{
    c->bm_status &= (uint8_t)~BM_ACTIVE;
    c->doing = IDE_IDLE;
    c->waiting_start = 0;
    set_status(c, ST_DRDY | ST_DSC);
}

static void start_write(struct ide_channel *c);

static void dma_buffer(struct ide_channel *c)
{
    int rc = move_buffer(c);

    if (rc < 0) {
        bad_memory(c);
    } else if (rc == 0) {
        list_too_short(c);
    } else if (c->doing == IDE_WRITE) {
        start_write(c);
    } else {
        next_buffer(c);
    }
}

/* A buffer is there to travel; it does when the guest has started it. */
static void dma_ready(struct ide_channel *c)
{
    bool start = (c->bm_cmd & BM_START) != 0;

    c->waiting_start = !start;
    if (start) {
        dma_buffer(c);
    }
}

void ide_bm_start(struct ide_channel *c)
{
    c->bm_status |= BM_ACTIVE;
    c->prd_next = c->bm_table;
    c->prd_left = c->prds = c->prd_last = 0;
    if (c->waiting_start) {
        c->waiting_start = 0;
        dma_buffer(c);
    }
}

void ide_bm_stop(struct ide_channel *c)
{
    c->bm_status &= (uint8_t)~BM_ACTIVE;
}

/* ---- data port ------------------------------------------------------------------------- */

static void begin_block(struct ide_channel *c, bool interrupt)
{
    struct ide_drive *d = ide_unit(c);
    uint32_t n = c->have - c->pos;

    n = n < c->block ? n : c->block;
    c->block_end = c->pos + n;
    if (is_packet(c)) {
        d->tf.count[0] = 2;            /* data to the host */
        d->tf.lba1[0] = (uint8_t)n;
        d->tf.lba2[0] = (uint8_t)(n >> 8);
    }
    set_status(c, ST_DRDY | ST_DSC | ST_DRQ);
    if (interrupt) {
        ide_raise(c);
    }
}

static void end_block(struct ide_channel *c)
{
    uint8_t packet[12];

    if (c->pos < c->have) {
        begin_block(c, true);
    } else if (c->doing == IDE_PACKET) {
        memcpy(packet, c->buffer, sizeof(packet));
        atapi_packet(c, packet);
    } else if (c->doing == IDE_WRITE) {
        start_write(c);
    } else {
        next_buffer(c);
    }
}

static bool data_wanted(const struct ide_channel *c, const struct ide_drive *d)
{
    return (d->tf.status & ST_DRQ) && !c->dma && c->pos < c->block_end;
}

uint32_t ide_data_read(struct ide_channel *c, unsigned int bytes)
{
    uint32_t val = 0;
    uint32_t n = c->block_end - c->pos;

    if (!data_wanted(c, ide_current(c)) || !to_guest(c)) {
        return ~0u;
    }
    n = n < bytes ? n : bytes;
    memcpy(&val, c->buffer + c->pos, n);
    c->pos += n;
    if (c->pos == c->block_end) {
        end_block(c);
    }
    return val;
}

void ide_data_write(struct ide_channel *c, unsigned int bytes, uint32_t val)
{
    uint32_t n = c->block_end - c->pos;

    if (!data_wanted(c, ide_current(c)) || to_guest(c)) {
        return;
    }
    n = n < bytes ? n : bytes;
    memcpy(c->buffer + c->pos, &val, n);
    c->pos += n;
    if (c->pos == c->block_end) {
        end_block(c);
    }
}

/* ---- buffers and the image ------------------------------------------------------------- */

static void buffer_ready(struct ide_channel *c, bool interrupt)
{
    c->pos = c->block_end = 0;
    if (c->dma) {
        set_status(c, ST_DRDY | ST_DSC | ST_DRQ);
        dma_ready(c);
    } else {
        begin_block(c, interrupt);
    }
}

/* A reset does not wait: what ends after it ends for nobody. */
static bool over(const struct ide_channel *c)
{
    return c->doing == IDE_IDLE;
}

static void read_done(void *arg, int res)
{
    struct ide_channel *c = arg;

    if (over(c)) {
        return;
    }
    if (res != 0) {
        disk_error(c);
        return;
    }
    memcpy(c->buffer, image_buffer(ide_unit(c)->img), c->have);
    c->at += c->have;
    buffer_ready(c, true);
}

static void write_done(void *arg, int res)
{
    struct ide_channel *c = arg;

    if (over(c)) {
        return;
    }
    if (res != 0) {
        disk_error(c);
        return;
    }
    c->at += c->have;
    next_buffer(c);
}

static void start_write(struct ide_channel *c)
{
    struct image *img = ide_unit(c)->img;

    set_status(c, ST_BSY);
    memcpy(image_buffer(img), c->buffer, c->have);
    image_start(img, IMAGE_WRITE, c->at, c->have, write_done, c);
}

static void flush_done(void *arg, int res)
{
    struct ide_channel *c = arg;

    if (over(c)) {
        return;
    }
    if (res != 0) {
        ide_fail(c, ER_ABRT);
    } else {
        ide_done(c);
    }
}

void ide_flush(struct ide_channel *c)
{
    c->doing = IDE_FLUSH;
    set_status(c, ST_BSY);
    image_start(ide_unit(c)->img, IMAGE_FLUSH, 0, 0, flush_done, c);
}

static void take_some(struct ide_channel *c)
{
    c->have = c->left < IDE_BUFFER ? (uint32_t)c->left : IDE_BUFFER;
    c->left -= c->have;
    c->pos = c->block_end = 0;
}

/* The buffer has travelled. */
static void next_buffer(struct ide_channel *c)
{
    if (c->left == 0) {
        if (c->dma) {
            bm_end(c);
        }
        finish(c);
        return;
    }
    take_some(c);
    if (c->doing == IDE_WRITE) {
        buffer_ready(c, true);
    } else {
        set_status(c, ST_BSY);
        image_start(ide_unit(c)->img, IMAGE_READ, c->at, c->have, read_done,
                    c);
    }
}

void ide_begin(struct ide_channel *c)
{
    c->have = c->pos = c->block_end = 0;
    c->waiting_start = 0;
    take_some(c);
    if (c->doing == IDE_WRITE) {
        buffer_ready(c, false);        /* the first block comes unasked */
        return;
    }
    set_status(c, ST_BSY);
    image_start(ide_unit(c)->img, IMAGE_READ, c->at, c->have, read_done, c);
}

void ide_reply(struct ide_channel *c, enum ide_doing doing, uint32_t bytes)
{
    c->doing = (uint8_t)doing;
    c->left = 0;
    c->have = bytes < IDE_BUFFER ? bytes : IDE_BUFFER;
    c->waiting_start = 0;
    buffer_ready(c, doing != IDE_PACKET);
}
