/* SPDX-License-Identifier: MIT */
/*
 * irq/vector.c - allocation of device vectors, the same on every CPU.
 */
#include <irq/vector.h>

#include <arch/atomic.h>

static uint64_t used[4];                       /* [a] one bit per vector */

unsigned int vector_alloc(void)
{
    for (unsigned int v = VECTOR_DEV_FIRST; v <= VECTOR_DEV_LAST; v++) {
        if (v != VECTOR_SYSCALL80 && v != VECTOR_SYSCALL82 &&
            !test_and_set_bit(v, used)) {
            return v;
        }
    }
    return 0;
}

void vector_free(unsigned int vector)
{
    clear_bit(vector, used);
}
