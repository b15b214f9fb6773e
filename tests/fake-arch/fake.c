/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/fake.c - a machine on the host; see fake.h.
 *
 * Implements core/{percpu,softirq,timer,lock,panic}, time/systime, mm/heap,
 * mm/tlb_flush, domain/{guest_copy,continuation} and the reference counts of
 * domain/page_type as far as sched/, event/ and grant/ use them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/switch.h>
#include <core/lock.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <core/timer.h>
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <domain/pages.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <mm/tlb_flush.h>
#include <smp/ipi.h>
#include <time/systime.h>

#include <fake.h>

/* ---- CPUs -------------------------------------------------------------------- */

uint32_t fake_features;
bool fake_irqs_on = true;
__thread struct cpu_info host_cpu_info;
static struct cpu_info parked[NR_CPUS];      /* of CPUs that are not this one */
uint64_t percpu_offsets[NR_CPUS];
struct cpu_info *cpu_infos[NR_CPUS];
cpumask_t cpu_online_mask;
unsigned int nr_cpus_online;
unsigned int fake_ipis, fake_tlb_flushes;
void (*fake_on_relax)(void);
uint64_t tlb_clock;
cpumask_t tlb_guest_cpus = 1;

void fake_use_cpu(unsigned int cpu)
{
    parked[host_cpu_info.cpu] = host_cpu_info;
    host_cpu_info = parked[cpu];
}

void fake_cpu_relax(void)
{
    if (fake_on_relax == NULL) {
        panic("waits for ever");
    }
    fake_on_relax();
}

void ipi_send_event_check(unsigned int cpu)
{
    fake_ipis++;
}

void tlb_flush_mask(cpumask_t mask)
{
    fake_tlb_flushes++;
}

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

/* ---- softirqs and leaving ------------------------------------------------------ */

static void (*handlers[NR_SOFTIRQS])(void);
static jmp_buf leave_to;

void softirq_set_handler(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_raise_on(unsigned int cpu, enum softirq nr)
{
    if (cpu == host_cpu_info.cpu) {
        softirq_raise(nr);
    } else {
        parked[cpu].softirq_pending |= 1u << nr;
    }
}

bool fake_softirq_pending(unsigned int cpu)
{
    return (cpu == host_cpu_info.cpu ? host_cpu_info.softirq_pending
                                     : parked[cpu].softirq_pending) != 0;
}

void softirq_run(void)
{
    while (host_cpu_info.softirq_pending != 0) {
        unsigned int nr =
            (unsigned int)__builtin_ctz(host_cpu_info.softirq_pending);

        host_cpu_info.softirq_pending &= ~(1u << nr);
        if (handlers[nr] != NULL) {
            handlers[nr]();
        }
    }
}

noreturn void fake_leave(void (*fn)(void))
{
    longjmp(leave_to, 1);
}

bool fake_run_softirqs(void)
{
    volatile bool left = false;

    if (setjmp(leave_to) != 0) {
        left = true;
    }
    softirq_run();
    return left;
}

/* ---- time and timers ------------------------------------------------------------- */

uint64_t fake_now_ns, fake_read_ns;
static struct timer *armed[512];
static unsigned int nr_armed;
static struct cpu_time cpu_time = { .tsc_to_ns_mul = 0x80000000u,
                                    .tsc_shift = 1 };

uint64_t systime_ns(void) { return fake_now_ns += fake_read_ns; }
const struct cpu_time *systime_this_cpu(void) { return &cpu_time; }
/* The TSC of the fake machine counts nanoseconds. */
uint64_t systime_from_tsc(uint64_t tsc) { return tsc; }
uint64_t systime_to_tsc(uint64_t ns) { return ns; }
uint64_t wallclock_base_ns(void) { return 1700000000000000123ull; }

void timer_init(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
    *t = (struct timer){ .fn = fn, .data = data, .cpu = cpu, .slot = -1 };
}

void timer_stop(struct timer *t)
{
    if (t->slot >= 0) {
        armed[t->slot] = armed[--nr_armed];
        armed[t->slot]->slot = t->slot;
        t->slot = -1;
    }
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
    timer_stop(t);
    t->deadline_ns = deadline_ns;
    t->slot = (int)nr_armed;
    armed[nr_armed++] = t;
}

void timer_kill(struct timer *t) { timer_stop(t); }

void timer_migrate(struct timer *t, unsigned int cpu) { t->cpu = cpu; }

uint64_t fake_next_deadline(void)
{
    uint64_t first = ~0ull;

    for (unsigned int i = 0; i < nr_armed; i++) {
        first = min(first, armed[i]->deadline_ns);
    }
    return first;
}

void fake_run_timers(void)
{
    unsigned int cpu = host_cpu_info.cpu;

    while (fake_next_deadline() <= fake_now_ns) {
        unsigned int i = 0;

        while (armed[i]->deadline_ns > fake_now_ns) {
            i++;
        }
        struct timer *t = armed[i];

        timer_stop(t);
        fake_use_cpu(t->cpu);
        t->fn(t->data);
    }
    fake_use_cpu(cpu);
}

/* ---- locks -------------------------------------------------------------------------- */

int fake_locks_held;

void spin_lock(spinlock_t *l)
{
    if (l->held) {
        panic("lock of class %u taken twice", l->klass);
    }
    l->held = 1;
    fake_locks_held++;
}

void spin_unlock(spinlock_t *l)
{
    if (!l->held) {
        panic("lock of class %u was not held", l->klass);
    }
    l->held = 0;
    fake_locks_held--;
}

bool spin_trylock(spinlock_t *l)
{
    if (l->held) {
        return false;
    }
    spin_lock(l);
    return true;
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
    unsigned long flags = local_irq_save();

    spin_lock(l);
    return flags;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    local_irq_restore(flags);
}

/* ---- heap ----------------------------------------------------------------------------- */

long fake_heap_live;
unsigned long fake_heap_fail_at;
struct page_info *frame_table;
char *direct_map;
uint64_t max_mfn;
struct fake_frame fake_frames[FAKE_FRAMES];
static unsigned int next_frame;

static bool fails_now(void)
{
    return fake_heap_fail_at != 0 && --fake_heap_fail_at == 0;
}

void *heap_alloc(size_t bytes)
{
    void *p = fails_now() ? NULL : calloc(1, bytes);

    fake_heap_live += p != NULL;
    return p;
}

void heap_free(void *p)
{
    fake_heap_live -= p != NULL;
    free(p);
}

/* Pages come from the array of frames, so that they have numbers. */
void *heap_alloc_pages(unsigned int order)
{
    unsigned int first = next_frame;

    if (fails_now() || first + (1u << order) > FAKE_FRAMES) {
        return NULL;
    }
    next_frame += 1u << order;
    fake_heap_live++;
    return memset(direct_map + first * PAGE_SIZE, 0, PAGE_SIZE << order);
}

void heap_free_pages(void *va, unsigned int order)
{
    fake_heap_live--;
}

/* ---- frames ------------------------------------------------------------------------------ */

mfn_t fake_frame_of(domid_t owner)
{
    mfn_t mfn = _mfn(next_frame++);

    if (mfn_x(mfn) >= FAKE_FRAMES) {
        panic("the fake machine is out of frames");
    }
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
    fake_frames[mfn_x(mfn)] =
        (struct fake_frame){ .owner = owner, .refs = 1 };
    return mfn;
}

bool page_get(mfn_t mfn, domid_t owner)
{
    struct fake_frame *f = &fake_frames[mfn_x(mfn) % FAKE_FRAMES];

    if (!mfn_valid(mfn) || f->owner != owner || f->refs == 0) {
        return false;
    }
    f->refs++;
    return true;
}

bool page_get_writable(mfn_t mfn, domid_t owner)
{
    struct fake_frame *f = &fake_frames[mfn_x(mfn) % FAKE_FRAMES];

    if (!mfn_valid(mfn) || f->is_table || !page_get(mfn, owner)) {
        return false;
    }
    f->writable_uses++;
    return true;
}

void page_put(struct page_info *pg)
{
    struct fake_frame *f = &fake_frames[mfn_x(page_to_mfn(pg))];

    if (f->refs-- == 0) {
        panic("frame %lu: reference dropped twice", mfn_x(page_to_mfn(pg)));
    }
}

void page_put_writable(struct page_info *pg)
{
    struct fake_frame *f = &fake_frames[mfn_x(page_to_mfn(pg))];

    if (f->writable_uses-- == 0) {
        panic("frame %lu: use dropped twice", mfn_x(page_to_mfn(pg)));
    }
    page_put(pg);
}

void pages_share_frame(mfn_t mfn, domid_t owner, bool writable)
{
    fake_frames[mfn_x(mfn)] =
        (struct fake_frame){ .owner = owner, .refs = 1, .shared = true };
}

void pages_unshare_frame(mfn_t mfn)
{
    fake_heap_live--;
    page_put(mfn_to_page(mfn));
}

/* ---- guest memory -------------------------------------------------------------------------- */

uint64_t fake_fault_va, fake_fault_len;
long fake_copies_until_fault;

static bool faults(guest_handle_t h, size_t bytes)
{
    return h.va == 0 || (fake_fault_len != 0 &&
                         h.va < fake_fault_va + fake_fault_len &&
                         h.va + bytes > fake_fault_va);
}

int copy_from_guest(void *dst, guest_handle_t src, size_t bytes)
{
    if (bytes == 0) {
        return 0;
    }
    if (faults(src, bytes)) {
        return -EFAULT;
    }
    memcpy(dst, (const void *)src.va, bytes);
    return 0;
}

int copy_to_guest(guest_handle_t dst, const void *src, size_t bytes)
{
    if (bytes != 0 && (faults(dst, bytes) || fake_copies_until_fault-- == 0)) {
        return -EFAULT;
    }
    memcpy((void *)dst.va, src, bytes);
    return 0;
}

long hypercall_continue(unsigned int op, unsigned int nr_args,
                        const uint64_t *args)
{
    return -ERESTART;
}

/* ---- reset ------------------------------------------------------------------------------------ */

void fake_reset(unsigned int cpus)
{
    free(direct_map);
    free(frame_table);
    direct_map = aligned_alloc(PAGE_SIZE, FAKE_FRAMES * PAGE_SIZE);
    frame_table = calloc(FAKE_FRAMES, sizeof(*frame_table));
    max_mfn = FAKE_FRAMES;
    next_frame = 1;
    for (unsigned int i = 0; i < FAKE_FRAMES; i++) {
        fake_frames[i] = (struct fake_frame){ .owner = -1 };
    }
    memset(parked, 0, sizeof(parked));
    for (unsigned int i = 0; i < NR_CPUS; i++) {
        parked[i].cpu = i;
        cpu_infos[i] = i < cpus ? &parked[i] : NULL;
    }
    host_cpu_info = parked[0];
    cpu_online_mask = cpus == 64 ? ~0ull : (1ull << cpus) - 1;
    nr_cpus_online = cpus;
    nr_armed = 0;
    fake_now_ns = 1000000000ull;
    fake_read_ns = 0;
    fake_ipis = fake_tlb_flushes = 0;
    fake_heap_fail_at = 0;
    fake_locks_held = 0;
    fake_fault_len = 0;
    fake_copies_until_fault = -1;
    fake_on_relax = NULL;
    fake_irqs_on = true;
}
