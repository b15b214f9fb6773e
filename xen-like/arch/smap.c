/* SPDX-License-Identifier: MIT */
/*
 * arch/smap.c - turn the recorded no-ops into stac and clac.
 */
#include <arch/cpu.h>
#include <arch/smap.h>

struct site {
    uint64_t addr, last_byte;
};

extern const struct site _smap_start[], _smap_end[];

void boot_text smap_patch(void)
{
    if (!has_cpu(X86_FEATURE_SMAP)) {
        return;
    }
    for (const struct site *s = _smap_start; s < _smap_end; s++) {
        volatile uint8_t *insn = (volatile uint8_t *)s->addr;

        insn[1] = 0x01;                       /* 0f 01 ca/cb */
        insn[2] = (uint8_t)s->last_byte;
    }
}
