/* SPDX-License-Identifier: MIT */
/*
 * hvm_attack/main.c - hostile guests with hardware's help.  Each ends by
 * itself or crashes alone; after it, this domain and a harmless guest go on.
 * Beside those of hvm/: EFER, addresses that are none, exits without end,
 * instructions that change while they are emulated.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/tinydom.h>
#include <lib/tinyhvm.h>
#include <xen/sched.h>
#include <xen/version.h>

extern const uint8_t attack_code[], attack_code_end[];
#define CODE(name) extern const uint8_t attack_##name[]
CODE(efer);
CODE(canonical);
CODE(edge);
CODE(storm);
CODE(steps);
CODE(user);
CODE(changing);

static void build(struct tinyhvm *t, const uint8_t *entry, unsigned int vcpus)
{
    *t = (struct tinyhvm){ .vcpus = vcpus };
    EXPECT_EQ(tinyhvm_build(t, attack_code,
                            (size_t)(attack_code_end - attack_code),
                            (size_t)(entry - attack_code)), 0);
    EXPECT_EQ(tinyhvm_run(t), 0);
}

/* At least @steps, unless it crashes; the findings go to @r. */
static void attack(const uint8_t *entry, unsigned int vcpus, uint64_t steps,
                   uint64_t r[5])
{
    struct tinyhvm t;
    long reason;

    build(&t, entry, vcpus);
    reason = tinyhvm_wait(&t, 60000);
    for (unsigned int i = 0; i < 5; i++) {
        r[i] = t.results[i];
    }
    report_note("reason %ld, %lu steps, %lu exceptions", reason,
                (unsigned long)r[0], (unsigned long)r[2]);
    EXPECT(reason == SHUTDOWN_poweroff || reason == SHUTDOWN_crash ||
           reason == SHUTDOWN_reboot);
    EXPECT(reason != SHUTDOWN_poweroff || (r[1] == 1 && r[0] >= steps));
    EXPECT_EQ(tinyhvm_destroy(&t), 0);
}

static void every_bit_of_efer(void)
{
    uint64_t r[5];

    attack(attack_efer, 1, 64, r);
    EXPECT_EQ(r[0], 64);
    EXPECT(r[2] >= 58);               /* all but the few there are */
}

static void addresses_that_are_none(void)
{
    uint64_t r[5];

    attack(attack_canonical, 1, 20, r);
    EXPECT_EQ(r[1], 1);
    EXPECT(r[3] >= 7);                /* of 8 arguments: -EFAULT */
}

static void instructions_at_the_edge_of_addresses(void)
{
    uint64_t r[5];

    attack(attack_edge, 1, 9, r);
    EXPECT_EQ(r[1], 1);
    EXPECT_EQ(r[0], 9);
}

static void single_steps_over_exits(void)
{
    uint64_t r[5];

    attack(attack_steps, 1, 39, r);
    EXPECT_EQ(r[1], 1);
    EXPECT(r[2] >= 40);               /* a trap each, at the least */
    /* RIP after INT1: QEMU 7.2's exit for its #DB is still at it. */
    EXPECT(r[3] == 1 || !tinyhvm_intel());
}

static void instructions_that_change_meanwhile(void)
{
    uint64_t r[5];

    attack(attack_changing, 2, 2000, r);
    EXPECT_EQ(r[0], 2000);
}

static void calls_of_user_mode(void)
{
    uint64_t r[5];

    attack(attack_user, 1, 2, r);
    EXPECT_EQ(r[0], 2);
    EXPECT_EQ(r[2], 1);
    EXPECT_EQ(r[3], -EPERM);
    EXPECT_EQ(r[4], -EPERM);
}

/* Work of our own that a fair share of a CPU must be enough for. */
static uint64_t own_work(void)
{
    uint64_t start = now_ns();

    for (unsigned int i = 0; i < 50000; i++) {
        (void)hc_version(XENVER_version, NULL);
    }
    return now_ns() - start;
}

static void others_go_on_in_a_storm_of_exits(void)
{
    uint64_t alone = own_work(), beside = 0, before;
    struct tinyhvm t;

    build(&t, attack_storm, 1);
    while (t.results[0] == 0) {
        (void)hc_sched(SCHEDOP_yield, NULL);
    }
    before = t.results[0];
    for (unsigned int i = 0; i < 200 && t.results[0] == before; i++) {
        beside += own_work();
    }
    report_note("%lu us alone, %lu us beside %lu rounds",
                (unsigned long)(alone / 1000), (unsigned long)(beside / 1000),
                (unsigned long)(t.results[0] - before));
    EXPECT(t.results[0] > before);
    EXPECT(beside < 60 * 1000000000ull);
    t.results[4] = 1;
    EXPECT_EQ(tinyhvm_wait(&t, 20000), SHUTDOWN_poweroff);
    EXPECT_EQ(tinyhvm_destroy(&t), 0);
}

void guest_main(void)
{
    static const struct fact facts[] = {
        FACT(every_bit_of_efer),
        FACT(addresses_that_are_none),
        FACT(instructions_at_the_edge_of_addresses),
        FACT(single_steps_over_exits),
        FACT(instructions_that_change_meanwhile),
        FACT(calls_of_user_mode),
        FACT(others_go_on_in_a_storm_of_exits),
    };

    tinyhvm_facts(facts, ARRAY_SIZE(facts));
}
