/* SPDX-License-Identifier: MIT */
/*
 * Finds the p2m list of a guest that does not run.  The guest wrote all of
 * this: each step is checked, a wrong one refused.
 * Tests: tests/unit/save/test_p2m.c.
 */
#include <errno.h>
#include <lib/err.h>
#include <save/format.h>
#include <save/p2m.h>
#include <save/tables.h>
#include <stdbool.h>

#define PRESENT    0x001ull
#define LARGE      0x080ull
#define FRAME_MASK 0x000ffffffffff000ull
#define FOREIGN    (1ull << 63)        /* also set in "no frame" */
#define IDENTITY   (1ull << 62)

uint64_t p2m_entry(uint64_t entry)
{
    return (entry & (FOREIGN | IDENTITY)) != 0 ? NO_FRAME : entry;
}

uint64_t p2m_hole(uint64_t old_entry)
{
    bool identity = (old_entry & (FOREIGN | IDENTITY)) == IDENTITY;

    return identity ? old_entry : NO_FRAME;
}

static int bad(struct err *e, const char *why)
{
    return err_set(e, -EINVAL, ERR_FAILED, "cannot read the guest's p2m list",
                   NULL, "%s", why);
}

struct walk {
    const struct p2m_place *p;
    uint64_t at[5];            /* the table in page[level], or NO_FRAME */
    uint64_t page[5][512];
};

static int load(struct walk *w, unsigned int level, uint64_t mfn,
                struct err *e)
{
    int rc = 0;

    if (w->at[level] != mfn) {
        rc = w->p->read(w->p->arg, mfn, w->page[level]);
        w->at[level] = rc == 0 ? mfn : NO_FRAME;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot map the guest's memory",
                                   "frame %llx", (unsigned long long)mfn);
}

static int translate(struct walk *w, uint64_t va, uint64_t *mfn,
                     struct err *e)
{
    *mfn = (w->p->cr3 & FRAME_MASK) >> 12;
    for (unsigned int level = 4; level >= 1; level--) {
        int rc = load(w, level, *mfn, e);
        uint64_t entry;

        if (rc != 0) {
            return rc;
        }
        entry = w->page[level][va >> (3 + 9 * level) & 511];
        if ((entry & PRESENT) == 0 || (level > 1 && (entry & LARGE) != 0)) {
            return bad(e, "its pages are not mapped");
        }
        *mfn = (entry & FRAME_MASK) >> 12;
    }
    return 0;
}

static int locate_linear(struct walk *w, uint64_t *frames, uint64_t nr,
                         struct err *e)
{
    if (w->p->vaddr % SAVE_PAGE != 0) {
        return bad(e, "it does not begin at a page");
    }
    for (uint64_t i = 0; i < nr; i++) {
        int rc = translate(w, w->p->vaddr + i * SAVE_PAGE, &frames[i], e);

        if (rc != 0) {
            return rc;
        }
    }
    return SAVE_P2M_LINEAR;
}

static int locate_lists(struct walk *w, uint64_t *frames, uint64_t nr,
                        struct err *e)
{
    if (nr > 512 * 512) {
        return bad(e, "the guest is too large for its form");
    }
    for (uint64_t i = 0; i < nr; i++) {
        int rc = load(w, 2, w->p->lists, e);

        if (rc == 0) {
            rc = load(w, 1, w->page[2][i / 512], e);
        }
        if (rc != 0) {
            return rc;
        }
        frames[i] = w->page[1][i % 512];
    }
    return SAVE_P2M_LISTS;
}

int p2m_locate(const struct p2m_place *p, uint64_t *frames, struct err *e)
{
    struct walk w = { .p = p, .at = { NO_FRAME, NO_FRAME, NO_FRAME, NO_FRAME,
                                      NO_FRAME } };
    uint64_t nr = (p->nr_pfns + 511) / 512;

    if (p->nr_pfns == 0 || p->nr_pfns > SAVE_PFNS_MAX) {
        return bad(e, "the guest has not said how long it is");
    }
    if (p->cr3 != 0) {
        return locate_linear(&w, frames, nr, e);
    }
    if (p->lists == 0 || p->lists == ~0ull) {
        return bad(e, "the guest has not said where it is");
    }
    return locate_lists(&w, frames, nr, e);
}
