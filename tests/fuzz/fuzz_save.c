/* SPDX-License-Identifier: MIT */
/*
 * A saved guest whose records lie: fields changed before they are framed, so
 * that the checksums are right, records left out, doubled and swapped, and
 * bytes changed or cut off behind the writer's back.  Reading ends with an
 * error that says why, or with a state in which every promise of check.h
 * holds.  Covers: toolstack/save/reader.c and check.c.
 *
 * With libFuzzer: LLVMFuzzerTestOneInput.  Without: a program that mutates a
 * guest of its own for the seconds given; a seed it prints repeats a run.
 */
#include <lib/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/save/save_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void check_promises(const struct save_state *s)
{
    need(s->guest.nr_pfns > 0 && s->guest.nr_pfns <= SAVE_PFNS_MAX, "pfns");
    for (uint64_t i = 0; i < s->nr_p2m; i++) {
        need(save_is_present(s, s->p2m[i]), "p2m frame");
        need(s->types[s->p2m[i]] == SAVE_T_SEEN, "p2m frame's type");
    }
    for (uint64_t pfn = 0; pfn < s->guest.nr_pfns; pfn++) {
        need(save_is_present(s, pfn) == (s->types[pfn] != 0), "page");
    }
}

static bool read_it(struct rig *rig)
{
    struct save_state s;
    struct err e;
    int rc = rig_read(rig, &s, &e);

    if (rc == 0) {
        check_promises(&s);
    } else {
        need(e.what[0] != '\0', "a reason");
    }
    save_state_fini(&s);
    return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig rig = { .data = malloc(size + 1), .len = size };

    memcpy(rig.data, data, size);
    read_it(&rig);
    rig_free(&rig);
    return 0;
}

/* ---- without libFuzzer -------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static void lie(const char *name, uint8_t *body, size_t *len, void *arg)
{
    size_t max = *len;

    if (rnd(10) != 0) {
        return;
    }
    for (uint32_t n = rnd(3); n > 0 && max > 0; n--) {
        size_t at = rnd((uint32_t)(max < 200 ? max : 200));

        body[at] = rnd(3) == 0 ? (uint8_t)rnd(256) : (uint8_t)(rnd(4) - 1);
    }
    if (rnd(4) == 0) {
        *len = rnd((uint32_t)max + 64);
    }
}

static void damage(struct rig *rig)
{
    if (rnd(3) != 0) {
        return;
    }
    for (uint32_t n = 1 + rnd(3); n > 0; n--) {
        rig->data[rnd((uint32_t)rig->len)] ^= (uint8_t)(1u << rnd(8));
    }
    if (rnd(2) == 0) {
        rig->len = rnd((uint32_t)rig->len + 1);
    }
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "XML", "GUEST", "MEMORY", "PAGES",
        "P2M", "VCPU", "XSTATE", "SHARED", "TSC", "STORE", "DISKS" };
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    unsigned long runs = 0, good = 0;

    seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    printf("fuzz_save: seed %u\n", seed);
    do {
        struct rig rig = { .spoil = lie, .packed = rnd(2) == 0 };

        rig.skip = rnd(20) == 0 ? names[rnd(11)] : NULL;
        rig.twice = rnd(20) == 0 ? names[rnd(11)] : NULL;
        rig_write(&rig);
        damage(&rig);
        good += read_it(&rig);
        rig_free(&rig);
        runs++;
    } while (time(NULL) < end);
    printf("fuzz_save: %lu files, %lu of them readable\n", runs, good);
    return 0;
}
