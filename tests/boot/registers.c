/* SPDX-License-Identifier: MIT */
/*
 * The registers in QEMU's log of CPU resets.  It holds more than the reset in
 * question: the one at power-on, and those by which firmware and hypervisor
 * start the other CPUs.  Leaves noticing a reset to qmp.c.  Tested by
 * tests/unit/boot/test_registers.c.
 */
#include "registers.h"

#include <stdint.h>
#include <string.h>

#define CPU_LINE "CPU Reset (CPU "

bool registers_wanted(const char *line)
{
    static const char *const wanted[] = {
        "CPU", "RAX", "RSI", "R8 ", "R12", "RIP", "EAX", "ESI", "EIP", "CS ",
        "SS ", "TR ", "GDT", "IDT", "CR0", "EFER",
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (strncmp(line, wanted[i], strlen(wanted[i])) == 0) {
            return true;
        }
    }
    return false;
}

static int cpu_of(const char *line)
{
    int cpu = -1;

    return sscanf(line, CPU_LINE "%d)", &cpu) == 1 ? cpu : -1;
}

/* A triple fault says so before the dumps; otherwise they begin with the last
 * of CPU 0, which nobody resets alone. */
static long find_start(FILE *resets, bool *triple)
{
    long start = -1, at = 0;
    char line[256];

    *triple = false;
    rewind(resets);
    while (!*triple && fgets(line, sizeof(line), resets) != NULL) {
        *triple = strncmp(line, "Triple fault", 12) == 0;
        start = *triple || cpu_of(line) == 0 ? at : start;
        at = ftell(resets);
    }
    return start;
}

bool registers_of_reset(FILE *resets, FILE *log)
{
    bool triple, wanted = false;
    uint64_t seen = 0;                 /* bit n: CPU n */
    char line[256];
    long start = find_start(resets, &triple);

    if (start < 0 || fseek(resets, start, SEEK_SET) != 0) {
        return false;
    }
    while (fgets(line, sizeof(line), resets) != NULL) {
        int cpu = cpu_of(line);

        /* Firmware that starts anew may have started the others again. */
        if (cpu >= 0) {
            wanted = (seen & 1ull << cpu % 64) == 0;
            seen |= 1ull << cpu % 64;
        }
        if (wanted && registers_wanted(line)) {
            fprintf(log, "== %s", line);
        }
    }
    return triple;
}
