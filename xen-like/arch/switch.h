/* SPDX-License-Identifier: MIT */
/*
 * arch/switch.h - leave a stack for good.
 *
 * Owns    the jump that forgets everything below @sp.
 * Tests   tests/fake-arch/arch/switch.h takes its place on the host.
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <hv/compiler.h>

/*
 * Continue in @fn, which never returns, with the stack pointer at @sp: the
 * address of struct cpu_info, which is 8 modulo 16 as at any call.
 */
static inline noreturn void reset_stack_and_jump(void *sp, void (*fn)(void))
{
    __asm__ volatile("mov %0, %%rsp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "jmp __x86_indirect_thunk_rax"
                     : : "r"(sp), "a"(fn) : "memory");
    __builtin_unreachable();
}

#endif
