/* SPDX-License-Identifier: MIT */
/*
 * Reads a suspended PV guest.  Its back ends may still write into pages that
 * it granted: so each page is copied once, and the copy is what is judged,
 * hashed and written.  Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <save/guest_pv.h>
#include <save/p2m.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int copy_frames(const struct guest_pv *g, const uint64_t *mfns,
                       unsigned int count, void *to)
{
    void *from = foreign_map(g->h, g->domid, PROT_READ, mfns, count, NULL);

    if (from == NULL) {
        return -errno;
    }
    memcpy(to, from, (size_t)count * SAVE_PAGE);
    foreign_unmap(from, count);
    return 0;
}

static int read_frame(void *arg, uint64_t mfn, uint64_t page[512])
{
    return copy_frames(arg, &mfn, 1, page);
}

static int failed(const struct guest_pv *g, struct err *e, int rc,
                  const char *what)
{
    return rc == 0 ? 0 : err_errno(e, rc, what, "domain %u", g->domid);
}

static int read_shared(struct guest_pv *g, struct err *e)
{
    uint64_t mfn;
    int rc = ctl_domain_info(g->h, g->domid, &g->info);

    if (rc == 0) {
        mfn = g->info.shared_info_frame;
        rc = copy_frames(g, &mfn, 1, g->shared);
    }
    return failed(g, e, rc, "cannot read the shared info page");
}

/* ---- types of frames ---------------------------------------------------------- */

/* In: mfns, out: XEN_DOMCTL_PFINFO_*. */
static int frame_types(const struct guest_pv *g, uint64_t *list, uint32_t nr)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getpageframeinfo3,
                             .domain = (domid_t)g->domid };
    size_t bytes = nr * sizeof(list[0]);
    void *buf = hyp_buf_get(g->h, bytes);
    int rc;

    if (buf == NULL) {
        return -ENOMEM;
    }
    memcpy(buf, list, bytes);
    op.u.getpageframeinfo3.num = nr;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, buf);
    rc = ctl_domctl(g->h, &op);
    memcpy(list, buf, bytes);
    hyp_buf_put(g->h, buf, bytes);
    return rc;
}

static bool has_memory(uint64_t type)
{
    uint64_t kind = type & XEN_DOMCTL_PFINFO_LTAB_MASK;

    return kind != XEN_DOMCTL_PFINFO_XTAB &&
           kind != XEN_DOMCTL_PFINFO_XALLOC &&
           kind != XEN_DOMCTL_PFINFO_BROKEN;
}

static uint64_t entry_of(uint64_t pfn, uint64_t type)
{
    uint64_t level = (type & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) >> 28;
    bool pinned = level != 0 && (type & XEN_DOMCTL_PFINFO_LPINTAB) != 0;

    return pfn | level << SAVE_ENTRY_TYPE | (pinned ? SAVE_ENTRY_PINNED : 0);
}

/* ---- the p2m list ----------------------------------------------------------------- */

static int read_list(struct guest_pv *g, const uint64_t *frames,
                     struct err *e)
{
    int rc = 0;

    for (uint64_t i = 0; rc == 0 && i < g->nr_list; i += SAVE_BATCH) {
        uint64_t nr = g->nr_list - i < SAVE_BATCH ? g->nr_list - i
                                                  : SAVE_BATCH;

        rc = copy_frames(g, frames + i, (unsigned int)nr, g->p2m + i * 512);
    }
    for (uint64_t pfn = 0; rc == 0 && pfn < g->nr_pfns; pfn++) {
        g->p2m[pfn] = p2m_entry(g->p2m[pfn]);
    }
    return failed(g, e, rc, "cannot read the guest's p2m list");
}

/* Entries whose frame is not the guest's memory are holes. */
static int drop_strangers(struct guest_pv *g, struct err *e)
{
    uint64_t types[SAVE_BATCH];

    for (uint64_t from = 0; from < g->nr_pfns; from += SAVE_BATCH) {
        uint64_t left = g->nr_pfns - from;
        uint32_t nr = left < SAVE_BATCH ? (uint32_t)left : SAVE_BATCH;
        int rc;

        memcpy(types, g->p2m + from, nr * sizeof(types[0]));
        rc = frame_types(g, types, nr);
        if (rc != 0) {
            return failed(g, e, rc, "cannot learn the types of pages");
        }
        for (uint32_t i = 0; i < nr; i++) {
            if (!has_memory(types[i])) {
                g->p2m[from + i] = NO_FRAME;
            }
            g->nr_pages += g->p2m[from + i] != NO_FRAME;
        }
    }
    return 0;
}

static int find_list_pfns(struct guest_pv *g, const uint64_t *frames,
                          struct err *e)
{
    int rc = reverse_build(&g->reverse, g->p2m, g->nr_pfns);

    if (rc == -EEXIST) {
        return err_set(e, rc, ERR_FAILED, "cannot save the guest", NULL,
                       "its p2m list names a frame twice");
    }
    for (uint64_t i = 0; rc == 0 && i < g->nr_list; i++) {
        g->list[i] = reverse_find(&g->reverse, frames[i]);
        if (g->list[i] == NO_FRAME) {
            return err_set(e, -EINVAL, ERR_FAILED, "cannot save the guest",
                           NULL, "its p2m list lies outside its memory");
        }
    }
    return failed(g, e, rc, "cannot read the guest's p2m list");
}

static int read_p2m(struct guest_pv *g, struct err *e)
{
    const struct shared_info *s = (const void *)g->shared;
    struct p2m_place place = {
        .nr_pfns = s->arch.max_pfn, .cr3 = s->arch.p2m_cr3,
        .vaddr = s->arch.p2m_vaddr,
        .lists = s->arch.pfn_to_mfn_frame_list_list,
        .read = read_frame, .arg = g,
    };
    uint64_t *frames;
    int rc;

    if (place.nr_pfns > SAVE_PFNS_MAX) {
        place.nr_pfns = 0;
    }
    g->nr_pfns = place.nr_pfns;
    g->nr_list = (g->nr_pfns + 511) / 512;
    g->p2m = calloc(g->nr_list + 1, SAVE_PAGE);
    g->list = calloc(g->nr_list + 1, sizeof(g->list[0]));
    frames = calloc(g->nr_list + 1, sizeof(frames[0]));
    rc = g->p2m == NULL || g->list == NULL || frames == NULL
             ? failed(g, e, -ENOMEM, "cannot list the guest's pages")
             : p2m_locate(&place, frames, e);
    if (rc >= 0) {
        g->p2m_form = (uint32_t)rc;
        rc = read_list(g, frames, e);
    }
    if (rc == 0) {
        rc = drop_strangers(g, e);
    }
    if (rc == 0) {
        rc = find_list_pfns(g, frames, e);
    }
    free(frames);
    return rc;
}

int guest_pv_open(struct guest_pv *g, struct hyp *h, unsigned int domid,
                  struct err *e)
{
    int rc;

    memset(g, 0, sizeof(*g));
    g->h = h;
    g->domid = domid;
    rc = read_shared(g, e);
    return rc != 0 ? rc : read_p2m(g, e);
}

void guest_pv_close(struct guest_pv *g)
{
    reverse_free(&g->reverse);
    free(g->p2m);
    free(g->list);
    g->p2m = g->list = NULL;
}

uint64_t guest_pv_pfn(const struct guest_pv *g, uint64_t mfn)
{
    return reverse_find(&g->reverse, mfn);
}

/* ---- pages -------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, SAVE_PAGE - 1) == 0;
}

static int take_page(const struct guest_pv *g, struct page_batch *b,
                     uint64_t entry, const uint8_t *page, struct err *e)
{
    uint8_t *to = b->data + (size_t)b->with_data * SAVE_PAGE;
    unsigned int level = entry >> SAVE_ENTRY_TYPE & 7, bad;

    if (level == 0) {
        memmove(to, page, SAVE_PAGE);
    } else {
        uint64_t copy[512];

        memcpy(copy, page, SAVE_PAGE);
        if (table_to_pfns(&g->reverse, level, copy, (uint64_t *)(void *)to,
                          &bad) != 0) {
            return err_set(e, -ERANGE, ERR_FAILED, "cannot save the guest",
                           NULL, "entry %u (%llx) of a page table of level %u "
                           "points outside its memory", bad,
                           (unsigned long long)copy[bad], level);
        }
    }
    if (is_zero(to)) {
        entry |= SAVE_ENTRY_ZERO;
    } else {
        b->with_data++;
    }
    b->entries[b->count++] = entry;
    return 0;
}

static uint32_t choose(const struct guest_pv *g, uint64_t *pfn,
                       uint64_t *pfns, uint64_t *mfns)
{
    uint32_t nr = 0;

    for (; *pfn < g->nr_pfns && nr < SAVE_BATCH; (*pfn)++) {
        if (g->p2m[*pfn] != NO_FRAME) {
            pfns[nr] = *pfn;
            mfns[nr++] = g->p2m[*pfn];
        }
    }
    return nr;
}

int guest_pv_batch(const struct guest_pv *g, uint64_t *pfn,
                   struct page_batch *b, struct err *e)
{
    uint64_t pfns[SAVE_BATCH], types[SAVE_BATCH], mfns[SAVE_BATCH];
    uint32_t nr = choose(g, pfn, pfns, mfns);
    int rc = 0;

    b->count = b->with_data = 0;
    if (nr > 0) {
        memcpy(types, mfns, nr * sizeof(types[0]));
        rc = frame_types(g, types, nr);
    }
    if (rc == 0 && nr > 0) {
        rc = copy_frames(g, mfns, nr, b->data);
    }
    if (rc != 0) {
        return failed(g, e, rc, "cannot map the guest's memory");
    }
    for (uint32_t i = 0; rc == 0 && i < nr; i++) {
        rc = take_page(g, b, entry_of(pfns[i], types[i]),
                       b->data + (size_t)i * SAVE_PAGE, e);
    }
    return rc;
}
