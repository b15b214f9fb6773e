/* SPDX-License-Identifier: MIT */
/*
 * toolstack/save/p2m: a guest's list of frames, found in both of its forms,
 * and what a guest may not make of them.
 */
#include <errno.h>
#include <lib/err.h>
#include <save/format.h>
#include <save/p2m.h>
#include <save/tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define NR_FRAMES 16u
#define VADDR     0xffffc90000000000ull

static uint64_t memory[NR_FRAMES][512];
static unsigned int reads;

static int read_frame(void *arg, uint64_t mfn, uint64_t page[512])
{
    reads++;
    if (mfn >= NR_FRAMES) {
        return -EFAULT;
    }
    memcpy(page, memory[mfn], sizeof(memory[mfn]));
    return 0;
}

static void enter(uint64_t table, uint64_t va, unsigned int level,
                  uint64_t mfn)
{
    memory[table][va >> (3 + 9 * level) & 511] = mfn << 12 | 0x67;
}

/* L4 in 1, L3 in 2, L2 in 3, L1 in 4; the list in frames 8 and 9. */
static struct p2m_place linear(void)
{
    memset(memory, 0, sizeof(memory));
    reads = 0;
    enter(1, VADDR, 4, 2);
    enter(2, VADDR, 3, 3);
    enter(3, VADDR, 2, 4);
    enter(4, VADDR, 1, 8);
    enter(4, VADDR + 4096, 1, 9);
    return (struct p2m_place){ .nr_pfns = 600, .cr3 = 1 << 12,
                               .vaddr = VADDR, .lists = ~0ull,
                               .read = read_frame };
}

static void the_linear_form_is_walked(void **state)
{
    struct p2m_place p = linear();
    uint64_t frames[2];

    assert_int_equal(p2m_locate(&p, frames, NULL), SAVE_P2M_LINEAR);
    assert_int_equal(frames[0], 8);
    assert_int_equal(frames[1], 9);
    assert_int_equal(reads, 4);        /* each table once */
}

static void the_older_form_is_followed(void **state)
{
    struct p2m_place p = linear();
    uint64_t frames[2];

    p.cr3 = 0;
    p.lists = 5;
    memory[5][0] = 6;
    memory[6][0] = 8;
    memory[6][1] = 9;

    assert_int_equal(p2m_locate(&p, frames, NULL), SAVE_P2M_LISTS);
    assert_int_equal(frames[0], 8);
    assert_int_equal(frames[1], 9);
}

static void what_a_guest_makes_up_is_refused(void **state)
{
    struct p2m_place good = linear(), p;
    uint64_t frames[2];
    struct err e;

    p = good;
    p.nr_pfns = 0;
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    p.nr_pfns = ~0ull;
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    p = good;
    p.cr3 = 0;
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    p.lists = 99;
    assert_int_equal(p2m_locate(&p, frames, &e), -EFAULT);
    p = good;
    p.vaddr += 8;
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    p = good;
    p.cr3 = 77 << 12;
    assert_int_equal(p2m_locate(&p, frames, &e), -EFAULT);
    p = good;
    memory[3][VADDR >> 21 & 511] |= 0x80;      /* a large page */
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    linear();
    memory[4][1] = 0;
    assert_int_equal(p2m_locate(&p, frames, &e), -EINVAL);
    assert_non_null(strstr(e.why, "not mapped"));
}

static void entries_without_memory_are_holes(void **state)
{
    assert_true(p2m_entry(0x1234) == 0x1234);
    assert_true(p2m_entry(~0ull) == NO_FRAME);
    assert_true(p2m_entry(1ull << 63 | 5) == NO_FRAME);
    assert_true(p2m_entry(1ull << 62 | 5) == NO_FRAME);
    assert_true(p2m_hole(1ull << 62 | 5) == (1ull << 62 | 5));
    assert_true(p2m_hole(1ull << 63 | 5) == NO_FRAME);
    assert_true(p2m_hole(0x1234) == NO_FRAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_linear_form_is_walked),
        cmocka_unit_test(the_older_form_is_followed),
        cmocka_unit_test(what_a_guest_makes_up_is_refused),
        cmocka_unit_test(entries_without_memory_are_holes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
