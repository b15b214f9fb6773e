/* SPDX-License-Identifier: MIT */
/*
 * A batch of hypercalls.  Each entry is copied once, run by the same table
 * with the same checks, and its result written back.  The batch continues
 * after preemption at the entry it reached.
 */
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <domain/multicall_state.h>
#include <hypercall/table.h>

static long run_entry(struct mc_state *mc)
{
    const struct multicall_entry *c = &mc->call;
    uint64_t op = c->op;

    if (op >= NR_HYPERCALLS || op == __HYPERVISOR_iret) {
        return -ENOSYS;
    }
    return hypercall_table[op](c->args[0], c->args[1], c->args[2], c->args[3],
                               c->args[4], c->args[5]);
}

long do_multicall(uint64_t list, uint64_t nr, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5)
{
    struct mc_state mc;
    uint32_t n = (uint32_t)nr;

    if (current->multicall != NULL) {
        return -EINVAL;                      /* a batch in a batch */
    }
    for (uint32_t i = 0; i < n; i++) {
        guest_handle_t at = guest_handle(list + i * sizeof(mc.call));

        if (i != 0 && hypercall_preempt()) {
            return HYPERCALL_CONTINUE(__HYPERVISOR_multicall, at.va, n - i);
        }
        if (copy_from_guest(&mc.call, at, sizeof(mc.call)) != 0) {
            return -EFAULT;
        }
        mc.preempted = false;
        current->multicall = &mc;
        mc.call.result = run_entry(&mc);
        current->multicall = NULL;
        if (mc.preempted) {
            /* The entry, with its new arguments, runs again first. */
            if (copy_to_guest(at, &mc.call, sizeof(mc.call)) != 0) {
                return -EFAULT;
            }
            return HYPERCALL_CONTINUE(__HYPERVISOR_multicall, at.va, n - i);
        }
        if (copy_to_guest(guest_handle_add(at, offsetof(struct multicall_entry,
                                                        result)),
                          &mc.call.result, sizeof(mc.call.result)) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}
