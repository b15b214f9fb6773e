/* SPDX-License-Identifier: MIT */
/*
 * core/panic.c - print what is known, then reboot or halt.
 */
#include <core/panic.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/backtrace.h>
#include <core/console.h>
#include <core/log.h>
#include <core/machine.h>
#include <core/params.h>
#include <core/percpu.h>

#include <lib/format.h>

static uint32_t panicking;

noreturn void __stack_chk_fail(void);

/* The first CPU speaks; others, and a panic inside a panic, stop. */
static void begin(const char *fmt, va_list ap)
{
    char text[200];

    local_irq_disable();
    if (atomic_xchg(&panicking, 1) != 0) {
        cpu_halt_forever();
    }
    machine.stop_other_cpus();       /* or their text gets into ours */
    console_sync();
    fmt_vsnprintf(text, sizeof(text), fmt, ap);
    log_err("****************************************");
    log_err("Panic on CPU %u: %s", smp_processor_id(), text);
}

static noreturn void finish(void)
{
    log_err("****************************************");
    if (!params.noreboot) {
        machine.reboot();
    }
    cpu_halt_forever();
}

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    begin(fmt, ap);
    va_end(ap);
    backtrace_print((uint64_t)__builtin_return_address(0),
                    *(uint64_t *)__builtin_frame_address(0));
    finish();
}

noreturn void panic_regs(const struct cpu_regs *regs, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    begin(fmt, ap);
    va_end(ap);
    backtrace_print_regs(regs);
    log_err("cr2 %016lx cr3 %016lx cr4 %08lx", read_cr2(), read_cr3(),
            read_cr4());
    backtrace_print(regs->rip, regs->rbp);
    finish();
}

noreturn void __stack_chk_fail(void)
{
    panic("stack overwritten below %p", __builtin_return_address(0));
}
