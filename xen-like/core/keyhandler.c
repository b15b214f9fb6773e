/* SPDX-License-Identifier: MIT */
/*
 * core/keyhandler.c - the table of keys; 'h' lists it.
 */
#include <core/keyhandler.h>

#include <core/backtrace.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <core/trace.h>

#include <arch/atomic.h>

static struct {
    const char *what;
    void (*fn)(char key);
    bool in_irq;
} keys[128];

static uint64_t pressed[2];              /* [a] one bit per key */

static void run_pressed(void);
static struct softirq_task task = { .fn = run_pressed };

static void run_pressed(void)
{
    for (unsigned int i = 0; i < 2; i++) {
        uint64_t bits = atomic_xchg(&pressed[i], 0);

        while (bits != 0) {
            unsigned int k = i * 64 + (unsigned int)__builtin_ctzll(bits);

            bits &= bits - 1;
            keys[k].fn((char)k);
        }
    }
}

void keyhandler_register(char key, const char *what, void (*fn)(char key),
                         bool in_irq)
{
    unsigned int k = (unsigned char)key & 127;

    keys[k].what = what;
    keys[k].in_irq = in_irq;
    keys[k].fn = fn;
}

void keyhandler_press(char key)
{
    unsigned int k = (unsigned char)key & 127;

    if (keys[k].fn == NULL) {
        return;
    }
    if (keys[k].in_irq) {
        keys[k].fn(key);
        return;
    }
    set_bit(k, pressed);
    softirq_task_raise(&task);
}

static void key_help(char key)
{
    for (unsigned int k = 0; k < ARRAY_SIZE(keys); k++) {
        if (keys[k].fn != NULL) {
            log_err("  %c  %s", (char)k, keys[k].what);
        }
    }
}

static void key_registers(char key)
{
    log_err("cpu %u interrupted:", smp_processor_id());
    backtrace_print_regs(guest_cpu_regs());
}

static void key_crash(char key)
{
    panic("crash key");
}

static void key_trace(char key)
{
    trace_dump();
}

void boot_text keyhandler_init(void)
{
    keyhandler_register('h', "this list", key_help, false);
    keyhandler_register('d', "registers of the guest here", key_registers,
                        true);
    keyhandler_register('C', "crash the machine", key_crash, true);
    keyhandler_register('T', "last interrupts", key_trace, false);
}
