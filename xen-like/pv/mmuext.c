/* SPDX-License-Identifier: MIT */
/*
 * MMUEXT_*: pin and unpin tables, switch page tables, flush, LDT, clear and
 * copy frames.  One row per operation; foreign: may name another domain.
 */
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <lib/string.h>
#include <mm/tlb_flush.h>
#include <arch/cpu.h>
#include <pv/descriptor.h>
#include <pv/guest_walk.h>
#include <pv/mmu_update.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>
#include <pv/pv_switch.h>

/* ---- pin ------------------------------------------------------------------ */

static int pin(struct domain *d, const struct mmuext_op *op)
{
    uint64_t type = (uint64_t)(op->cmd - MMUEXT_PIN_L1_TABLE + 1)
                    << PG_TYPE_SHIFT;
    mfn_t mfn = _mfn(op->arg1.mfn);
    struct page_info *pg;
    uint64_t w;
    int rc;

    if (!page_get(mfn, d->domid)) {
        return -EINVAL;
    }
    pg = mfn_to_page(mfn);
    rc = page_get_type(pg, type);
    if (rc != 0) {
        page_put(pg);
        return rc;
    }
    w = atomic_load(&pg->word);
    do {
        if (w & PG_PINNED) {
            page_put_type(pg);
            page_put(pg);
            return -EINVAL;            /* pinned already */
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w | PG_PINNED));
    if (unlikely(atomic_load(&d->dying) != DOMDYING_alive) &&
        (__atomic_fetch_and(&pg->word, ~PG_PINNED, __ATOMIC_SEQ_CST) &
         PG_PINNED)) {
        (void)pt_drop_table(pg);       /* its walk may have passed already */
        return -EINVAL;
    }
    return 0;
}

static int unpin(struct domain *d, const struct mmuext_op *op)
{
    mfn_t mfn = _mfn(op->arg1.mfn);
    struct page_info *pg;
    uint64_t w;
    int rc;

    if (!page_get(mfn, d->domid)) {
        return -EINVAL;
    }
    pg = mfn_to_page(mfn);
    w = atomic_load(&pg->word);
    do {
        if (!(w & PG_PINNED)) {
            page_put(pg);
            return -EINVAL;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w & ~PG_PINNED));
    rc = pt_drop_table(pg);            /* the pin's use and reference */
    page_put(pg);
    return rc;
}

/* ---- roots ----------------------------------------------------------------- */

static int root_get(struct domain *d, uint64_t mfn)
{
    int rc;

    if (guest_hold_table(_mfn(mfn), d->domid, PGT_L4)) {
        return 0;
    }
    if (!page_get(_mfn(mfn), d->domid)) {
        return -EINVAL;
    }
    rc = page_get_type(mfn_to_page(_mfn(mfn)), PGT_L4);
    if (rc != 0) {
        page_put(mfn_to_page(_mfn(mfn)));
    }
    return rc == -EBUSY ? -EINVAL : rc;
}

static int root_put(uint64_t maddr)
{
    struct page_info *pg;
    uint64_t w;

    if (maddr == 0) {
        return 0;
    }
    pg = mfn_to_page(maddr_to_mfn(maddr));
    w = atomic_load(&pg->word);
    while ((w & PG_TCOUNT_MASK) > PG_TCOUNT_ONE) {
        if (atomic_cmpxchg(&pg->word, &w, w - PG_TCOUNT_ONE - 1)) {
            return 0;
        }
    }
    return pt_drop_table(pg);
}

static int new_baseptr(struct domain *d, const struct mmuext_op *op)
{
    struct pv_vcpu *pv = current->pv;
    uint64_t old = pv->cr3_kernel;
    int rc = root_get(d, op->arg1.mfn);

    if (rc != 0) {
        return rc;
    }
    if (pv->ldt_mapped != 0) {
        pv_destroy_ldt(current);       /* it was found through the old root */
        pv_load_ldt(current);
    }
    pv->cr3_kernel = op->arg1.mfn << PAGE_SHIFT;
    pv_load_cr3(current);
    return root_put(old);
}

static int new_user_baseptr(struct domain *d, const struct mmuext_op *op)
{
    struct pv_vcpu *pv = current->pv;
    uint64_t old = pv->cr3_user;

    if (op->arg1.mfn != 0) {
        int rc = root_get(d, op->arg1.mfn);

        if (rc != 0) {
            return rc;
        }
    }
    pv->cr3_user = op->arg1.mfn << PAGE_SHIFT;
    return root_put(old);
}

/* ---- flushes ---------------------------------------------------------------- */

static int vcpus_to_cpus(const struct mmuext_op *op, cpumask_t *cpus)
{
    struct domain *d = current->domain;
    uint64_t mask = 0;
    struct vcpu *v;

    if (copy_from_guest(&mask, guest_handle((uint64_t)op->arg2.vcpumask.p),
                        (d->max_vcpus + 7) / 8) != 0) {
        return -EFAULT;
    }
    *cpus = 0;
    for_each_vcpu(d, v) {
        if (mask & (1ull << v->vcpu_id)) {
            *cpus |= cpumask_of(v->processor);
        }
    }
    *cpus &= atomic_load(&d->dirty_cpus);
    return 0;
}

static int flush_local(struct domain *d, const struct mmuext_op *op)
{
    tlb_flush_local();
    return 0;
}

static int invlpg_local(struct domain *d, const struct mmuext_op *op)
{
    if (guest_range_ok(op->arg1.linear_addr, 1)) {
        tlb_flush_va_local(op->arg1.linear_addr);
    }
    return 0;
}

static int flush_multi(struct domain *d, const struct mmuext_op *op)
{
    cpumask_t cpus;
    int rc = vcpus_to_cpus(op, &cpus);

    if (rc == 0) {
        tlb_flush_mask(cpus);
    }
    return rc;
}

static int invlpg_multi(struct domain *d, const struct mmuext_op *op)
{
    cpumask_t cpus;
    int rc = vcpus_to_cpus(op, &cpus);

    if (rc == 0 && guest_range_ok(op->arg1.linear_addr, 1)) {
        tlb_flush_va_mask(cpus, op->arg1.linear_addr);
    }
    return rc;
}

static int flush_all(struct domain *d, const struct mmuext_op *op)
{
    tlb_flush_mask(atomic_load(&d->dirty_cpus));
    return 0;
}

static int invlpg_all(struct domain *d, const struct mmuext_op *op)
{
    if (guest_range_ok(op->arg1.linear_addr, 1)) {
        tlb_flush_va_mask(atomic_load(&d->dirty_cpus), op->arg1.linear_addr);
    }
    return 0;
}

static int flush_cache(struct domain *d, const struct mmuext_op *op)
{
    if (!d->is_hardware) {
        return -EACCES;                /* no device of its own needs it */
    }
    wbinvd();
    return 0;
}

/* ---- the rest ----------------------------------------------------------------- */

static int set_ldt(struct domain *d, const struct mmuext_op *op)
{
    if (op->arg2.nr_ents > 8192) {
        return -EINVAL;
    }
    return pv_set_ldt(current, op->arg1.linear_addr, op->arg2.nr_ents);
}

static int clear_page(struct domain *d, const struct mmuext_op *op)
{
    if (!page_get_writable(_mfn(op->arg1.mfn), d->domid)) {
        return -EINVAL;
    }
    memset(mfn_to_virt(_mfn(op->arg1.mfn)), 0, PAGE_SIZE);
    page_put_writable(mfn_to_page(_mfn(op->arg1.mfn)));
    return 0;
}

static int copy_page(struct domain *d, const struct mmuext_op *op)
{
    mfn_t src = _mfn(op->arg2.src_mfn), dst = _mfn(op->arg1.mfn);

    if (!page_get(src, d->domid)) {
        return -EINVAL;
    }
    if (!page_get_writable(dst, d->domid)) {
        page_put(mfn_to_page(src));
        return -EINVAL;
    }
    memcpy(mfn_to_virt(dst), mfn_to_virt(src), PAGE_SIZE);
    page_put_writable(mfn_to_page(dst));
    page_put(mfn_to_page(src));
    return 0;
}

/* ---- dispatch ------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool foreign;
    int (*run)(struct domain *d, const struct mmuext_op *op);
} rows[] = {
    [MMUEXT_PIN_L1_TABLE]    = { "pin_l1_table",    true,  pin },
    [MMUEXT_PIN_L2_TABLE]    = { "pin_l2_table",    true,  pin },
    [MMUEXT_PIN_L3_TABLE]    = { "pin_l3_table",    true,  pin },
    [MMUEXT_PIN_L4_TABLE]    = { "pin_l4_table",    true,  pin },
    [MMUEXT_UNPIN_TABLE]     = { "unpin_table",     true,  unpin },
    [MMUEXT_NEW_BASEPTR]     = { "new_baseptr",     false, new_baseptr },
    [MMUEXT_TLB_FLUSH_LOCAL] = { "tlb_flush_local", false, flush_local },
    [MMUEXT_INVLPG_LOCAL]    = { "invlpg_local",    false, invlpg_local },
    [MMUEXT_TLB_FLUSH_MULTI] = { "tlb_flush_multi", false, flush_multi },
    [MMUEXT_INVLPG_MULTI]    = { "invlpg_multi",    false, invlpg_multi },
    [MMUEXT_TLB_FLUSH_ALL]   = { "tlb_flush_all",   false, flush_all },
    [MMUEXT_INVLPG_ALL]      = { "invlpg_all",      false, invlpg_all },
    [MMUEXT_FLUSH_CACHE]     = { "flush_cache",     false, flush_cache },
    [MMUEXT_SET_LDT]         = { "set_ldt",         false, set_ldt },
    [MMUEXT_NEW_USER_BASEPTR] = { "new_user_baseptr", false, new_user_baseptr },
    [MMUEXT_CLEAR_PAGE]      = { "clear_page",      true,  clear_page },
    [MMUEXT_COPY_PAGE]       = { "copy_page",       true,  copy_page },
    [MMUEXT_FLUSH_CACHE_GLOBAL] = { "flush_cache_global", false, flush_cache },
};

static int run_op(struct domain *d, const struct mmuext_op *op)
{
    if (op->cmd >= ARRAY_SIZE(rows) || rows[op->cmd].run == NULL) {
        return -ENOSYS;
    }
    if (d != current->domain && !rows[op->cmd].foreign) {
        return -EPERM;
    }
    return rows[op->cmd].run(d, op);
}

/* Counts an operation whose effect is complete but for an old table. */
static int run_ops(struct domain *d, uint64_t ops, unsigned int count,
                   unsigned int *done)
{
    for (; *done < count; ++*done) {
        struct mmuext_op op no_auto_init;
        int rc;

        if (*done != 0 && (*done & 15) == 0 && hypercall_preempt()) {
            return -ERESTART;
        }
        if (copy_from_guest(&op, guest_handle(ops + *done * sizeof(op)),
                            sizeof(op)) != 0) {
            return -EFAULT;
        }
        rc = run_op(d, &op);
        if (current->old_table != NULL) {
            ++*done;
            return -ERESTART;
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static long result(int rc, uint64_t done_va, uint32_t done)
{
    if (done_va != 0 && copy_to_guest(guest_handle(done_va), &done,
                                      sizeof(done)) != 0) {
        return -EFAULT;
    }
    return rc;
}

long do_mmuext_op(uint64_t ops, uint64_t count, uint64_t done_va,
                  uint64_t foreigndom, uint64_t a4, uint64_t a5)
{
    unsigned int n = (uint32_t)count & ~MMU_PREEMPTED, done = 0;
    uint32_t before = 0;
    struct domain *d;
    int rc;

    if (current->pv == NULL && !current->domain->is_control) {
        return -ENOSYS;                /* nothing of its own is meant */
    }
    if (unlikely(pt_finish_old() != 0)) {
        return HYPERCALL_CONTINUE(__HYPERVISOR_mmuext_op, ops, count, done_va,
                                  foreigndom);
    }
    if (((uint32_t)count & MMU_PREEMPTED) && done_va != 0 &&
        copy_from_guest(&before, guest_handle(done_va), sizeof(before)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(current->domain, (domid_t)foreigndom, &d);
    if (rc != 0) {
        return rc;
    }
    rc = d->pv != NULL ? run_ops(d, ops, n, &done) : -EINVAL;
    domain_put(d);
    if (rc == -ERESTART) {
        (void)result(0, done_va, before + done);
        if (done == n && current->old_table == NULL) {
            return 0;
        }
        return HYPERCALL_CONTINUE(__HYPERVISOR_mmuext_op,
                                  ops + done * sizeof(struct mmuext_op),
                                  (n - done) | MMU_PREEMPTED, done_va,
                                  foreigndom);
    }
    return result(rc, done_va, before + done);
}
