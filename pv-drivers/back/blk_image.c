/* SPDX-License-Identifier: MIT */
/*
 * Raw images.  Which parts of a disk a guest may touch is checked by
 * ring/blk_msg before anything arrives here.  Covered by
 * tests/unit/pvdrv/test_blk.c.
 */
#include <back/blk_image.h>

#include <lib/err.h>
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR 512u

/* ---- open, size, lock ------------------------------------------------------ */

static int look_at_device(struct blk_image *img)
{
    uint64_t bytes;
    unsigned int logical, physical;

    if (ioctl(img->fd, BLKGETSIZE64, &bytes) != 0) {
        return -errno;
    }
    img->is_device = true;
    img->sectors = bytes / SECTOR;
    if (ioctl(img->fd, BLKPBSZGET, &physical) == 0) {
        img->physical_sector = physical;
    }
    if (ioctl(img->fd, BLKSSZGET, &logical) == 0 && logical > SECTOR) {
        img->direct = false;      /* 512-byte requests would be refused */
    }
    return 0;
}

static int look(struct blk_image *img)
{
    struct stat st;

    if (fstat(img->fd, &st) != 0) {
        return -errno;
    }
    img->physical_sector = SECTOR;
    img->discard_granularity = SECTOR;
    img->can_discard = !img->readonly;
    if (S_ISBLK(st.st_mode)) {
        return look_at_device(img);
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    img->sectors = (uint64_t)st.st_size / SECTOR;
    img->discard_granularity = (uint32_t)st.st_blksize;
    return 0;
}

/* Does the file system take direct I/O in units of a sector? */
static bool direct_works(int fd)
{
#ifdef STATX_DIOALIGN
    struct statx sx;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) == 0 &&
        (sx.stx_mask & STATX_DIOALIGN) != 0) {
        return sx.stx_dio_offset_align != 0 &&
               sx.stx_dio_offset_align <= SECTOR &&
               sx.stx_dio_mem_align <= SECTOR;
    }
#endif
    uint8_t page[8192];
    uint8_t *aligned = (uint8_t *)(((uintptr_t)page + 4095) & ~(uintptr_t)4095);

    /* Ask by doing: one sector, into memory aligned to a sector only. */
    return pread(fd, aligned + SECTOR, SECTOR, SECTOR) >= 0;
}

static int open_flags(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC | O_NONBLOCK);
}

int blk_image_open(struct blk_image *img, const char *path, bool readonly,
                   struct err *e)
{
    int flags = readonly ? O_RDONLY : O_RDWR;
    int rc;

    memset(img, 0, sizeof(*img));
    img->readonly = readonly;
    img->direct = true;
    img->fd = open_flags(path, flags | O_DIRECT);
    if (img->fd < 0 && errno == EINVAL) {
        img->direct = false;
        img->fd = open_flags(path, flags);
    }
    if (img->fd < 0) {
        return err_errno(e, -errno, "cannot open the disk image", "%s", path);
    }
    rc = look(img);
    if (rc != 0) {
        blk_image_close(img);
        return err_errno(e, rc, "cannot use the disk image", "%s", path);
    }
    if (!img->direct || !direct_works(img->fd)) {
        fcntl(img->fd, F_SETFL, 0);   /* through the page cache then */
        img->direct = false;
    }
    return 0;
}

int blk_image_lock(struct blk_image *img)
{
    return imglock_take(img->fd, !img->readonly);
}

void blk_image_close(struct blk_image *img)
{
    if (img->uring) {
        io_uring_queue_exit(&img->ring);
        img->uring = false;
    }
    if (img->fd >= 0) {
        close(img->fd);
        img->fd = -1;
    }
}

/* ---- asynchronous I/O -------------------------------------------------------- */

int blk_image_start(struct blk_image *img, void *buffers, size_t bytes,
                    bool want_uring)
{
    struct iovec iov = { .iov_base = buffers, .iov_len = bytes };

    img->buffers = buffers;
    if (!want_uring ||
        io_uring_queue_init(BLK_IMAGE_DEPTH, &img->ring, 0) != 0) {
        img->uring = false;
        return 0;
    }
    img->uring = true;
    img->fixed = io_uring_register_buffers(&img->ring, &iov, 1) == 0;
    return 0;
}

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
            io_uring_prep_read_fixed(sqe, img->fd, buf, (unsigned int)len,
                                     offset, 0);
        } else {
            io_uring_prep_read(sqe, img->fd, buf, (unsigned int)len, offset);
        }
        break;
    case IMG_WRITE:
        if (img->fixed) {
            io_uring_prep_write_fixed(sqe, img->fd, buf, (unsigned int)len,
                                      offset, 0);
        } else {
            io_uring_prep_write(sqe, img->fd, buf, (unsigned int)len, offset);
        }
        break;
    case IMG_FLUSH:
        io_uring_prep_fsync(sqe, img->fd, IORING_FSYNC_DATASYNC);
        break;
    case IMG_DISCARD:
        io_uring_prep_fallocate(sqe, img->fd,
                                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)offset, (off_t)len);
        break;
    }
}

int blk_image_queue(struct blk_image *img, enum blk_image_op op, void *buf,
                    uint64_t offset, uint64_t len, void *tag)
{
    struct io_uring_sqe *sqe;

    if (!img->uring) {
        if (img->nr_done == 2 * BLK_IMAGE_DEPTH) {
            return -EBUSY;
        }
        img->done[img->nr_done].tag = tag;
        img->done[img->nr_done].res = do_now(img, op, buf, offset, len);
        img->nr_done++;
        return 0;
    }
    sqe = io_uring_get_sqe(&img->ring);
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

void blk_image_submit(struct blk_image *img)
{
    if (img->uring && io_uring_sq_ready(&img->ring) > 0) {
        io_uring_submit(&img->ring);
    }
}

int blk_image_fd(const struct blk_image *img)
{
    return img->uring ? img->ring.ring_fd : -1;
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

unsigned int blk_image_reap(struct blk_image *img, blk_image_done_fn *fn,
                            void *arg)
{
    struct io_uring_cqe *cqe;
    unsigned int n = 0;

    if (!img->uring) {
        return reap_plain(img, fn, arg);
    }
    while (io_uring_peek_cqe(&img->ring, &cqe) == 0) {
        void *tag = io_uring_cqe_get_data(cqe);
        int res = cqe->res;

        io_uring_cqe_seen(&img->ring, cqe);
        fn(arg, tag, res);
        n++;
    }
    return n;
}

void blk_image_wait(struct blk_image *img)
{
    struct io_uring_cqe *cqe;

    if (img->uring) {
        io_uring_submit(&img->ring);
        io_uring_wait_cqe(&img->ring, &cqe);
    }
}
