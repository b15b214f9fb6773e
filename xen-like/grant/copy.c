/* SPDX-License-Identifier: MIT */
/*
 * grant/copy.c - copy between frames, by grant or by the caller's own frame
 * number, without mapping anything.
 *
 * Each end stays pinned until an operation names another one: a batch that
 * copies many pieces between two pages looks each up once.
 * Tested by tests/unit/grant/test_grant.c.
 */
#include <domain/page_type.h>
#include <grant/table.h>
#include <lib/string.h>
#include <hv/errno.h>

/* One end of the last operation. */
struct end {
    bool held;
    bool by_gref;
    bool readonly;                    /* source */
    domid_t domid;                    /* as the operation spelled it */
    uint64_t number;                  /* gref or frame */
    struct domain *d;                 /* with a reference */
    struct grant_use use;             /* mfn; and the pin if by_gref */
};

static void end_release(struct end *e)
{
    if (!e->held) {
        return;
    }
    if (e->by_gref) {
        grant_unpin(&e->use);
    } else if (e->readonly) {
        page_put(mfn_to_page(e->use.mfn));
    } else {
        page_put_writable(mfn_to_page(e->use.mfn));
    }
    domain_put(e->d);
    e->held = false;
}

static int hold_gref(struct end *e, const struct domain *ld)
{
    e->use = (struct grant_use){
        .rd = e->d, .gref = (grant_ref_t)e->number, .readonly = e->readonly,
    };
    return grant_pin(&e->use, ld);
}

static int hold_own(struct end *e)
{
    mfn_t mfn = _mfn(e->number);

    e->use.mfn = mfn;
    if (e->readonly ? page_get(mfn, e->d->domid)
                    : page_get_writable(mfn, e->d->domid)) {
        return GNTST_okay;
    }
    if (!e->readonly && page_get(mfn, e->d->domid)) {
        page_put(mfn_to_page(mfn));
        return GNTST_general_error;
    }
    return GNTST_bad_page;
}

static int end_hold(struct end *e, struct domain *ld, domid_t domid,
                    bool by_gref, uint64_t number)
{
    int rc;

    if (e->held && e->domid == domid && e->by_gref == by_gref &&
        e->number == number) {
        return GNTST_okay;
    }
    end_release(e);
    if (domid == DOMID_SELF) {
        domain_ref(ld);
        e->d = ld;
    } else if (!by_gref) {
        return GNTST_permission_denied;
    } else {
        e->d = domain_get(domid);
    }
    if (e->d == NULL) {
        return GNTST_bad_domain;
    }
    e->domid = domid;
    e->by_gref = by_gref;
    e->number = number;
    rc = by_gref ? hold_gref(e, ld) : hold_own(e);
    if (rc != GNTST_okay) {
        domain_put(e->d);
        return rc;
    }
    e->held = true;
    return GNTST_okay;
}

static int copy_one(struct domain *ld, const struct gnttab_copy *op,
                    struct end *src, struct end *dst)
{
    bool src_gref = (op->flags & GNTCOPY_source_gref) != 0;
    bool dst_gref = (op->flags & GNTCOPY_dest_gref) != 0;
    int rc;

    if ((op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref)) != 0) {
        return GNTST_general_error;
    }
    if ((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
        (uint32_t)op->dest.offset + op->len > PAGE_SIZE) {
        return GNTST_bad_copy_arg;
    }
    rc = end_hold(src, ld, op->source.domid, src_gref,
                  src_gref ? op->source.u.ref : op->source.u.gmfn);
    if (rc == GNTST_okay) {
        rc = end_hold(dst, ld, op->dest.domid, dst_gref,
                      dst_gref ? op->dest.u.ref : op->dest.u.gmfn);
    }
    if (rc != GNTST_okay) {
        return rc;
    }
    /* Both may name the same frame: the pieces may overlap. */
    memmove((char *)mfn_to_virt(dst->use.mfn) + op->dest.offset,
            (char *)mfn_to_virt(src->use.mfn) + op->source.offset, op->len);
    return GNTST_okay;
}

void grant_copy_batch(struct domain *ld, struct gnttab_copy *ops,
                      unsigned int nr)
{
    struct end src = { .readonly = true }, dst = { .readonly = false };

    for (unsigned int i = 0; i < nr; i++) {
        ops[i].status = (int16_t)copy_one(ld, &ops[i], &src, &dst);
    }
    end_release(&src);
    end_release(&dst);
}
