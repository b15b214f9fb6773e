/* SPDX-License-Identifier: MIT */
/*
 * MMU_UPDATE and update_va_mapping.  A batch keeps the table it writes held
 * between requests: most batches touch one table.
 */
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <mm/tlb_flush.h>
#include <p2m/m2p.h>
#include <p2m/p2m.h>
#include <pv/guest_walk.h>
#include <pv/mmu_update.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>

/* What a batch holds while it runs. */
struct batch {
    struct domain *td;           /* owner of the tables */
    struct domain *pd;           /* owner of the frames they map */
    mfn_t table;                 /* held with one use, or INVALID_MFN */
    uint64_t type;               /* PGT_* of @table */
};

static void batch_release_table(struct batch *b)
{
    if (!mfn_eq(b->table, INVALID_MFN)) {
        guest_release_table(b->table);
        b->table = INVALID_MFN;
    }
}

/* Hold @mfn as the table it is, or as plain data if it is none. */
static int batch_hold_table(struct batch *b, mfn_t mfn)
{
    uint64_t w;

    batch_release_table(b);
    if (!mfn_valid(mfn)) {
        return -EINVAL;
    }
    w = atomic_load(&mfn_to_page(mfn)->word);
    b->type = w & PG_TYPE_MASK;
    if (b->type >= PGT_L1 && b->type <= PGT_L4 &&
        guest_hold_table(mfn, b->td->domid, b->type)) {
        b->table = mfn;
        return 0;
    }
    if (!page_get_writable(mfn, b->td->domid)) {
        return -EINVAL;
    }
    b->type = PGT_WRITABLE;
    b->table = mfn;
    return 0;
}

static int write_pte(struct batch *b, uint64_t maddr, pte_t val, bool ad)
{
    pte_t *slot;
    int rc;

    if (!mfn_eq(b->table, maddr_to_mfn(maddr))) {
        rc = batch_hold_table(b, maddr_to_mfn(maddr));
        if (rc != 0) {
            return rc;
        }
    }
    slot = maddr_to_virt(maddr);
    if (b->type == PGT_L1) {
        return pt_write_l1(slot, val, b->pd, b->td, ad);
    }
    if (b->type == PGT_WRITABLE) {
        atomic_store_release(slot, val);
        return 0;
    }
    if (b->type == PGT_L4 && !is_guest_slot((maddr & ~PAGE_MASK) / 8)) {
        return -EINVAL;
    }
    return pt_write_upper(slot, val, (unsigned int)(b->type >> PG_TYPE_SHIFT),
                          b->td, ad);
}

/* Which pfn the guest says this frame is. */
static int update_machphys(struct batch *b, uint64_t maddr, uint64_t pfn)
{
    mfn_t mfn = maddr_to_mfn(maddr);

    if (!page_get(mfn, b->pd->domid)) {
        return -EINVAL;
    }
    m2p_set(mfn, pfn);
    page_put(mfn_to_page(mfn));
    return 0;
}

static noinline int one_request(struct batch *b, const struct mmu_update *req)
{
    unsigned int cmd = req->ptr & 3;
    uint64_t maddr = req->ptr & ~7ull;

    switch (cmd) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
        return write_pte(b, maddr, req->val, cmd == MMU_PT_UPDATE_PRESERVE_AD);
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return write_pte(b, maddr, req->val, false);
    default:
        return update_machphys(b, req->ptr & ~3ull, req->val);
    }
}

/* Most requests write one more entry of the level 1 table that is held. */
static always_inline int next_request(struct batch *b,
                                      const struct mmu_update *req)
{
    unsigned int cmd = req->ptr & 3;

    if (likely(mfn_eq(b->table, maddr_to_mfn(req->ptr)) &&
               b->type == PGT_L1 && cmd != MMU_MACHPHYS_UPDATE)) {
        return pt_write_l1_here(maddr_to_virt(req->ptr & ~7ull), req->val,
                                b->pd, b->td,
                                cmd == MMU_PT_UPDATE_PRESERVE_AD);
    }
    return one_request(b, req);
}

/* The domains that foreigndom names: frames in the low half, tables (plus
 * one) in the high half.  References are held. */
static int batch_domains(struct batch *b, uint64_t foreigndom)
{
    domid_t pd = (domid_t)foreigndom, td = (domid_t)(foreigndom >> 16);
    int rc;

    rc = domain_get_for(current->domain, td != 0 ? (domid_t)(td - 1) : DOMID_SELF,
                        &b->td);
    if (rc != 0) {
        return rc;
    }
    if (b->td->pv == NULL) {
        domain_put(b->td);
        return -EINVAL;
    }
    if (pd == DOMID_IO || pd == DOMID_XEN) {
        b->pd = pd == DOMID_IO ? &dom_io : &dom_xen;
        if (current->domain->is_control) {
            domain_ref(b->pd);
            return 0;
        }
        rc = -EPERM;
    } else {
        rc = domain_get_for(current->domain, pd, &b->pd);
    }
    if (rc != 0) {
        domain_put(b->td);
    }
    return rc;
}

/* A frame of a translated domain is named by its gfn; one that is not there
 * becomes a frame that cannot be had. */
static pte_t translate_pte(const struct domain *pd, pte_t e)
{
    mfn_t mfn = guest_frame(pd, mfn_x(pte_mfn(e)));

    return !(e & PTE_P) ? e
           : (e & ~PTE_ADDR) | (mfn_to_maddr(mfn) & PTE_ADDR);
}

static noinline void translate(const struct batch *b, struct mmu_update *reqs,
                               unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        unsigned int cmd = reqs[i].ptr & 3;

        if (cmd == MMU_NORMAL_PT_UPDATE || cmd == MMU_PT_UPDATE_PRESERVE_AD) {
            reqs[i].val = translate_pte(b->pd, reqs[i].val);
        }
    }
}

static int run_requests(struct batch *b, uint64_t reqs, unsigned int count,
                        unsigned int *done)
{
    struct mmu_update buf[8] no_auto_init;
    unsigned int have = 0, at = 0;
    int rc = 0;

    for (; *done < count; ++*done) {
        if ((*done & 31) == 31 && hypercall_preempt()) {
            return -ERESTART;
        }
        if (at == have) {
            have = min(count - *done, (unsigned int)ARRAY_SIZE(buf));
            at = 0;
            if (copy_from_guest(buf, guest_handle(reqs + *done * sizeof(*buf)),
                                have * sizeof(*buf)) != 0) {
                return -EFAULT;
            }
            if (unlikely(b->pd->p2m != NULL)) {
                translate(b, buf, have);
            }
        }
        rc = next_request(b, &buf[at++]);
        if (rc != 0) {
            return rc;
        }
        if (unlikely(current->old_table != NULL) &&
            pt_finish_old() != 0) {
            ++*done;
            return -ERESTART;
        }
    }
    return 0;
}

static long batch_result(int rc, uint64_t done_va, unsigned int done)
{
    if (done_va != 0) {
        uint32_t n = done;

        if (copy_to_guest(guest_handle(done_va), &n, sizeof(n)) != 0) {
            return -EFAULT;
        }
    }
    return rc;
}

long do_mmu_update(uint64_t reqs, uint64_t count, uint64_t done_va,
                   uint64_t foreigndom, uint64_t a4, uint64_t a5)
{
    struct batch b = { .table = INVALID_MFN };
    unsigned int n = (uint32_t)count, done = 0;
    uint32_t before = 0;
    int rc;

    if (unlikely(pt_finish_old() != 0)) {
        return HYPERCALL_CONTINUE(__HYPERVISOR_mmu_update, reqs, count,
                                  done_va, foreigndom);
    }
    if (unlikely(n & MMU_PREEMPTED)) {
        n &= ~MMU_PREEMPTED;
        if (done_va != 0 && copy_from_guest(&before, guest_handle(done_va),
                                            sizeof(before)) != 0) {
            return -EFAULT;
        }
    }
    if (likely((foreigndom & 0xffffffff) == DOMID_SELF)) {
        b.td = b.pd = current->domain;
        rc = run_requests(&b, reqs, n, &done);
        batch_release_table(&b);
    } else {
        rc = batch_domains(&b, foreigndom);
        if (rc != 0) {
            return rc;
        }
        rc = run_requests(&b, reqs, n, &done);
        batch_release_table(&b);
        domain_put(b.pd);
        domain_put(b.td);
    }
    if (rc == -ERESTART) {
        (void)batch_result(0, done_va, before + done);
        return HYPERCALL_CONTINUE(__HYPERVISOR_mmu_update,
                                  reqs + done * sizeof(struct mmu_update),
                                  (n - done) | MMU_PREEMPTED, done_va,
                                  foreigndom);
    }
    return batch_result(rc, done_va, before + done);
}

/* ---- update_va_mapping -------------------------------------------------------- */

static int flush_multi(uint64_t mask_va, bool all_va, uint64_t va)
{
    struct domain *d = current->domain;
    cpumask_t cpus = 0;
    uint64_t vcpus = 0;
    struct vcpu *v;

    if (copy_from_guest(&vcpus, guest_handle(mask_va),
                        (d->max_vcpus + 7) / 8) != 0) {
        return -EFAULT;
    }
    for_each_vcpu(d, v) {
        if (vcpus & (1ull << v->vcpu_id)) {
            cpus |= cpumask_of(v->processor);
        }
    }
    cpus &= atomic_load(&d->dirty_cpus);
    if (all_va) {
        tlb_flush_mask(cpus);
    } else {
        tlb_flush_va_mask(cpus, va);
    }
    return 0;
}

/* UVMF_*: what to flush, and where. */
static int uvm_flush(uint64_t va, uint64_t flags)
{
    uint64_t where = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;
    unsigned int what = flags & UVMF_FLUSHTYPE_MASK;
    cpumask_t all = atomic_load(&current->domain->dirty_cpus);

    if (what == UVMF_NONE) {
        return 0;
    }
    if (what != UVMF_TLB_FLUSH && what != UVMF_INVLPG) {
        return -EINVAL;
    }
    if (where == UVMF_LOCAL) {
        if (what == UVMF_INVLPG) {
            tlb_flush_va_local(va);
        } else {
            tlb_flush_local();
        }
        return 0;
    }
    if (where == UVMF_ALL) {
        if (what == UVMF_INVLPG) {
            tlb_flush_va_mask(all, va);
        } else {
            tlb_flush_mask(all);
        }
        return 0;
    }
    return flush_multi(where, what == UVMF_TLB_FLUSH, va);
}

static int write_va(uint64_t va, pte_t val, struct domain *pd)
{
    struct domain *d = current->domain;
    mfn_t l1;
    pte_t *t;
    int rc;

    if (!guest_range_ok(va, 1)) {
        return -EINVAL;
    }
    l1 = guest_walk_l1_table(va);
    if (mfn_eq(l1, INVALID_MFN) || !guest_hold_table(l1, d->domid, PGT_L1)) {
        return -EINVAL;
    }
    t = mfn_to_virt(l1);
    rc = pt_write_l1_here(&t[PT_INDEX(va, 1)], val, pd, d, false);
    guest_release_table(l1);
    return rc;
}

long do_update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags,
                          uint64_t a3, uint64_t a4, uint64_t a5)
{
    int rc = write_va(va, pte, current->domain);

    if (rc != 0 || (flags & UVMF_FLUSHTYPE_MASK) == UVMF_NONE) {
        return rc;
    }
    return uvm_flush(va, flags);
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t pte,
                                      uint64_t flags, uint64_t domid,
                                      uint64_t a4, uint64_t a5)
{
    struct batch b;
    int rc = batch_domains(&b, domid & 0xffff);

    if (rc != 0) {
        return rc;
    }
    rc = write_va(va, b.pd->p2m != NULL ? translate_pte(b.pd, pte) : pte,
                  b.pd);
    domain_put(b.pd);
    domain_put(b.td);
    return rc != 0 ? rc : uvm_flush(va, flags);
}
