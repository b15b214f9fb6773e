/* SPDX-License-Identifier: MIT */
/*
 * dev/ide_int.h - what the files of the IDE controller share.
 *
 * Owns    the state of drives, channels, the controller.  ide: registers and
 *         life; ide_xfer: data by port and by bus master; ide_ata: commands of
 *         disks; ide_atapi: packets of CD drives; ide_medium:
 *         another medium in one.
 * Rules   a channel does one thing at a time (`doing`); every index into a
 *         buffer is checked against `have`, which is at most IDE_BUFFER.
 * INV-IDE1 while status shows BSY the guest changes nothing but the control
 *         register; while it shows DRQ, pos < have.
 * Source  ATA/ATAPI-6 (T13/1410D), SFF-8038i, Intel 82371SB
 */
#ifndef DEV_IDE_INT_H
#define DEV_IDE_INT_H

#include <bus/pci.h>
#include <bus/unplug.h>
#include <frame/machine.h>
#include <host/image.h>
#include <host/medium.h>

#include <stdbool.h>
#include <stdint.h>

#define IDE_BUFFER  IMAGE_BUFFER
#define IDE_SECTOR  512u
#define CD_SECTOR   2048u
#define MAX_MULTI   16u
#define MAX_PRDS    8192u              /* a table does not cross 64 KiB */

#define ST_ERR  0x01u
#define ST_DRQ  0x08u
#define ST_DSC  0x10u
#define ST_DF   0x20u
#define ST_DRDY 0x40u
#define ST_BSY  0x80u
#define ER_ABRT 0x04u
#define ER_IDNF 0x10u
#define ER_UNC  0x40u

#define SEL_SLAVE 0x10u
#define SEL_LBA   0x40u
#define CTL_NIEN  0x02u
#define CTL_SRST  0x04u
#define CTL_HOB   0x80u

#define BM_START  0x01u
#define BM_READ   0x08u                /* into memory */
#define BM_ACTIVE 0x01u
#define BM_ERROR  0x02u
#define BM_INT    0x04u
#define BM_ABLE   0x60u

/* As the guest wrote it; [1]: what was there before, for 48-bit commands. */
struct taskfile {
    uint8_t feature[2], count[2], lba0[2], lba1[2], lba2[2];
    uint8_t select;
    uint8_t status, error;
};

struct ide_drive {
    struct image *img;                 /* NULL: no drive, or no medium */
    bool present, cdrom;
    uint8_t unplugged;                 /* by PV drivers */
    uint8_t multi;                     /* sectors a block, 0: not set */
    uint8_t mdma, udma;                /* modes chosen, 0xff: none */
    uint8_t sense, asc;                /* ATAPI: last check condition */
    uint8_t attention;                 /* a unit attention is due */
    uint8_t locked, loaded;            /* the tray */
    uint8_t event;                     /* CD_EVENT_*, to be told once */
    struct taskfile tf;
};

/* Of the media class (MMC-3, 6.7.2.5). */
#define CD_EVENT_EJECT 1u              /* somebody wants it out */
#define CD_EVENT_NEW   2u
#define CD_EVENT_GONE  3u

enum ide_doing {
    IDE_IDLE,
    IDE_READ,                          /* disk to guest */
    IDE_WRITE,
    IDE_FLUSH,
    IDE_IDENTIFY,                      /* a buffer to guest, nothing more */
    IDE_PACKET,                        /* the 12 bytes of a command */
    IDE_REPLY,                         /* ATAPI data to guest */
    IDE_CD_READ,
    IDE_NR_DOING,
};

struct ide_channel {
    struct ide *ide;
    unsigned int index;
    struct ide_drive drive[2];
    uint8_t control;
    uint8_t irq_pending;
    uint8_t doing;
    uint8_t unit;                      /* of the command */
    uint8_t dma;                       /* by bus master */
    uint8_t waiting_start;             /* for the bus master's start bit */
    uint64_t at;                       /* byte offset in the image */
    uint64_t left;                     /* bytes after what is in the buffer */
    uint32_t pos, have;                /* in the buffer */
    uint32_t block;                    /* bytes between two interrupts */
    uint32_t block_end;
    uint32_t limit;                    /* ATAPI: bytes a block, as asked */
    /* bus master */
    uint8_t bm_cmd, bm_status;
    uint32_t bm_table;
    uint32_t prd_next, prd_addr, prd_left, prds;
    uint8_t prd_last;
    uint8_t buffer[IDE_BUFFER];
};

struct ide {
    struct pci_dev pci;
    struct machine *m;
    struct ide_channel channel[2];
    struct unplug unplug;
    struct medium *medium;             /* orders to change one, or NULL */
};

/* ---- ide.c ---------------------------------------------------------------------- */
struct ide_drive *ide_current(struct ide_channel *c);      /* selected */
struct ide_drive *ide_unit(struct ide_channel *c);         /* of the command */
void ide_raise(struct ide_channel *c);                     /* INTRQ */
void ide_update_irq(struct ide_channel *c);
/* The command is over; error 0: well. */
void ide_done(struct ide_channel *c);
void ide_fail(struct ide_channel *c, uint8_t error);
void ide_signature(struct ide_drive *d);
bool ide_there(const struct ide_drive *d);

/* ---- ide_xfer.c ------------------------------------------------------------------ */
/* Begin what c->doing, at, left, dma and block say. */
void ide_begin(struct ide_channel *c);
/* @bytes that lie in the buffer go to the guest, then the command is over. */
void ide_reply(struct ide_channel *c, enum ide_doing doing, uint32_t bytes);
uint32_t ide_data_read(struct ide_channel *c, unsigned int bytes);
void ide_data_write(struct ide_channel *c, unsigned int bytes, uint32_t val);
void ide_bm_start(struct ide_channel *c);
void ide_bm_stop(struct ide_channel *c);
void ide_flush(struct ide_channel *c);

/* ---- ide_ata.c, ide_atapi.c --------------------------------------------------------- */
void ide_command(struct ide_channel *c, uint8_t cmd);
void atapi_identify(struct ide_channel *c);
void atapi_packet_begin(struct ide_channel *c);
void atapi_packet(struct ide_channel *c, const uint8_t packet[12]);
/* The end of a packet command: sense key and code, 0: well. */
void atapi_end(struct ide_channel *c, uint8_t key, uint8_t asc);
/* ---- ide_medium.c --------------------------------------------------------------------- */
medium_fn ide_medium;                  /* @arg: struct ide */
/* Words 10.. of an identify block: @text padded, bytes exchanged. */
void ide_text(uint8_t *to, const char *text, unsigned int bytes);

#endif
