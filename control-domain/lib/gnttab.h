/* SPDX-License-Identifier: MIT */
/*
 * lib/gnttab.h - pages that another domain granted us, and pages we grant.
 *
 * Owns    gntdev (map, unmap, copy) and gntalloc (share) of a dom0 process.
 *         Mappings go away with the process.
 * ABI     xen/sys/gntdev.h, xen/sys/gntalloc.h; modules of the same names
 * Tests   nested boots; users are tested through pv-drivers/port
 */
#ifndef LIB_GNTTAB_H
#define LIB_GNTTAB_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define GNTTAB_MAP_MAX 128u       /* references in one gnttab_map() */

struct gnttab_map {
    void        *addr;            /* NULL: not mapped */
    uint64_t     index;           /* the kernel's name for it */
    unsigned int count;           /* pages */
};

/* Descriptors or -errno. */
int gnttab_open(struct err *e);
int gnttab_share_open(struct err *e);
void gnttab_close(int fd);

/*
 * Map @count references of @domid in a row.  0 or -errno; all or nothing.
 * @prot: PROT_READ or PROT_READ|PROT_WRITE.
 */
int gnttab_map(int fd, unsigned int domid, const uint32_t *refs,
               unsigned int count, int prot, struct gnttab_map *map);
int gnttab_unmap(int fd, struct gnttab_map *map);

/*
 * When the mapping ends, however it ends: clear the byte at @offset (or -1),
 * notify @port (or 0).
 */
int gnttab_unmap_notify(int fd, const struct gnttab_map *map, long offset,
                        uint32_t port);

/* One piece of a copy between our memory and a granted page. */
struct gnttab_copy_seg {
    void    *local;
    uint32_t ref;
    uint16_t offset;              /* in the granted page */
    uint16_t len;                 /* offset + len <= 4096 */
    uint8_t  to_guest;            /* 1: local to grant; 0: grant to local */
    int16_t  status;              /* out: 0, or GNTST_* (negative) */
};

#define GNTTAB_COPY_MAX 64u       /* pieces per kernel call */

/* 0 when every piece succeeded, -EIO: see status, or -errno of the call. */
int gnttab_copy(int fd, unsigned int domid, struct gnttab_copy_seg *segs,
                unsigned int count);

/* Share @count fresh pages with @domid; @refs receives the references. */
int gnttab_share(int fd, unsigned int domid, unsigned int count, int writable,
                 uint32_t *refs, struct gnttab_map *map);
int gnttab_unshare(int fd, struct gnttab_map *map);

#endif
