/* SPDX-License-Identifier: MIT */
/*
 * Populates in extents of 2 MiB while the host has them, else page by page.
 * Guest pages are written through short-lived maps of at most 4 MiB, so no
 * writable map is left when the page tables are pinned.
 * Tests: tests/unit/toolstack/test_build.c.
 */
#include <build/memory.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BIG_ORDER  9u
#define BIG_PAGES  (1u << BIG_ORDER)
#define BATCH      1024u               /* extents or mapped pages at a time */

static int short_of_memory(struct hyp *h, uint64_t nr_pages, struct err *e)
{
    struct xen_sysctl_physinfo info;
    unsigned long long need = nr_pages / 256, free = 0;

    if (ctl_host_physinfo(h, &info) == 0) {
        free = (info.free_pages - (info.outstanding_pages < info.free_pages
                                   ? info.outstanding_pages : 0)) / 256;
    }
    return err_set(e, -ENOMEM, ERR_RESOURCE, "not enough memory", NULL,
                   "the guest needs %llu MiB, the host has %llu MiB free",
                   need, free);
}

/* Where the nth page is to appear in the guest. */
static uint64_t pfn_of(const struct guest_memory *m, uint64_t n)
{
    return n < m->split ? n : m->high + (n - m->split);
}

/* Extents of 2^@order pages from @from on; how many pages were added. */
static int64_t populate_batch(struct guest_memory *m, uint64_t from,
                              uint64_t count, unsigned int order)
{
    uint64_t frames[BATCH];
    int64_t done;

    for (uint64_t i = 0; i < count; i++) {
        frames[i] = pfn_of(m, from + (i << order));
    }
    done = ctl_memory_populate(m->h, m->domid, frames, count, order, 0);
    for (int64_t i = 0; i < done; i++) {
        for (uint64_t k = 0; k < 1ull << order; k++) {
            m->p2m[from + ((uint64_t)i << order) + k] = frames[i] + k;
        }
    }
    return done < 0 ? done : done << order;
}

static int populate(struct guest_memory *m)
{
    bool big = true;
    uint64_t next = 0;

    while (next < m->nr_pages) {
        uint64_t end = next < m->split ? m->split : m->nr_pages;
        uint64_t left = end - next;
        bool use_big = big && left >= BIG_PAGES;
        uint64_t count = use_big ? left / BIG_PAGES : left;
        int64_t got = populate_batch(m, next, count < BATCH ? count : BATCH,
                                     use_big ? BIG_ORDER : 0);

        if (got > 0) {
            next += (uint64_t)got;
        } else if (use_big) {
            big = false;               /* host memory is in pieces */
        } else {
            return got == 0 ? -ENOMEM : (int)got;
        }
    }
    return 0;
}

/* A hypervisor without claims decides page by page: that is no error. */
static int claim(struct hyp *h, unsigned int domid, uint64_t nr_pages)
{
    int rc = ctl_memory_claim(h, domid, nr_pages);

    return rc == -ENOSYS || rc == -EOPNOTSUPP ? 0 : rc;
}

int memory_populate_split(struct guest_memory *m, struct hyp *h,
                          unsigned int domid, uint64_t nr_pages,
                          uint64_t split, uint64_t high, struct err *e)
{
    int rc;

    *m = (struct guest_memory){ h, domid, nr_pages, split, high,
                                calloc(nr_pages, sizeof(uint64_t)) };
    if (m->p2m == NULL) {
        return err_errno(e, -ENOMEM, "cannot list the guest's pages", NULL);
    }
    rc = claim(h, domid, nr_pages);
    if (rc == 0) {
        rc = populate(m);
        claim(h, domid, 0);
    }
    if (rc == -ENOMEM) {
        short_of_memory(h, nr_pages, e);
    } else if (rc != 0) {
        err_errno(e, rc, "cannot give the guest its memory", "domain %u",
                  domid);
    }
    if (rc != 0) {
        memory_forget(m);
    }
    return rc;
}

/* Page by page: the pfns need not lie in a row. */
static int populate_list(struct guest_memory *m, const uint64_t *pfns,
                         uint64_t nr)
{
    uint64_t frames[BATCH];

    for (uint64_t at = 0; at < nr;) {
        uint64_t count = nr - at < BATCH ? nr - at : BATCH;
        int64_t got;

        memcpy(frames, pfns + at, count * sizeof(frames[0]));
        got = ctl_memory_populate(m->h, m->domid, frames, count, 0, 0);
        for (int64_t i = 0; i < got; i++) {
            m->p2m[pfns[at + (uint64_t)i]] = frames[i];
        }
        if (got <= 0) {
            return got == 0 ? -ENOMEM : (int)got;
        }
        at += (uint64_t)got;
    }
    return 0;
}

int memory_populate_pfns(struct guest_memory *m, const uint64_t *pfns,
                         uint64_t nr, struct err *e)
{
    int rc = nr == 0 ? 0 : claim(m->h, m->domid, nr);

    if (rc == 0 && nr > 0) {
        rc = populate_list(m, pfns, nr);
        claim(m->h, m->domid, 0);
    }
    if (rc == -ENOMEM) {
        return short_of_memory(m->h, nr, e);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot give the guest its memory",
                                   "domain %u", m->domid);
}

int memory_populate(struct guest_memory *m, struct hyp *h, unsigned int domid,
                    uint64_t nr_pages, struct err *e)
{
    return memory_populate_split(m, h, domid, nr_pages, nr_pages, 0, e);
}

void memory_forget(struct guest_memory *m)
{
    free(m->p2m);
    m->p2m = NULL;
    m->nr_pages = 0;
}

/* @data NULL: zero. */
static int fill_chunk(const struct guest_memory *m, uint64_t pfn,
                      uint64_t offset, const uint8_t *data, uint64_t len)
{
    unsigned int pages = (unsigned int)((offset + len + XEN_PAGE_SIZE - 1) /
                                        XEN_PAGE_SIZE);
    uint8_t *at;

    at = foreign_map(m->h, m->domid, PROT_READ | PROT_WRITE, &m->p2m[pfn],
                     pages, NULL);
    if (at == NULL) {
        return -errno;
    }
    if (data != NULL) {
        memcpy(at + offset, data, len);
    } else {
        memset(at + offset, 0, len);
    }
    foreign_unmap(at, pages);
    return 0;
}

static int fill(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                const uint8_t *data, uint64_t len, struct err *e)
{
    pfn += offset / XEN_PAGE_SIZE;
    offset %= XEN_PAGE_SIZE;
    while (len > 0) {
        uint64_t room = (uint64_t)BATCH * XEN_PAGE_SIZE - offset;
        uint64_t part = len < room ? len : room;
        int rc;

        if (pfn + (offset + part - 1) / XEN_PAGE_SIZE >= m->nr_pages) {
            return err_set(e, -ERANGE, ERR_RESOURCE, "the guest is too small",
                           NULL, "page %llu does not exist",
                           (unsigned long long)pfn);
        }
        rc = fill_chunk(m, pfn, offset, data, part);
        if (rc != 0) {
            return err_errno(e, rc, "cannot map the guest's memory",
                             "domain %u, page %llu", m->domid,
                             (unsigned long long)pfn);
        }
        data = data == NULL ? NULL : data + part;
        len -= part;
        pfn += (offset + part) / XEN_PAGE_SIZE;
        offset = (offset + part) % XEN_PAGE_SIZE;
    }
    return 0;
}

int memory_write(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                 const void *data, uint64_t len, struct err *e)
{
    return fill(m, pfn, offset, data, len, e);
}

int memory_zero(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                uint64_t len, struct err *e)
{
    return fill(m, pfn, offset, NULL, len, e);
}
