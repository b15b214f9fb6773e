/* SPDX-License-Identifier: MIT */
/*
 * attack/main.c - seed, common helpers, order of the attacks.  The classes
 * of attack are those that have broken hypervisors of this ABI before.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/print.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "attack.h"

static uint64_t state = 0x9e3779b97f4a7c15ul;
static uint8_t *junk;

uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

uint64_t rnd_argument(void)
{
    static const uint64_t values[] = {
        0, 1, 2, 8, 127, 128, 4095, 4096, 0x7ff0, 0x7fffffff, 0x80000000ul,
        0xfffffffful, 1ul << 36, 1ul << 40, 1ul << 47, 1ul << 52, ~0ul,
        ~0ul - 7, HV_POINTER, NON_CANONICAL, 0xffff800000000000ul,
        0xffff7ffffffffff8ul, 0x7ffffffffff8ul,
    };
    uint64_t r = rnd();

    switch (r & 7) {
    case 0:
    case 1:
        return (uint64_t)junk + (r >> 8) % PAGE_SIZE;
    case 2:
        return rnd();
    case 3:
        return r >> 56;
    default:
        return values[(r >> 8) % ARRAY_SIZE(values)];
    }
}

bool owns(uint64_t mfn)
{
    const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;
    static long last_frame;
    uint64_t pfn;

    if (last_frame == 0) {
        last_frame = hc_memory(XENMEM_maximum_ram_page, NULL);
    }
    if ((long)mfn > last_frame) {
        return false; /* the M2P may end there */
    }
    pfn = m2p(mfn);
    return pfn < start_info->nr_pages && p2m[pfn] == mfn;
}

void expect_alive(void)
{
    EXPECT_EQ(hc_version(XENVER_version, NULL) >> 16, 4);
    TRY_INSN("ud2", "r"(0));
    EXPECT_TRAP(TRAP_UD);
}

static void take_seed(void)
{
    const char *text = find_word((const char *)start_info->cmd_line, "seed=");

    for (; text != NULL && *text >= '0' && *text <= '9'; text++) {
        state = state * 10 + (uint64_t)(*text - '0');
    }
    print("attack: %s, seed state %lx\n",
          guest_privileged() ? "dom0" : "unprivileged", state);
}

void guest_main(void)
{
    junk = pages_alloc(2);
    take_seed();
    run_rights();
    run_frames();
    run_refusals();
    run_cpu();
    run_calls();
    report_end();
}
