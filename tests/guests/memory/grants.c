/* SPDX-License-Identifier: MIT */
/*
 * memory/grants.c - grant tables, version 1; the domain grants its own pages
 * to itself.  ABI: xen/grant_table.h.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "memory.h"

static uint8_t table_page[PAGE_SIZE] ALIGNED_PAGE;
static grant_entry_v1_t *const table = (grant_entry_v1_t *)table_page;
static domid_t self_id;

static void offer(grant_ref_t ref, const void *page, uint16_t flags)
{
    table[ref].flags = 0;
    barrier();
    table[ref].domid = self_id;
    table[ref].frame = (uint32_t)mfn_of(page);
    barrier();
    table[ref].flags = GTF_permit_access | flags;
}

static void query_size_counts_frames(void)
{
    struct gnttab_query_size q = { .dom = DOMID_SELF, .status = 5 };

    EXPECT_EQ(hc_grant(GNTTABOP_query_size, &q, 1), 0);
    EXPECT_EQ(q.status, GNTST_okay);
    EXPECT(q.max_nr_frames >= 1);
    EXPECT(q.nr_frames <= q.max_nr_frames);
}

static void setup_table_gives_frames(void)
{
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
    xen_pfn_t frame = 0;

    set_xen_guest_handle(s.frame_list, &frame);
    EXPECT_EQ(hc_grant(GNTTABOP_setup_table, &s, 1), 0);
    EXPECT_EQ(s.status, GNTST_okay);
    EXPECT(frame != 0);
    EXPECT_EQ(page_map(table_page, frame, PTE_KERNEL), 0);
}

static void setup_table_too_many_frames(void)
{
    static xen_pfn_t frames[1];
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 100000 };

    set_xen_guest_handle(s.frame_list, frames);
    EXPECT_EQ(hc_grant(GNTTABOP_setup_table, &s, 1), 0);
    EXPECT_EQ(s.status, GNTST_general_error);
}

static void setup_table_for_a_missing_domain(void)
{
    struct gnttab_setup_table s = { .dom = 0x7000, .nr_frames = 1 };

    EXPECT_EQ(hc_grant(GNTTABOP_setup_table, &s, 1), 0);
    EXPECT(s.status == GNTST_bad_domain ||
           (!guest_privileged() && s.status == GNTST_permission_denied));
}

static struct gnttab_copy copy_op(grant_ref_t ref, const void *dest,
                                  uint16_t len)
{
    return (struct gnttab_copy){
        .source = { .u.ref = ref, .domid = self_id },
        .dest = { .u.gmfn = mfn_of(dest), .domid = DOMID_SELF },
        .len = len, .flags = GNTCOPY_source_gref, .status = 77,
    };
}

static long copy(struct gnttab_copy *op)
{
    EXPECT_EQ(hc_grant(GNTTABOP_copy, op, 1), 0);
    return op->status;
}

static void copy_from_a_grant(void)
{
    uint8_t *from = page_alloc(), *to = page_alloc();
    struct gnttab_copy op;

    memset(from, 0x5a, PAGE_SIZE);
    offer(8, from, GTF_readonly);
    op = copy_op(8, to, 100);
    op.source.offset = 10;
    op.dest.offset = 3000;
    EXPECT_EQ(copy(&op), GNTST_okay);
    EXPECT_EQ(to[2999], 0);
    EXPECT_EQ(to[3000], 0x5a);
    EXPECT_EQ(to[3099], 0x5a);
    EXPECT_EQ(to[3100], 0);
    EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_readonly |
                              (table[8].flags & GTF_reading));
}

static void copy_to_a_read_only_grant_refused(void)
{
    uint8_t *a = page_alloc(), *b = page_alloc();
    struct gnttab_copy op = {
        .source = { .domid = DOMID_SELF },
        .dest = { .u.ref = 8, .domid = self_id },
        .len = 8, .flags = GNTCOPY_dest_gref,
    };

    op.source.u.gmfn = mfn_of(a);
    a[0] = 1;
    offer(8, b, GTF_readonly);
    EXPECT_EQ(copy(&op), GNTST_general_error);
    EXPECT_EQ(b[0], 0);
    offer(8, b, 0);
    EXPECT_EQ(copy(&op), GNTST_okay);
    EXPECT_EQ(b[0], 1);
}

static void copy_bad_bounds_refused(void)
{
    uint8_t *a = page_alloc(), *b = page_alloc();
    struct gnttab_copy op;

    offer(8, a, 0);
    op = copy_op(8, b, 4097);
    EXPECT_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_op(8, b, 100);
    op.source.offset = 4000;
    EXPECT_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_op(8, b, 100);
    op.dest.offset = 4000;
    EXPECT_EQ(copy(&op), GNTST_bad_copy_arg);
}

static void copy_bad_references_refused(void)
{
    uint8_t *b = page_alloc();
    struct gnttab_copy op = copy_op(400, b, 8);

    EXPECT_EQ(copy(&op), GNTST_general_error); /* entry not offered */
    op = copy_op(~0u, b, 8);
    EXPECT_EQ(copy(&op), GNTST_bad_gntref);
    op = copy_op(1u << 20, b, 8);
    EXPECT_EQ(copy(&op), GNTST_bad_gntref);
    op = copy_op(8, b, 8);
    op.source.domid = 0x7000;
    EXPECT_EQ(copy(&op), GNTST_bad_domain);
    offer(8, b, 0);
    table[8].domid = 77; /* meant for somebody else */
    op = copy_op(8, b, 8);
    EXPECT_EQ(copy(&op), GNTST_general_error);
}

static void copy_of_a_foreign_frame_refused(void)
{
    uint8_t *a = page_alloc(), *b = page_alloc();
    struct gnttab_copy op;

    offer(8, a, 0);
    table[8].frame = 0x200; /* the hypervisor's */
    op = copy_op(8, b, 8);
    EXPECT(copy(&op) < 0);
    op = (struct gnttab_copy){
        .source = { .u.gmfn = 0x200, .domid = DOMID_SELF },
        .dest = { .u.gmfn = mfn_of(b), .domid = DOMID_SELF }, .len = 8,
    };
    EXPECT(copy(&op) < 0);
}

static void copy_into_a_page_table_refused(void)
{
    uint8_t *a = page_alloc();
    struct gnttab_copy op;

    offer(8, a, 0);
    op = copy_op(8, pte_of(a, 1), 8);
    EXPECT(copy(&op) < 0);
}

static struct gnttab_map_grant_ref map_op(const void *va, grant_ref_t ref,
                                          uint32_t flags)
{
    return (struct gnttab_map_grant_ref){
        .host_addr = (uint64_t)va, .flags = flags, .ref = ref,
        .dom = self_id, .status = 77,
    };
}

static long map(struct gnttab_map_grant_ref *op)
{
    EXPECT_EQ(hc_grant(GNTTABOP_map_grant_ref, op, 1), 0);
    return op->status;
}

static long unmap(uint64_t addr, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = addr,
                                         .handle = handle, .status = 77 };

    EXPECT_EQ(hc_grant(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

static void map_by_address_and_unmap(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    struct gnttab_map_grant_ref op;

    page[7] = 0x77;
    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(window[7], 0x77);
    EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing),
              GTF_reading | GTF_writing);
    window[8] = 0x88;
    EXPECT_EQ(page[8], 0x88);
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing), 0);
    TRY_INSN("movq (%0), %%r10", "r"(window));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(page_protect(window, true), 0);
}

static void map_read_only_is_read_only(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    struct gnttab_map_grant_ref op;

    offer(8, page, GTF_readonly);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_general_error);
    op = map_op(window, 8, GNTMAP_host_map | GNTMAP_readonly);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing), GTF_reading);
    TRY_INSN("movq $1, (%0)", "r"(window));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    EXPECT_EQ(page_protect(window, true), 0);
}

static long replace(const void *window, grant_handle_t handle,
                    const void *other)
{
    struct gnttab_unmap_and_replace op = {
        .host_addr = (uint64_t)window, .new_addr = (uint64_t)other,
        .handle = handle, .status = 77,
    };

    EXPECT_EQ(hc_grant(GNTTABOP_unmap_and_replace, &op, 1), 0);
    return op.status;
}

static void replace_moves_the_other_mapping_here(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    uint8_t *other = page_alloc();
    struct gnttab_map_grant_ref op;

    other[3] = 0x33;
    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(replace(window, op.handle, other), GNTST_okay);
    EXPECT_EQ(window[3], 0x33);
    EXPECT_EQ(*pte_of(other, 1), 0);
    EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing), 0);
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_bad_handle);
}

/* A new address without a page table: nothing may have happened. */
static void replace_with_a_bad_address_changes_nothing(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    struct gnttab_map_grant_ref op;

    page[4] = 0x44;
    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(replace(window, op.handle, (void *)0x123456789000ul),
              GNTST_general_error);
    EXPECT_EQ(window[4], 0x44);
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing), 0);
    EXPECT_EQ(page_protect(window, true), 0);
}

static void map_contains_pte_form(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    uint64_t pte = pte_maddr(window, 1);
    struct gnttab_map_grant_ref op;

    page[1] = 0x11;
    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op((void *)pte, 8, GNTMAP_host_map | GNTMAP_contains_pte |
                (1u << (_GNTMAP_guest_avail0)));
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(window[1], 0x11);
    EXPECT_EQ(*pte_of(window, 1) & 0xe00, 0x200);
    EXPECT_EQ(unmap(pte, op.handle), GNTST_okay);
    EXPECT_EQ(*pte_of(window, 1), 0);
    EXPECT_EQ(page_protect(window, true), 0);
}

static void unmap_of_a_wrong_handle_refused(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    uint8_t *other = page_alloc();
    struct gnttab_map_grant_ref op;

    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(unmap((uint64_t)window, 0x7fffffff), GNTST_bad_handle);
    EXPECT(unmap((uint64_t)other, op.handle) < 0); /* maps another frame */
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    EXPECT(unmap((uint64_t)window, op.handle) < 0);
    EXPECT_EQ(page_protect(window, true), 0);
}

static void map_of_bad_references_refused(void)
{
    uint8_t *window = page_alloc();
    struct gnttab_map_grant_ref op = map_op(window, ~0u, GNTMAP_host_map);

    EXPECT_EQ(map(&op), GNTST_bad_gntref);
    op = map_op(window, 8, GNTMAP_host_map);
    op.dom = 0x7000;
    EXPECT_EQ(map(&op), GNTST_bad_domain);
    op = map_op(window, 8, 0);
    EXPECT(map(&op) < 0);
    window[0] = 1;
}

static void granted_page_has_one_writable_type(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    struct gnttab_map_grant_ref op;

    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    op = map_op(window, 8, GNTMAP_host_map);
    EXPECT_EQ(map(&op), GNTST_okay);
    EXPECT_EQ(page_protect(page, false), 0);
    EXPECT(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(page)) < 0);
    EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(page)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(page)), 0);
    EXPECT_EQ(page_protect(page, true), 0);
    EXPECT_EQ(page_protect(window, true), 0);
}

static void thousand_maps_and_unmaps(void)
{
    uint8_t *page = page_alloc(), *window = page_alloc();
    unsigned int i;

    offer(8, page, 0);
    EXPECT_EQ(hc_uvm(window, 0, UVMF_INVLPG), 0);
    for (i = 0; i < 1000; i++) {
        struct gnttab_map_grant_ref op = map_op(window, 8, GNTMAP_host_map);

        EXPECT_EQ(map(&op), GNTST_okay);
        window[0] = (uint8_t)i;
        EXPECT_EQ(page[0], (uint8_t)i);
        EXPECT_EQ(unmap((uint64_t)window, op.handle), GNTST_okay);
    }
    EXPECT_EQ(page_protect(window, true), 0);
}

static void grant_version_is_one(void)
{
    struct gnttab_set_version v = { .version = 1 };
    struct gnttab_get_version g = { .dom = DOMID_SELF };

    EXPECT_EQ(hc_grant(GNTTABOP_set_version, &v, 1), 0);
    EXPECT_EQ(v.version, 1);
    EXPECT_EQ(hc_grant(GNTTABOP_get_version, &g, 1), 0);
    EXPECT_EQ(g.version, 1);
    v.version = 7;
    EXPECT_EQ(hc_grant(GNTTABOP_set_version, &v, 1), -EINVAL);
}

static void grant_op_argument_errors(void)
{
    EXPECT_EQ(hc_grant(99, NULL, 0), -ENOSYS);
    EXPECT_EQ(hc_grant(GNTTABOP_copy, 8, 1), -EFAULT);
    EXPECT_EQ(hc_grant(GNTTABOP_map_grant_ref, 0xffff830000000000ul, 1),
              -EFAULT);
    EXPECT_EQ(hc_grant(GNTTABOP_copy, NULL, 0), 0);
    EXPECT_EQ(hc_grant(GNTTABOP_copy, NULL, ~0u), -EINVAL);
}

static const struct fact facts[] = {
    FACT(query_size_counts_frames),
    FACT(setup_table_gives_frames),
    FACT(setup_table_too_many_frames),
    FACT(setup_table_for_a_missing_domain),
    FACT(copy_from_a_grant),
    FACT(copy_to_a_read_only_grant_refused),
    FACT(copy_bad_bounds_refused),
    FACT(copy_bad_references_refused),
    FACT(copy_of_a_foreign_frame_refused),
    FACT(copy_into_a_page_table_refused),
    FACT(map_by_address_and_unmap),
    FACT(map_read_only_is_read_only),
    FACT(map_contains_pte_form),
    FACT(replace_moves_the_other_mapping_here),
    FACT(replace_with_a_bad_address_changes_nothing),
    FACT(unmap_of_a_wrong_handle_refused),
    FACT(map_of_bad_references_refused),
    FACT(granted_page_has_one_writable_type),
    FACT(thousand_maps_and_unmaps),
    FACT(grant_version_is_one),
    FACT(grant_op_argument_errors),
};

void run_grants(void)
{
    self_id = guest_domid();
    report_run(facts, ARRAY_SIZE(facts));
}
