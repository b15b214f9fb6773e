/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/arch/switch.h - leaving a stack: back into the test, which finds
 * out where the hypervisor wanted to go (fake.h: fake_run_leaving()).
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <hv/compiler.h>

noreturn void fake_leave(void (*fn)(void));

static inline noreturn void reset_stack_and_jump(void *sp, void (*fn)(void))
{
    fake_leave(fn);
}

#endif
