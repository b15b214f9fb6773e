/* SPDX-License-Identifier: MIT */
/*
 * save/check.h - what the records of a saved guest mean, and whether they
 * fit together.
 *
 * Owns    the table of record names; the contents, order and completeness of
 *         records, before anybody acts on one.
 * Leaves  acting to restore_pv.h.
 * Tests   tests/unit/save/test_stream.c, tests/fuzz/fuzz_save.c
 */
#ifndef SAVE_CHECK_H
#define SAVE_CHECK_H

#include <save/format.h>
#include <save/reader.h>

enum save_type {
    SAVE_XML, SAVE_GUEST, SAVE_MEMORY, SAVE_PAGES, SAVE_P2M, SAVE_VCPU,
    SAVE_VCPUEXT, SAVE_XSTATE, SAVE_MSRS, SAVE_SHARED, SAVE_TSC, SAVE_CPUID,
    SAVE_STORE, SAVE_DISKS, SAVE_VERIFY, SAVE_HVMCTX, SAVE_PARAMS,
    SAVE_EMULATOR,
    SAVE_TYPES,
    SAVE_PASSED_OVER = SAVE_TYPES,     /* unknown, and allowed to be */
};

/* What the records so far have said.  Pointers are into the last record. */
struct save_state {
    char *xml;                 /* ours */
    struct save_guest guest;
    uint8_t *present;          /* bitmap of pfns that have memory */
    uint64_t nr_pages;
    uint8_t *types;            /* by pfn: SAVE_SEEN | pinned | level */
    unsigned int seen;         /* bits of enum save_type */
    uint64_t vcpus[SAVE_VCPUS_MAX / 64];
    uint64_t told[3][SAVE_VCPUS_MAX / 64];   /* VCPUEXT, XSTATE, MSRS */
    uint64_t *p2m;             /* ours: pfns of the list's frames */
    uint64_t nr_p2m;
    bool verifying;            /* pages now repeat what was sent */

    /* of the last PAGES */
    uint32_t count;
    const uint8_t *entries;    /* unaligned: save_entry() */
    const uint8_t *data;
    uint8_t *plain;            /* unpacked, ours */
};

#define SAVE_T_LEVEL  7u
#define SAVE_T_PINNED 8u
#define SAVE_T_SEEN   128u

/*
 * Checks the reader's record against all before it and takes it in.
 * The type, or -EINVAL, -EPROTO (a mandatory record of a newer version),
 * -ENOMEM with @e.
 */
int save_check(struct save_state *s, const struct save_reader *r,
               struct err *e);
/* After the end: has everything come? */
int save_check_complete(const struct save_state *s, struct err *e);
void save_state_fini(struct save_state *s);

uint64_t save_entry(const struct save_state *s, uint32_t i);
bool save_is_present(const struct save_state *s, uint64_t pfn);

/* The texts of STORE and DISKS: strings in a row, each with its zero. */
const char *save_text_next(const char *at, const char *end);

#endif
