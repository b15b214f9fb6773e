/* SPDX-License-Identifier: MIT */
/*
 * back/blk_image_open.c - an image and its file: open, size, lock, exchange,
 * close.  Requests to it are blk_image.c's.
 * Tests   tests/unit/pvdrv/test_blk.c
 */
#include <back/blk_image.h>

#include <lib/err.h>
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

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

/* Nobody wants to know when a guest read last; only an owner may say so. */
static int open_flags(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOATIME);

    return fd >= 0 || errno != EPERM ? fd
           : open(path, flags | O_CLOEXEC | O_NONBLOCK);
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
        /* Through the page cache then. */
        fcntl(img->fd, F_SETFL, fcntl(img->fd, F_GETFL) & O_NOATIME);
        img->direct = false;
    }
    return 0;
}

int blk_image_empty(struct blk_image *img, struct err *e)
{
    memset(img, 0, sizeof(*img));
    img->readonly = true;
    img->physical_sector = SECTOR;
    img->discard_granularity = SECTOR;
    img->fd = memfd_create("empty", MFD_CLOEXEC);
    return img->fd >= 0 ? 0 : err_errno(e, -errno, "cannot serve an empty "
                                        "drive", NULL);
}

void blk_image_remote(struct blk_image *img, int sock, uint64_t bytes,
                      bool readonly)
{
    memset(img, 0, sizeof(*img));
    img->fd = sock;
    img->vhost = true;
    img->readonly = readonly;
    img->can_discard = !readonly;
    img->sectors = bytes / SECTOR;
    img->physical_sector = SECTOR;
    img->discard_granularity = 65536;
    img->depth = VHOST_DEPTH;
}

int blk_image_measure(struct blk_image *img)
{
    off_t end = lseek(img->fd, 0, SEEK_END);

    if (end < 0) {
        return -errno;
    }
    img->sectors = (uint64_t)end / SECTOR;
    return 0;
}

int blk_image_lock(struct blk_image *img)
{
    return img->vhost ? 0 : imglock_take(img->fd, !img->readonly);
}

void blk_image_close(struct blk_image *img)
{
    if (img->uring) {
        io_uring_unregister_files(&img->ring);   /* the lock goes now */
        io_uring_queue_exit(&img->ring);
        img->uring = false;
    }
    if (img->fd >= 0) {
        close(img->fd);
        img->fd = -1;
    }
}

/* All of the ring's references go at once, so the old lock does too. */
static int swap_in_ring(struct blk_image *img, int fd)
{
    int rc = io_uring_unregister_files(&img->ring);

    return rc == 0 ? io_uring_register_files(&img->ring, &fd, 1) : rc;
}

int blk_image_swap(struct blk_image *img, int fd, uint64_t bytes)
{
    int rc = img->vhost ? -EOPNOTSUPP : img->uring ? swap_in_ring(img, fd) : 0;

    if (img->fd >= 0) {
        close(img->fd);
    }
    img->fd = rc == 0 ? fd : -1;
    img->sectors = img->fd >= 0 ? bytes / SECTOR : 0;
    img->direct = false;
    return rc;
}
