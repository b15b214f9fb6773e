/* SPDX-License-Identifier: MIT */
/*
 * Requests to an image; blk_image_open.c opens and closes it.  Which parts of
 * a disk a guest may touch is checked by ring/blk_msg before anything arrives
 * here.  Covered by tests/unit/pvdrv/test_blk.c.
 */
#include <back/blk_image.h>

#include <lib/err.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define LONELY 16u

/* ---- asynchronous I/O -------------------------------------------------------- */

/*
 * Only this thread uses the ring, and completions wait until it asks for
 * them: the cheapest way that the kernel has.
 */
static bool start_ring(struct blk_image *img)
{
    unsigned int flags = IORING_SETUP_SINGLE_ISSUER |
                         IORING_SETUP_DEFER_TASKRUN |
                         IORING_SETUP_TASKRUN_FLAG;

    if (io_uring_queue_init(BLK_IMAGE_DEPTH, &img->ring, flags) != 0) {
        return false;
    }
    if (io_uring_register_files(&img->ring, &img->fd, 1) != 0) {
        io_uring_queue_exit(&img->ring);
        return false;
    }
    io_uring_register_ring_fd(&img->ring);     /* or does without */
    return true;
}

/* Without io_uring: something to sleep on in blk_image_wait(). */
static int make_wait_fd(struct blk_image *img)
{
    const int fds[] = { img->queue.call, img->queue.sock };

    img->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < 2 && img->wait_fd >= 0; i++) {
        struct epoll_event ev = { .events = EPOLLIN, .data.fd = fds[i] };

        if (epoll_ctl(img->wait_fd, EPOLL_CTL_ADD, fds[i], &ev) != 0) {
            return -errno;
        }
    }
    return img->wait_fd < 0 ? -errno : 0;
}

/* The daemon's queue wakes us like any other event. */
static int start_queue(struct blk_image *img, size_t bytes)
{
    struct err e = ERR_INIT;
    int rc = blk_vhost_open(&img->queue, img->fd, bytes, &e);

    if (rc != 0) {
        return rc;
    }
    img->buffers = img->queue.data;
    img->queue_watch = blk_image_watch(img, img->queue.call);
    img->sock_watch = blk_image_watch(img, img->queue.sock);
    if (!img->uring && (rc = make_wait_fd(img)) != 0) {
        return rc;
    }
    return img->queue.sectors == img->sectors ? 0 : -EPROTO;
}

int blk_image_start(struct blk_image *img, size_t bytes, bool want_uring)
{
    struct iovec iov = { .iov_len = bytes };

    img->buffer_bytes = bytes;
    if (!img->vhost) {
        img->depth = BLK_IMAGE_DEPTH;
    }
    img->uring = want_uring && start_ring(img);
    if (img->vhost) {
        return start_queue(img, bytes);
    }
    img->buffers = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (img->buffers == MAP_FAILED) {
        img->buffers = NULL;
        return -ENOMEM;
    }
    iov.iov_base = img->buffers;
    if (img->uring) {
        img->fixed = io_uring_register_buffers(&img->ring, &iov, 1) == 0;
    }
    return 0;
}

void blk_image_stop(struct blk_image *img)
{
    if (img->vhost) {
        blk_vhost_close(&img->queue);
        if (!img->uring && img->wait_fd >= 0) {
            close(img->wait_fd);
        }
        img->fd = -1;                  /* it was the queue's */
    } else if (img->buffers != NULL) {
        munmap(img->buffers, img->buffer_bytes);
    }
    img->buffers = NULL;
}

bool blk_image_dead(struct blk_image *img)
{
    return img->vhost &&
           (img->queue.broken ||
            (img->sock_watch >= 0 && blk_image_fired(img, img->sock_watch)));
}

int blk_image_queue_fd(const struct blk_image *img)
{
    return img->vhost && !img->uring ? img->wait_fd : -1;
}

static const enum vhost_op vhost_ops[] = {
    [IMG_READ] = VHOST_READ, [IMG_WRITE] = VHOST_WRITE,
    [IMG_FLUSH] = VHOST_FLUSH, [IMG_DISCARD] = VHOST_DISCARD,
};

static int do_now(struct blk_image *img, enum blk_image_op op, void *buf,
                  uint64_t offset, uint64_t len)
{
    ssize_t rc = -EINVAL;

    switch (op) {
    case IMG_READ:
        rc = pread(img->fd, buf, len, (off_t)offset);
        break;
    case IMG_WRITE:
        rc = pwrite(img->fd, buf, len, (off_t)offset);
        break;
    case IMG_FLUSH:
        rc = fdatasync(img->fd);
        break;
    case IMG_DISCARD:
        rc = fallocate(img->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       (off_t)offset, (off_t)len);
        break;
    }
    return rc < 0 ? -errno : (int)rc;
}

static void prepare(struct blk_image *img, struct io_uring_sqe *sqe,
                    enum blk_image_op op, void *buf, uint64_t offset,
                    uint64_t len)
{
    switch (op) {
    case IMG_READ:
        if (img->fixed) {
            io_uring_prep_read_fixed(sqe, 0, buf, (unsigned int)len,
                                     offset, 0);
        } else {
            io_uring_prep_read(sqe, 0, buf, (unsigned int)len, offset);
        }
        break;
    case IMG_WRITE:
        if (img->fixed) {
            io_uring_prep_write_fixed(sqe, 0, buf, (unsigned int)len,
                                      offset, 0);
        } else {
            io_uring_prep_write(sqe, 0, buf, (unsigned int)len, offset);
        }
        break;
    case IMG_FLUSH:
        io_uring_prep_fsync(sqe, 0, IORING_FSYNC_DATASYNC);
        break;
    case IMG_DISCARD:
        io_uring_prep_fallocate(sqe, 0,
                                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)offset, (off_t)len);
        break;
    }
    sqe->flags |= IOSQE_FIXED_FILE;    /* the only one */
}

static int queue_plain(struct blk_image *img, enum blk_image_op op, void *buf,
                       uint64_t offset, uint64_t len, void *tag)
{
    if (img->nr_done == 2 * BLK_IMAGE_DEPTH) {
        return -EBUSY;
    }
    img->done[img->nr_done].tag = tag;
    img->done[img->nr_done].res = do_now(img, op, buf, offset, len);
    img->nr_done++;
    return 0;
}

static int queue_ring(struct blk_image *img, enum blk_image_op op, void *buf,
                      uint64_t offset, uint64_t len, void *tag)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&img->ring);

    if (sqe == NULL) {
        io_uring_submit(&img->ring);
        sqe = io_uring_get_sqe(&img->ring);
    }
    if (sqe == NULL) {
        return -EBUSY;
    }
    prepare(img, sqe, op, buf, offset, len);
    io_uring_sqe_set_data(sqe, tag);
    return 0;
}

/* ---- one that comes alone ----------------------------------------------------- */

/*
 * Not with O_DIRECT: there the ring knows the memory already, and a plain call
 * would look its pages up, which costs more than it spares.
 */
static bool hold(struct blk_image *img, enum blk_image_op op, void *buf,
                 uint64_t offset, uint64_t len, void *tag)
{
    if (!img->at_once || img->direct || img->held.tag != NULL ||
        (op != IMG_READ && op != IMG_WRITE) ||
        io_uring_sq_ready(&img->ring) > 0) {
        return false;
    }
    img->held.op = op;
    img->held.buf = buf;
    img->held.offset = offset;
    img->held.len = len;
    img->held.tag = tag;
    return true;
}

/* @queue: how the one that was held goes its way. */
static int let_go(struct blk_image *img,
                  int (*queue)(struct blk_image *, enum blk_image_op, void *,
                               uint64_t, uint64_t, void *))
{
    int rc = img->held.tag == NULL
                 ? 0 : queue(img, img->held.op, img->held.buf,
                             img->held.offset, img->held.len, img->held.tag);

    if (rc == 0) {
        img->held.tag = NULL;
    }
    return rc;
}

void blk_image_overlap(struct blk_image *img)
{
    img->lonely = 0;
}

static bool comes_alone(struct blk_image *img)
{
    if (img->held.tag == NULL || io_uring_sq_ready(&img->ring) > 0) {
        img->lonely = 0;
        return false;
    }
    img->lonely++;
    return img->lonely > LONELY;
}

int blk_image_queue(struct blk_image *img, enum blk_image_op op, void *buf,
                    uint64_t offset, uint64_t len, void *tag)
{
    if (img->vhost) {
        return blk_vhost_queue(&img->queue, vhost_ops[op], buf, offset, len,
                               tag);
    }
    if (!img->uring) {
        return queue_plain(img, op, buf, offset, len, tag);
    }
    if (hold(img, op, buf, offset, len, tag)) {
        return 0;
    }
    return let_go(img, queue_ring) != 0
               ? -EBUSY : queue_ring(img, op, buf, offset, len, tag);
}

/* Whatever finishes at once is there to be reaped. */
void blk_image_submit(struct blk_image *img)
{
    if (img->vhost) {
        blk_vhost_kick(&img->queue);
        return;
    }
    if (!img->uring ||
        (img->held.tag == NULL && io_uring_sq_ready(&img->ring) == 0)) {
        return;
    }
    if (comes_alone(img)) {
        let_go(img, queue_plain);     /* done has room: the ring's depth */
        return;
    }
    let_go(img, queue_ring);          /* nothing else is queued, or it went */
    io_uring_submit_and_get_events(&img->ring);
}

static unsigned int reap_plain(struct blk_image *img, blk_image_done_fn *fn,
                               void *arg)
{
    unsigned int i, n = img->nr_done;

    /* @fn may queue again: its entries go behind these, then to the front. */
    for (i = 0; i < n; i++) {
        fn(arg, img->done[i].tag, img->done[i].res);
    }
    memmove(img->done, img->done + n,
            (img->nr_done - n) * sizeof(img->done[0]));
    img->nr_done -= n;
    return n;
}

static bool is_watch(const struct blk_image *img, const void *tag)
{
    return (const char *)tag >= (const char *)img->watch &&
           (const char *)tag < (const char *)(img->watch + BLK_IMAGE_WATCHES);
}

/* The kernel ends one when events pile up; it is armed again then. */
static void arm(struct blk_image *img)
{
    for (unsigned int n = 0; n < img->nr_watches; n++) {
        struct io_uring_sqe *sqe = img->watch[n].armed
                                   ? NULL : io_uring_get_sqe(&img->ring);

        if (sqe != NULL) {
            io_uring_prep_poll_multishot(sqe, img->watch[n].fd, POLLIN);
            io_uring_sqe_set_data(sqe, &img->watch[n]);
            img->watch[n].armed = true;
        }
    }
}

static void note_fired(struct blk_image *img, const void *tag,
                       unsigned int flags)
{
    size_t n = ((size_t)((const char *)tag - (const char *)img->watch)) /
               sizeof(img->watch[0]);

    img->watch[n].fired = true;
    img->watch[n].armed = (flags & IORING_CQE_F_MORE) != 0;
}

int blk_image_watch(struct blk_image *img, int fd)
{
    unsigned int n = img->nr_watches;

    if (!img->uring || n == BLK_IMAGE_WATCHES) {
        return -EOPNOTSUPP;
    }
    img->watch[n].fd = fd;
    img->nr_watches++;
    return (int)n;
}

bool blk_image_fired(struct blk_image *img, int watch)
{
    bool fired = img->watch[watch].fired;

    img->watch[watch].fired = false;
    return fired;
}

static unsigned int reap_ring(struct blk_image *img, blk_image_done_fn *fn,
                              void *arg)
{
    struct io_uring_cqe *cqe;
    unsigned int n = 0;

    while (io_uring_peek_cqe(&img->ring, &cqe) == 0) {
        void *tag = io_uring_cqe_get_data(cqe);
        unsigned int flags = cqe->flags;
        int res = cqe->res;

        io_uring_cqe_seen(&img->ring, cqe);
        if (is_watch(img, tag)) {
            note_fired(img, tag, flags);
            continue;
        }
        fn(arg, tag, res);
        n++;
    }
    return n;
}

unsigned int blk_image_reap(struct blk_image *img, blk_image_done_fn *fn,
                            void *arg)
{
    unsigned int n = img->uring ? reap_ring(img, fn, arg) : 0;

    if (img->nr_done > 0) {
        n += reap_plain(img, fn, arg);
    }

    return img->vhost ? n + blk_vhost_reap(&img->queue, fn, arg) : n;
}

void blk_image_sleep(struct blk_image *img)
{
    if (img->nr_done > 0) {
        return;
    }
    arm(img);
    io_uring_submit_and_wait(&img->ring, 1);
}

/* The daemon has made both descriptors such that they do not block. */
static void wait_for_queue(struct blk_image *img)
{
    struct epoll_event ev[2];
    uint64_t events;
    int n = epoll_wait(img->wait_fd, ev, 2, -1);

    for (int i = 0; i < n; i++) {
        if (ev[i].data.fd == img->queue.sock) {
            img->queue.broken = true;
        } else if (read(img->queue.call, &events, sizeof(events)) < 0 &&
                   errno != EAGAIN) {
            img->queue.broken = true;
        }
    }
}

void blk_image_wait(struct blk_image *img)
{
    if (img->uring) {
        blk_image_sleep(img);
    } else if (img->vhost) {
        wait_for_queue(img);
    }
}
