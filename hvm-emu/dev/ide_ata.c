/* SPDX-License-Identifier: MIT */
/*
 * Commands of ATA disks, by a table.
 * Tests: tests/unit/hvm-emu/frame/test_ide.c.
 */
#include <dev/ide_int.h>

#include <string.h>

/* ---- where and how much ------------------------------------------------------------ */

static uint64_t sectors_of(const struct ide_drive *d)
{
    return d->img != NULL ? image_bytes(d->img) / IDE_SECTOR : 0;
}

#define HEADS   16u
#define PER_TRK 63u

static uint32_t cylinders(const struct ide_drive *d)
{
    uint64_t n = sectors_of(d) / (HEADS * PER_TRK);

    return n > 16383 ? 16383 : n < 1 ? 1 : (uint32_t)n;
}

static uint64_t lba_of(const struct taskfile *t, bool ext)
{
    uint64_t low = t->lba0[0] | (uint64_t)t->lba1[0] << 8 |
                   (uint64_t)t->lba2[0] << 16;
    uint64_t cyl = t->lba1[0] | (uint64_t)t->lba2[0] << 8;

    if (ext) {
        return low | (uint64_t)t->lba0[1] << 24 | (uint64_t)t->lba1[1] << 32 |
               (uint64_t)t->lba2[1] << 40;
    }
    if (t->select & SEL_LBA) {
        return low | (uint64_t)(t->select & 0x0f) << 24;
    }
    return (cyl * HEADS + (t->select & 0x0f)) * PER_TRK + t->lba0[0] - 1u;
}

static uint32_t count_of(const struct taskfile *t, bool ext)
{
    uint32_t n = t->count[0] | (ext ? (uint32_t)t->count[1] << 8 : 0);

    return n != 0 ? n : ext ? 65536 : 256;
}

/* ---- reading and writing ------------------------------------------------------------- */

#define EXT   1u
#define DMA   2u
#define MULTI 4u
#define WRITE 8u

static void transfer(struct ide_channel *c, unsigned int how)
{
    struct ide_drive *d = ide_unit(c);
    bool ext = (how & EXT) != 0;
    uint64_t lba = lba_of(&d->tf, ext);
    uint32_t n = count_of(&d->tf, ext);
    uint64_t all = sectors_of(d);

    if (((how & MULTI) && d->multi == 0) ||
        ((how & WRITE) && image_readonly(d->img))) {
        ide_fail(c, ER_ABRT);
        return;
    }
    if (lba >= all || n > all - lba) {
        ide_fail(c, ER_IDNF);
        return;
    }
    c->doing = how & WRITE ? IDE_WRITE : IDE_READ;
    c->dma = (how & DMA) != 0;
    c->block = how & MULTI ? d->multi * IDE_SECTOR : IDE_SECTOR;
    c->at = lba * IDE_SECTOR;
    c->left = (uint64_t)n * IDE_SECTOR;
    ide_begin(c);
}

static void verify(struct ide_channel *c, unsigned int how)
{
    struct ide_drive *d = ide_unit(c);
    bool ext = (how & EXT) != 0;
    uint64_t lba = lba_of(&d->tf, ext), all = sectors_of(d);

    if (lba >= all || count_of(&d->tf, ext) > all - lba) {
        ide_fail(c, ER_IDNF);
    } else {
        ide_done(c);
    }
}

static void flush(struct ide_channel *c, unsigned int how)
{
    if (image_readonly(ide_unit(c)->img)) {
        ide_done(c);
    } else {
        ide_flush(c);
    }
}

static void set_lba(struct taskfile *t, uint64_t lba, unsigned int old)
{
    t->lba0[old] = (uint8_t)lba;
    t->lba1[old] = (uint8_t)(lba >> 8);
    t->lba2[old] = (uint8_t)(lba >> 16);
}

static void native_max(struct ide_channel *c, unsigned int how)
{
    struct taskfile *t = &ide_unit(c)->tf;
    uint64_t last = sectors_of(ide_unit(c)) - 1;

    if (!(how & EXT)) {
        last = last > 0xfffffff ? 0xfffffff : last;
        t->select = (uint8_t)((t->select & 0xf0) | (last >> 24 & 0x0f));
    } else {
        set_lba(t, last >> 24, 1);
    }
    set_lba(t, last, 0);
    ide_done(c);
}

/* ---- about itself ------------------------------------------------------------------------ */

void ide_text(uint8_t *to, const char *text, unsigned int bytes)
{
    unsigned int i;
    bool end = false;

    for (i = 0; i < bytes; i++) {
        end = end || text[i] == '\0';
        to[i ^ 1] = (uint8_t)(end ? ' ' : text[i]);
    }
}

static void put16(uint8_t *block, unsigned int word, uint64_t v)
{
    pci_set16(block + word * 2, (uint16_t)v);
}

static void put_size(uint8_t *b, uint64_t sectors, uint32_t cyl)
{
    uint32_t chs = cyl * HEADS * PER_TRK;
    uint32_t lba28 = sectors > 0xfffffff ? 0xfffffff : (uint32_t)sectors;

    put16(b, 1, cyl);
    put16(b, 3, HEADS);
    put16(b, 6, PER_TRK);
    put16(b, 54, cyl);
    put16(b, 55, HEADS);
    put16(b, 56, PER_TRK);
    pci_set32(b + 57 * 2, chs);
    pci_set32(b + 60 * 2, lba28);
    pci_set32(b + 100 * 2, (uint32_t)sectors);
    pci_set32(b + 102 * 2, (uint32_t)(sectors >> 32));
}

static unsigned int chosen(uint8_t mode)
{
    return mode < 8 ? 0x100u << mode : 0;
}

static void identify(struct ide_channel *c, unsigned int how)
{
    struct ide_drive *d = ide_unit(c);
    uint8_t *b = c->buffer;
    char serial[20] = "PV000";

    serial[4] = (char)('1' + c->index * 2 + c->unit);
    memset(b, 0, IDE_SECTOR);
    put16(b, 0, 0x0040);               /* a fixed disk */
    put_size(b, sectors_of(d), cylinders(d));
    ide_text(b + 20, serial, 20);
    ide_text(b + 46, "1.0", 8);
    ide_text(b + 54, "PARAVANE HARDDISK", 40);
    put16(b, 47, 0x8000 | MAX_MULTI);
    put16(b, 48, 1);                   /* 32-bit data port */
    put16(b, 49, 0x0b00);              /* DMA, LBA, IORDY */
    put16(b, 50, 0x4000);
    put16(b, 51, 0x0200);
    put16(b, 52, 0x0200);
    put16(b, 53, 0x0007);
    put16(b, 59, d->multi != 0 ? 0x100u | d->multi : 0);
    put16(b, 63, 0x07 | chosen(d->mdma));
    put16(b, 64, 0x0003);
    put16(b, 65, 120);
    put16(b, 66, 120);
    put16(b, 67, 120);
    put16(b, 68, 120);
    put16(b, 80, 0x007e);              /* ATA-1 to ATA-6 */
    put16(b, 82, 0x4020);              /* NOP, write cache */
    put16(b, 83, 0x7400);              /* 48 bits, FLUSH, FLUSH EXT */
    put16(b, 84, 0x4000);
    put16(b, 85, 0x4020);
    put16(b, 86, 0x3400);
    put16(b, 87, 0x4000);
    put16(b, 88, 0x3f | chosen(d->udma));
    put16(b, 93, 0x6001 | (c->unit ? 0x0200u : 0));
    c->block = IDE_SECTOR;
    ide_reply(c, IDE_IDENTIFY, IDE_SECTOR);
}

/* ---- settings ---------------------------------------------------------------------------- */

static void set_multiple(struct ide_channel *c, unsigned int how)
{
    struct ide_drive *d = ide_unit(c);
    uint8_t n = d->tf.count[0];

    if (n > MAX_MULTI || (n & (n - 1)) != 0) {
        ide_fail(c, ER_ABRT);
        return;
    }
    d->multi = n;
    ide_done(c);
}

/* Transfer modes (ATA-6, table 44): 1 or 0 for port modes. */
static bool set_mode(struct ide_drive *d, uint8_t v)
{
    unsigned int n = v & 7;

    switch (v >> 3) {
    case 0:                            /* port, default */
    case 1:                            /* port, flow control */
        d->mdma = d->udma = 0xff;
        return true;
    case 4:
        d->mdma = (uint8_t)n;
        d->udma = 0xff;
        return n <= 2;
    case 8:
        d->udma = (uint8_t)n;
        d->mdma = 0xff;
        return n <= 5;
    default:
        return false;
    }
}

static void set_features(struct ide_channel *c, unsigned int how)
{
    static const uint8_t accepted[] = {
        0x02, 0x82,                    /* write cache: it stays as it is */
        0x05, 0x85, 0x42, 0xc2,        /* power, acoustics */
        0x55, 0xaa,                    /* look ahead */
        0x66, 0xcc, 0x67, 0x96, 0x9a,
    };
    struct ide_drive *d = ide_unit(c);
    bool ok = d->tf.feature[0] == 0x03
              ? set_mode(d, d->tf.count[0])
              : memchr(accepted, d->tf.feature[0], sizeof(accepted)) != NULL;

    if (ok) {
        ide_done(c);
    } else {
        ide_fail(c, ER_ABRT);
    }
}

static void nothing(struct ide_channel *c, unsigned int how)
{
    ide_done(c);
}

static void power_mode(struct ide_channel *c, unsigned int how)
{
    ide_unit(c)->tf.count[0] = 0xff;   /* active */
    ide_done(c);
}

static void abort_it(struct ide_channel *c, unsigned int how)
{
    ide_fail(c, ER_ABRT);
}

/* ---- both kinds --------------------------------------------------------------------------- */

static void diagnose(struct ide_channel *c, unsigned int how)
{
    ide_signature(&c->drive[0]);
    ide_signature(&c->drive[1]);
    c->unit = 0;
    ide_raise(c);
}

static void device_reset(struct ide_channel *c, unsigned int how)
{
    ide_signature(ide_unit(c));        /* no interrupt (ATA-6, 8.7) */
}

static void packet(struct ide_channel *c, unsigned int how)
{
    atapi_packet_begin(c);
}

static void identify_cd(struct ide_channel *c, unsigned int how)
{
    atapi_identify(c);
}

/* A CD drive asked as a disk shows what it is, and declines. */
static void decline(struct ide_channel *c)
{
    struct ide_drive *d = ide_unit(c);

    ide_signature(d);
    ide_fail(c, ER_ABRT);
}

#define ON_DISK 1u
#define ON_CD   2u

static const struct {
    uint8_t cmd, kind, how;
    void (*run)(struct ide_channel *c, unsigned int how);
} commands[] = {
    { 0x00, ON_DISK | ON_CD, 0, abort_it },                 /* NOP */
    { 0x08, ON_CD, 0, device_reset },
    { 0x10, ON_DISK, 0, nothing },                          /* RECALIBRATE */
    { 0x20, ON_DISK, 0, transfer },
    { 0x21, ON_DISK, 0, transfer },
    { 0x24, ON_DISK, EXT, transfer },
    { 0x25, ON_DISK, EXT | DMA, transfer },
    { 0x27, ON_DISK, EXT, native_max },
    { 0x29, ON_DISK, EXT | MULTI, transfer },
    { 0x30, ON_DISK, WRITE, transfer },
    { 0x31, ON_DISK, WRITE, transfer },
    { 0x34, ON_DISK, WRITE | EXT, transfer },
    { 0x35, ON_DISK, WRITE | EXT | DMA, transfer },
    { 0x39, ON_DISK, WRITE | EXT | MULTI, transfer },
    { 0x40, ON_DISK, 0, verify },
    { 0x41, ON_DISK, 0, verify },
    { 0x42, ON_DISK, EXT, verify },
    { 0x70, ON_DISK, 0, nothing },                          /* SEEK */
    { 0x90, ON_DISK | ON_CD, 0, diagnose },
    { 0x91, ON_DISK, 0, nothing },                          /* parameters */
    { 0xa0, ON_CD, 0, packet },
    { 0xa1, ON_CD, 0, identify_cd },
    { 0xc4, ON_DISK, MULTI, transfer },
    { 0xc5, ON_DISK, WRITE | MULTI, transfer },
    { 0xc6, ON_DISK, 0, set_multiple },
    { 0xc8, ON_DISK, DMA, transfer },
    { 0xc9, ON_DISK, DMA, transfer },
    { 0xca, ON_DISK, WRITE | DMA, transfer },
    { 0xcb, ON_DISK, WRITE | DMA, transfer },
    { 0xe0, ON_DISK | ON_CD, 0, nothing },                  /* STANDBY ... */
    { 0xe1, ON_DISK | ON_CD, 0, nothing },
    { 0xe2, ON_DISK, 0, nothing },
    { 0xe3, ON_DISK, 0, nothing },
    { 0xe5, ON_DISK | ON_CD, 0, power_mode },
    { 0xe7, ON_DISK, 0, flush },
    { 0xea, ON_DISK, 0, flush },
    { 0xec, ON_DISK, 0, identify },
    { 0xef, ON_DISK | ON_CD, 0, set_features },
    { 0xf8, ON_DISK, 0, native_max },
};

void ide_command(struct ide_channel *c, uint8_t cmd)
{
    struct ide_drive *d = ide_unit(c);
    uint8_t kind = d->cdrom ? ON_CD : ON_DISK;
    unsigned int i;

    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].cmd == cmd && (commands[i].kind & kind)) {
            break;
        }
    }
    if (d->cdrom && (cmd == 0xec || cmd == 0x20)) {
        decline(c);
    } else if (i == sizeof(commands) / sizeof(commands[0]) ||
               (!d->cdrom && d->img == NULL)) {
        ide_fail(c, ER_ABRT);
    } else {
        commands[i].run(c, commands[i].how);
    }
}
