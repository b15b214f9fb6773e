/* SPDX-License-Identifier: MIT */
/*
 * A batch of hypercalls.  Each entry is copied once, run by the same table
 * with the same checks, and its result written back.  The batch continues
 * after preemption at the entry it reached.
 */
#include <arch/nospec.h>
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <domain/multicall_state.h>
#include <hypercall/table.h>

static always_inline long run_entry(const struct multicall_entry *c,
                                    bool translated)
{
    uint64_t op = c->op;

    if (op >= NR_HYPERCALLS || op == __HYPERVISOR_iret) {
        return -ENOSYS;
    }
    op = index_clamp(op, NR_HYPERCALLS);
    if (translated && !hypercall_rows[op].hvm) {
        return -ENOSYS;
    }
    return hypercall_table[op](c->args[0], c->args[1], c->args[2], c->args[3],
                               c->args[4], c->args[5]);
}

/* The entry, with its new arguments, runs again first. */
static noinline int write_back(const struct mc_state *mc, uint64_t at)
{
    return copy_to_guest(guest_handle(at), &mc->call, sizeof(mc->call));
}

static noinline int one_entry_translated(struct mc_state *mc, uint64_t at)
{
    guest_handle_t result = guest_handle(at +
        offsetof(struct multicall_entry, result));

    if (copy_from_guest(&mc->call, guest_handle(at), sizeof(mc->call)) != 0) {
        return -EFAULT;
    }
    mc->call.result = (unsigned long)run_entry(&mc->call, true);
    return mc->preempted ? write_back(mc, at)
           : copy_to_guest(result, &mc->call.result, sizeof(mc->call.result));
}

/* Entry @at, copied in once, run, its result copied out.  Its words go to the
 * call in registers; @mc has them too, for who may have to go on later. */
static always_inline int one_entry(struct mc_state *mc, uint64_t at)
{
    struct multicall_entry c = { .result = 0 };
    uint64_t w;

    if (guest_is_translated()) {
        return one_entry_translated(mc, at);
    }
    stac();
#define GET(field) \
    GET_GUEST_WORD(w, at + offsetof(struct multicall_entry, field), 0, fault); \
    c.field = w
    GET(op);
    GET(args[0]);
    GET(args[1]);
    GET(args[2]);
    GET(args[3]);
    GET(args[4]);
    GET(args[5]);
#undef GET
    clac();
    mc->call = c;
    w = (uint64_t)run_entry(&c, false);
    if (unlikely(mc->preempted)) {
        return write_back(mc, at);
    }
    stac();
    PUT_GUEST_WORD(at, offsetof(struct multicall_entry, result) / 8, w,
                   fault);
    clac();
    return 0;
fault:
    clac();
    return -EFAULT;
}

long do_multicall(uint64_t list, uint64_t nr, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;
    struct mc_state mc no_auto_init;     /* each entry fills it */
    uint32_t n = (uint32_t)nr;
    uint64_t end = list + n * sizeof(mc.call);
    int rc = 0;

    if (v->multicall != NULL) {
        return -EINVAL;                      /* a batch in a batch */
    }
    if (!guest_range_ok(list, n * sizeof(mc.call))) {
        return -EFAULT;
    }
    v->multicall = &mc;
    mc.preempted = false;
    for (; list != end; list += sizeof(mc.call)) {
        rc = one_entry(&mc, list);
        if (unlikely(rc != 0 || mc.preempted)) {
            break;
        }
        if (unlikely(hypercall_preempt())) {
            list += sizeof(mc.call);
            break;
        }
    }
    v->multicall = NULL;
    if (rc == 0 && list != end) {
        return HYPERCALL_CONTINUE(__HYPERVISOR_multicall, list,
                                  (end - list) / sizeof(mc.call));
    }
    return rc;
}
