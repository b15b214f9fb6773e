/* SPDX-License-Identifier: MIT */
/*
 * PIIX3 IDE at 00:01.1: task files, control, bus-master registers, life.
 * Data transfer is in ide_xfer, commands in ide_ata and ide_atapi.
 * Covered by tests/unit/hvm-emu/frame/test_ide.c.
 */
#include <dev/ide_int.h>

#include <bus/irq.h>
#include <dev/chipset.h>
#include <dev/ide_state.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DATA, FEATURE, COUNT, LBA0, LBA1, LBA2, SELECT, COMMAND };

struct ide_drive *ide_current(struct ide_channel *c)
{
    return &c->drive[(c->drive[0].tf.select & SEL_SLAVE) != 0];
}

struct ide_drive *ide_unit(struct ide_channel *c)
{
    return &c->drive[c->unit & 1];
}

bool ide_there(const struct ide_drive *d)
{
    return d->present && !d->unplugged;
}

static bool anybody(const struct ide_channel *c)
{
    return ide_there(&c->drive[0]) || ide_there(&c->drive[1]);
}

/* ---- interrupt -------------------------------------------------------------------- */

void ide_update_irq(struct ide_channel *c)
{
    irq_isa(c->ide->m, 14 + c->index,
            c->irq_pending && !(c->control & CTL_NIEN));
}

void ide_raise(struct ide_channel *c)
{
    c->irq_pending = 1;
    c->bm_status |= BM_INT;
    ide_update_irq(c);
}

static void settle(struct ide_channel *c)
{
    c->doing = IDE_IDLE;
    c->waiting_start = 0;
    c->left = c->have = c->pos = c->block_end = 0;
}

void ide_done(struct ide_channel *c)
{
    struct ide_drive *d = ide_unit(c);

    settle(c);
    d->tf.status = ST_DRDY | ST_DSC;
    d->tf.error = 0;
    ide_raise(c);
}

void ide_fail(struct ide_channel *c, uint8_t error)
{
    struct ide_drive *d = ide_unit(c);

    settle(c);
    d->tf.status = ST_DRDY | ST_DSC | ST_ERR;
    d->tf.error = error;
    ide_raise(c);
}

/* ---- task file --------------------------------------------------------------------- */

void ide_signature(struct ide_drive *d)
{
    d->tf.count[0] = d->tf.lba0[0] = 1;
    d->tf.lba1[0] = d->cdrom ? 0x14 : 0;
    d->tf.lba2[0] = d->cdrom ? 0xeb : 0;
    d->tf.error = 1;                   /* diagnostics passed */
    d->tf.status = d->cdrom ? 0 : ST_DRDY | ST_DSC;
}

static void reset_channel(struct ide_channel *c)
{
    unsigned int i;

    settle(c);
    for (i = 0; i < 2; i++) {
        struct ide_drive *d = &c->drive[i];

        if (d->img != NULL) {
            image_drain(d->img);
        }
        d->multi = 0;
        d->tf.select = 0;
        ide_signature(d);
    }
    c->irq_pending = 0;
    ide_update_irq(c);
}

static uint8_t *reg_of(struct taskfile *tf, uint64_t off)
{
    switch (off) {
    case FEATURE:
        return tf->feature;
    case COUNT:
        return tf->count;
    case LBA0:
        return tf->lba0;
    case LBA1:
        return tf->lba1;
    default:
        return tf->lba2;
    }
}

static uint8_t read_reg(struct ide_channel *c, uint64_t off)
{
    struct ide_drive *d = ide_current(c);
    unsigned int old = (c->control & CTL_HOB) != 0;

    if (!ide_there(d)) {
        return off == SELECT && anybody(c) ? d->tf.select : 0;
    }
    if (off == COMMAND) {
        c->irq_pending = 0;
        ide_update_irq(c);
        return d->tf.status;
    }
    if (off == SELECT) {
        return d->tf.select | 0xa0;
    }
    return off == FEATURE ? d->tf.error : reg_of(&d->tf, off)[old];
}

/* Both drives hear what is written (ATA-6, 9.16); one obeys. */
static void write_reg(struct ide_channel *c, uint64_t off, uint8_t v)
{
    unsigned int i;

    if ((c->drive[0].tf.status | c->drive[1].tf.status) & ST_BSY) {
        return;                        /* INV-IDE1 */
    }
    c->control &= (uint8_t)~CTL_HOB;
    for (i = 0; i < 2; i++) {
        struct taskfile *tf = &c->drive[i].tf;

        if (off == SELECT) {
            tf->select = v;
        } else {
            uint8_t *reg = reg_of(tf, off);

            reg[1] = reg[0];
            reg[0] = v;
        }
    }
}

static void command(struct ide_channel *c, uint8_t cmd)
{
    struct ide_drive *d = ide_current(c);

    if (!ide_there(d) || ((c->drive[0].tf.status | c->drive[1].tf.status) &
                          ST_BSY)) {
        return;
    }
    settle(c);
    c->irq_pending = 0;
    ide_update_irq(c);
    c->unit = d == &c->drive[1];
    c->dma = 0;
    ide_command(c, cmd);
}

static uint64_t task_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct ide_channel *c = dev;

    if (off == DATA && ide_there(ide_current(c))) {
        return ide_data_read(c, bytes);
    }
    return bytes == 1 ? read_reg(c, off) : ~0ull;
}

static void task_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct ide_channel *c = dev;

    if (off == DATA) {
        ide_data_write(c, bytes, (uint32_t)val);
    } else if (off == COMMAND) {
        command(c, (uint8_t)val);
    } else {
        write_reg(c, off, (uint8_t)val);
    }
}

static uint64_t control_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct ide_channel *c = dev;
    struct ide_drive *d = ide_current(c);

    return ide_there(d) ? d->tf.status : 0;
}

static void control_write(void *dev, uint64_t off, unsigned int bytes,
                          uint64_t val)
{
    struct ide_channel *c = dev;
    bool was = (c->control & CTL_SRST) != 0;

    c->control = (uint8_t)val & (CTL_NIEN | CTL_SRST | CTL_HOB);
    if ((val & CTL_SRST) && !was) {
        reset_channel(c);
        c->drive[0].tf.status = c->drive[1].tf.status = ST_BSY;
    } else if (!(val & CTL_SRST) && was) {
        reset_channel(c);
    }
    ide_update_irq(c);
}

/* ---- bus master ------------------------------------------------------------------------ */

static uint8_t bm_get(const struct ide_channel *c, unsigned int reg)
{
    switch (reg) {
    case 0:
        return c->bm_cmd;
    case 2:
        return c->bm_status;
    case 4: case 5: case 6: case 7:
        return (uint8_t)(c->bm_table >> ((reg - 4) * 8));
    default:
        return 0xff;
    }
}

static void bm_command(struct ide_channel *c, uint8_t v)
{
    bool was = (c->bm_cmd & BM_START) != 0;

    c->bm_cmd = v & (BM_START | BM_READ);
    if ((v & BM_START) && !was) {
        ide_bm_start(c);
    } else if (!(v & BM_START) && was) {
        ide_bm_stop(c);
    }
}

static void bm_set(struct ide_channel *c, unsigned int reg, uint8_t v)
{
    unsigned int shift = (reg - 4) * 8;

    if (reg == 0) {
        bm_command(c, v);
    } else if (reg == 2) {
        c->bm_status = (uint8_t)((c->bm_status & BM_ACTIVE) | (v & BM_ABLE) |
                                 (c->bm_status & ~v & (BM_INT | BM_ERROR)));
    } else if (reg >= 4 && reg <= 7) {
        c->bm_table = (c->bm_table & ~(0xffu << shift)) |
                      (uint32_t)v << shift;
        c->bm_table &= ~3u;
    }
}

static uint64_t bm_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct ide *ide = dev;
    uint64_t val = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        unsigned int at = ((unsigned int)off + i) & 15;

        val |= (uint64_t)bm_get(&ide->channel[at >> 3], at & 7) << (i * 8);
    }
    return val;
}

static void bm_write(void *dev, uint64_t off, unsigned int bytes, uint64_t val)
{
    struct ide *ide = dev;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        unsigned int at = ((unsigned int)off + i) & 15;

        bm_set(&ide->channel[at >> 3], at & 7, (uint8_t)(val >> (i * 8)));
    }
}

static const struct range_ops task_ops = { task_read, task_write };
static const struct range_ops control_ops = { control_read, control_write };
static const struct range_ops bm_ops = { bm_read, bm_write };

static const struct { uint16_t task, control; } ports[2] = {
    { 0x1f0, 0x3f6 }, { 0x170, 0x376 },
};

/* ---- unplug -------------------------------------------------------------------------- */

static void unplug_drive(struct ide_channel *c, unsigned int unit)
{
    struct ide_drive *d = &c->drive[unit];

    if (!d->present || d->cdrom || d->unplugged) {
        return;
    }
    settle(c);
    d->unplugged = 1;
    image_close(d->img);               /* the lock goes: PV may have it */
    d->img = NULL;
}

static void unplugged(void *arg, uint32_t what)
{
    struct ide *ide = arg;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        if (unplug_takes_disk(what, i)) {
            unplug_drive(&ide->channel[i / 2], i % 2);
        }
    }
}

/* ---- life -------------------------------------------------------------------------------- */

static void reset(void *dev)
{
    struct ide *ide = dev;
    unsigned int i;

    pci_dev_reset(&ide->pci);
    for (i = 0; i < 2; i++) {
        struct ide_channel *c = &ide->channel[i];

        reset_channel(c);
        c->control = c->bm_cmd = 0;
        c->bm_status = (ide_there(&c->drive[0]) ? 0x20 : 0) |
                       (ide_there(&c->drive[1]) ? 0x40 : 0);
        c->bm_table = 0;
    }
}

static void quiesce(void *dev)
{
    struct ide *ide = dev;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        struct ide_drive *d = &ide->channel[i / 2].drive[i % 2];

        if (d->img != NULL) {
            image_drain(d->img);
        }
    }
}

static void destroy(void *dev)
{
    struct ide *ide = dev;
    unsigned int i;

    medium_close(ide->medium);
    unplug_forget(ide->m, &ide->unplug);
    for (i = 0; i < 4; i++) {
        struct ide_channel *c = &ide->channel[i / 2];

        settle(c);
        image_close(c->drive[i % 2].img);
    }
    for (i = 0; i < 2; i++) {
        range_del(ide->m, RANGE_PORT, ports[i].task, &ide->channel[i]);
        range_del(ide->m, RANGE_PORT, ports[i].control, &ide->channel[i]);
    }
    if (ide->pci.m != NULL) {
        pci_remove(ide->m, &ide->pci);
    }
    free(ide);
}

static int open_drive(struct ide *ide, unsigned int i, struct err *e)
{
    const struct emu_disk *conf = &ide->m->config->disk[i];
    struct ide_drive *d = &ide->channel[i / 2].drive[i % 2];

    d->present = conf->present;
    d->cdrom = conf->cdrom;
    d->mdma = d->udma = 0xff;
    d->loaded = 1;
    if (!conf->present ||
        (!conf->cdrom && unplug_takes_disk(ide->m->unplugged, i))) {
        return 0;                      /* or a predecessor's state says so */
    }
    d->img = image_open(ide->m, conf, e);
    return d->img == NULL ? -EIO : 0;
}

static bool is_cd(const struct emu_config *c, unsigned int i)
{
    return c->disk[i].present && c->disk[i].cdrom;
}

/* Only a machine with a drive has media that change. */
static int listen_for_media(struct ide *ide, struct err *e)
{
    const struct emu_config *c = ide->m->config;

    if (c->control == NULL ||
        !(is_cd(c, 0) || is_cd(c, 1) || is_cd(c, 2) || is_cd(c, 3))) {
        return 0;
    }
    ide->medium = medium_listen(ide->m, c->control, ide_medium, ide, e);
    return ide->medium == NULL ? -EIO : 0;
}

static void init_config(struct ide *ide)
{
    struct pci_dev *d = &ide->pci;

    pci_dev_init(d, "ide", PCI_DEVFN(1, 1), 0x8086, 0x7010, 0x010180, 0, 0);
    pci_set16(d->config + 0x40, 0x8000);   /* both channels are decoded */
    pci_set16(d->config + 0x42, 0x8000);
    pci_set32(d->writable + 0x40, 0xffffffff);
    d->writable[0x44] = d->writable[0x48] = 0xff;
    pci_set16(d->writable + 0x4a, 0xffff);
    d->bar[4] = (struct pci_bar) { .kind = PCI_BAR_PORT, .size = 16,
                                   .ops = &bm_ops };
    d->dev = ide;
}

static int make_channel(struct ide *ide, unsigned int i)
{
    struct ide_channel *c = &ide->channel[i];
    int rc;

    c->ide = ide;
    c->index = i;
    c->block = IDE_SECTOR;
    rc = range_add(ide->m, RANGE_PORT, ports[i].task, 8, &task_ops, c);
    if (rc == 0) {
        rc = range_add(ide->m, RANGE_PORT, ports[i].control, 1, &control_ops,
                       c);
    }
    return rc;
}

static void *create(struct machine *m, struct err *e)
{
    struct ide *ide = calloc(1, sizeof(*ide));
    unsigned int i;
    int rc = 0;

    if (ide == NULL) {
        return NULL;
    }
    ide->m = m;
    ide->unplug = (struct unplug) { .fn = unplugged, .arg = ide,
        .mask = UNPLUG_DISKS | UNPLUG_AUX_DISKS };
    unplug_listen(m, &ide->unplug);
    for (i = 0; i < 2 && rc == 0; i++) {
        rc = make_channel(ide, i);
    }
    for (i = 0; i < EMU_MAX_DISKS && rc == 0; i++) {
        rc = open_drive(ide, i, e);
    }
    if (rc == 0) {
        rc = listen_for_media(ide, e);
    }
    if (rc == 0) {
        init_config(ide);
        rc = pci_add(m, &ide->pci);
    }
    if (rc != 0) {
        if (e->class == ERR_NONE) {
            err_errno(e, rc, "cannot make the IDE controller", NULL);
        }
        destroy(ide);
        return NULL;
    }
    reset(ide);
    return ide;
}

const struct device_class ide_class = {
    .name = "ide", .create = create, .reset = reset, .destroy = destroy,
    .quiesce = quiesce, .state = &ide_state, .pci = &pci_dev_state,
    .pci_offset = offsetof(struct ide, pci),
};
