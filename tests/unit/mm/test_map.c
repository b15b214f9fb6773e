/* SPDX-License-Identifier: MIT */
/*
 * Tests of mm/map: large pages and single ones come and go, lack of memory is
 * reported; two CPUs that need the same new table share it, and neither
 * loses its mapping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <core/boot_info.h>
#include <core/lock.h>
#include <core/panic.h>
#include <mm/buddy.h>
#include <mm/early.h>
#include <mm/frame_table.h>
#include <mm/frame_table_init.h>
#include <mm/map.h>
#include <mm/map_boot.h>
#include <mm/tlb_flush.h>

#define FRAMES 64u
#define MMIO   0xf0000000ull

char *direct_map;
struct boot_info boot_info;
uint64_t boot_phys_base;
uint32_t fake_features;
bool fake_irqs_on = true;

__asm__(".bss\n.globl _image_start, _image_end, _boot_data_start\n"
        ".globl _text_start, _text_end, _rodata_start, _rodata_end\n"
        ".globl _data_end\n"
        "_image_start:\n_boot_data_start:\n_text_start:\n_text_end:\n"
        "_rodata_start:\n_rodata_end:\n_data_end:\n_image_end:\n.text");

/* ---- what lies below ---------------------------------------------------------- */

static unsigned int nr_taken, nr_given, limit;
static void (*on_alloc)(void);          /* what another CPU does meanwhile */
static unsigned int on_which;           /* at this allocation from now */

noreturn void panic(const char *fmt, ...)
{
    abort();
}

mfn_t buddy_alloc(unsigned int order)
{
    void (*fn)(void) = on_alloc;

    if (fn != NULL && on_which-- == 0) {
        on_alloc = NULL;
        fn();
    }
    if (nr_taken == limit) {
        return INVALID_MFN;
    }
    memset(direct_map + nr_taken * PAGE_SIZE, 0x5a, PAGE_SIZE);
    return _mfn(nr_taken++);
}

void buddy_free(mfn_t mfn, unsigned int order)
{
    memset(mfn_to_virt(mfn), 0x5a, PAGE_SIZE);
    nr_given++;
}

unsigned long spin_lock_irqsave(spinlock_t *l) { return 0; }
void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags) { }
void tlb_flush_global_all(void) { }

/* Of the start only, which is not run here. */
uint64_t early_alloc(uint64_t bytes, uint64_t align) { abort(); }
uint64_t early_end_mfn(void) { abort(); }
void early_for_each_ram(void (*fn)(mfn_t start, mfn_t end)) { abort(); }
void frame_table_init(uint64_t nr_frames) { abort(); }
void frame_table_set_ram(mfn_t start, mfn_t end) { abort(); }
void buddy_add_range(mfn_t start, mfn_t end) { abort(); }

/* ---- tests -------------------------------------------------------------------- */

static int set_up(void **state)
{
    free(direct_map);
    direct_map = aligned_alloc(PAGE_SIZE, FRAMES * PAGE_SIZE);
    memset(idle_l4, 0, sizeof(idle_l4));
    nr_taken = nr_given = 0;
    limit = FRAMES;
    on_alloc = NULL;
    map_use_buddy();
    return 0;
}

static int tear_down(void **state)
{
    free(direct_map);
    direct_map = NULL;
    return 0;
}

/* What @p is mapped to, or 0. */
static uint64_t mapped_at(const void *p)
{
    uint64_t va = (uint64_t)p;
    const pte_t *t = idle_l4;

    for (unsigned int level = 4;; level--) {
        pte_t e = t[PT_INDEX(va, level)];

        if (!(e & PTE_P)) {
            return 0;
        }
        if (level == 1 || (e & PTE_PSE)) {
            uint64_t in = (1ull << (12 + 9 * (level - 1))) - 1;

            return (e & PTE_ADDR) + (va & in & PAGE_MASK);
        }
        t = mfn_to_virt(pte_mfn(e));
    }
}

static void *theirs;

static void map_another(void)
{
    theirs = map_mmio(MMIO + PAGE_SIZE, PAGE_SIZE);
}

/* At each level in turn the other CPU comes between the look and the new
 * table. */
static void two_that_map_at_once_share_the_new_tables(void **state)
{
    for (unsigned int level = 0; level < 3; level++) {
        void *ours;

        (void)set_up(state);
        on_alloc = map_another;
        on_which = level;
        ours = map_mmio(MMIO, PAGE_SIZE);

        assert_null(on_alloc);
        assert_int_equal(mapped_at(ours), MMIO);
        assert_int_equal(mapped_at(theirs), MMIO + PAGE_SIZE);
        assert_int_equal(nr_taken - nr_given, 3);
        unmap_mmio(ours, PAGE_SIZE);
        assert_int_equal(mapped_at(ours), 0);
        assert_int_equal(mapped_at(theirs), MMIO + PAGE_SIZE);
        unmap_mmio(theirs, PAGE_SIZE);
    }
}

static void without_memory_nothing_is_mapped(void **state)
{
    for (unsigned int most = 0; most < 3; most++) {
        void *p;

        (void)set_up(state);
        limit = most;
        assert_null(map_mmio(MMIO, PAGE_SIZE));
        limit = FRAMES;
        p = map_mmio(MMIO, PAGE_SIZE);        /* its address was given back */
        assert_int_equal(mapped_at(p), MMIO);
        unmap_mmio(p, PAGE_SIZE);
    }
}

/* Whole, and in part: what stays is as it was. */
static void a_large_page_is_unmapped(void **state)
{
    uint64_t large = 512 * PAGE_SIZE;
    char *p = map_mmio(MMIO, large + PAGE_SIZE);
    unsigned int tables = nr_taken;

    assert_int_equal(tables, 3);
    assert_int_equal(mapped_at(p + large - PAGE_SIZE), MMIO + large - PAGE_SIZE);
    assert_int_equal(mapped_at(p + large), MMIO + large);
    unmap_mmio(p, large + PAGE_SIZE);
    assert_int_equal(nr_taken, tables);
    assert_int_equal(mapped_at(p + large - PAGE_SIZE), 0);
    assert_int_equal(mapped_at(p + large), 0);

    p = map_mmio(MMIO, large);
    unmap_mmio(p + PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(mapped_at(p + PAGE_SIZE), 0);
    assert_int_equal(mapped_at(p), MMIO);
    assert_int_equal(mapped_at(p + 2 * PAGE_SIZE), MMIO + 2 * PAGE_SIZE);
    unmap_mmio(p, large);
    assert_int_equal(mapped_at(p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            two_that_map_at_once_share_the_new_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_mapped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_page_is_unmapped, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
