/* SPDX-License-Identifier: MIT */
/*
 * sched/machine.h - CPUs in simulated time, and guests that count how often
 * their registers are loaded.
 */
#ifndef TEST_SCHED_MACHINE_H
#define TEST_SCHED_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <core/softirq.h>
#include <domain/vtime.h>
#include <mm/heap.h>
#include <sched/runq.h>
#include <xen/sched.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

#define MS 1000000ull
#define S  1000000000ull

extern unsigned int nr_from, nr_to, nr_idle_loads;
extern unsigned int nr_cpus;
extern struct vcpu *holds[NR_CPUS];

void machine_start(unsigned int cpus);
struct domain *new_domain(domid_t domid, unsigned int vcpus);
void wake_all(struct domain *d);
void settle(void);
void simulate(uint64_t ns);
uint64_t ran(struct vcpu *v);
void assert_near(uint64_t value, uint64_t wanted, uint64_t tolerance);
int machine_stop(void **state);

#define T(name) cmocka_unit_test_teardown(name, machine_stop)

#endif
