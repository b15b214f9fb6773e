/* SPDX-License-Identifier: MIT */
/*
 * core/log.c - messages with a prefix, a level and, for guests, a limit.
 */
#include <core/log.h>

#include <core/console.h>
#include <core/lock.h>
#include <core/log_source.h>
#include <core/params.h>

#include <arch/cpu.h>

#include <lib/format.h>
#include <lib/string.h>

#define LINE_MAX    256
#define BURST       20u                 /* guest lines ... */
#define NR_BUCKETS  32u
#define REFILL_TSC  (1ull << 29)        /* ... and one more per this */

static unsigned int (*guest_name)(char *buf, size_t size);

void log_set_guest_name(unsigned int (*fn)(char *buf, size_t size))
{
    guest_name = fn;
}

static void emit(enum log_level level, int threshold, const char *who,
                 const char *fmt, va_list ap)
{
    char line[LINE_MAX];
    int n = fmt_snprintf(line, sizeof(line) - 1, "(pv) %s", who);

    n += fmt_vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, fmt, ap);
    if (n > LINE_MAX - 2) {
        n = LINE_MAX - 2;
    }
    /* Control bytes could fool the terminal that shows the log. */
    for (int i = 0; i < n; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[n] = '\n';
    console_write(line, (size_t)n + 1, (int)level <= threshold);
}

void log_at(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    emit(level, params.loglevel, "", fmt, ap);
    va_end(ap);
}

void log_banner(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    emit(LOG_ERR, LOG_ERR, "", fmt, ap);
    va_end(ap);
}

/* A bucket of lines for each domain (modulo their number). */
static bool guest_may_log(unsigned int domid)
{
    static struct bucket {
        uint64_t last;
        unsigned int spent;
    } buckets[NR_BUCKETS];
    static spinlock_t lock = SPINLOCK_INIT(LOCK_LEAF);
    struct bucket *b = &buckets[domid % NR_BUCKETS];
    unsigned long flags = spin_lock_irqsave(&lock);
    uint64_t gained = (rdtsc() - b->last) / REFILL_TSC;
    bool ok;

    if (gained != 0) {
        b->last = rdtsc();
        b->spent = gained > b->spent ? 0 : b->spent - (unsigned int)gained;
    }
    ok = b->spent < BURST;
    b->spent += ok;
    spin_unlock_irqrestore(&lock, flags);
    return ok;
}

void glog_at(enum log_level level, const char *fmt, ...)
{
    char who[24] = "";
    unsigned int domid = 0;
    va_list ap;

    if ((int)level > params.guest_loglevel) {
        return;
    }
    if (guest_name != NULL) {
        domid = guest_name(who, sizeof(who));
    }
    if (!guest_may_log(domid)) {
        return;
    }
    va_start(ap, fmt);
    emit(level, params.guest_loglevel, who, fmt, ap);
    va_end(ap);
}
