/* SPDX-License-Identifier: MIT */
/*
 * toolstack/build/pv_layout and pv_tables: the layout holds together, and the
 * page tables, walked as the processor walks them, map what it says.
 */
#include <build/pv_tables.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define KBASE   0xffffffff80000000ull
#define PRESENT 1ull
#define WRITE   2ull
#define USER    4ull

static struct pv_kernel linux_like(void)
{
    struct pv_kernel k = {
        .virt_base = KBASE, .virt_entry = KBASE + 0x30791c0,
        .virt_end = KBASE + 0x4a00000, .has_init_p2m = true,
        .init_p2m = 0x8000000000, .mod_start_pfn = true,
    };

    return k;
}

static struct pv_kernel tiny(void)
{
    struct pv_kernel k = {
        .virt_base = KBASE, .virt_entry = KBASE + 0x100000,
        .virt_end = KBASE + 0x104123,
    };

    return k;
}

/* mfns that have nothing to do with pfns, none twice. */
static uint64_t *some_p2m(uint64_t nr)
{
    uint64_t *p2m = calloc(nr, sizeof(*p2m));

    for (uint64_t i = 0; i < nr; i++) {
        p2m[i] = 0x40000 + (i ^ 0x155);
    }
    return p2m;
}

struct walker {
    const struct pv_layout *l;
    const struct pv_tables *t;
    const uint64_t *p2m;
};

static const uint64_t *table_at_mfn(const struct walker *w, uint64_t mfn)
{
    for (uint64_t i = 0; i < w->t->nr; i++) {
        if (w->p2m[pv_tables_pfn(w->l, i)] == mfn) {
            return w->t->page[i];
        }
    }
    return NULL;
}

/* The L1 entry of @virt, 0 if there is none. */
static uint64_t translate(const struct walker *w, uint64_t virt)
{
    const uint64_t *table = w->t->page[0];
    uint64_t e = 0;

    for (int level = 4; level >= 1; level--) {
        e = table[virt >> (12 + 9 * (level - 1)) & 511];
        if ((e & PRESENT) == 0) {
            return 0;
        }
        assert_true((e & USER) != 0);
        if (level > 1) {
            assert_true((e & WRITE) != 0);
            table = table_at_mfn(w, e >> 12);
            assert_non_null(table);
        }
    }
    return e;
}

static bool is_table(const struct pv_layout *l, uint64_t pfn)
{
    return (pfn >= l->tables.pfn && pfn < l->tables.pfn + l->tables.nr) ||
           (pfn >= l->p2m_tables.pfn &&
            pfn < l->p2m_tables.pfn + l->p2m_tables.nr);
}

static void check_mappings(const struct pv_kernel *k, uint64_t nr_pages,
                           uint64_t initrd)
{
    uint64_t *p2m = some_p2m(nr_pages);
    struct pv_layout l;
    struct pv_tables t;
    struct walker w = { &l, &t, p2m };
    struct err e = ERR_INIT;

    assert_int_equal(pv_layout_compute(k, nr_pages, initrd, &l, &e), 0);
    assert_int_equal(pv_tables_build(&l, p2m, &t), 0);
    for (uint64_t pfn = 0; pfn < l.linear_pages; pfn++) {
        uint64_t entry = translate(&w, pv_layout_virt(&l, pfn));

        assert_int_equal(entry >> 12, p2m[pfn]);
        assert_int_equal((entry & WRITE) != 0, !is_table(&l, pfn));
    }
    assert_int_equal(translate(&w, l.virt_end), 0);
    for (uint64_t i = 0; i < l.p2m.nr; i++) {
        uint64_t entry = translate(&w, l.p2m_virt + i * XEN_PAGE_SIZE);

        assert_int_equal(entry >> 12, p2m[l.p2m.pfn + i]);
        assert_true((entry & WRITE) != 0);
    }
    if (l.p2m_apart) {
        assert_int_equal(translate(&w, l.p2m_virt + l.p2m.nr * XEN_PAGE_SIZE),
                         0);
    }
    pv_tables_free(&t);
    free(p2m);
}

static void tables_map_the_layout_of_linux(void **state)
{
    struct pv_kernel k = linux_like();

    check_mappings(&k, 128 << 8, 0);
    check_mappings(&k, 256 << 8, 5000000);
    check_mappings(&k, 2048 << 8, 12345);
}

static void tables_map_the_layout_of_a_kernel_without_init_p2m(void **state)
{
    struct pv_kernel k = tiny();

    check_mappings(&k, 32 << 8, 0);
    check_mappings(&k, 64 << 8, 1 << 20);
}

static void tables_map_a_kernel_that_crosses_a_gigabyte(void **state)
{
    struct pv_kernel k = tiny();

    k.virt_base = 0xffff90003ff00000;
    k.virt_entry = k.virt_base;
    k.virt_end = k.virt_base + 0x5000;
    check_mappings(&k, 32 << 8, 0);
}

static void check_disjoint(const struct pv_kernel *k, uint64_t nr_pages,
                           uint64_t initrd)
{
    struct pv_layout l;
    struct pv_range kernel = { 0, 0 };

    assert_int_equal(pv_layout_compute(k, nr_pages, initrd, &l, NULL), 0);
    kernel.nr = (k->virt_end - k->virt_base + 4095) / 4096;
    const struct pv_range parts[] = {
        kernel, l.initrd, l.p2m, l.p2m_tables, l.tables, { l.stack, 1 },
        { l.start_info, 1 }, { l.store, 1 }, { l.console, 1 },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_true(parts[i].pfn + parts[i].nr <= nr_pages);
        for (size_t j = 0; j < i; j++) {
            assert_true(parts[i].nr == 0 || parts[j].nr == 0 ||
                        parts[i].pfn + parts[i].nr <= parts[j].pfn ||
                        parts[j].pfn + parts[j].nr <= parts[i].pfn);
        }
    }
    assert_int_equal(l.virt_end % (4 << 20), 0);
    assert_true(l.virt_end - pv_layout_virt(&l, l.stack + 1) >= 512 << 10);
    assert_true(l.linear_pages <= nr_pages);
}

static void no_page_has_two_uses(void **state)
{
    struct pv_kernel a = linux_like(), b = tiny();

    check_disjoint(&a, 128 << 8, 0);
    check_disjoint(&a, 8192 << 8, 77777777);
    check_disjoint(&b, 32 << 8, 0);
    check_disjoint(&b, 1024 << 8, 1 << 20);
}

static void start_info_follows_the_kernel_as_stock_builders_do(void **state)
{
    struct pv_kernel k = linux_like();
    struct pv_layout l;

    assert_int_equal(pv_layout_compute(&k, 256 << 8, 0, &l, NULL), 0);
    assert_int_equal(l.start_info, 0x4a00);
    assert_int_equal(l.store, 0x4a01);
    assert_int_equal(l.console, 0x4a02);
    assert_int_equal(l.p2m.nr, (256 << 8) * 8 / 4096);
    assert_int_equal(l.p2m_tables.nr, 3);
    assert_int_equal(l.p2m.pfn, l.p2m_tables.pfn + 3);
}

static void a_guest_too_small_is_a_shortage(void **state)
{
    struct pv_kernel k = linux_like();
    struct pv_layout l;
    struct err e = ERR_INIT;

    assert_int_equal(pv_layout_compute(&k, 64 << 8, 0, &l, &e), -ENOMEM);
    assert_int_equal(e.class, ERR_RESOURCE);
    assert_int_equal(pv_layout_compute(&k, 128 << 8, 128 << 20, &l, &e),
                     -ENOMEM);
}

static void a_p2m_in_the_way_of_the_kernel_is_refused(void **state)
{
    struct pv_kernel k = linux_like();
    struct pv_layout l;
    struct err e = ERR_INIT;

    k.init_p2m = KBASE + 0x10000000;
    assert_int_equal(pv_layout_compute(&k, 128 << 8, 0, &l, &e), -EINVAL);
    assert_int_equal(e.class, ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_map_the_layout_of_linux),
        cmocka_unit_test(tables_map_the_layout_of_a_kernel_without_init_p2m),
        cmocka_unit_test(tables_map_a_kernel_that_crosses_a_gigabyte),
        cmocka_unit_test(no_page_has_two_uses),
        cmocka_unit_test(start_info_follows_the_kernel_as_stock_builders_do),
        cmocka_unit_test(a_guest_too_small_is_a_shortage),
        cmocka_unit_test(a_p2m_in_the_way_of_the_kernel_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
