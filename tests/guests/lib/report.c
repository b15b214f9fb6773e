/* SPDX-License-Identifier: MIT */
/*
 * lib/report.c - runs facts one after the other and prints their verdicts.
 * The words printed here are what tests/boot looks for.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/print.h>
#include <lib/report.h>
#include <lib/trap.h>

static unsigned int verdicts[3];
static struct context fact_end;
static enum verdict fact_verdict;
static char fact_detail[160];

void report_end_now(enum verdict v, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vformat(fact_detail, sizeof(fact_detail), fmt, ap);
    va_end(ap);
    fact_verdict = v;
    context_jump(&fact_end, 2);
}

/* Text beside a PASS: a measured value worth seeing. */
void report_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vformat(fact_detail, sizeof(fact_detail), fmt, ap);
    va_end(ap);
}

static void run_one(const struct fact *f)
{
    static const char *const words[] = { "PASS", "FAIL", "SKIP" };

    fact_verdict = FACT_PASS;
    fact_detail[0] = '\0';
    trap_last.vector = TRAP_NONE;
    trap_resume = 0;
    trap_abort = &fact_end;
    switch (context_save(&fact_end)) {
    case 0:
        f->run();
        break;
    case 1:
        fact_verdict = FACT_FAIL;
        format(fact_detail, sizeof(fact_detail),
               "trap %s error %lx rip %lx cr2 %lx",
               trap_name(trap_last.vector), trap_last.error, trap_last.rip,
               trap_last.cr2);
        break;
    default:
        break;
    }
    trap_abort = NULL;
    trap_resume = 0;
    memset(trap_handlers, 0, sizeof(trap_handlers));
    events_off();
    verdicts[fact_verdict]++;
    print("FACT %s: %s%s%s\n", f->name, words[fact_verdict],
          fact_detail[0] != '\0' ? " " : "", fact_detail);
}

void report_run(const struct fact *facts, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        run_one(&facts[i]);
    }
}

void report_end(void)
{
    print("RESULT %u passed, %u failed, %u skipped\n", verdicts[FACT_PASS],
          verdicts[FACT_FAIL], verdicts[FACT_SKIP]);
}
