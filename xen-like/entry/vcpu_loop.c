/* SPDX-License-Identifier: MIT */
/*
 * A hardware-assisted vcpu, round and round: do what is due, enter the guest,
 * act on why it came back.  Hypercalls from it go through the same table as
 * everybody's; a row says whether such a guest has it.
 */
#include <arch/nospec.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <hvm/io.h>
#include <hypercall/compat.h>
#include <hypercall/table.h>

static void hypercall(struct vcpu *v)
{
    struct cpu_regs *r = guest_cpu_regs();
    struct hvm_mode m no_auto_init;
    uint64_t nr = r->rax;

    hvm_backend->get_mode(v, &m);
    if (m.cpl != 0) {
        r->rax = (uint64_t)-EPERM;
        return;
    }
    if (nr >= NR_HYPERCALLS) {
        r->rax = (uint64_t)-ENOSYS;
        return;
    }
    nr = index_clamp(nr, NR_HYPERCALLS);
    if (!m.code64) {
        const uint32_t args[6] = {
            (uint32_t)r->rbx, (uint32_t)r->rcx, (uint32_t)r->rdx,
            (uint32_t)r->rsi, (uint32_t)r->rdi, (uint32_t)r->rbp,
        };

        r->rax = (uint32_t)compat_hypercall((uint32_t)nr, args);
        return;
    }
    if (!hypercall_rows[nr].hvm) {
        r->rax = (uint64_t)-ENOSYS;
        return;
    }
    r->rax = (uint64_t)hypercall_table[nr](r->rdi, r->rsi, r->rdx, r->r10,
                                           r->r8, r->r9);
}

static inline bool line_is_wrong(const struct vcpu *v)
{
    return READ_ONCE(v->domain->vdev->callback_level) !=
           (atomic_load(&v->info->evtchn_upcall_pending) != 0);
}

noreturn void vcpu_loop(void)
{
    for (;;) {
        struct vcpu *v = current;

        local_irq_disable();
        if (softirq_pending()) {
            local_irq_enable();
            softirq_run();            /* may switch and not return */
            continue;
        }
        if (unlikely(hvm_vcpu_has_signals(v))) {
            hvm_vcpu_signals(v);
            continue;
        }
        if (unlikely(v->hvm->io.resume != HVM_RESUME_NONE)) {
            (void)hvm_io_ready(v);        /* it may have raised a softirq */
            continue;
        }
        if (hvm_callback_by_line(v) && unlikely(line_is_wrong(v))) {
            hvm_callback_update(v);
        }
        if (unlikely(hvm_inject_maybe(v))) {
            hvm_inject_pending(v);
        }
        if (hvm_backend->run(v) == EXIT_HYPERCALL) {
            hypercall(v);
        }
    }
}
