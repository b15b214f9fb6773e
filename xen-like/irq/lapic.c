/* SPDX-License-Identifier: MIT */
/*
 * irq/lapic.c - local APIC access in both modes.
 *
 * Registers are named by their MMIO offset; the x2APIC MSR is 0x800 plus the
 * offset / 16.
 */
#include <irq/lapic.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/port_io.h>

#include <core/mmio.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <irq/vector.h>

#define LAPIC_ID       0x020
#define LAPIC_TPR      0x080
#define LAPIC_EOI      0x0b0
#define LAPIC_LDR      0x0d0
#define LAPIC_DFR      0x0e0
#define LAPIC_SVR      0x0f0
#define LAPIC_ESR      0x280
#define LAPIC_ICR      0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVTT     0x320
#define LAPIC_LVT_PERF 0x340
#define LAPIC_LVT0     0x350
#define LAPIC_LVT1     0x360
#define LAPIC_LVT_ERR  0x370
#define LAPIC_TMICT    0x380
#define LAPIC_TMCCT    0x390
#define LAPIC_TDCR     0x3e0

#define BASE_X2APIC    (1ul << 10)
#define BASE_ENABLE    (1ul << 11)
#define SVR_ENABLE     0x100u
#define LVT_MASKED     0x10000u
#define LVTT_DEADLINE  0x40000u
#define ICR_BUSY       0x1000u
#define ICR_ASSERT     0x4000u
#define ICR_NMI        0x400u
#define ICR_INIT       0x500u
#define ICR_STARTUP    0x600u
#define DIVIDE_BY_16   3u

uint32_t cpu_apic_id[NR_CPUS];

static volatile char *mmio;              /* [I] NULL: x2APIC */
static bool deadline;                    /* [I] */
static uint64_t rate;                    /* [I] steps per 2^32 ns */

static uint32_t reg_read(unsigned int reg)
{
    return mmio != NULL ? mmio_read32(mmio + reg)
                        : (uint32_t)rdmsr(MSR_X2APIC_FIRST + reg / 16);
}

static void reg_write(unsigned int reg, uint32_t v)
{
    if (mmio != NULL) {
        mmio_write32(mmio + reg, v);
    } else {
        wrmsr(MSR_X2APIC_FIRST + reg / 16, v);
    }
}

void boot_text lapic_init(uint64_t maddr)
{
    /* A mode set by the firmware is kept: leaving x2APIC needs a reset. */
    bool x2 = has_cpu(X86_FEATURE_X2APIC);

    deadline = has_cpu(X86_FEATURE_TSC_DEADLINE);
    if (!x2) {
        mmio = map_mmio(maddr, PAGE_SIZE);
        if (mmio == NULL) {
            panic("local APIC at %#lx cannot be mapped", maddr);
        }
    }
    lapic_init_cpu();
    cpu_apic_id[0] = reg_read(LAPIC_ID) >> (mmio != NULL ? 24 : 0);
}

void lapic_init_cpu(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

    wrmsr(MSR_APIC_BASE, base);
    if (mmio == NULL) {
        wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
    } else {
        reg_write(LAPIC_DFR, 0xffffffff);
        reg_write(LAPIC_LDR, 0);
    }
    reg_write(LAPIC_TPR, 0);
    reg_write(LAPIC_LVTT, LVT_MASKED | VECTOR_TIMER);
    reg_write(LAPIC_LVT_PERF, LVT_MASKED);
    reg_write(LAPIC_LVT0, LVT_MASKED);
    reg_write(LAPIC_LVT1, LVT_MASKED);
    reg_write(LAPIC_LVT_ERR, VECTOR_ERROR);
    reg_write(LAPIC_TDCR, DIVIDE_BY_16);
    reg_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    reg_write(LAPIC_ESR, 0);
    if (deadline) {
        reg_write(LAPIC_LVTT, LVTT_DEADLINE | VECTOR_TIMER);
        smp_mb();                        /* SDM 10.5.4.1: before the MSR */
    } else {
        reg_write(LAPIC_LVTT, VECTOR_TIMER);
    }
}

void lapic_eoi(void)
{
    reg_write(LAPIC_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t low)
{
    unsigned long flags;

    smp_mb();                            /* x2APIC writes do not order stores */
    if (mmio == NULL) {
        wrmsr(MSR_X2APIC_FIRST + LAPIC_ICR / 16,
              ((uint64_t)apic_id << 32) | low);
        return;
    }
    flags = local_irq_save();
    while (reg_read(LAPIC_ICR) & ICR_BUSY) {
        cpu_relax();
    }
    reg_write(LAPIC_ICR_HIGH, apic_id << 24);
    reg_write(LAPIC_ICR, low);
    local_irq_restore(flags);
}

void lapic_send_ipi(uint32_t apic_id, unsigned int vector)
{
    send(apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi(uint32_t apic_id)
{
    send(apic_id, ICR_ASSERT | ICR_NMI);
}

void lapic_send_init(uint32_t apic_id)
{
    send(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_startup(uint32_t apic_id, unsigned int page)
{
    send(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

void boot_text lapic_timer_count_start(void)
{
    if (!deadline) {
        reg_write(LAPIC_LVTT, LVT_MASKED | VECTOR_TIMER);
        reg_write(LAPIC_TMICT, 0xffffffff);
    }
}

uint32_t boot_text lapic_timer_count_elapsed(void)
{
    uint32_t n = 0xffffffff - reg_read(LAPIC_TMCCT);

    if (deadline) {
        return 0;                        /* the TSC is the timer's clock */
    }
    reg_write(LAPIC_TMICT, 0);
    reg_write(LAPIC_LVTT, VECTOR_TIMER);
    return n;
}

void lapic_timer_set_rate(uint64_t steps_per_ns_32)
{
    rate = steps_per_ns_32;
}

bool lapic_has_tsc_deadline(void)
{
    return deadline;
}

void lapic_timer_arm_ns(uint64_t ns)
{
    unsigned __int128 steps = (unsigned __int128)ns * rate >> 32;

    if (ns != 0 && steps == 0) {
        steps = 1;
    }
    reg_write(LAPIC_TMICT, steps > 0xffffffff ? 0xffffffff : (uint32_t)steps);
}

void lapic_timer_arm_tsc(uint64_t tsc)
{
    wrmsr(MSR_TSC_DEADLINE, tsc);
}
