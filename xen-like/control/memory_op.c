/* SPDX-License-Identifier: MIT */
/*
 * control/memory_op.c - the XENMEM_* door: its table, questions and memory
 * maps.  Extents are in memory_extents.c, exchange in memory_exchange.c.
 * Tests: tests/guests/memory, tests/unit/control/test_memory_op.c.
 */
#include <arch/paging.h>
#include <control/control_domain.h>
#include <control/doors.h>
#include <control/memory_op.h>
#include <core/boot_info.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <mm/map.h>
#include <p2m/p2m.h>

ABI_ASSERT(sizeof(struct xen_memory_reservation) == 32);
ABI_ASSERT(sizeof(struct xen_memory_exchange) == 72);
ABI_ASSERT(sizeof(struct xen_memory_map) == 16);
ABI_ASSERT(sizeof(struct xen_machphys_mapping) == 24);
ABI_ASSERT(sizeof(struct e820_entry) == 20);

#define LAPIC_MADDR   0xfee00000ul
#define IOAPIC_MADDR  0xfec00000ul
/* A guest that may move to another host must not rely on this one's size. */
#define M2P_ENTRIES_MAX 0x800000000ul

static long op_maximum_ram_page(struct domain *caller, uint64_t start,
                                guest_handle_t arg)
{
    return (long)max_mfn - 1;
}

/* The domain that an argument of one domid means. */
static int get_domain(struct domain *caller, guest_handle_t arg,
                      struct domain **d)
{
    domid_t domid;

    if (copy_from_guest(&domid, arg, sizeof(domid)) != 0) {
        return -EFAULT;
    }
    return domain_get_for(caller, domid, d);
}

static long op_current_reservation(struct domain *caller, uint64_t start,
                                   guest_handle_t arg)
{
    struct domain *d;
    long rc = get_domain(caller, arg, &d);

    if (rc == 0) {
        rc = atomic_load(&d->tot_pages);
        domain_put(d);
    }
    return rc;
}

static long op_maximum_reservation(struct domain *caller, uint64_t start,
                                   guest_handle_t arg)
{
    struct domain *d;
    long rc = get_domain(caller, arg, &d);

    if (rc == 0) {
        rc = atomic_load(&d->max_pages);
        domain_put(d);
    }
    return rc;
}

static long op_maximum_gpfn(struct domain *caller, uint64_t start,
                            guest_handle_t arg)
{
    struct domain *d;
    long rc = get_domain(caller, arg, &d);

    if (rc == 0 && d->p2m != NULL) {
        rc = (long)d->p2m->max_gfn;
        domain_put(d);
    } else if (rc == 0) {
        uint64_t max_pfn = READ_ONCE(d->shared_info->arch.max_pfn);

        rc = max_pfn != 0 ? (long)((max_pfn - 1) & 0xfffffffffful) : 0;
        domain_put(d);
    }
    return rc;
}

static long op_machphys_mapping(struct domain *caller, uint64_t start,
                                guest_handle_t arg)
{
    struct xen_machphys_mapping m = {
        .v_start = RO_M2P_VIRT,
        .v_end = RO_M2P_VIRT + M2P_ENTRIES_MAX * 8,
        .max_mfn = (caller->is_hardware ? max_mfn : M2P_ENTRIES_MAX) - 1,
    };

    return copy_to_guest(arg, &m, sizeof(m));
}

/* The frame behind a linear address of ours, or frame 0: none. */
static uint64_t own_frame(uint64_t va)
{
    const pte_t *table = idle_l4;

    for (unsigned int level = 4;; level--) {
        pte_t e = table[PT_INDEX(va, level)];

        if (!(e & PTE_P)) {
            return 0;
        }
        if (level == 1 || (level < 4 && (e & PTE_PSE))) {
            uint64_t within = (1ul << (9 * (level - 1))) - 1;

            return (mfn_x(pte_mfn(e)) & ~within) |
                   ((va >> PAGE_SHIFT) & within);
        }
        table = mfn_to_virt(pte_mfn(e));
    }
}

static uint64_t m2p_extents(void)
{
    return ROUND_UP(max_mfn * 8, 2ul << 20) >> L2_SHIFT;
}

boot_text void memory_op_init(void)
{
    for (uint64_t i = 0; i < m2p_extents(); i++) {
        mfn_t mfn = _mfn(own_frame(RO_M2P_VIRT + (i << L2_SHIFT)));

        for (uint64_t j = 0; j < PT_ENTRIES; j++) {
            pages_share_frame(mfn_add(mfn, j), DOMID_XEN, false);
        }
    }
}

/* The frames of the table itself, 2 MiB of it each; tools map them. */
static long op_machphys_mfn_list(struct domain *caller, uint64_t start,
                                 guest_handle_t arg)
{
    uint64_t total = m2p_extents();
    struct xen_machphys_mfn_list l;

    if (copy_from_guest(&l, arg, sizeof(l)) != 0) {
        return -EFAULT;
    }
    l.nr_extents = (uint32_t)min((uint64_t)l.max_extents, total);
    for (uint64_t i = 0; i < l.nr_extents; i++) {
        uint64_t mfn = own_frame(RO_M2P_VIRT + (i << L2_SHIFT));

        if (copy_to_guest(guest_handle_index(HANDLE(l.extent_start), i, 8),
                          &mfn, sizeof(mfn)) != 0) {
            return -EFAULT;
        }
    }
    return copy_to_guest(arg, &l, sizeof(l));
}

/* ---- memory maps ---------------------------------------------------------- */

/* Write @nr entries where the caller's xen_memory_map says. */
static long give_map(guest_handle_t arg, const struct e820_entry *e,
                     uint32_t nr, bool partial_ok)
{
    struct xen_memory_map m;

    if (copy_from_guest(&m, arg, sizeof(m)) != 0) {
        return -EFAULT;
    }
    if (m.nr_entries < nr) {
        if (!partial_ok) {
            return -EINVAL;
        }
        nr = m.nr_entries;
    }
    m.nr_entries = nr;
    if (copy_to_guest(HANDLE(m.buffer), e, nr * sizeof(*e)) != 0 ||
        copy_to_guest(arg, &m, sizeof(m)) != 0) {
        return -EFAULT;
    }
    return 0;
}

static long op_memory_map(struct domain *caller, uint64_t start,
                          guest_handle_t arg)
{
    struct control_domain *c = caller->control;
    uint32_t nr = atomic_load_acquire(&c->nr_e820);

    return nr == 0 ? -ENOSYS : give_map(arg, c->e820, nr, true);
}

/* The machine's map, with the registers the hypervisor keeps taken out. */
static long op_machine_memory_map(struct domain *caller, uint64_t start,
                                  guest_handle_t arg)
{
    static struct e820_map map;            /* [a] filled by the first call */
    static uint32_t ready;

    if (!atomic_load_acquire(&ready)) {
        spin_lock(&caller->lock);
        if (!atomic_load(&ready)) {
            map = boot_info.e820;
            if (!e820_add(&map, LAPIC_MADDR, PAGE_SIZE, E820_RESERVED) ||
                !e820_add(&map, IOAPIC_MADDR, PAGE_SIZE, E820_RESERVED) ||
                !e820_sanitize(&map)) {
                map = boot_info.e820;
            }
            atomic_store_release(&ready, 1);
        }
        spin_unlock(&caller->lock);
    }
    return give_map(arg, map.e, map.nr, false);
}

static long op_set_memory_map(struct domain *caller, uint64_t start,
                              guest_handle_t arg)
{
    struct xen_foreign_memory_map f;
    struct e820_entry *e;
    struct domain *d;
    long rc;

    if (copy_from_guest(&f, arg, sizeof(f)) != 0) {
        return -EFAULT;
    }
    if (f.map.nr_entries == 0 || f.map.nr_entries > E820_MAX) {
        return -EINVAL;
    }
    rc = domain_get_for(caller, f.domid, &d);
    if (rc != 0) {
        return rc;
    }
    e = heap_new_array(struct e820_entry, E820_MAX);
    if (e == NULL) {
        rc = -ENOMEM;
        goto put_domain;
    }
    if (copy_from_guest(e, HANDLE(f.map.buffer),
                        f.map.nr_entries * sizeof(*e)) != 0) {
        heap_free(e);
        rc = -EFAULT;
        goto put_domain;
    }
    spin_lock(&d->lock);
    if (d->control->e820 == NULL) {
        d->control->e820 = e;
        e = NULL;
        atomic_store_release(&d->control->nr_e820, f.map.nr_entries);
    } else {
        rc = -EBUSY;                 /* readers take no lock: set once */
    }
    spin_unlock(&d->lock);
    heap_free(e);
put_domain:
    domain_put(d);
    return rc;
}

/* ---- what PV guests and this hypervisor do without ------------------------- */

static long op_none_shared(struct domain *caller, uint64_t start,
                           guest_handle_t arg)
{
    return 0;
}

static long op_unsupported(struct domain *caller, uint64_t start,
                           guest_handle_t arg)
{
    return -EOPNOTSUPP;
}

/* ---- the table ------------------------------------------------------------ */

enum who { ANY, CONTROL };

static const struct {
    const char *name;
    enum who who;
    long (*run)(struct domain *caller, uint64_t start, guest_handle_t arg);
} memory_ops[] = {
#define ROW(op, w, fn) [XENMEM_##op] = { #op, w, fn }
    ROW(increase_reservation, ANY, memory_increase),
    ROW(decrease_reservation, ANY, memory_decrease),
    ROW(populate_physmap, ANY, memory_populate),
    ROW(exchange, ANY, memory_exchange),
    ROW(maximum_ram_page, ANY, op_maximum_ram_page),
    ROW(current_reservation, ANY, op_current_reservation),
    ROW(maximum_reservation, ANY, op_maximum_reservation),
    ROW(maximum_gpfn, ANY, op_maximum_gpfn),
    ROW(machphys_mfn_list, CONTROL, op_machphys_mfn_list),
    ROW(machphys_mapping, ANY, op_machphys_mapping),
    ROW(memory_map, ANY, op_memory_map),
    ROW(machine_memory_map, CONTROL, op_machine_memory_map),
    ROW(set_memory_map, ANY, op_set_memory_map),
    ROW(add_to_physmap, ANY, memory_physmap_add),
    ROW(add_to_physmap_batch, ANY, memory_physmap_batch),
    ROW(remove_from_physmap, ANY, memory_physmap_remove),
    ROW(get_sharing_freed_pages, ANY, op_none_shared),
    ROW(get_sharing_shared_pages, ANY, op_none_shared),
    ROW(claim_pages, CONTROL, memory_claim),
    ROW(get_vnumainfo, ANY, op_unsupported),
    ROW(acquire_resource, CONTROL, memory_acquire),
#undef ROW
};

DOOR(do_memory_op)
{
    struct domain *caller = current->domain;
    uint32_t op = a0 & MEMOP_CMD_MASK;

    if (op >= ARRAY_SIZE(memory_ops) || memory_ops[op].run == NULL) {
        return -ENOSYS;
    }
    if (memory_ops[op].who == CONTROL && !caller->is_control) {
        return -EPERM;
    }
    return memory_ops[op].run(caller, a0 >> MEMOP_EXTENT_SHIFT,
                              guest_handle(a1));
}
