/* SPDX-License-Identifier: MIT */
/*
 * time/main.c - what a guest learns about time: the time record, the wall
 * clock, one-shot timers, runstate.  ABI: xen/xen.h, xen/vcpu.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

static evtchn_port_t timer_port;
static uint64_t fired_at;

static bool note_time(struct trap_frame *f)
{
    (void)f;
    fired_at = now_ns();
    return false;
}

static void timer_bind(void)
{
    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &timer_port), 0);
    event_unmask(timer_port);
    event_clear(timer_port);
    fired_at = 0;
    trap_handlers[VECTOR_EVENT] = note_time;
}

/* Wait up to 100 ms for one more timer event. */
static void timer_wait(unsigned int before)
{
    uint64_t end = now_ns() + 100 * NS_PER_MS;

    events_on();
    while (READ_ONCE(event_count[timer_port]) == before && now_ns() < end) {
        __asm__ volatile("pause");
    }
    events_off();
}

static void timer_unbind(void)
{
    EXPECT_EQ(event_close(timer_port), 0);
}

static void time_never_goes_back(void)
{
    uint64_t last = now_ns();
    unsigned int i;

    for (i = 0; i < 200000; i++) {
        uint64_t t = now_ns();

        EXPECT(t >= last);
        last = t;
    }
}

static void time_passes_at_tsc_rate(void)
{
    const struct vcpu_time_info *t = &this_vcpu_info()->time;
    uint64_t ns = now_ns(), tsc = rdtsc(), scaled;
    unsigned __int128 x;

    spin_ns(5 * NS_PER_MS);
    tsc = rdtsc() - tsc;
    ns = now_ns() - ns;
    x = t->tsc_shift < 0 ? tsc >> -t->tsc_shift : tsc << t->tsc_shift;
    scaled = (uint64_t)((x * t->tsc_to_system_mul) >> 32);
    EXPECT(scaled > ns - ns / 20 && scaled < ns + ns / 20);
}

static void wall_clock_is_plausible(void)
{
    uint64_t sec = shared_info->wc_sec |
                   (uint64_t)shared_info->wc_sec_hi << 32;

    EXPECT_EQ(shared_info->wc_version & 1, 0);
    EXPECT(shared_info->wc_nsec < 1000000000u);
    EXPECT(sec > 1577836800u); /* 2020 */
    EXPECT(sec < 4102444800u); /* 2100 */
}

static void set_timer_fires_on_time(void)
{
    uint64_t at;
    unsigned int before;

    timer_bind();
    before = event_count[timer_port];
    at = now_ns() + 2 * NS_PER_MS;
    EXPECT_EQ(hc_set_timer(at), 0);
    timer_wait(before);
    timer_unbind();
    EXPECT_EQ(event_count[timer_port], before + 1);
    EXPECT(fired_at >= at);
    EXPECT(fired_at < at + 50 * NS_PER_MS);
    report_note("late by %lu us", (fired_at - at) / 1000);
}

static void set_timer_past_fires_at_once(void)
{
    unsigned int before;

    timer_bind();
    before = event_count[timer_port];
    EXPECT_EQ(hc_set_timer(now_ns() - NS_PER_MS), 0);
    timer_wait(before);
    timer_unbind();
    EXPECT_EQ(event_count[timer_port], before + 1);
}

/*
 * Arms a timer 20 ms ahead and disarms it at once; true if that was done well
 * before the deadline, which a busy machine may prevent.
 */
static bool armed_and_disarmed(bool singleshot)
{
    uint64_t at = now_ns() + 20 * NS_PER_MS;
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = at };

    if (singleshot) {
        EXPECT_EQ(hc_vcpu(VCPUOP_set_singleshot_timer, 0, &op), 0);
        EXPECT_EQ(hc_vcpu(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    } else {
        EXPECT_EQ(hc_set_timer(at), 0);
        EXPECT_EQ(hc_set_timer(0), 0);
    }
    return now_ns() < at;
}

static void disarmed_timer_is_silent(bool singleshot)
{
    unsigned int before, tries = 0;

    timer_bind();
    while (!armed_and_disarmed(singleshot) && tries < 20) {
        tries++;
    }
    event_clear(timer_port);
    before = event_count[timer_port];
    events_on();
    spin_ns(30 * NS_PER_MS);
    events_off();
    timer_unbind();
    EXPECT(tries < 20);
    EXPECT_EQ(event_count[timer_port], before);
}

static void set_timer_zero_disarms(void)
{
    disarmed_timer_is_silent(false);
}

static void singleshot_fires_once(void)
{
    struct vcpu_set_singleshot_timer op = { .flags = 0 };
    unsigned int before;

    timer_bind();
    before = event_count[timer_port];
    op.timeout_abs_ns = now_ns() + NS_PER_MS;
    EXPECT_EQ(hc_vcpu(VCPUOP_set_singleshot_timer, 0, &op), 0);
    timer_wait(before);
    events_on();
    spin_ns(4 * NS_PER_MS);
    events_off();
    timer_unbind();
    EXPECT_EQ(event_count[timer_port], before + 1);
    EXPECT(fired_at >= op.timeout_abs_ns);
}

static void singleshot_past_fires_at_once(void)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = 1 };
    unsigned int before;

    timer_bind();
    before = event_count[timer_port];
    EXPECT_EQ(hc_vcpu(VCPUOP_set_singleshot_timer, 0, &op), 0);
    timer_wait(before);
    timer_unbind();
    EXPECT_EQ(event_count[timer_port], before + 1);
}

/* The header promises -ETIME; Xen 4.17 ignores the flag and fires. */
static void singleshot_future_flag_is_consistent(void)
{
    struct vcpu_set_singleshot_timer op = {
        .timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future,
    };
    unsigned int before;
    long rc;

    timer_bind();
    before = event_count[timer_port];
    rc = hc_vcpu(VCPUOP_set_singleshot_timer, 0, &op);
    events_on();
    spin_ns(3 * NS_PER_MS);
    events_off();
    timer_unbind();
    EXPECT(rc == 0 || rc == -ETIME);
    EXPECT_EQ(event_count[timer_port], before + (rc == 0));
}

static void stop_singleshot_disarms(void)
{
    disarmed_timer_is_silent(true);
}

static void timer_wakes_a_blocked_vcpu(void)
{
    uint64_t at;
    unsigned int before;

    timer_bind();
    before = event_count[timer_port];
    at = now_ns() + 3 * NS_PER_MS;
    EXPECT_EQ(hc_set_timer(at), 0);
    EXPECT_EQ(hc_sched(SCHEDOP_block, NULL), 0);
    events_off();
    timer_unbind();
    EXPECT_EQ(event_count[timer_port], before + 1);
    EXPECT(now_ns() >= at);
}

static void periodic_timer_repeats_until_stopped(void)
{
    struct vcpu_set_periodic_timer op = { .period_ns = 2 * NS_PER_MS };
    unsigned int before, during;
    uint64_t end;

    timer_bind();
    before = event_count[timer_port];
    EXPECT_EQ(hc_vcpu(VCPUOP_set_periodic_timer, 0, &op), 0);
    events_on();
    end = now_ns() + 2000 * NS_PER_MS;
    while (READ_ONCE(event_count[timer_port]) < before + 3 &&
           now_ns() < end) {
    }
    EXPECT_EQ(hc_vcpu(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    during = event_count[timer_port];
    spin_ns(6 * NS_PER_MS);
    events_off();
    timer_unbind();
    EXPECT(during - before >= 3);
    EXPECT(event_count[timer_port] <= during + 1);
}

static void periodic_timer_too_short_refused(void)
{
    struct vcpu_set_periodic_timer op = { .period_ns = 1000 };

    EXPECT_EQ(hc_vcpu(VCPUOP_set_periodic_timer, 0, &op), -EINVAL);
}

static void runstate_says_running(void)
{
    struct vcpu_runstate_info rs;

    EXPECT_EQ(hc_vcpu(VCPUOP_get_runstate_info, 0, &rs), 0);
    EXPECT_EQ(rs.state, RUNSTATE_running);
    EXPECT(rs.state_entry_time <= now_ns());
    EXPECT(rs.time[RUNSTATE_running] > 0);
}

static uint64_t total(const struct vcpu_runstate_info *rs)
{
    return rs->time[0] + rs->time[1] + rs->time[2] + rs->time[3];
}

static void runstate_times_add_up(void)
{
    struct vcpu_runstate_info before, after;
    uint64_t start = now_ns(), passed;

    EXPECT_EQ(hc_vcpu(VCPUOP_get_runstate_info, 0, &before), 0);
    spin_ns(4 * NS_PER_MS);
    EXPECT_EQ(hc_vcpu(VCPUOP_get_runstate_info, 0, &after), 0);
    passed = now_ns() - start;
    EXPECT(total(&after) - total(&before) <= passed);
    EXPECT(total(&after) - total(&before) >= 4 * NS_PER_MS);
}

/* Blocked time of one SCHEDOP_block until a timer @ns ahead; and the time
 * that was left to it, which a busy machine makes shorter. */
static uint64_t blocked_for(uint64_t ns, uint64_t *left)
{
    struct vcpu_runstate_info before, after;
    uint64_t at = now_ns() + ns, start;

    EXPECT_EQ(hc_vcpu(VCPUOP_get_runstate_info, 0, &before), 0);
    EXPECT_EQ(hc_set_timer(at), 0);
    start = now_ns();
    EXPECT_EQ(hc_sched(SCHEDOP_block, NULL), 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_get_runstate_info, 0, &after), 0);
    events_off();
    *left = at > start ? at - start : 0;
    return after.time[RUNSTATE_blocked] - before.time[RUNSTATE_blocked];
}

static void runstate_counts_blocked_time(void)
{
    uint64_t left = 0, blocked = 0;
    unsigned int tries;

    timer_bind();
    for (tries = 0; tries < 5; tries++) {
        blocked = blocked_for(20 * NS_PER_MS, &left);
        if (left > 10 * NS_PER_MS && blocked >= left - 5 * NS_PER_MS) {
            break;
        }
    }
    timer_unbind();
    EXPECT(left > 10 * NS_PER_MS);
    EXPECT(blocked >= left - 5 * NS_PER_MS);
}

static struct vcpu_runstate_info area;

static void runstate_area_is_kept_current(void)
{
    struct vcpu_register_runstate_memory_area op = { .addr.v = &area };
    uint64_t blocked, gained, left;

    memset(&area, 0, sizeof(area));
    EXPECT_EQ(hc_vcpu(VCPUOP_register_runstate_memory_area, 0, &op), 0);
    EXPECT_EQ(area.state, RUNSTATE_running);
    EXPECT(total(&area) > 0);
    blocked = area.time[RUNSTATE_blocked];
    timer_bind();
    gained = blocked_for(20 * NS_PER_MS, &left);
    timer_unbind();
    EXPECT_EQ(area.state, RUNSTATE_running);
    EXPECT_EQ(area.time[RUNSTATE_blocked] - blocked, gained);
}

static void runstate_update_flag_is_accepted(void)
{
    EXPECT_EQ(hcall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
                     VMASST_TYPE_runstate_update_flag), 0);
    EXPECT_EQ(hc_sched(SCHEDOP_yield, NULL), 0);
    EXPECT_EQ(area.state_entry_time & XEN_RUNSTATE_UPDATE, 0);
}

static void system_time_record_is_updated_with_runs(void)
{
    const struct vcpu_time_info *t = &this_vcpu_info()->time;
    uint32_t version = t->version;

    timer_bind();
    EXPECT_EQ(hc_set_timer(now_ns() + 2000 * NS_PER_MS), 0);
    EXPECT_EQ(hc_set_timer(0), 0);
    timer_unbind();
    EXPECT_EQ(t->version & 1, 0);
    EXPECT(t->version >= version);
    EXPECT(t->system_time <= now_ns());
}

static const struct fact facts[] = {
    FACT(time_never_goes_back),
    FACT(time_passes_at_tsc_rate),
    FACT(wall_clock_is_plausible),
    FACT(set_timer_fires_on_time),
    FACT(set_timer_past_fires_at_once),
    FACT(set_timer_zero_disarms),
    FACT(singleshot_fires_once),
    FACT(singleshot_past_fires_at_once),
    FACT(singleshot_future_flag_is_consistent),
    FACT(stop_singleshot_disarms),
    FACT(timer_wakes_a_blocked_vcpu),
    FACT(periodic_timer_repeats_until_stopped),
    FACT(periodic_timer_too_short_refused),
    FACT(runstate_says_running),
    FACT(runstate_times_add_up),
    FACT(runstate_counts_blocked_time),
    FACT(runstate_area_is_kept_current),
    FACT(runstate_update_flag_is_accepted),
    FACT(system_time_record_is_updated_with_runs),
};

void guest_main(void)
{
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
