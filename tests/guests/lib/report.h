/* SPDX-License-Identifier: MIT */
/*
 * lib/report.h - a fact: a named function that passes, fails or is skipped.
 *
 * Output: "FACT name: PASS|FAIL|SKIP detail", at the end
 * "RESULT n passed, n failed, n skipped".  A failed EXPECT ends the fact;
 * an unexpected trap fails it and the next fact runs.
 */
#ifndef GUESTS_LIB_REPORT_H
#define GUESTS_LIB_REPORT_H

#include <lib/types.h>

enum verdict { FACT_PASS, FACT_FAIL, FACT_SKIP };

struct fact {
    const char *name;
    void (*run)(void);
};

#define FACT(fn) { #fn, fn }

void report_run(const struct fact *facts, size_t n);
void report_end(void); /* prints the RESULT line */
void report_end_now(enum verdict v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))) NORETURN;
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define EXPECT(cond) \
    do { \
        if (!(cond)) { \
            report_end_now(FACT_FAIL, "line %d: %s", __LINE__, #cond); \
        } \
    } while (0)

/* Both sides as signed 64-bit numbers. */
#define EXPECT_EQ(actual, wanted) \
    do { \
        long a_ = (long)(actual), w_ = (long)(wanted); \
        if (a_ != w_) { \
            report_end_now(FACT_FAIL, "line %d: %s is %ld (0x%lx), not %ld", \
                           __LINE__, #actual, a_, a_, w_); \
        } \
    } while (0)

#define EXPECT_TRAP(vec) \
    do { \
        if (trap_last.vector != (vec)) { \
            report_end_now(FACT_FAIL, "line %d: trap %s, not %s", __LINE__, \
                           trap_name(trap_last.vector), trap_name(vec)); \
        } \
    } while (0)

/* A domain that does not exist: dom0 learns that, others may be told less. */
#define EXPECT_NO_DOMAIN(rc) \
    do { \
        long n_ = (rc); \
        if (n_ != -ESRCH && (guest_privileged() || n_ != -EPERM)) { \
            report_end_now(FACT_FAIL, "line %d: %s is %ld", __LINE__, #rc, \
                           n_); \
        } \
    } while (0)

#define SKIP(why) report_end_now(FACT_SKIP, "%s", why)
#define SKIP_UNLESS_DOM0() \
    do { \
        if (!guest_privileged()) { \
            SKIP("needs dom0"); \
        } \
    } while (0)

#endif
