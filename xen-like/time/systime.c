/* SPDX-License-Identifier: MIT */
/*
 * time/systime.c - nanoseconds from the TSC, and the deadline timer.
 */
#include <time/systime.h>
#include <time/systime_init.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/log.h>
#include <core/percpu.h>
#include <core/timer_heap.h>
#include <irq/irq.h>
#include <irq/lapic.h>
#include <irq/vector.h>
#include <time/platform.h>

#define NS          1000000000ull
#define WINDOW_NS   10000000ull          /* shortest useful measurement */
#define SHORT_NS    (60 * NS)
#define SYNC_ROUNDS 64u

static DEFINE_PER_CPU(struct cpu_time, cpu_time);
uint32_t tsc_khz;

static boot_data uint64_t start_tsc, start_ns;
/* The boot CPU answers with its TSC while another CPU compares its own. */
static struct {
    uint32_t asked, answered;            /* [a] */
    uint64_t tsc;
} sync;

static uint64_t scale(uint64_t ticks, const struct cpu_time *t)
{
    ticks = t->tsc_shift >= 0 ? ticks << t->tsc_shift : ticks >> -t->tsc_shift;
    return (uint64_t)((unsigned __int128)ticks * t->tsc_to_ns_mul >> 32);
}

/* ns = (ticks << shift) * mul >> 32, with mul as large as fits. */
static void boot_text set_scale(struct cpu_time *t, uint64_t hz)
{
    uint64_t tps = hz;

    t->tsc_shift = 0;
    while (tps > 2 * NS) {
        tps >>= 1;
        t->tsc_shift--;
    }
    while (tps <= NS) {
        tps <<= 1;
        t->tsc_shift++;
    }
    t->tsc_to_ns_mul = (uint32_t)((NS << 32) / tps);
}

uint64_t systime_from_tsc(uint64_t tsc)
{
    const struct cpu_time *t = &this_cpu(cpu_time);
    uint64_t delta = tsc - t->base_tsc;

    return (int64_t)delta < 0 ? t->base_ns : t->base_ns + scale(delta, t);
}

uint64_t systime_ns(void)
{
    return systime_from_tsc(rdtsc());
}

uint64_t systime_to_tsc(uint64_t ns)
{
    const struct cpu_time *t = &this_cpu(cpu_time);
    uint64_t delta = ns > t->base_ns ? ns - t->base_ns : 0;
    /* tsc_khz ticks are 10^6 ns. */
    uint64_t ms = delta / 1000000, rest = delta % 1000000;

    return t->base_tsc + ms * tsc_khz + rest * tsc_khz / 1000000;
}

const struct cpu_time *systime_this_cpu(void)
{
    return &this_cpu(cpu_time);
}

static void timer_vector(void)
{
    lapic_eoi();
    timer_interrupt();
}

void boot_text systime_start(void)
{
    irq_set_direct(VECTOR_TIMER, timer_vector);
    platform_start();
    lapic_timer_count_start();
    start_ns = platform_elapsed_ns(&start_tsc);
    this_cpu(cpu_time).base_tsc = start_tsc;
}

bool boot_text systime_window_is_short(void)
{
    return platform_max_ns() < SHORT_NS;
}

static uint64_t boot_text hz_of(uint64_t ticks, uint64_t ns)
{
    while (ns >> 34 != 0) {              /* ns * 10^9 must fit */
        ns >>= 1;
        ticks >>= 1;
    }
    return ticks / ns * NS + ticks % ns * NS / ns;
}

void boot_text systime_calibrate(void)
{
    struct cpu_time *t = &this_cpu(cpu_time);
    uint64_t tsc, ns, hz;
    unsigned long flags = local_irq_save();
    uint32_t steps;

    do {
        ns = platform_elapsed_ns(&tsc) - start_ns;
    } while (ns < WINDOW_NS);
    steps = lapic_timer_count_elapsed();
    local_irq_restore(flags);
    hz = hz_of(tsc - start_tsc, ns);
    tsc_khz = (uint32_t)(hz / 1000);
    set_scale(t, hz);
    t->base_tsc = tsc;
    t->base_ns = ns;
    if (!lapic_has_tsc_deadline()) {
        lapic_timer_set_rate(((uint64_t)steps << 32) / ns);
    }
    log_info("TSC %u kHz, by %s over %lu ms", tsc_khz, platform_name(),
             ns / 1000000);
}

void systime_sync_publish(void)
{
    uint32_t asked = atomic_load_acquire(&sync.asked);

    if (asked != sync.answered) {
        sync.tsc = rdtsc_ordered();
        atomic_store_release(&sync.answered, asked);
    }
}

/*
 * The other CPU's TSC was read between two readings of ours.  If it lies
 * between them, the TSCs may be one; a round is repeated because either CPU
 * may have been held up (by its own hypervisor) in between.
 */
static int64_t tsc_difference(void)
{
    int64_t best = 0;
    uint64_t width = ~0ull;

    for (unsigned int i = 0; i < SYNC_ROUNDS; i++) {
        uint64_t before = rdtsc_ordered(), after;
        uint32_t nr = atomic_add(&sync.asked, 1);

        while (atomic_load_acquire(&sync.answered) != nr) {
            cpu_relax();
        }
        after = rdtsc_ordered();
        if (sync.tsc >= before && sync.tsc <= after) {
            return 0;
        }
        if (after - before < width) {
            width = after - before;
            best = (int64_t)(before + width / 2 - sync.tsc);
        }
    }
    return best;
}

void systime_sync_cpu(void)
{
    struct cpu_time *t = &this_cpu(cpu_time);
    int64_t ahead = tsc_difference();

    *t = per_cpu(cpu_time, 0);
    if (ahead != 0) {
        t->base_tsc += (uint64_t)ahead;
        log_warn("CPU %u: TSC differs by %ld", smp_processor_id(), ahead);
    }
}

void systime_arm_timer(uint64_t deadline_ns)
{
    if (lapic_has_tsc_deadline()) {
        lapic_timer_arm_tsc(deadline_ns == ~0ull ? 0
                                                 : systime_to_tsc(deadline_ns));
    } else if (deadline_ns == ~0ull) {
        lapic_timer_arm_ns(0);
    } else {
        uint64_t now = systime_ns();

        lapic_timer_arm_ns(deadline_ns > now ? deadline_ns - now : 1);
    }
}
