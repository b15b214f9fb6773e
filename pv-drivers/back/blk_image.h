/* SPDX-License-Identifier: MIT */
/*
 * back/blk_image.h - a raw file or block device as a disk.
 *
 * Owns    opening, the lock (an open-file-description lock: it lasts until
 *         the kernel has finished the last I/O of a dead process, so a
 *         successor that gets the lock cannot be overtaken by old writes),
 *         and asynchronous I/O through io_uring (of Linux 6.1), which is also
 *         what the process sleeps on.  Where io_uring is missing, I/O is done
 *         at once, with the same interface.
 * Tests   tests/unit/pvdrv/test_blk.c
 */
#ifndef BACK_BLK_IMAGE_H
#define BACK_BLK_IMAGE_H

#include <back/blk_vhost.h>

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define BLK_IMAGE_DEPTH   512u
#define BLK_IMAGE_WATCHES 4u

enum blk_image_op { IMG_READ, IMG_WRITE, IMG_FLUSH, IMG_DISCARD };

struct blk_image {
    int      fd;
    bool     readonly;
    bool     direct;               /* O_DIRECT is in use */
    bool     is_device;
    uint64_t sectors;              /* of 512 bytes, rounded down */
    uint32_t physical_sector;
    bool     can_discard;
    uint32_t discard_granularity;
    bool     vhost;                /* fd is a connection to a storage daemon */
    unsigned int depth;            /* operations at a time, at most */
    /* after blk_image_start() */
    bool     uring;
    bool     fixed;                /* buffers are registered */
    struct io_uring ring;
    uint8_t *buffers;
    size_t   buffer_bytes;
    struct blk_vhost queue;        /* if vhost */
    int      queue_watch, sock_watch;
    int      wait_fd;              /* without io_uring */
    struct { void *tag; int res; } done[2 * BLK_IMAGE_DEPTH];
    unsigned int nr_done;          /* finished at once, not yet reaped */
    bool     at_once;              /* until now all I/O ended at once */
    unsigned int lonely;           /* requests in a row that came alone */
    struct {
        enum blk_image_op op;
        void *buf, *tag;           /* tag NULL: none */
        uint64_t offset, len;
    } held;                        /* the first one, until another comes */
    struct { int fd; bool fired, armed; } watch[BLK_IMAGE_WATCHES];
    unsigned int nr_watches;
};

/* Open and look; no lock yet.  0 or -errno with @e filled. */
int blk_image_open(struct blk_image *img, const char *path, bool readonly,
                   struct err *e);
/* A drive without a medium: no sectors. */
int blk_image_empty(struct blk_image *img, struct err *e);
/* One that a storage daemon serves over @sock; it owns the lock. */
void blk_image_remote(struct blk_image *img, int sock, uint64_t bytes,
                      bool readonly);
/* Look at the size again: it may have changed.  0 or -errno. */
int blk_image_measure(struct blk_image *img);
/* lib/imglock.h: one writer or many readers.  -EAGAIN: held by another. */
int blk_image_lock(struct blk_image *img);
void blk_image_close(struct blk_image *img);
/*
 * Another file of @bytes in its place, opened and locked by somebody else, or
 * -1: none.  No operation may be under way.  0: @fd is taken over, or -errno:
 * there is none now.
 */
int blk_image_swap(struct blk_image *img, int fd, uint64_t bytes);

/*
 * Begin I/O with memory from img->buffers only, @bytes of it.  @want_uring
 * false forces the plain calls.
 */
int blk_image_start(struct blk_image *img, size_t bytes, bool want_uring);
/* The counterpart; the image stays open. */
void blk_image_stop(struct blk_image *img);
/* The storage daemon ended or went mad: nothing more will be answered. */
bool blk_image_dead(struct blk_image *img);

/* Queue one operation; @tag comes back.  0 or -EBUSY: reap first. */
int blk_image_queue(struct blk_image *img, enum blk_image_op op, void *buf,
                    uint64_t offset, uint64_t len, void *tag);
/*
 * Send what was queued to the kernel.  While all I/O ends at once (at_once,
 * the caller's to set), a request that comes alone, as those before it did, is
 * done by a plain call if it goes to the page cache: cheaper than the ring.
 */
void blk_image_submit(struct blk_image *img);
/* Requests overlap: they go through the ring again, which tells how long
 * they take. */
void blk_image_overlap(struct blk_image *img);

/*
 * With io_uring: wake blk_image_sleep() whenever @fd has become readable.
 * Its number, or -EOPNOTSUPP: plain calls, wait elsewhere.
 */
int blk_image_watch(struct blk_image *img, int fd);
/* Has that happened since it was asked last?  Known after a reap. */
bool blk_image_fired(struct blk_image *img, int watch);
/* Send what was queued, sleep until something finished or fired. */
void blk_image_sleep(struct blk_image *img);

/* @res: bytes, or -errno.  How many were handed out. */
typedef void blk_image_done_fn(void *arg, void *tag, int res);
unsigned int blk_image_reap(struct blk_image *img, blk_image_done_fn *fn,
                            void *arg);
/* Without io_uring, readable when blk_image_wait() would return; or -1. */
int blk_image_queue_fd(const struct blk_image *img);
/* Sleep until blk_image_reap() has something. */
void blk_image_wait(struct blk_image *img);

#endif
