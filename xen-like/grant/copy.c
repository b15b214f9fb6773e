/* SPDX-License-Identifier: MIT */
/*
 * grant/copy.c - copy between frames, by grant or by the caller's own frame
 * number, without mapping anything.
 *
 * The usual copy has one granted end that nobody else uses: it is marked,
 * copied and unmarked under the lock of the granter's table, without pins.
 * All others pin what is granted and hold what is not.
 * Tested by tests/unit/grant/test_grant_copy.c.
 */
#include <domain/page_type.h>
#include <grant/table.h>
#include <lib/string.h>
#include <p2m/p2m.h>
#include <hv/errno.h>

#define IN_USE_ALREADY 2       /* not a GNTST_*: take the other way */

static void move(mfn_t to, uint16_t to_offset, mfn_t from,
                 uint16_t from_offset, uint16_t len)
{
    /* Both may be the same frame: the pieces may overlap. */
    memmove((char *)mfn_to_virt(to) + to_offset,
            (char *)mfn_to_virt(from) + from_offset, len);
}

/* ---- one granted end --------------------------------------------------------- */

/* The own frame is held; the table of @rd is locked.  *granted keeps its
 * reference on GNTST_okay and FRAME_IS_TABLE. */
static always_inline int copy_locked(const struct gnttab_copy *op,
                                     domid_t mapper, struct domain *rd,
                                     struct grant_entry_v1 *shared,
                                     bool to_grant, mfn_t own, mfn_t *granted)
{
    int rc = grant_mark_in_use(shared, mapper, !to_grant);

    if (unlikely(rc != GNTST_okay)) {
        return rc;
    }
    *granted = guest_frame(rd, READ_ONCE(shared->frame));
    rc = grant_take_frame(*granted, rd->domid, !to_grant);
    if (likely(rc == GNTST_okay)) {
        if (to_grant) {
            move(*granted, op->dest.offset, own, op->source.offset, op->len);
        } else {
            move(own, op->dest.offset, *granted, op->source.offset, op->len);
        }
    }
    atomic_and(&shared->flags, (uint16_t)~(GTF_reading | GTF_writing));
    return rc;
}

/* What copy_locked() left held, and the status for the guest. */
static always_inline int end_of_copy(int rc, mfn_t granted, bool to_grant)
{
    if (likely(rc == GNTST_okay)) {
        grant_drop_frame(granted, !to_grant);
    } else if (rc == FRAME_IS_TABLE) {
        page_put(mfn_to_page(granted));
        rc = GNTST_general_error;
    }
    return rc;
}

static always_inline int copy_one_grant(struct domain *ld,
                                        const struct gnttab_copy *op,
                                        struct domain *rd, bool to_grant)
{
    grant_ref_t gref = to_grant ? op->dest.u.ref : op->source.u.ref;
    mfn_t own = guest_frame(ld, to_grant ? op->source.u.gmfn
                                         : op->dest.u.gmfn);
    mfn_t granted = INVALID_MFN;
    struct grant_table *gt = rd->grant;
    struct grant_entry_v1 *shared;
    struct active *act;
    int rc;

    if (!grant_entry(gt, gref, &shared, &act)) {
        return GNTST_bad_gntref;
    }
    rc = grant_take_frame(own, ld->domid, to_grant);
    if (unlikely(rc != GNTST_okay)) {
        return end_of_copy(rc, own, !to_grant);
    }
    spin_lock(&gt->lock);
    rc = likely(act->pins == 0) ? copy_locked(op, ld->domid, rd, shared,
                                              to_grant, own, &granted)
                                : IN_USE_ALREADY;
    spin_unlock(&gt->lock);
    rc = end_of_copy(rc, granted, to_grant);
    grant_drop_frame(own, to_grant);
    return rc;
}

/* ---- any two ends ------------------------------------------------------------- */

struct end {
    struct grant_use use;
    bool by_gref;
};

static int end_hold(struct end *e, const struct domain *ld, uint64_t number)
{
    int rc;

    if (e->by_gref) {
        e->use.gref = (grant_ref_t)number;
        return grant_pin(&e->use, ld);
    }
    e->use.mfn = guest_frame(ld, number);
    rc = grant_take_frame(e->use.mfn, ld->domid, e->use.readonly);
    if (rc == FRAME_IS_TABLE) {
        page_put(mfn_to_page(e->use.mfn));
        rc = GNTST_general_error;
    }
    return rc;
}

static void end_release(const struct end *e)
{
    if (e->by_gref) {
        grant_unpin(&e->use);
    } else {
        grant_drop_frame(e->use.mfn, e->use.readonly);
    }
}

static noinline int copy_any(const struct domain *ld,
                             const struct gnttab_copy *op,
                             struct domain *src_d, struct domain *dst_d)
{
    struct end src = {
        .use = { .rd = src_d, .readonly = true },
        .by_gref = (op->flags & GNTCOPY_source_gref) != 0,
    };
    struct end dst = {
        .use = { .rd = dst_d, .readonly = false },
        .by_gref = (op->flags & GNTCOPY_dest_gref) != 0,
    };
    int rc = end_hold(&src, ld, src.by_gref ? op->source.u.ref
                                            : op->source.u.gmfn);

    if (rc != GNTST_okay) {
        return rc;
    }
    rc = end_hold(&dst, ld, dst.by_gref ? op->dest.u.ref : op->dest.u.gmfn);
    if (rc == GNTST_okay) {
        move(dst.use.mfn, op->dest.offset, src.use.mfn, op->source.offset,
             op->len);
        end_release(&dst);
    }
    end_release(&src);
    return rc;
}

/* ---- operations ----------------------------------------------------------------- */

/* The domain of an end; a frame number is only for the caller's own. */
static int find_domain(struct domain *ld, struct granter *g, domid_t domid,
                       bool by_gref, struct domain **d)
{
    if (domid == DOMID_SELF) {
        *d = ld;
        return GNTST_okay;
    }
    if (!by_gref) {
        return GNTST_permission_denied;
    }
    *d = granter_get(g, domid);
    return *d != NULL ? GNTST_okay : GNTST_bad_domain;
}

static int copy_one(struct domain *ld, const struct gnttab_copy *op,
                    struct granter g[2])
{
    bool from_grant = (op->flags & GNTCOPY_source_gref) != 0;
    bool to_grant = (op->flags & GNTCOPY_dest_gref) != 0;
    struct domain *src, *dst;
    int rc;

    if (unlikely((op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref)))) {
        return GNTST_general_error;
    }
    if (unlikely((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
                 (uint32_t)op->dest.offset + op->len > PAGE_SIZE)) {
        return GNTST_bad_copy_arg;
    }
    rc = find_domain(ld, &g[0], op->source.domid, from_grant, &src);
    if (likely(rc == GNTST_okay)) {
        rc = find_domain(ld, &g[1], op->dest.domid, to_grant, &dst);
    }
    if (unlikely(rc != GNTST_okay)) {
        return rc;
    }
    if (likely(from_grant != to_grant)) {
        rc = copy_one_grant(ld, op, to_grant ? dst : src, to_grant);
        if (likely(rc != IN_USE_ALREADY)) {
            return rc;
        }
    }
    return copy_any(ld, op, src, dst);
}

void grant_copy_batch(struct domain *ld, struct gnttab_copy *ops,
                      unsigned int nr)
{
    struct granter g[2] = { { 0, NULL }, { 0, NULL } };

    for (unsigned int i = 0; i < nr; i++) {
        ops[i].status = (int16_t)copy_one(ld, &ops[i], g);
    }
    granter_put(&g[0]);
    granter_put(&g[1]);
}
