/* SPDX-License-Identifier: MIT */
/* What core/ needs on the host: a panic that a test can expect. */
#include <stdarg.h>
#include <stdio.h>

#include <arch/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>

#include "core_host.h"

bool fake_irqs_on = true;
__thread struct cpu_info host_cpu_info;
jmp_buf *panic_expected;
char panic_text[200];

void fake_cpu_relax(void)
{
    panic("waits for ever");
}

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(panic_text, sizeof(panic_text), fmt, ap);
    va_end(ap);
    if (panic_expected != NULL) {
        longjmp(*panic_expected, 1);
    }
    fprintf(stderr, "%s\n", panic_text);
    __builtin_trap();
}
