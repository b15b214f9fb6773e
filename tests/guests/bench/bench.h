/* SPDX-License-Identifier: MIT */
/*
 * bench/bench.h - how an operation is timed, and the groups of operations.
 *
 * Two warm-up batches, then 15 batches of N iterations timed by rdtsc; the
 * smallest and the median batch are kept, in hundredths of a tick per
 * operation.  Under QEMU -icount a tick is one guest instruction.  Results
 * are stored and printed at the end: serial output costs virtual time.
 */
#ifndef GUESTS_BENCH_BENCH_H
#define GUESTS_BENCH_BENCH_H

#include <lib/guest.h>
#include <lib/hypercall.h>

#define BATCHES 15
#define WARM_UP 2

void bench_start(const char *name);
void bench_batch(uint64_t ticks, unsigned int n);
void bench_skip(const char *name, const char *why);
void bench_stop(void);
/* Every operation's result is checked: speed must not come from refusal. */
void bench_check(bool ok, const char *what);

void bench_calls(void);   /* calls.c: hypercalls without state */
void bench_traps(void);   /* traps.c: bounces, user mode, emulation */
void bench_pages(void);   /* pages.c: entry updates */
void bench_tables(void);  /* tables.c: pin, unpin, processes */
void bench_events(void);  /* events.c */
void bench_fifo(void);    /* events.c: last, it cannot be undone */
void bench_grants(void);  /* grants.c */
void bench_domains(void); /* domains.c: second domain, memory */

/* Through stubs of the shape and size of the ABI's hypercall page. */
extern const char bench_stubs[];

static inline long bcall(unsigned int nr, uint64_t a1, uint64_t a2,
                         uint64_t a3, uint64_t a4)
{
    register uint64_t r10 __asm__("r10") = a4;
    long rax;

    __asm__ volatile("call bench_stubs + %c[off]"
                     : "=a"(rax), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
                     : [off] "i"(nr * 32)
                     : "r8", "memory");
    return rax;
}

/* The same with two arguments: nothing else is loaded. */
static inline long bcall2(unsigned int nr, uint64_t a1, uint64_t a2)
{
    long rax;

    __asm__ volatile("call bench_stubs + %c[off]"
                     : "=a"(rax), "+D"(a1), "+S"(a2)
                     : [off] "i"(nr * 32)
                     : "rdx", "r8", "r10", "memory");
    return rax;
}

#define BCALL4(nr, a, b, c, d) \
    bcall((nr), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d))
#define BCALL3(nr, a, b, c) BCALL4(nr, a, b, c, 0)
#define BCALL2(nr, a, b) bcall2((nr), (uint64_t)(a), (uint64_t)(b))
#define BCALL1(nr, a) bcall2((nr), (uint64_t)(a), 0)

/* Time @stmt, which may use the loop counter i_. */
#define BENCH(name, n, stmt) \
    do { \
        int b_; \
        bench_start(name); \
        bench_mark_start(name); \
        for (b_ = -WARM_UP; b_ < BATCHES; b_++) { \
            uint64_t t_ = rdtsc(); \
            for (unsigned int i_ = 0; i_ < (n); i_++) { \
                stmt; \
            } \
            t_ = rdtsc() - t_; \
            if (b_ >= 0) { \
                bench_batch(t_, (n)); \
            } \
        } \
        bench_mark_stop(name); \
        bench_stop(); \
    } while (0)

/* Start and stop marks for a profiler, round the operation "profile=" names. */
void bench_mark_start(const char *name);
void bench_mark_stop(const char *name);

/* Two alternating phases, each with its own pair of rdtsc. */
struct phases {
    uint64_t first[BATCHES], second[BATCHES];
};

#define BENCH2(name1, stmt1, name2, stmt2, n) \
    do { \
        static struct phases p_; \
        bench_mark_start(name1); \
        for (int b_ = -WARM_UP; b_ < BATCHES; b_++) { \
            uint64_t one_ = 0, two_ = 0, t_; \
            for (unsigned int i_ = 0; i_ < (n); i_++) { \
                t_ = rdtsc(); \
                stmt1; \
                one_ += rdtsc() - t_; \
                t_ = rdtsc(); \
                stmt2; \
                two_ += rdtsc() - t_; \
            } \
            if (b_ >= 0) { \
                p_.first[b_] = one_; \
                p_.second[b_] = two_; \
            } \
        } \
        bench_mark_stop(name1); \
        bench_phases(name1, name2, &p_, (n)); \
    } while (0)

void bench_phases(const char *first, const char *second,
                  const struct phases *p, unsigned int n);

#endif
