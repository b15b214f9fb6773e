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

static uint32_t found[96];

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

/* shared_info, vcpu_info, runstate as 32-bit code has them (xen/xen.h). */
static void what_is_shared_has_its_layout(void)
{
    const uint32_t *r = found + 64;
    uint32_t port = r[2];

    EXPECT_EQ(r[0], 0);
    EXPECT_EQ(r[1], 0);
    EXPECT(port != 0 && port < 32);
    EXPECT_EQ(r[3], 0);
    EXPECT_EQ(r[4] & 0xff, 1);
    EXPECT_EQ(r[5] & 1, 1);
    EXPECT_EQ(r[6], 1u << (port & 31));
    EXPECT(r[7] > 1000000000);
    EXPECT_EQ(r[8], 0);
    EXPECT_EQ(r[9], 1u << (port & 31));
}

static void times_of_a_vcpu(void)
{
    const uint32_t *r = found + 74;

    EXPECT_EQ(r[0], 0);
    EXPECT_EQ(r[1], 0);                  /* RUNSTATE_running */
    EXPECT(r[2] != 0);
    EXPECT_EQ(r[3], 0x77777777);
    EXPECT_EQ(r[4], 0);
    EXPECT_EQ(r[5], 0);
    EXPECT_EQ(r[6], 0x77777777);
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
        FACT(what_is_shared_has_its_layout),
        FACT(times_of_a_vcpu),
        FACT(two_level_tables),
        FACT(real_mode),
    };

    tinyhvm_facts(facts, ARRAY_SIZE(facts));
}
