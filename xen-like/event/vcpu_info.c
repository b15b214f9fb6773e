/* SPDX-License-Identifier: MIT */
/*
 * event/vcpu_info.c - a vcpu_info in a page the guest chose.
 *
 * Senders read v->info without a lock.  They may still set bits in the old
 * place while it moves; the new place therefore starts with everything
 * selected, and pending bits of ports are in shared_info anyway.
 * Tested by tests/unit/event/test_virq.c.
 */
#include <domain/page_type.h>
#include <event/poll.h>
#include <event/table.h>
#include <event/vcpu_info.h>
#include <hv/errno.h>

int vcpu_info_register(struct vcpu *v, mfn_t mfn, uint32_t offset)
{
    struct vcpu_info *place;

    if (offset > PAGE_SIZE - sizeof(*place) || offset % 8 != 0 ||
        (v != current && v->is_up)) {
        return -EINVAL;
    }
    if (!page_get_writable(mfn, v->domain->domid)) {
        return -EINVAL;
    }
    place = (struct vcpu_info *)((char *)mfn_to_virt(mfn) + offset);

    spin_lock(&v->domain->evtchn->lock);
    if (!mfn_eq(v->info_mfn, INVALID_MFN)) {
        spin_unlock(&v->domain->evtchn->lock);
        page_put_writable(mfn_to_page(mfn));
        return -EINVAL;
    }
    __builtin_memcpy(place, v->info, sizeof(*place));
    v->evtchn->first_info = v->info;
    v->info_mfn = mfn;
    atomic_store(&v->info, place);
    spin_unlock(&v->domain->evtchn->lock);
    bits2l_info_moved(v);
    return 0;
}

void vcpu_info_detach_all(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (!mfn_eq(v->info_mfn, INVALID_MFN)) {
            atomic_store(&v->info, v->evtchn->first_info);
        }
    }
}

void vcpu_info_put_all(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (!mfn_eq(v->info_mfn, INVALID_MFN)) {
            struct page_info *pg = mfn_to_page(v->info_mfn);

            v->info_mfn = INVALID_MFN;
            page_put_writable(pg);
        }
    }
}
