/* SPDX-License-Identifier: MIT */
/*
 * bench_hvm/main.c - what exits of a hardware-assisted guest cost: a guest of
 * a few instructions measures them itself and this one prints its numbers.
 * Lines as of the bench guest: "BENCH name min median" (both the least).
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/print.h>
#include <lib/tinyhvm.h>
#include <xen/sched.h>

extern const uint8_t bench_code[], bench_code_end[], bench_entry[];

/* In the order of the table in code.S. */
static const char *const names[] = {
    "hvm_loop", "exit_cpuid", "exit_cpuid_hypervisor", "exit_vmmcall",
    "exit_vmmcall_copy", "exit_rdmsr_efer", "exit_in", "exit_out",
    "exit_mmio_nobody", "exit_apic_read", "exit_apic_eoi", "exit_x2apic_eoi",
    "exit_x2apic_read",
};

void guest_main(void)
{
    struct tinyhvm t = { .vcpus = 1 };
    long rc = tinyhvm_build(&t, bench_code,
                            (size_t)(bench_code_end - bench_code),
                            (size_t)(bench_entry - bench_code));
    unsigned int i, failed = 0;

    guest_must(rc, "no guest to measure");
    guest_must(tinyhvm_run(&t), "it does not run");
    rc = tinyhvm_wait(&t, 60000);
    if (rc != SHUTDOWN_poweroff || t.results[511] != 1) {
        print("FACT bench_operations_succeed: FAIL ended by %ld\n", rc);
        failed = 1;
    }
    for (i = 0; i < ARRAY_SIZE(names) && failed == 0; i++) {
        uint64_t n = t.results[i] - (i != 0 ? t.results[0] : 0);

        print("BENCH %s %lu.00 %lu.00\n", names[i], n, n);
    }
    print("RESULT %u passed, %u failed, 0 skipped\n", i, failed);
}
