/* SPDX-License-Identifier: MIT */
/*
 * core/backtrace.c - symbolised call chains and register dumps.
 */
#include <core/backtrace.h>

#include <arch/paging.h>
#include <arch/regs.h>
#include <arch/sections.h>

#include <core/log.h>
#include <core/percpu.h>

#define MAX_FRAMES 24

extern const uint64_t symbol_count;
extern const uint32_t symbol_offsets[], symbol_places[];
extern const char symbol_names[];

/* Name of the function around @addr and the offset in it, or NULL. */
static const char *symbol_at(uint64_t addr, uint64_t *offset)
{
    uint64_t lo = 0, hi = symbol_count, off = addr - (uint64_t)_image_start;

    if (addr < (uint64_t)_image_start || addr >= (uint64_t)_text_end) {
        return NULL;
    }
    while (hi - lo > 1) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (symbol_offsets[mid] <= off) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    if (symbol_count == 0 || symbol_offsets[lo] > off) {
        return NULL;
    }
    *offset = off - symbol_offsets[lo];
    return symbol_names + symbol_places[lo];
}

static void print_address(uint64_t addr)
{
    uint64_t offset = 0;
    const char *name = symbol_at(addr, &offset);

    if (name != NULL) {
        log_err("  %016lx %s+%#lx", addr, name, offset);
    } else {
        log_err("  %016lx", addr);
    }
}

void backtrace_print(uint64_t rip, uint64_t rbp)
{
    uint64_t top = (uint64_t)get_cpu_info();
    uint64_t bottom = (top | (STACK_SIZE - 1)) + 1 - STACK_SIZE;

    print_address(rip);
    for (unsigned int i = 0; i < MAX_FRAMES; i++) {
        const uint64_t *frame = (const uint64_t *)rbp;

        if (rbp % 8 != 0 || rbp < bottom || rbp + 16 > top) {
            break;
        }
        print_address(frame[1]);
        if (frame[0] <= rbp) {
            break;                        /* only upwards */
        }
        rbp = frame[0];
    }
}

void backtrace_print_regs(const struct cpu_regs *r)
{
    log_err("rip %04x:%016lx  flags %08lx  vector %u error %08x", r->cs,
            r->rip, r->rflags, r->entry_vector, r->error_code);
    log_err("rsp %04x:%016lx", r->ss, r->rsp);
    log_err("rax %016lx rbx %016lx rcx %016lx", r->rax, r->rbx, r->rcx);
    log_err("rdx %016lx rsi %016lx rdi %016lx", r->rdx, r->rsi, r->rdi);
    log_err("rbp %016lx r8  %016lx r9  %016lx", r->rbp, r->r8, r->r9);
    log_err("r10 %016lx r11 %016lx r12 %016lx", r->r10, r->r11, r->r12);
    log_err("r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
}
