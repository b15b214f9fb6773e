/* SPDX-License-Identifier: MIT */
/*
 * Image locks: take first, then look at the others, as QEMU does, so that of
 * two who come at once at most one stays.  Who holds a lock is not known
 * here.  Covered by tests/unit/lib/test_imglock.c.
 */
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#define USED_BASE     100
#define REFUSED_BASE  200
#define NR_BITS       5

/* Permissions as QEMU numbers them (include/block/block-common.h). */
#define PERM_READ   (1u << 0)         /* reads, and wants stable data */
#define PERM_WRITE  (1u << 1)
#define PERM_RESIZE (1u << 3)
#define REFUSED     (PERM_WRITE | PERM_RESIZE)

static int range(int fd, int op, short type, off_t first, off_t len,
                 short *found)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET,
                       .l_start = first, .l_len = len };

    if (fcntl(fd, op, &l) != 0) {
        return errno == EACCES ? -EAGAIN : -errno;
    }
    if (found != NULL) {
        *found = l.l_type;
    }
    return 0;
}

static int lock_bits(int fd, unsigned int bits, off_t base)
{
    int rc = 0;

    for (unsigned int i = 0; i < NR_BITS && rc == 0; i++) {
        if ((bits & 1u << i) != 0) {
            rc = range(fd, F_OFD_SETLK, F_RDLCK, base + i, 1, NULL);
        }
    }
    return rc;
}

/* -EAGAIN if another open file has one of them locked. */
static int others_have(int fd, unsigned int bits, off_t base)
{
    short found;
    int rc;

    for (unsigned int i = 0; i < NR_BITS; i++) {
        if ((bits & 1u << i) == 0) {
            continue;
        }
        rc = range(fd, F_OFD_GETLK, F_WRLCK, base + i, 1, &found);
        if (rc != 0) {
            return rc;
        }
        if (found != F_UNLCK) {
            return -EAGAIN;
        }
    }
    return 0;
}

int imglock_take(int fd, bool writer)
{
    unsigned int uses = PERM_READ | (writer ? PERM_WRITE | PERM_RESIZE : 0);
    int rc = lock_bits(fd, uses, USED_BASE);

    if (rc == 0) {
        rc = lock_bits(fd, REFUSED, REFUSED_BASE);
    }
    if (rc == 0) {
        rc = others_have(fd, uses, REFUSED_BASE);
    }
    if (rc == 0) {
        rc = others_have(fd, REFUSED, USED_BASE);
    }
    if (rc != 0) {
        imglock_drop(fd);
    }
    return rc;
}

void imglock_drop(int fd)
{
    range(fd, F_OFD_SETLK, F_UNLCK, USED_BASE,
          REFUSED_BASE + NR_BITS - USED_BASE, NULL);
}

int imglock_test(int fd, bool writer)
{
    int rc = imglock_take(fd, writer);

    if (rc == 0) {
        imglock_drop(fd);
    }
    return rc;
}
