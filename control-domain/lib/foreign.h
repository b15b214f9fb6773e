/* SPDX-License-Identifier: MIT */
/*
 * lib/foreign.h - frames of another domain in our address space.
 *
 * Owns    maps made through privcmd: lists of frames (gfn of an HVM guest,
 *         mfn of a PV guest) and resources of the hypervisor (grant table,
 *         ioreq pages).  Needs the rights of the control domain.
 * ABI     IOCTL_PRIVCMD_MMAPBATCH_V2, IOCTL_PRIVCMD_MMAP_RESOURCE
 * Tests   nested boots
 */
#ifndef LIB_FOREIGN_H
#define LIB_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

struct hyp;

/*
 * Map @count frames of @domid in a row.  @errs[i] receives 0 or -errno of
 * frame i; with @errs == NULL one bad frame fails the whole map.
 * The address, or NULL with errno set.
 */
void *foreign_map(struct hyp *h, unsigned int domid, int prot,
                  const uint64_t *frames, unsigned int count, int *errs);

/* The same into memory the caller reserved (PROT_NONE), at @addr. */
int foreign_map_at(struct hyp *h, unsigned int domid, void *addr,
                   const uint64_t *frames, unsigned int count, int *errs);

/*
 * Frames @first.. of resource @type/@id (XENMEM_resource_*) of @domid.
 * NULL with errno set; EOPNOTSUPP or ENOSYS: the hypervisor has none.
 */
void *foreign_map_resource(struct hyp *h, unsigned int domid,
                           unsigned int type, unsigned int id,
                           uint64_t first, unsigned int count, int prot);

int foreign_unmap(void *addr, unsigned int count);

#endif
