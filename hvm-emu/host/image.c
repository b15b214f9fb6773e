/* SPDX-License-Identifier: MIT */
/*
 * One operation at a time.  With io_uring its descriptor wakes the loop; where
 * the kernel has none the work is done at once and a timer reports its end.
 * Covered by tests/unit/hvm-emu/frame/test_ide.c.
 */
#include <host/image.h>

#include <back/blk_image.h>
#include <frame/loop.h>
#include <frame/machine.h>
#include <frame/timer.h>
#include <host/keeper.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES    20u
#define LOCK_PAUSE_NS 100000000

struct image {
    struct machine *m;
    struct blk_image blk;
    struct keeper keeper;              /* of a qcow2 image's daemon */
    struct loop_watch *watch;
    int event_fd;                      /* io_uring counts ends there, or -1 */
    struct emu_timer later;
    unsigned int index;
    bool busy;
    int failed;                        /* could not even be begun */
    uint32_t bytes;                    /* of a read or write under way */
    image_done_fn *fn;
    void *arg;
};

static void finish(struct image *img, int res)
{
    if (!img->busy) {
        return;
    }
    img->busy = false;
    timer_stop(&img->later);
    img->fn(img->arg, res);
}

static void on_done(void *arg, void *tag, int res)
{
    struct image *img = arg;
    bool partial = res >= 0 && (uint32_t)res != img->bytes;

    /* A file that became shorter: there is nothing where it was. */
    finish(img, res < 0 ? res : partial ? -EIO : 0);
}

static void reap(void *arg)
{
    struct image *img = arg;

    (void)blk_image_reap(&img->blk, on_done, img);
    if (img->busy && (img->failed != 0 || blk_image_dead(&img->blk))) {
        finish(img, img->failed != 0 ? img->failed : -EIO);
    }
}

static void on_ring(void *arg, uint32_t events)
{
    struct image *img = arg;

    uint64_t count;

    if (!img->blk.uring) {
        blk_image_wait(&img->blk);     /* takes what made us wake */
    } else if (read(img->event_fd, &count, sizeof(count)) < 0) {
        return;
    }
    reap(img);
}

static int wait_fd(const struct image *img)
{
    return img->blk.uring ? img->event_fd : blk_image_queue_fd(&img->blk);
}

/*
 * The ring completes in our own context only (blk_image's choice): the kernel
 * does not call its descriptor readable for that, but it does count here.
 */
static int watch_ring(struct image *img)
{
    if (!img->blk.uring) {
        return 0;
    }
    img->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return img->event_fd < 0
           ? -errno : io_uring_register_eventfd(&img->blk.ring,
                                                img->event_fd);
}

/* Whoever served the guest before may be about to let go of it. */
static bool again(int rc, unsigned int *tries)
{
    const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

    if (rc != -EAGAIN || ++*tries >= LOCK_TRIES) {
        return false;
    }
    nanosleep(&pause, NULL);
    return true;
}

static int start(struct image *img, struct err *e)
{
    unsigned int tries = 0;
    int rc;

    do {
        rc = blk_image_lock(&img->blk);
    } while (again(rc, &tries));

    if (rc != 0) {
        return err_errno(e, rc, "cannot lock the disk image",
                         "of IDE drive %u", img->index);
    }
    rc = blk_image_start(&img->blk, IMAGE_BUFFER,
                         img->m->loop != NULL && !img->blk.vhost);
    if (rc == 0) {
        rc = watch_ring(img);
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot begin disk input and output", NULL);
    }
    if (img->m->loop != NULL && wait_fd(img) >= 0) {
        img->watch = loop_watch(img->m, wait_fd(img), EPOLLIN, on_ring, img);
        if (img->watch == NULL) {
            return err_errno(e, -ENOMEM, "cannot wait for a disk", NULL);
        }
    }
    return 0;
}

static int open_any(struct image *img, const struct emu_disk *d, struct err *e)
{
    unsigned int tries = 0;
    int rc;

    if (d->path == NULL) {
        return blk_image_empty(&img->blk, e);
    }
    if (strcmp(d->format, "qcow2") != 0) {
        return blk_image_open(&img->blk, d->path, d->readonly, e);
    }
    do {
        rc = keeper_start(&img->keeper, d->path, d->readonly, img->m->domid,
                          d->index, e);
    } while (again(rc, &tries));
    if (rc == 0) {
        blk_image_remote(&img->blk, img->keeper.request_fd, img->keeper.bytes,
                         d->readonly);
        img->keeper.request_fd = -1;   /* the image's now */
    }
    return rc;
}

struct image *image_open(struct machine *m, const struct emu_disk *d,
                         struct err *e)
{
    struct image *img = calloc(1, sizeof(*img));
    int rc = 0;

    if (img == NULL) {
        return NULL;
    }
    img->m = m;
    img->index = d->index;
    img->event_fd = img->keeper.fd = img->keeper.request_fd = -1;
    timer_init(m, &img->later, reap, img);
    rc = open_any(img, d, e);
    if (rc != 0) {
        timer_fini(&img->later);
        free(img);
        return NULL;
    }
    if (start(img, e) != 0) {
        image_close(img);
        return NULL;
    }
    return img;
}

int image_swap(struct image *img, int fd, uint64_t bytes)
{
    return blk_image_swap(&img->blk, fd, bytes);
}

void image_drain(struct image *img)
{
    while (img->busy) {
        if (img->failed == 0) {
            blk_image_wait(&img->blk);
        }
        reap(img);
    }
}

static void nobody(void *arg, int res)
{
}

void image_close(struct image *img)
{
    if (img == NULL) {
        return;
    }
    img->fn = nobody;
    image_drain(img);
    loop_unwatch(img->watch);
    timer_fini(&img->later);
    if (img->blk.buffers != NULL) {
        blk_image_stop(&img->blk);
    }
    blk_image_close(&img->blk);
    if (img->event_fd >= 0) {
        close(img->event_fd);
    }
    keeper_stop(&img->keeper);
    free(img);
}

uint64_t image_bytes(const struct image *img)
{
    return img->blk.sectors * 512;
}

bool image_readonly(const struct image *img)
{
    return img->blk.readonly;
}

uint8_t *image_buffer(struct image *img)
{
    return img->blk.buffers;
}

void image_start(struct image *img, enum image_op op, uint64_t offset,
                 uint32_t bytes, image_done_fn *fn, void *arg)
{
    static const enum blk_image_op ops[] = {
        [IMAGE_READ] = IMG_READ, [IMAGE_WRITE] = IMG_WRITE,
        [IMAGE_FLUSH] = IMG_FLUSH,
    };

    img->busy = true;
    img->fn = fn;
    img->arg = arg;
    img->bytes = op == IMAGE_FLUSH ? 0 : bytes;
    img->failed = blk_image_queue(&img->blk, ops[op], img->blk.buffers,
                                  offset, img->bytes, img);
    blk_image_submit(&img->blk);
    if (img->failed != 0 || wait_fd(img) < 0) {
        timer_set(&img->later, 1);
    }
}
