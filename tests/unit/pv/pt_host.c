/* SPDX-License-Identifier: MIT */
/*
 * The machine of pt_host.h.
 */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/lock.h>
#include <core/log.h>
#include <core/panic.h>
#include <mm/buddy.h>
#include <mm/frame_table_init.h>
#include <mm/map.h>
#include <mm/tlb_flush.h>
#include <pv/descriptor.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>

#include "pt_host.h"

struct page_info *frame_table;
char *direct_map;
struct domain host_domain[3];
struct domain dom_io = { .domid = DOMID_IO };
unsigned int host_flushes;
bool host_flush_needed;
cpumask_t host_asked;
uint32_t host_stamp;
void (*host_on_flush)(void);
void (*host_on_relax)(void);
pte_t idle_l4[PT_ENTRIES];
__thread struct cpu_info host_cpu_info;
uint64_t tlb_clock = 1;
cpumask_t tlb_guest_cpus = 1;

static struct pv_domain pv_of[3];
static struct vcpu vcpu;
static struct pv_vcpu pv_vcpu;

/* ---- what lies below ---------------------------------------------------------- */

static pthread_mutex_t big = PTHREAD_MUTEX_INITIALIZER;

void spin_lock(spinlock_t *l)
{
    pthread_mutex_lock(&big);
}

void spin_unlock(spinlock_t *l)
{
    pthread_mutex_unlock(&big);
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
    pthread_mutex_lock(&big);
    return 0;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    pthread_mutex_unlock(&big);
}

void fake_cpu_relax(void)
{
    if (host_on_relax != NULL) {
        host_on_relax();
    }
    sched_yield();
}

bool fake_irqs_on = true;

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

void glog_at(enum log_level level, const char *fmt, ...)
{
}

cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp)
{
    host_asked = mask;
    host_stamp = stamp;
    return host_flush_needed ? 1 : 0;
}

cpumask_t tlb_cpus_on(mfn_t l4)
{
    return 0;
}

void tlb_flush_mask(cpumask_t mask)
{
    host_flushes++;
    if (host_on_flush != NULL) {
        host_on_flush();
    }
}

struct domain *domain_of_owner(uint64_t owner)
{
    return owner < 3 ? &host_domain[owner] : NULL;
}

void domain_ref(struct domain *d)
{
    d->refcount++;
}

void domain_put(struct domain *d)
{
    d->refcount--;
}

int descriptor_page_validate(struct page_info *pg)
{
    const uint64_t *first = page_to_virt(pg);

    return *first == 0xbad ? -EINVAL : 0;
}

static int io_access(const struct domain *d, mfn_t mfn)
{
    return d->is_hardware ? 2 : 0;
}

/* ---- set-up ---------------------------------------------------------------------- */

void host_reset(void)
{
    if (frame_table == NULL) {
        frame_table = calloc(HOST_FRAMES, sizeof(*frame_table));
        direct_map = aligned_alloc(PAGE_SIZE, HOST_FRAMES * PAGE_SIZE);
    }
    memset(direct_map, 0, HOST_FRAMES * PAGE_SIZE);
    frame_table_init(HOST_FRAMES);
    frame_table_set_ram(_mfn(256), _mfn(HOST_FRAMES));
    for (unsigned int i = 0; i < 3; i++) {
        host_domain[i] = (struct domain){
            .domid = (domid_t)i, .is_hardware = i == 0, .max_pages = HOST_FRAMES,
            .min_mfn = ~0ull, .refcount = 1, .pv = &pv_of[i], .dirty_cpus = 1,
        };
        pv_of[i].l3 = (pte_t *)direct_map;
    }
    host_flushes = 0;
    host_flush_needed = false;
    host_on_flush = host_on_relax = NULL;
    tlb_clock = 1;
    tlb_guest_cpus = 1;
    vcpu = (struct vcpu){ .pv = &pv_vcpu, .domain = &host_domain[1] };
    pv_vcpu = (struct pv_vcpu){ .in_kernel = 1 };
    host_cpu_info.current_vcpu = &vcpu;
    host_cpu_info.softirq_pending = 0;
    page_type_set_ops(&pv_page_type_ops);
    pv_io_mem_access = io_access;
}

static uint64_t next_frame = 300;

mfn_t host_frame(unsigned int d)
{
    mfn_t mfn = _mfn(next_frame);

    next_frame = next_frame + 1 < HOST_FRAMES ? next_frame + 1 : 300;
    frame_table[mfn_x(mfn)].word = PGO_NONE << PG_OWNER_SHIFT;
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
    if (pages_assign(&host_domain[d], mfn, 1) != 0) {
        panic("no frame for domain %u", d);
    }
    return mfn;
}

uint64_t host_word(mfn_t mfn)
{
    return frame_table[mfn_x(mfn)].word;
}

unsigned int host_refs(mfn_t mfn)
{
    return host_word(mfn) & PG_COUNT_MASK;
}

unsigned int host_uses(mfn_t mfn)
{
    return (host_word(mfn) & PG_TCOUNT_MASK) >> PG_TCOUNT_SHIFT;
}
