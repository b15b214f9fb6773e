/* SPDX-License-Identifier: MIT */
/* smp/ipi: the others are stopped, and known to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <core/machine.h>
#include <core/percpu.h>
#include <irq/irq.h>
#include <irq/lapic.h>
#include <smp/call_irq.h>
#include <smp/ipi.h>

#define NR 4u

bool fake_irqs_on;
__thread struct cpu_info host_cpu_info;
uint32_t cpu_apic_id[NR_CPUS];

static uint64_t now;
static unsigned int nmis[NR];
static cpumask_t deaf;                   /* do not take NMIs */
static cpumask_t on_their_way;

/* A CPU takes its NMI a little later. */
void lapic_send_nmi(uint32_t apic_id)
{
    nmis[apic_id - 100]++;
    on_their_way |= 1ull << (apic_id - 100);
}

void fake_cpu_relax(void)
{
    unsigned int self = smp_processor_id();

    now += 1000000;
    if (now % 3000000 != 0) {
        return;
    }
    for (unsigned int cpu = 0; cpu < NR; cpu++) {
        if ((on_their_way & ~deaf) >> cpu & 1) {
            on_their_way &= ~(1ull << cpu);
            host_cpu_info.cpu = cpu;
            assert_true(ipi_must_stop());
            break;                       /* one at a time */
        }
    }
    host_cpu_info.cpu = self;
}

static uint64_t now_ns(void)
{
    return now;
}

/* What ipi.c needs for its other two vectors. */
void irq_set_direct(unsigned int vector, void (*fn)(void)) { }
void lapic_eoi(void) { }
void lapic_send_ipi(uint32_t apic_id, unsigned int vector) { }
void call_interrupt(void) { }

/* In this order: a machine stops only once. */
static void an_nmi_from_elsewhere_stops_nobody(void **state)
{
    for (unsigned int cpu = 0; cpu < NR; cpu++) {
        host_cpu_info.cpu = cpu;
        assert_false(ipi_must_stop());
    }
}

static void all_have_stopped_when_it_returns(void **state)
{
    host_cpu_info.cpu = 1;
    fake_irqs_on = true;
    deaf = 1u << 3;
    ipi_stop_others();
    assert_false(local_irqs_enabled());
    assert_int_equal(nmis[0], 1);
    assert_int_equal(nmis[1], 0);
    assert_int_equal(nmis[2], 1);
    assert_int_equal(nmis[3], 1);
    assert_int_equal(on_their_way, 1u << 3);
    /* One cannot: it is not waited for for ever. */
    assert_true(now >= 100000000 && now < 110000000);
}

static void the_second_call_returns_at_once(void **state)
{
    uint64_t before = now;

    ipi_stop_others();
    assert_int_equal(now, before);
    assert_int_equal(nmis[0], 1);
}

static void who_stops_the_others_goes_on_after_an_nmi(void **state)
{
    assert_false(ipi_must_stop());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_nmi_from_elsewhere_stops_nobody),
        cmocka_unit_test(all_have_stopped_when_it_returns),
        cmocka_unit_test(the_second_call_returns_at_once),
        cmocka_unit_test(who_stops_the_others_goes_on_after_an_nmi),
    };

    machine.now_ns = now_ns;
    cpu_online_mask = (1u << NR) - 1;
    for (unsigned int cpu = 0; cpu < NR; cpu++) {
        cpu_apic_id[cpu] = 100 + cpu;
    }
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
