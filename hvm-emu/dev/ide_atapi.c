/* SPDX-License-Identifier: MIT */
/*
 * CD drives: packets, by a table.  Every length in a packet is the guest's and
 * is cut to what there is.
 * Source  SFF-8020i, MMC-3 (T10/1363-D), SPC-3 (T10/1416-D)
 * Tests   tests/unit/hvm-emu/frame/test_ide.c
 */
#include <dev/ide_int.h>

#include <string.h>

#define KEY_NOT_READY 2u
#define KEY_ILLEGAL   5u
#define KEY_ATTENTION 6u
#define ASC_OPCODE    0x20u
#define ASC_RANGE     0x21u
#define ASC_FIELD     0x24u
#define ASC_CHANGED   0x28u
#define ASC_NO_MEDIUM 0x3au

static uint32_t be(const uint8_t *p, unsigned int bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0) {
        v = v << 8 | *p++;
    }
    return v;
}

static void put_be(uint8_t *p, unsigned int bytes, uint32_t v)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)v;
        v >>= 8;
    }
}

static bool medium(const struct ide_drive *d)
{
    return d->img != NULL && d->loaded && image_bytes(d->img) > 0;
}

static uint64_t blocks(const struct ide_drive *d)
{
    return medium(d) ? image_bytes(d->img) / CD_SECTOR : 0;
}

/* ---- the end ---------------------------------------------------------------------- */

void atapi_end(struct ide_channel *c, uint8_t key, uint8_t asc)
{
    struct ide_drive *d = ide_unit(c);

    d->sense = key;
    d->asc = asc;
    if (key == 0) {
        ide_done(c);
    } else {
        ide_fail(c, (uint8_t)(key << 4 | (key == KEY_ILLEGAL ? ER_ABRT : 0)));
    }
    d->tf.count[0] = 3;                /* status for the host */
}

/* The first @bytes of the buffer, no more than the guest has room for. */
static void reply(struct ide_channel *c, uint32_t bytes, uint32_t room)
{
    bytes = bytes < room ? bytes : room;
    if (bytes == 0) {
        atapi_end(c, 0, 0);
        return;
    }
    c->block = c->limit;
    ide_reply(c, IDE_REPLY, bytes);
}

/* ---- packets ------------------------------------------------------------------------ */

static void test_ready(struct ide_channel *c, const uint8_t *p)
{
    atapi_end(c, 0, 0);
}

static void request_sense(struct ide_channel *c, const uint8_t *p)
{
    struct ide_drive *d = ide_unit(c);

    memset(c->buffer, 0, 18);
    c->buffer[0] = 0xf0;
    c->buffer[2] = d->sense;
    c->buffer[7] = 10;
    c->buffer[12] = d->asc;
    reply(c, 18, p[4]);
}

static void inquiry(struct ide_channel *c, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 36);
    b[0] = 5;                          /* CD */
    b[1] = 0x80;                       /* removable */
    b[3] = 0x21;
    b[4] = 31;
    memcpy(b + 8, "PARAVANECD-ROM          1.0 ", 28);
    reply(c, 36, p[4]);
}

static void start_stop(struct ide_channel *c, const uint8_t *p)
{
    struct ide_drive *d = ide_unit(c);
    bool load = (p[4] & 1) != 0;

    if (!(p[4] & 2)) {
        atapi_end(c, 0, 0);
    } else if (!load && d->locked) {
        atapi_end(c, KEY_ILLEGAL, 0x53);   /* removal prevented */
    } else {
        d->attention |= load && !d->loaded;
        d->loaded = load;
        atapi_end(c, 0, 0);
    }
}

static void prevent(struct ide_channel *c, const uint8_t *p)
{
    ide_unit(c)->locked = p[4] & 1;
    atapi_end(c, 0, 0);
}

static void read_capacity(struct ide_channel *c, const uint8_t *p)
{
    uint64_t n = blocks(ide_unit(c));

    put_be(c->buffer, 4, n == 0 ? 0 : (uint32_t)(n - 1));
    put_be(c->buffer + 4, 4, CD_SECTOR);
    reply(c, 8, 8);
}

static void read_blocks(struct ide_channel *c, uint64_t lba, uint32_t n)
{
    uint64_t all = blocks(ide_unit(c));

    if (lba > all || n > all - lba) {
        atapi_end(c, KEY_ILLEGAL, ASC_RANGE);
    } else if (n == 0) {
        atapi_end(c, 0, 0);
    } else {
        c->doing = IDE_CD_READ;
        c->at = lba * CD_SECTOR;
        c->left = (uint64_t)n * CD_SECTOR;
        c->block = c->limit;
        ide_begin(c);
    }
}

static void read10(struct ide_channel *c, const uint8_t *p)
{
    read_blocks(c, be(p + 2, 4), be(p + 7, 2));
}

static void read12(struct ide_channel *c, const uint8_t *p)
{
    read_blocks(c, be(p + 2, 4), be(p + 6, 4));
}

/* Of the forms of READ CD, the one that gives user data only. */
static void read_cd(struct ide_channel *c, const uint8_t *p)
{
    uint32_t n = be(p + 6, 3);

    if ((p[9] & 0xf8) == 0 || n == 0) {
        atapi_end(c, 0, 0);
    } else if ((p[9] & 0xf8) != 0x10) {
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
    } else {
        read_blocks(c, be(p + 2, 4), n);
    }
}

static void seek10(struct ide_channel *c, const uint8_t *p)
{
    if (be(p + 2, 4) >= blocks(ide_unit(c))) {
        atapi_end(c, KEY_ILLEGAL, ASC_RANGE);
    } else {
        atapi_end(c, 0, 0);
    }
}

/* ---- table of contents ------------------------------------------------------------------ */

static void put_address(uint8_t *to, uint32_t lba, bool msf)
{
    uint32_t frame = lba + 150;

    if (!msf) {
        put_be(to, 4, lba);
        return;
    }
    to[0] = 0;
    to[1] = (uint8_t)(frame / (75 * 60));
    to[2] = (uint8_t)(frame / 75 % 60);
    to[3] = (uint8_t)(frame % 75);
}

static uint8_t *put_track(uint8_t *to, uint8_t track, uint32_t lba, bool msf)
{
    to[0] = 0;
    to[1] = 0x14;                      /* data */
    to[2] = track;
    to[3] = 0;
    put_address(to + 4, lba, msf);
    return to + 8;
}

/* Format 0: one track and the lead-out. */
static uint32_t toc_tracks(struct ide_channel *c, uint8_t first, bool msf)
{
    uint8_t *b = c->buffer;
    uint8_t *at = b + 4;

    if (first <= 1) {
        at = put_track(at, 1, 0, msf);
    }
    at = put_track(at, 0xaa, (uint32_t)blocks(ide_unit(c)), msf);
    b[2] = b[3] = 1;
    put_be(b, 2, (uint32_t)(at - b) - 2);
    return (uint32_t)(at - b);
}

/* Format 1: the last session begins at 0. */
static uint32_t toc_session(struct ide_channel *c)
{
    memset(c->buffer, 0, 12);
    c->buffer[1] = 10;
    c->buffer[2] = c->buffer[3] = 1;
    c->buffer[5] = 0x14;
    c->buffer[6] = 1;
    return 12;
}

static void read_toc(struct ide_channel *c, const uint8_t *p)
{
    unsigned int format = p[2] & 0xf;
    bool msf = (p[1] & 2) != 0;

    if (format == 0) {
        format = p[9] >> 6;
    }
    if (format == 0 && p[6] > 1 && p[6] != 0xaa) {
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
    } else if (format == 0) {
        reply(c, toc_tracks(c, p[6], msf), be(p + 7, 2));
    } else if (format == 1) {
        reply(c, toc_session(c), be(p + 7, 2));
    } else {
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
    }
}

/* ---- what the drive is ------------------------------------------------------------------ */

static void get_configuration(struct ide_channel *c, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 32);
    put_be(b, 4, 28);
    put_be(b + 6, 2, medium(ide_unit(c)) ? 8 : 0);     /* profile: CD-ROM */
    b[10] = 0x03;                      /* profile list */
    b[11] = 4;
    put_be(b + 12, 2, 8);
    b[14] = medium(ide_unit(c));
    put_be(b + 16, 2, 1);              /* core */
    b[18] = 0x0b;
    b[19] = 8;
    put_be(b + 20, 4, 2);              /* ATAPI */
    b[24] = 1;
    reply(c, 32, be(p + 7, 2));
}

static void get_event(struct ide_channel *c, const uint8_t *p)
{
    struct ide_drive *d = ide_unit(c);
    uint8_t *b = c->buffer;

    if (!(p[1] & 1)) {                 /* by polling only */
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
        return;
    }
    memset(b, 0, 8);
    b[3] = 0x10;                       /* we have media events */
    if (!(p[4] & 0x10)) {
        b[2] = 0x80;
        put_be(b, 2, 2);
        reply(c, 4, be(p + 7, 2));
        return;
    }
    put_be(b, 2, 6);
    b[2] = 4;
    b[4] = d->event != 0 ? d->event : d->attention ? CD_EVENT_NEW : 0;
    d->event = 0;
    b[5] = (uint8_t)(medium(d) ? 2 : d->loaded ? 0 : 1);
    reply(c, 8, be(p + 7, 2));
}

static void disc_info(struct ide_channel *c, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 34);
    put_be(b, 2, 32);
    b[2] = 0x0e;                       /* complete, last session complete */
    b[3] = b[4] = b[5] = b[6] = 1;
    b[7] = 0x20;
    reply(c, 34, be(p + 7, 2));
}

static void mechanism(struct ide_channel *c, const uint8_t *p)
{
    memset(c->buffer, 0, 8);
    c->buffer[5] = 1;
    reply(c, 8, be(p + 8, 2));
}

/* Pages 1 (errors) and 2a (capabilities), after a header of @head bytes. */
static uint32_t mode_page(struct ide_channel *c, uint8_t page, uint32_t head)
{
    uint8_t *b = c->buffer + head;

    memset(c->buffer, 0, 64);
    if (page == 0x01) {
        b[0] = 0x01;
        b[1] = 6;
        b[3] = 5;                      /* retries */
        return head + 8;
    }
    if (page == 0x2a || page == 0x3f) {
        b[0] = 0x2a;
        b[1] = 18;
        b[2] = 0x03;                   /* reads CD-R, CD-RW */
        b[4] = 0x70;
        b[6] = 0x29;                   /* tray, eject, lock */
        put_be(b + 8, 2, 706);         /* KB/s */
        put_be(b + 10, 2, 2);
        put_be(b + 12, 2, 512);
        put_be(b + 14, 2, 706);
        return head + 20;
    }
    return 0;
}

static void mode_sense6(struct ide_channel *c, const uint8_t *p)
{
    uint32_t n = mode_page(c, p[2] & 0x3f, 4);

    if (n == 0 || (p[2] & 0xc0) == 0xc0) {
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
        return;
    }
    c->buffer[0] = (uint8_t)(n - 1);
    reply(c, n, p[4]);
}

static void mode_sense10(struct ide_channel *c, const uint8_t *p)
{
    uint32_t n = mode_page(c, p[2] & 0x3f, 8);

    if (n == 0 || (p[2] & 0xc0) == 0xc0) {
        atapi_end(c, KEY_ILLEGAL, ASC_FIELD);
        return;
    }
    put_be(c->buffer, 2, n - 2);
    c->buffer[2] = medium(ide_unit(c)) ? 0x01 : 0x70;
    reply(c, n, be(p + 7, 2));
}

/* ---- the table -------------------------------------------------------------------------- */

#define ALWAYS 1u                      /* even with a unit attention due */
#define MEDIUM 2u

static const struct {
    uint8_t op, flags;
    void (*run)(struct ide_channel *c, const uint8_t *p);
} packets[] = {
    { 0x00, MEDIUM, test_ready },
    { 0x03, ALWAYS, request_sense },
    { 0x12, ALWAYS, inquiry },
    { 0x1a, 0, mode_sense6 },
    { 0x1b, 0, start_stop },
    { 0x1e, 0, prevent },
    { 0x25, MEDIUM, read_capacity },
    { 0x28, MEDIUM, read10 },
    { 0x2b, MEDIUM, seek10 },
    { 0x43, MEDIUM, read_toc },
    { 0x46, ALWAYS, get_configuration },
    { 0x4a, ALWAYS, get_event },
    { 0x51, MEDIUM, disc_info },
    { 0x5a, 0, mode_sense10 },
    { 0xa8, MEDIUM, read12 },
    { 0xbd, 0, mechanism },
    { 0xbe, MEDIUM, read_cd },
};
#define NR_PACKETS (sizeof(packets) / sizeof(packets[0]))

void atapi_packet(struct ide_channel *c, const uint8_t p[12])
{
    struct ide_drive *d = ide_unit(c);
    unsigned int i;

    c->dma = d->tf.feature[0] & 1;
    for (i = 0; i < NR_PACKETS && packets[i].op != p[0]; i++) {
    }
    if (i == NR_PACKETS) {
        atapi_end(c, KEY_ILLEGAL, ASC_OPCODE);
    } else if (d->attention && !(packets[i].flags & ALWAYS) && medium(d)) {
        d->attention = 0;
        atapi_end(c, KEY_ATTENTION, ASC_CHANGED);
    } else if ((packets[i].flags & MEDIUM) && !medium(d)) {
        atapi_end(c, KEY_NOT_READY, ASC_NO_MEDIUM);
    } else {
        packets[i].run(c, p);
    }
}

void atapi_packet_begin(struct ide_channel *c)
{
    struct ide_drive *d = ide_unit(c);
    uint32_t limit = d->tf.lba1[0] | (uint32_t)d->tf.lba2[0] << 8;

    limit = limit == 0 || limit == 0xffff ? 0xfffe : limit & ~1u;
    c->limit = limit == 0 ? 2 : limit;
    c->block = 12;
    ide_reply(c, IDE_PACKET, 12);      /* by the port, whatever follows */
    d->tf.count[0] = 1;                /* a command is wanted */
}

void atapi_identify(struct ide_channel *c)
{
    struct ide_drive *d = ide_unit(c);
    uint8_t *b = c->buffer;

    memset(b, 0, IDE_SECTOR);
    pci_set16(b, 0x85c0);              /* CD, removable, DRQ within 50 us */
    ide_text(b + 20, "PVCD1", 20);
    ide_text(b + 46, "1.0", 8);
    ide_text(b + 54, "PARAVANE CD-ROM", 40);
    pci_set16(b + 48 * 2, 1);
    pci_set16(b + 49 * 2, 0x0b00);
    pci_set16(b + 53 * 2, 0x0007);
    pci_set16(b + 63 * 2,
              (uint16_t)(0x07 | (d->mdma < 8 ? 0x100u << d->mdma : 0)));
    pci_set16(b + 64 * 2, 3);
    pci_set16(b + 65 * 2, 120);
    pci_set16(b + 66 * 2, 120);
    pci_set16(b + 67 * 2, 120);
    pci_set16(b + 68 * 2, 120);
    pci_set16(b + 80 * 2, 0x007e);
    pci_set16(b + 82 * 2, 0x0210);
    pci_set16(b + 83 * 2, 0x4000);
    pci_set16(b + 84 * 2, 0x4000);
    pci_set16(b + 85 * 2, 0x0210);
    pci_set16(b + 87 * 2, 0x4000);
    pci_set16(b + 88 * 2,
              (uint16_t)(0x3f | (d->udma < 8 ? 0x100u << d->udma : 0)));
    c->block = IDE_SECTOR;
    ide_reply(c, IDE_IDENTIFY, IDE_SECTOR);
}
