/* SPDX-License-Identifier: MIT */
/*
 * grant/two.h - a domain that grants (a, 1), one that maps (b, 2), and page
 * tables of one entry per slot.
 */
#ifndef TEST_GRANT_TWO_H
#define TEST_GRANT_TWO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/paging.h>
#include <grant/table.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

#define NR_SLOTS  64u
#define NR_FRAMES 8u
#define RW GNTMAP_host_map
#define RO (GNTMAP_host_map | GNTMAP_readonly)

/* An entry of a guest's page tables. */
struct slot {
    bool taken;
    mfn_t mfn;
    uint64_t flags;
};

struct two {
    struct domain *a, *b;
    mfn_t frame[NR_FRAMES];           /* of a */
    mfn_t own[2];                     /* of b */
    struct grant_entry_v1 *entry;     /* a's table */
};

extern struct slot slots[NR_SLOTS];
extern bool map_fails;

uint64_t va(unsigned int slot);
int two_setup(void **state);
int two_teardown(void **state);
void grant(struct two *t, grant_ref_t gref, domid_t to, unsigned int frame,
           uint16_t flags);
long call(unsigned int cmd, void *arg, unsigned int count);
int map(grant_ref_t gref, uint32_t flags, uint64_t addr,
        grant_handle_t *handle);
int unmap(grant_handle_t handle, uint64_t addr, uint64_t bus);

#define T(name) cmocka_unit_test_setup_teardown(name, two_setup, two_teardown)

#endif
