/* SPDX-License-Identifier: MIT */
/*
 * Foreign frames through privcmd.  Which frames hold what is left to the
 * toolstack and the device model.  Exercised by every nested boot.
 */
#include <lib/foreign.h>

#include <lib/hypercall.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/sys/privcmd.h>

static int first_error(const int *errs, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        if (errs[i] != 0) {
            return errs[i];
        }
    }
    return 0;
}

static int map_batch(struct hyp *h, unsigned int domid, void *addr,
                     const uint64_t *frames, unsigned int count, int *errs)
{
    struct privcmd_mmapbatch_v2 arg = {
        .num = count, .dom = (domid_t)domid, .addr = (uintptr_t)addr,
        .arr = (const xen_pfn_t *)frames, .err = errs,
    };

    /* ENOENT says "some frames are paged out": then errs tells which. */
    if (ioctl(hyp_fd(h), IOCTL_PRIVCMD_MMAPBATCH_V2, &arg) != 0 &&
        errno != ENOENT) {
        return -errno;
    }
    return 0;
}

int foreign_map_at(struct hyp *h, unsigned int domid, void *addr,
                   const uint64_t *frames, unsigned int count, int *errs)
{
    int *own = NULL;
    int rc;

    static_assert(sizeof(xen_pfn_t) == sizeof(uint64_t), "frame list");
    if (errs == NULL) {
        own = calloc(count, sizeof(own[0]));
        if (own == NULL) {
            return -ENOMEM;
        }
        errs = own;
    }
    rc = map_batch(h, domid, addr, frames, count, errs);
    if (rc == 0 && own != NULL) {
        rc = first_error(own, count);
    }
    free(own);
    return rc;
}

static void *reserve(struct hyp *h, unsigned int count, int prot)
{
    void *p = mmap(NULL, (size_t)count * XEN_PAGE_SIZE, prot, MAP_SHARED,
                   hyp_fd(h), 0);

    return p == MAP_FAILED ? NULL : p;
}

static void *undo(void *addr, unsigned int count, int error)
{
    munmap(addr, (size_t)count * XEN_PAGE_SIZE);
    errno = error;
    return NULL;
}

void *foreign_map(struct hyp *h, unsigned int domid, int prot,
                  const uint64_t *frames, unsigned int count, int *errs)
{
    void *addr = reserve(h, count, prot);
    int rc;

    if (addr == NULL) {
        return NULL;
    }
    rc = foreign_map_at(h, domid, addr, frames, count, errs);
    return rc != 0 ? undo(addr, count, -rc) : addr;
}

void *foreign_map_resource(struct hyp *h, unsigned int domid,
                           unsigned int type, unsigned int id,
                           uint64_t first, unsigned int count, int prot)
{
    void *addr = reserve(h, count, prot);
    struct privcmd_mmap_resource arg = {
        .dom = (domid_t)domid, .type = type, .id = id, .idx = (uint32_t)first,
        .num = count, .addr = (uintptr_t)addr,
    };

    if (addr == NULL) {
        return NULL;
    }
    if (ioctl(hyp_fd(h), IOCTL_PRIVCMD_MMAP_RESOURCE, &arg) != 0) {
        return undo(addr, count, errno);
    }
    return addr;
}

int foreign_unmap(void *addr, unsigned int count)
{
    return munmap(addr, (size_t)count * XEN_PAGE_SIZE) != 0 ? -errno : 0;
}
