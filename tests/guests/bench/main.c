/* SPDX-License-Identifier: MIT */
/*
 * bench/main.c - stores results, prints them at the end as
 * "BENCH name min median" with two decimals, or "BENCH name skip reason".
 * tests/tools/bench_table turns two such logs into docs/PERFORMANCE.md.
 */
#include <lib/event.h>
#include <lib/print.h>
#include <lib/report.h>

#include "bench.h"

#define MAX_RESULTS 200

static struct result {
    const char *name, *skip;
    uint64_t min, median;
} results[MAX_RESULTS];
static unsigned int nr_results, nr_failed;
static uint64_t batches[BATCHES];
static unsigned int nr_batches;
static const char *current, *first_failure;

static bool is_profiled(const char *name)
{
    const char *wanted = find_word((const char *)start_info->cmd_line,
                                   "profile=");
    size_t n = strlen(name);

    return wanted != NULL && strncmp(wanted, name, n) == 0 &&
           (wanted[n] == '\0' || wanted[n] == ' ');
}

/* Long NOPs that a profiler can recognise; nothing else happens. */
void bench_mark_start(const char *name)
{
    if (is_profiled(name)) {
        __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x01, 0x00, 0xc0, 0xbe");
    }
}

void bench_mark_stop(const char *name)
{
    if (is_profiled(name)) {
        __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x02, 0x00, 0xc0, 0xbe");
    }
}

void bench_start(const char *name)
{
    current = name;
    nr_batches = 0;
}

void bench_batch(uint64_t ticks, unsigned int n)
{
    batches[nr_batches++] = ticks * 100 / n;
}

static void sort(uint64_t *v, unsigned int n)
{
    unsigned int i, j;

    for (i = 1; i < n; i++) {
        uint64_t x = v[i];

        for (j = i; j > 0 && v[j - 1] > x; j--) {
            v[j] = v[j - 1];
        }
        v[j] = x;
    }
}

void bench_stop(void)
{
    struct result *r = &results[nr_results++];

    sort(batches, nr_batches);
    r->name = current;
    r->min = batches[0];
    r->median = batches[nr_batches / 2];
}

void bench_phases(const char *first, const char *second,
                  const struct phases *p, unsigned int n)
{
    unsigned int i;

    bench_start(first);
    for (i = 0; i < BATCHES; i++) {
        bench_batch(p->first[i], n);
    }
    bench_stop();
    bench_start(second);
    for (i = 0; i < BATCHES; i++) {
        bench_batch(p->second[i], n);
    }
    bench_stop();
}

void bench_skip(const char *name, const char *why)
{
    struct result *r = &results[nr_results++];

    r->name = name;
    r->skip = why;
}

void bench_check(bool ok, const char *what)
{
    if (!ok && nr_failed++ == 0) {
        first_failure = what;
    }
}

static void print_all(void)
{
    unsigned int i;

    for (i = 0; i < nr_results; i++) {
        const struct result *r = &results[i];

        if (r->skip != NULL) {
            print("BENCH %s skip %s\n", r->name, r->skip);
            continue;
        }
        print("BENCH %s %lu.%02lu %lu.%02lu\n", r->name, r->min / 100,
              r->min % 100, r->median / 100, r->median % 100);
    }
    if (nr_failed != 0) {
        print("FACT bench_operations_succeed: FAIL %u, first %s\n", nr_failed,
              first_failure);
    }
    print("RESULT %u passed, %u failed, 0 skipped\n", nr_results, nr_failed);
}

void guest_main(void)
{
    BENCH("loop_empty", 1000, barrier());
    BENCH("rdtsc", 1000, __asm__ volatile("rdtsc" ::: "rax", "rdx"));
    bench_calls();
    bench_traps();
    bench_pages();
    bench_tables();
    bench_events();
    bench_grants();
    bench_domains();
    bench_fifo();
    print_all();
}
