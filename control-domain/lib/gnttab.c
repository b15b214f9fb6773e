/* SPDX-License-Identifier: MIT */
/*
 * Thin functions over gntdev.  Checks of what a guest asked for
 * belong to the callers (pv-drivers/ring); here only sizes that would confuse
 * the kernel call are refused.  Exercised by every nested boot with a backend.
 */
#include <lib/gnttab.h>

#include <lib/err.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/sys/gntdev.h>

int gnttab_open(struct err *e)
{
    static const char path[] = "/dev/xen/gntdev";
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return err_errno(e, -errno, "cannot open the grant device", "%s",
                         path);
    }
    return fd;
}

void gnttab_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static void forget(int fd, uint64_t index, unsigned int count)
{
    struct ioctl_gntdev_unmap_grant_ref arg = {
        .index = index, .count = count
    };

    ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &arg);
}

int gnttab_map(int fd, unsigned int domid, const uint32_t *refs,
               unsigned int count, int prot, struct gnttab_map *map)
{
    union {
        struct ioctl_gntdev_map_grant_ref arg;
        uint8_t room[sizeof(struct ioctl_gntdev_map_grant_ref) +
                     GNTTAB_MAP_MAX * sizeof(struct ioctl_gntdev_grant_ref)];
    } u;
    unsigned int i;
    void *addr;
    int rc;

    if (count == 0 || count > GNTTAB_MAP_MAX) {
        return -EINVAL;
    }
    memset(&u.arg, 0, sizeof(u.arg));
    u.arg.count = count;
    for (i = 0; i < count; i++) {
        struct ioctl_gntdev_grant_ref r = { .domid = domid, .ref = refs[i] };

        memcpy(u.room + offsetof(struct ioctl_gntdev_map_grant_ref, refs) +
               i * sizeof(r), &r, sizeof(r));
    }
    if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &u.arg) != 0) {
        return -errno;
    }
    addr = mmap(NULL, (size_t)count * XEN_PAGE_SIZE, prot, MAP_SHARED, fd,
                (off_t)u.arg.index);
    if (addr == MAP_FAILED) {
        rc = -errno;
        forget(fd, u.arg.index, count);
        return rc;
    }
    *map = (struct gnttab_map){ addr, u.arg.index, count };
    return 0;
}

int gnttab_unmap(int fd, struct gnttab_map *map)
{
    if (map->addr == NULL) {
        return 0;
    }
    if (munmap(map->addr, (size_t)map->count * XEN_PAGE_SIZE) != 0) {
        return -errno;
    }
    forget(fd, map->index, map->count);
    map->addr = NULL;
    return 0;
}

static void fill_seg(struct ioctl_gntdev_grant_copy_segment *k,
                     unsigned int domid, const struct gnttab_copy_seg *s)
{
    memset(k, 0, sizeof(*k));
    k->len = s->len;
    if (s->to_guest) {
        k->source.virt = s->local;
        k->dest.foreign.ref = s->ref;
        k->dest.foreign.offset = s->offset;
        k->dest.foreign.domid = (domid_t)domid;
        k->flags = GNTCOPY_dest_gref;
    } else {
        k->source.foreign.ref = s->ref;
        k->source.foreign.offset = s->offset;
        k->source.foreign.domid = (domid_t)domid;
        k->dest.virt = s->local;
        k->flags = GNTCOPY_source_gref;
    }
}

static int copy_some(int fd, unsigned int domid, struct gnttab_copy_seg *segs,
                     unsigned int count)
{
    struct ioctl_gntdev_grant_copy_segment k[GNTTAB_COPY_MAX];
    struct ioctl_gntdev_grant_copy arg = { .count = count, .segments = k };
    unsigned int i;
    int rc = 0;

    for (i = 0; i < count; i++) {
        if (segs[i].offset + segs[i].len > XEN_PAGE_SIZE) {
            return -EINVAL;
        }
        fill_seg(&k[i], domid, &segs[i]);
    }
    if (ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &arg) != 0) {
        return -errno;
    }
    for (i = 0; i < count; i++) {
        segs[i].status = k[i].status;
        if (k[i].status != GNTST_okay) {
            rc = -EIO;
        }
    }
    return rc;
}

int gnttab_copy(int fd, unsigned int domid, struct gnttab_copy_seg *segs,
                unsigned int count)
{
    int rc = 0;

    while (count > 0) {
        unsigned int n = count < GNTTAB_COPY_MAX ? count : GNTTAB_COPY_MAX;
        int one = copy_some(fd, domid, segs, n);

        if (one != 0 && one != -EIO) {
            return one;
        }
        rc = one != 0 ? one : rc;
        segs += n;
        count -= n;
    }
    return rc;
}
