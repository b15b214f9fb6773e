/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0/layout: the numbers seen with Debian's 6.1 kernel on Xen, the
 * cases without INIT_P2M and MOD_START_PFN, and refusals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <dom0/layout.h>
#include <hv/errno.h>

static uint8_t image[128];

/* One PT_LOAD at @paddr of @memsz bytes. */
static void make_elf(struct elf_image *img, uint64_t paddr, uint64_t memsz)
{
    uint64_t load[7] = { 1, 0, 0, paddr, 0, memsz, 4096 };

    memcpy(image + 64, load, sizeof(load[0]) * 6);
    *img = (struct elf_image){ .data = image, .size = sizeof(image),
                               .phoff = 64, .nr_segments = 1 };
}

static struct elf_xen_notes linux_notes(void)
{
    return (struct elf_xen_notes){
        .present = true, .has_entry = true, .entry = 0xffffffff830791c0,
        .has_virt_base = true, .virt_base = 0xffffffff80000000,
        .has_init_p2m = true, .init_p2m = 0x8000000000, .mod_start_pfn = true,
    };
}

/* ABI notes 1.3 and 1.4: what Xen gave this kernel with 768 MiB. */
static void places_a_linux_kernel_as_xen_does(void **state)
{
    struct elf_xen_notes n = linux_notes();
    struct elf_image img;
    struct dom0_layout l;

    make_elf(&img, 0x1000000, 0x3a00000);
    assert_int_equal(dom0_layout(&img, &n, 0x30000, 5 << 20, &l), 0);

    assert_true(l.kernel_start == 0xffffffff81000000);
    assert_true(l.start_info == 0xffffffff84a00000);
    assert_true(l.tables == 0xffffffff84a01000);
    assert_int_equal(l.nr_tables, 0x29);
    assert_true(l.stack_top == 0xffffffff84a2b000);
    assert_true(l.end == 0xffffffff84c00000);
    assert_int_equal(l.linear_pfns, 0x4c00);
    assert_int_equal(l.initrd_pfn, 0x4c00);
    assert_int_equal(l.initrd_pages, 5 * 256);
    assert_int_equal(l.p2m_pages, 0x180);
    assert_int_equal(l.p2m_tables, 3);
    assert_int_equal(l.p2m_pfn, 0x4c00 + 5 * 256);
}

/* Small guests: everything lies in the linear map, in order. */
static void without_notes_all_is_in_the_linear_map(void **state)
{
    struct elf_xen_notes n = { .present = true };
    struct elf_image img;
    struct dom0_layout l;

    make_elf(&img, 0x100000, 0x5000);
    assert_int_equal(dom0_layout(&img, &n, 4096, 5000, &l), 0);

    assert_true(l.initrd_va == 0x105000);
    assert_int_equal(l.initrd_pfn, 0x105);
    assert_true(l.p2m_va == 0x107000);
    assert_true(l.start_info == 0x107000 + 8 * 4096);
    assert_true(l.tables == l.start_info + 4096);
    assert_true(l.stack_top == l.tables + (l.nr_tables + 1) * 4096);
    assert_true(l.end - l.stack_top >= 512 << 10);
    assert_true(l.end % (4 << 20) == 0);
}

static void table_counts_cover_partial_tables(void **state)
{
    assert_int_equal(layout_tables(0, 1, 1), 1);
    assert_int_equal(layout_tables(0, 2 << 20, 1), 1);
    assert_int_equal(layout_tables(0x1ff000, 0x201000, 1), 2);
    assert_int_equal(layout_tables(0xffffffff80000000, 0xffffffff84c00000, 2),
                     1);
    assert_int_equal(layout_tables(0xffffffff80000000, 0xffffffff84c00000, 1),
                     38);
}

/* Each row spoils one number of a good input. */
static void refuses_what_makes_no_sense(void **state)
{
    static const struct {
        uint64_t paddr, memsz, virt_base, p2m, pages;
        int rc;
    } rows[] = {
        /* into the hypervisor's range, and out of canonical space */
        { 0x1000000, 0x1000, 0xffff800000000000, 0x8000000000, 65536, -EINVAL },
        { 0x1000000, 0x1000, 0xffff87ffff000000, 0x8000000000, 65536, -EINVAL },
        { 0x1000000, 0x1000, 0x00007fffff000000, 0x8000000000, 65536, -EINVAL },
        /* not page-aligned, wraps at the top */
        { 0x1000000, 0x1000, 0xffffffff80000800, 0x8000000000, 65536, -EINVAL },
        { 0x7fc00000, 0x3ff000, 0xffffffff80000000, 0x8000000000, 655360,
          -EINVAL },
        /* the list: over the kernel, in our range, not aligned */
        { 0x1000000, 0x1000, 0xffffffff80000000, 0xffffffff80000000, 65536,
          -EINVAL },
        { 0x1000000, 0x1000, 0xffffffff80000000, 0xffff820000000000, 65536,
          -EINVAL },
        { 0x1000000, 0x1000, 0xffffffff80000000, 0x8000000001, 65536, -EINVAL },
        /* does not fit */
        { 0x1000000, 0x1000, 0xffffffff80000000, 0x8000000000, 4096, -ENOMEM },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct elf_xen_notes n = linux_notes();
        struct dom0_layout l;
        struct elf_image img;

        n.virt_base = rows[i].virt_base;
        n.init_p2m = rows[i].p2m;
        make_elf(&img, rows[i].paddr, rows[i].memsz);

        assert_int_equal(dom0_layout(&img, &n, rows[i].pages, 0, &l),
                         rows[i].rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_a_linux_kernel_as_xen_does),
        cmocka_unit_test(without_notes_all_is_in_the_linear_map),
        cmocka_unit_test(table_counts_cover_partial_tables),
        cmocka_unit_test(refuses_what_makes_no_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
