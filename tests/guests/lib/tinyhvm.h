/* SPDX-License-Identifier: MIT */
/*
 * lib/tinyhvm.h - a hardware-assisted domain of 2 MiB, built and driven by
 * hypercalls only.  It starts in 64-bit mode, its first GiB mapped one to
 * one, at an entry of the test's own code, and ends when it halts with
 * interrupts off or crashes.
 *
 *   0x1000 code   0x2000 results   0x3000 PML4   0x4000 PDPT   0x5000 PD
 *   0x6000 IDT    0x7000 stack (grows down from 0x8000)
 */
#ifndef GUESTS_LIB_TINYHVM_H
#define GUESTS_LIB_TINYHVM_H

#include <lib/report.h>
#include <lib/types.h>

#define TINYHVM_CODE    0x1000ul
#define TINYHVM_RESULTS 0x2000ul
#define TINYHVM_IDT     0x6000ul
#define TINYHVM_NR_PAGES 8u

struct tinyhvm {
    domid_t domid;
    unsigned int vcpus;
    volatile uint64_t *results;     /* the guest's page, mapped here */
};

/* A whole report: @facts, or one that is skipped unless we are dom0 and the
 * hypervisor offers such domains. */
void tinyhvm_facts(const struct fact *facts, size_t n);
/* Does an Intel CPU run it? */
bool tinyhvm_intel(void);
/* Build it with @code at TINYHVM_CODE, vcpu 0 to start at @entry within. */
long tinyhvm_build(struct tinyhvm *t, const uint8_t *code, size_t bytes,
                   size_t entry);
long tinyhvm_run(struct tinyhvm *t);
/* Wait until it has shut down: SHUTDOWN_*, or -1 after @ms. */
long tinyhvm_wait(struct tinyhvm *t, unsigned int ms);
long tinyhvm_destroy(struct tinyhvm *t);
long tinyhvm_set_param(struct tinyhvm *t, uint32_t index, uint64_t value);

#endif
