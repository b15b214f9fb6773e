/* SPDX-License-Identifier: MIT */
/*
 * lib/gnttab.h - pages that another domain granted us.
 *
 * Owns    gntdev (map, unmap, copy) of a dom0 process.  Mappings go away with
 *         the process.
 * ABI     xen/sys/gntdev.h; the module of that name
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

/* A descriptor or -errno. */
int gnttab_open(struct err *e);
void gnttab_close(int fd);

/*
 * Map @count references of @domid in a row.  0 or -errno; all or nothing.
 * @prot: PROT_READ or PROT_READ|PROT_WRITE.
 */
int gnttab_map(int fd, unsigned int domid, const uint32_t *refs,
               unsigned int count, int prot, struct gnttab_map *map);
int gnttab_unmap(int fd, struct gnttab_map *map);

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

#endif
