/* SPDX-License-Identifier: MIT */
/*
 * Continuations: the guest's registers (or the entry of the batch it runs)
 * are set so that the same hypercall is made again with new arguments.
 */
#include <core/panic.h>
#include <domain/continuation.h>
#include <domain/domain.h>
#include <domain/multicall_state.h>

static void continue_in_batch(struct mc_state *mc, unsigned int op,
                              unsigned int nr_args, const uint64_t *args)
{
    mc->call.op = op;
    for (unsigned int i = 0; i < nr_args; i++) {
        mc->call.args[i] = args[i];
    }
    mc->preempted = true;
}

long hypercall_continue(unsigned int op, unsigned int nr_args,
                        const uint64_t *args)
{
    struct cpu_regs *r = guest_cpu_regs();
    uint64_t *to[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };

    BUG_ON(nr_args > ARRAY_SIZE(to));
    if (current->multicall != NULL) {
        continue_in_batch(current->multicall, op, nr_args, args);
        return 0;
    }
    for (unsigned int i = 0; i < nr_args; i++) {
        *to[i] = args[i];
    }
    r->rip -= current->hcall_bytes;
    return op;                      /* becomes the guest's rax again */
}
