/* SPDX-License-Identifier: MIT */
/*
 * init/cpu_up.c - the boot CPU's final state, and starting the others.
 *
 * A CPU is started by INIT and STARTUP interrupts; it runs boot/trampoline.S
 * and arrives in cpu_up_secondary() on its own stack.  There it claims its
 * place before it touches anything that is shared; one that the boot CPU has
 * given up on meanwhile halts.  No INIT ever hits a CPU that takes part.
 */
#include <hvm/backend.h>
#include <init/cpu_up.h>

#include <acpi/madt.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/sections.h>
#include <arch/xstate.h>

#include <core/boot_info.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/timer_heap.h>
#include <irq/lapic.h>
#include <lib/string.h>
#include <mm/early.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <mm/map.h>
#include <mm/map_boot.h>
#include <sched/sched.h>
#include <time/systime.h>
#include <time/systime_init.h>

#define STARTUP_GAP_NS  300000ull        /* between the two STARTUPs */
#define PATIENCE_NS     1000000000ull    /* for a CPU to appear */
#define HANGS_NS        30000000000ull   /* and to be ready */
#define LOW_RAM_END     0x90000ul

extern char trampoline_start[], trampoline_end[], boot_l4[];
extern uint32_t trampoline_cr3;
extern uint64_t ap_stack, ap_cr3;

noreturn void cpu_up_secondary(void);

static boot_data void *percpu_template;
/* Of the CPU being started: [a], ascending. */
enum { AWAITED, CLAIMED, READY, GIVEN_UP };
static boot_data uint32_t arrival;
static bool missing;                             /* one was given up */

static struct cpu_info *info_of_stack(void *base)
{
    return (struct cpu_info *)((char *)base + STACK_SIZE) - 1;
}

static void load_descriptors(unsigned int cpu)
{
    struct cpu_info *ci = get_cpu_info();
    struct desc_stack st = {
        .base = ((uint64_t)ci & ~((uint64_t)STACK_SIZE - 1)),
        .regs_end = (uint64_t)(&ci->regs + 1),
        .syscall_rsp = (uint64_t)&ci->syscall_rsp,
    };

    desc_init_cpu(cpu, &st);
}

static uint64_t image_maddr(const void *p)
{
    return boot_phys_base + (uint64_t)((const char *)p - _image_start);
}

static size_t boot_text percpu_bytes(void)
{
    return (size_t)(_percpu_end - _percpu_start);
}

static unsigned int boot_text order_of(size_t bytes)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < bytes) {
        order++;
    }
    return order;
}

/* The boot CPU uses the section itself, which therefore changes. */
void boot_text cpu_up_keep_template(void)
{
    percpu_template = maddr_to_virt(early_alloc(percpu_bytes(), PAGE_SIZE));
    memcpy(percpu_template, _percpu_start, percpu_bytes());
}

void *boot_text cpu_up_boot_stack(void)
{
    void *base = map_stack_alloc();

    if (base == NULL) {
        panic("no memory for the first stack");
    }
    cpu_infos[0] = info_of_stack(base);
    return cpu_infos[0];
}

void boot_text cpu_up_boot_cpu(void)
{
    load_descriptors(0);
    cpu_online_mask = cpumask_of(0);
    nr_cpus_online = 1;
}

void boot_text cpu_up_timers(unsigned int cpu)
{
    size_t bytes = TIMERS_PER_CPU * sizeof(void *);
    void *array = heap_alloc_pages(order_of(bytes));

    if (array == NULL) {
        panic("no memory for the timers of CPU %u", cpu);
    }
    timer_cpu_init(cpu, array, TIMERS_PER_CPU);
}

/* ---- other CPUs ------------------------------------------------------- */

static uint64_t boot_text trampoline_page(void)
{
    for (uint64_t p = TRAMPOLINE_MADDR; p < LOW_RAM_END; p += PAGE_SIZE) {
        if (e820_all(&boot_info.e820, p, PAGE_SIZE, E820_RAM)) {
            return p;
        }
    }
    return 0;
}

/* Everything a CPU needs before its first instruction in C. */
static bool boot_text prepare(unsigned int cpu, uint32_t apic_id)
{
    void *stack = map_stack_alloc();
    void *data = heap_alloc_pages(order_of(percpu_bytes()));
    void *gdt = heap_alloc_pages(0);
    struct cpu_info *ci;

    if (stack == NULL || data == NULL || gdt == NULL) {
        log_err("no memory for CPU %u", cpu);
        return false;                    /* and none will be missed */
    }
    memcpy(data, percpu_template, percpu_bytes());
    percpu_offsets[cpu] = (uint64_t)data - (uint64_t)_percpu_start;
    desc_set_page(cpu, gdt, virt_to_mfn(gdt));
    ci = info_of_stack(stack);
    ci->cpu = cpu;
    ci->percpu_offset = percpu_offsets[cpu];
    cpu_apic_id[cpu] = apic_id;
    ap_stack = (uint64_t)ci;
    ap_cr3 = map_idle_cr3();
    cpu_infos[cpu] = ci;
    cpu_up_timers(cpu);
    sched_init_cpu(cpu);
    ci->current_vcpu = sched_idle_vcpu(cpu);
    return true;
}

/* Until it is further than @state; answers what it asks meanwhile. */
static bool boot_text wait_beyond(uint32_t state, uint64_t ns)
{
    uint64_t end = systime_ns() + ns;

    while (systime_ns() < end) {
        systime_sync_publish();
        if (atomic_load_acquire(&arrival) > state) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

/* From here on it cannot claim its place any more; false: it just did. */
static bool boot_text give_up(void)
{
    uint32_t state = AWAITED;

    return atomic_cmpxchg(&arrival, &state, GIVEN_UP);
}

static bool boot_text start(unsigned int cpu, uint64_t page)
{
    uint32_t id = cpu_apic_id[cpu];

    atomic_store(&arrival, AWAITED);
    lapic_send_init(id);
    lapic_send_startup(id, (unsigned int)(page >> PAGE_SHIFT));
    if (!wait_beyond(AWAITED, STARTUP_GAP_NS)) {
        lapic_send_startup(id, (unsigned int)(page >> PAGE_SHIFT));
        if (!wait_beyond(AWAITED, PATIENCE_NS) && give_up()) {
            return false;
        }
    }
    if (!wait_beyond(CLAIMED, HANGS_NS)) {
        panic("CPU %u hangs while it starts", cpu);
    }
    return true;
}

noreturn void cpu_up_secondary(void)
{
    unsigned int cpu = smp_processor_id();
    uint32_t state = AWAITED;

    if (!atomic_cmpxchg(&arrival, &state, CLAIMED)) {
        cpu_halt_forever();              /* too late */
    }
    load_descriptors(cpu);
    cpu_init();
    xstate_init_cpu();
    lapic_init_cpu();
    systime_sync_cpu();
    if (hvm_backend != NULL && hvm_backend->cpu_on() != 0) {
        panic("no memory for the areas of CPU %u", cpu);
    }
    atomic_or(&cpu_online_mask, cpumask_of(cpu));
    atomic_add(&nr_cpus_online, 1);
    atomic_store_release(&arrival, READY);
    sched_start_this_cpu();
}

unsigned int boot_text cpu_up_expected(unsigned int most)
{
    unsigned int n = max(madt.nr_cpus, 1u);

    return most != 0 ? min(n, most) : n;
}

void cpu_up_done(void)
{
    if (!missing) {
        map_discard_boot();
    }
}

void boot_text cpu_up_others(unsigned int max)
{
    uint64_t page = trampoline_page();
    unsigned int cpu = 1;

    nr_cpu_ids = cpu_up_expected(max);
    if (page == 0 || (max == 0 ? NR_CPUS : max) < 2 || madt.nr_cpus < 2) {
        return;
    }
    trampoline_cr3 = (uint32_t)image_maddr(boot_l4);
    memcpy(maddr_to_virt(page), trampoline_start,
           (size_t)(trampoline_end - trampoline_start));
    for (unsigned int i = 0; i < madt.nr_cpus; i++) {
        if (madt.cpu[i].apic_id == cpu_apic_id[0]) {
            continue;
        }
        if (cpu >= NR_CPUS || (max != 0 && cpu >= max) ||
            !prepare(cpu, madt.cpu[i].apic_id)) {
            break;
        }
        if (!start(cpu, page)) {
            log_err("CPU with APIC id %u does not start",
                    madt.cpu[i].apic_id);
            cpu_infos[cpu] = NULL;
            lapic_send_init(madt.cpu[i].apic_id);
            missing = true;
            break;                       /* its stack is in ap_stack */
        }
        cpu++;
    }
}
