/* SPDX-License-Identifier: MIT */
/*
 * sched/watchdog.c - a domain that promised to poke us, and did not, is shut
 * down with SHUTDOWN_watchdog (SCHEDOP_watchdog, xen/sched.h).
 * Tested by tests/unit/sched/test_sched_state.c.
 */
#include <sched/runq.h>
#include <time/systime.h>
#include <xen/sched.h>
#include <hv/errno.h>

static void expired(void *data)
{
    struct watchdog *w = data;

    domain_shutdown(w->domain, SHUTDOWN_watchdog);
}

static int start_new(struct sched_domain *sd, uint64_t deadline)
{
    for (unsigned int i = 0; i < NR_WATCHDOGS; i++) {
        if (!sd->watchdogs[i].armed) {
            sd->watchdogs[i].armed = true;
            timer_set(&sd->watchdogs[i].timer, deadline);
            return (int)i + 1;
        }
    }
    return -ENOSPC;
}

int sched_watchdog(struct domain *d, uint32_t id, uint32_t timeout_s)
{
    struct sched_domain *sd = d->sched;
    uint64_t deadline = systime_ns() + timeout_s * 1000000000ull;
    unsigned long flags;
    struct watchdog *w;
    int rc = 0;

    if (id > NR_WATCHDOGS || (id == 0 && timeout_s == 0)) {
        return -EINVAL;
    }
    flags = spin_lock_irqsave(&sd->lock);
    w = &sd->watchdogs[id == 0 ? 0 : id - 1];
    if (id == 0) {
        rc = start_new(sd, deadline);
    } else if (!w->armed) {
        rc = -EINVAL;
    } else if (timeout_s == 0) {
        w->armed = false;
        timer_stop(&w->timer);
    } else {
        timer_set(&w->timer, deadline);
    }
    spin_unlock_irqrestore(&sd->lock, flags);
    return rc;
}

void watchdog_domain_init(struct sched_domain *sd)
{
    for (unsigned int i = 0; i < NR_WATCHDOGS; i++) {
        sd->watchdogs[i].domain = sd->domain;
        timer_init(&sd->watchdogs[i].timer, expired, &sd->watchdogs[i],
                   smp_processor_id());
    }
}

void watchdog_domain_free(struct sched_domain *sd)
{
    for (unsigned int i = 0; i < NR_WATCHDOGS; i++) {
        timer_kill(&sd->watchdogs[i].timer);
    }
}
