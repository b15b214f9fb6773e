/* SPDX-License-Identifier: MIT */
/*
 * Tests of mm/early: what is free at boot, the lowest of it for a first
 * domain that must lie where the machine is, and modules moved out of its
 * way: the room they leave joins what is beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>

#include <core/boot_info.h>
#include <core/panic.h>
#include <mm/buddy.h>
#include <mm/early.h>
#include <mm/frame_table.h>

#define MB 0x100000ull

struct boot_info boot_info;
uint64_t boot_phys_base = 2 * MB;
char *direct_map;
static uint64_t released;

/* An image of 1 MiB. */
__asm__(".bss\n.globl _image_start, _image_end\n"
        "_image_start: .zero 0x100000\n_image_end:\n.text");

noreturn void panic(const char *fmt, ...)
{
    mock_assert(0, fmt, __FILE__, __LINE__);
    __builtin_unreachable();
}

void buddy_add_range(mfn_t start, mfn_t end)
{
    released += mfn_x(end) - mfn_x(start);
}

/* 64 MiB of RAM in two pieces; two modules follow the image at 3 MiB. */
static int set_up(void **state)
{
    if (direct_map == NULL) {
        direct_map = mmap(NULL, 128 * MB, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    early_release();
    released = 0;
    boot_info.e820 = (struct e820_map){ 3, {
        { 0, 0x9fc00, E820_RAM }, { MB, 31 * MB, E820_RAM },
        { 64 * MB, 32 * MB, E820_RAM } } };
    boot_info.nr_modules = 2;
    boot_info.module[0].maddr = 3 * MB;
    boot_info.module[0].size = 4 * MB - 100;
    boot_info.module[1].maddr = 7 * MB;
    boot_info.module[1].size = MB;
    early_init();
    return 0;
}

static void free_is_ram_without_image_and_modules(void **state)
{
    assert_true(early_free_bytes() == (63 - 1 - 5) * MB);
}

static void the_lowest_comes_first_and_only_once(void **state)
{
    struct early_range r[4];

    assert_int_equal(early_take_low(20 * MB + 5, r, 4), 2);
    assert_true(r[0].start == MB && r[0].end == 2 * MB);
    assert_true(r[1].start == 8 * MB && r[1].end == 27 * MB);
    assert_int_equal(early_take_low(100 * MB, r, 4), 2);
    assert_true(r[0].start == 27 * MB && r[0].end == 32 * MB);
    assert_true(r[1].start == 64 * MB && r[1].end == 96 * MB);
    assert_true(early_free_bytes() == 0);
}

static void no_more_ranges_than_there_is_room_for(void **state)
{
    struct early_range r[1];

    assert_int_equal(early_take_low(50 * MB, r, 1), 1);
    assert_true(early_free_bytes() == (57 - 1) * MB);
}

static void a_moved_module_leaves_one_range_behind(void **state)
{
    struct early_range r[4];
    uint64_t to[2];

    memset(maddr_to_virt(3 * MB), 'k', 4 * MB - 100);
    for (unsigned int i = 0; i < 2; i++) {
        to[i] = early_move(boot_info.module[i].maddr,
                           boot_info.module[i].size);
    }

    assert_true(to[0] == 92 * MB && to[1] == 91 * MB);
    assert_memory_equal(maddr_to_virt(to[0]), maddr_to_virt(3 * MB),
                        4 * MB - 100);
    assert_true(early_free_bytes() == 57 * MB);
    assert_int_equal(early_take_low(30 * MB, r, 4), 2);
    assert_true(r[1].start == 3 * MB && r[1].end == 32 * MB);
}

static void what_is_left_goes_to_the_allocator(void **state)
{
    struct early_range r[4];

    (void)early_take_low(20 * MB, r, 4);
    early_release();
    assert_true(released == 37 * MB >> PAGE_SHIFT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        T(free_is_ram_without_image_and_modules),
        T(the_lowest_comes_first_and_only_once),
        T(no_more_ranges_than_there_is_room_for),
        T(a_moved_module_leaves_one_range_behind),
        T(what_is_left_goes_to_the_allocator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
