/* SPDX-License-Identifier: MIT */
/*
 * init/keys.c - key handlers that look at several subsystems.
 *
 * Owns    'q' (domains), 'r' (CPUs), 'i' (interrupts).  core/keyhandler has
 *         the others.
 */
#include <init/keys.h>

#include <core/keyhandler.h>
#include <core/log.h>
#include <domain/domain.h>
#include <irq/irq.h>
#include <sched/sched.h>

static void show_vcpu(const struct vcpu *v)
{
    log_err("    v%u on cpu %u: %s%s%s pause %d, events %u/%u", v->vcpu_id,
            v->processor, v->is_running ? "running " : "",
            v->blocked ? "blocked " : "", v->is_up ? "up" : "down",
            v->pause_count, v->info->evtchn_upcall_pending,
            v->info->evtchn_upcall_mask);
}

static void key_domains(char key)
{
    struct domain *d = domain_get_next(0);

    while (d != NULL) {
        domid_t next = (domid_t)(d->domid + 1);
        struct vcpu *v;

        log_err("  d%u: %u of %u pages, %d references, dying %u, shut down %u",
                d->domid, d->tot_pages, d->max_pages, d->refcount, d->dying,
                d->is_shut_down);
        for_each_vcpu(d, v) {
            show_vcpu(v);
        }
        domain_put(d);
        d = domain_get_next(next);
    }
}

static void key_interrupts(char key)
{
    for (unsigned int i = 0; i < NR_IRQS; i++) {
        const struct irq_desc *d = irq_desc_of(i);

        if (d->handler != NULL) {
            log_err("  irq %u: vector %#x cpu %u %s%s%s%s", i, d->vector,
                    d->cpu, d->for_guest ? "guest" : "ours",
                    d->level ? " level" : " edge", d->masked ? " masked" : "",
                    d->in_flight ? " in flight" : "");
        }
    }
}

static void key_cpus(char key)
{
    unsigned int cpu;

    for_each_cpu(cpu, cpu_online_mask) {
        const struct vcpu *v = cpu_infos[cpu]->current_vcpu;

        if (is_idle_vcpu(v)) {
            log_err("  cpu%u: idle; %lu ms idle so far", cpu,
                    sched_cpu_idle_ns(cpu) / 1000000);
        } else {
            log_err("  cpu%u: d%uv%u; %lu ms idle so far", cpu,
                    v->domain->domid, v->vcpu_id,
                    sched_cpu_idle_ns(cpu) / 1000000);
        }
    }
}

void boot_text keys_init(void)
{
    keyhandler_register('q', "domains and vcpus", key_domains, false);
    keyhandler_register('r', "what each CPU runs", key_cpus, false);
    keyhandler_register('i', "interrupts", key_interrupts, false);
}
