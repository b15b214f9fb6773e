/* SPDX-License-Identifier: MIT */
/*
 * Another medium in a CD drive, or none.  The guest hears of it as from a
 * drive whose button was pressed: an event for who polls, a unit attention for
 * the next command.
 * Source  MMC-3 (T10/1363-D), 5.6 (media events)
 * Tests   tests/unit/hvm-emu/frame/test_ide.c
 */
#include <dev/ide_int.h>

#include <errno.h>

/* A command that needs the medium is under way. */
static bool reads(const struct ide_channel *c, unsigned int unit)
{
    return c->unit == unit && c->doing == IDE_CD_READ;
}

int ide_medium(void *arg, const struct medium_order *o, int fd)
{
    struct ide *ide = arg;
    struct ide_channel *c = &ide->channel[o->unit / 2 % 2];
    struct ide_drive *d = &c->drive[o->unit % 2];
    int rc;

    if (o->unit > 3 || !ide_there(d) || !d->cdrom) {
        return -ENODEV;
    }
    if (d->locked) {
        d->event = CD_EVENT_EJECT;     /* the guest may let it go */
        return -EBUSY;
    }
    if (reads(c, o->unit % 2)) {
        return -EAGAIN;
    }
    image_drain(d->img);               /* of a command that was reset */
    rc = image_swap(d->img, fd, o->bytes);
    d->loaded = 1;
    d->attention = rc == 0 && fd >= 0;
    d->event = d->attention ? CD_EVENT_NEW : CD_EVENT_GONE;
    return rc;
}
