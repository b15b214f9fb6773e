/* SPDX-License-Identifier: MIT */
/*
 * hvm32/main.c - facts of a guest in the modes before long mode: its calls
 * have 32-bit arguments, its tables are walked, its instructions emulated.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/tinyhvm.h>
#include <xen/features.h>
#include <xen/sched.h>

extern const uint8_t hvm32_code[], hvm32_code_end[], hvm32_entry[];

static uint32_t found[64];

static void runs_through_all_modes(void)
{
    struct tinyhvm t = { .vcpus = 1 };
    volatile uint32_t *r;

    EXPECT_EQ(tinyhvm_build(&t, hvm32_code,
                            (size_t)(hvm32_code_end - hvm32_code),
                            (size_t)(hvm32_entry - hvm32_code)), 0);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 10000), SHUTDOWN_poweroff);
    r = (volatile uint32_t *)t.results;
    for (unsigned int i = 0; i < ARRAY_SIZE(found); i++) {
        found[i] = r[i];
    }
    EXPECT_EQ(tinyhvm_destroy(&t), 0);
    EXPECT_EQ(found[48], 1);
}

/* Findings of the mode at @r, in the order of code.S. */
static void expect_mode(const uint32_t *r)
{
    EXPECT_EQ(r[0] & 0xff, 0x14);
    EXPECT_EQ(r[1], 0x50);
    EXPECT_EQ(r[2], 0x40011);
    EXPECT_EQ(r[3], 0);
    EXPECT_EQ(r[4], 0x566e6558);
    EXPECT_EQ(r[5], 0xffffffff);
    EXPECT_EQ(r[6], 0);
    EXPECT((r[7] >> XENFEAT_auto_translated_physmap) & 1);
}

static void without_paging(void)
{
    expect_mode(found);
}

static void two_level_tables(void)
{
    expect_mode(found + 16);
}

static void real_mode(void)
{
    EXPECT_EQ(found[32 + 2], 0x40011);
    EXPECT_EQ(found[32 + 4], 0x566e6558);
    EXPECT_EQ(found[32 + 5], 0xffffffff);
    EXPECT_EQ(found[32 + 6] & 0xffff, 0);
}

void guest_main(void)
{
    static const struct fact facts[] = {
        FACT(runs_through_all_modes),
        FACT(without_paging),
        FACT(two_level_tables),
        FACT(real_mode),
    };

    tinyhvm_facts(facts, ARRAY_SIZE(facts));
}
