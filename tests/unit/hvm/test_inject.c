/* SPDX-License-Identifier: MIT */
/*
 * Tests of hvm/inject: what is delivered first, when an interrupt has to
 * wait and a window is asked for, and exceptions on top of exceptions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/log.h>
#include <domains.h>
#include <fake.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <vdev/front.h>
#include <xen/sched.h>

static struct domain *d;
static struct vcpu *v;
static struct hvm_domain hd;
static struct hvm_vcpu hv;
static uint64_t regs[NR_HVM_REGS];
static struct hvm_event given;
static bool window;
static int apic_vector;                /* what the local APIC has, or -1 */

static uint64_t get_reg(const struct vcpu *unused, enum hvm_reg r)
{
    return regs[r];
}

static void set_reg(struct vcpu *unused, enum hvm_reg r, uint64_t val)
{
    regs[r] = val;
}

static void inject(struct vcpu *unused, const struct hvm_event *e)
{
    given = *e;
}

static void open_window(struct vcpu *unused, bool open)
{
    window = open;
}

static bool iret_watched;
static void watch_iret(struct vcpu *unused, bool on)
{
    iret_watched = on;
}

static const struct hvm_backend backend = {
    .get_reg = get_reg, .set_reg = set_reg, .inject = inject,
    .open_window = open_window, .watch_iret = watch_iret,
};
const struct hvm_backend *hvm_backend = &backend;

int vdev_irq_pending(struct vcpu *unused)
{
    return apic_vector;
}

int vdev_irq_ack(struct vcpu *unused)
{
    int got = apic_vector;

    apic_vector = -1;
    return got;
}

void glog_at(enum log_level level, const char *fmt, ...)
{
}

static int set_up(void **state)
{
    fake_reset(1);
    d = test_domain(1, 1, NULL);
    v = d->vcpu[0];
    hd = (struct hvm_domain){ 0 };
    hv = (struct hvm_vcpu){ 0 };
    d->hvm = &hd;
    v->hvm = &hv;
    for (unsigned int i = 0; i < NR_HVM_REGS; i++) {
        regs[i] = 0;
    }
    given = (struct hvm_event){ 0 };
    window = false;
    apic_vector = -1;
    test_become(v);
    *guest_cpu_regs() = (struct cpu_regs){ .rflags = X86_EFLAGS_IF };
    return 0;
}

static int tear_down(void **state)
{
    test_domains_free();
    return 0;
}

static void nothing_pending_gives_nothing(void **state)
{
    hvm_inject_pending(v);
    assert_false(given.valid);
    assert_false(window);
    assert_false(hvm_has_interrupt(v));
}

static void event_vector_goes_before_the_apic(void **state)
{
    hd.callback_vector = 0xf3;
    v->info->evtchn_upcall_pending = 1;
    apic_vector = 0x30;
    hvm_inject_pending(v);
    assert_int_equal(given.vector, 0xf3);
    assert_int_equal(given.type, HVM_EVENT_INTR);
    assert_int_equal(apic_vector, 0x30);
    assert_true(window);
}

static void own_upcall_vector_replaces_the_callback(void **state)
{
    hd.callback_vector = 0xf3;
    hv.upcall_vector = 0xf4;
    v->info->evtchn_upcall_pending = 1;
    hvm_inject_pending(v);
    assert_false(given.valid);
}

/* Whether a vcpu that would sleep has to go on instead. */
static void only_what_can_be_delivered_keeps_a_vcpu_awake(void **state)
{
    v->info->evtchn_upcall_pending = 1;
    assert_false(hvm_takes_interrupt(v));        /* no vector for it */
    hd.callback_vector = 0xf3;
    assert_true(hvm_takes_interrupt(v));
    guest_cpu_regs()->rflags = 0;
    assert_false(hvm_takes_interrupt(v));
    apic_vector = 0x30;
    assert_false(hvm_takes_interrupt(v));
    assert_true(hvm_has_interrupt(v));
    guest_cpu_regs()->rflags = X86_EFLAGS_IF;
    v->info->evtchn_upcall_pending = 0;
    assert_true(hvm_takes_interrupt(v));
    guest_cpu_regs()->rflags = 0;
    hv.nmi_pending = 1;
    assert_true(hvm_takes_interrupt(v));
}

static void interrupt_waits_for_the_flag_and_the_shadow(void **state)
{
    apic_vector = 0x30;
    guest_cpu_regs()->rflags = 0;
    hvm_inject_pending(v);
    assert_false(given.valid);
    assert_true(window);

    guest_cpu_regs()->rflags = X86_EFLAGS_IF;
    regs[HVM_SHADOW] = 1;
    hvm_inject_pending(v);
    assert_false(given.valid);
    assert_true(window);

    regs[HVM_SHADOW] = 0;
    hvm_inject_pending(v);
    assert_int_equal(given.vector, 0x30);
    assert_false(window);
}

static void interrupted_delivery_comes_first(void **state)
{
    hv.event = (struct hvm_event){ .valid = true, .vector = 14,
                                   .type = HVM_EVENT_EXCEPTION,
                                   .has_error = true, .error = 2 };
    apic_vector = 0x30;
    hvm_inject_pending(v);
    assert_int_equal(given.vector, 14);
    assert_int_equal(given.error, 2);
    assert_false(hv.event.valid);
    assert_int_equal(apic_vector, 0x30);
    assert_true(window);
}

static void nmi_needs_no_flag(void **state)
{
    guest_cpu_regs()->rflags = 0;
    hv.nmi_pending = 1;
    hvm_inject_pending(v);
    assert_int_equal(given.vector, 2);
    assert_int_equal(given.type, HVM_EVENT_NMI);
    assert_int_equal(hv.nmi_pending, 0);
}

static void one_nmi_at_a_time(void **state)
{
    hv.nmi_pending = 1;
    hvm_inject_pending(v);
    assert_true(iret_watched);
    hv.nmi_pending = 1;
    given.valid = false;
    hvm_inject_pending(v);
    assert_false(given.valid);
    assert_false(window);
    assert_false(hvm_has_interrupt(v));    /* it may halt */

    hvm_nmi_unmask(v);
    assert_false(iret_watched);
    hvm_inject_pending(v);
    assert_int_equal(given.vector, 2);
}

static void two_faults_make_a_double_and_three_end_the_guest(void **state)
{
    hvm_inject_page_fault(v, 0x1234, 2);
    assert_int_equal(regs[HVM_CR2], 0x1234);
    hvm_inject_exception(v, 13, 0);
    assert_int_equal(hv.event.vector, 8);
    assert_int_equal(hv.event.error, 0);
    assert_false(d->is_shut_down);
    hvm_inject_exception(v, 13, 0);
    assert_true(d->is_shut_down);
    assert_int_equal(d->shutdown_code, SHUTDOWN_reboot);
}

static void harmless_pairs_are_serial(void **state)
{
    hvm_inject_exception(v, 13, 0);
    hvm_inject_exception(v, 14, 0);
    assert_int_equal(hv.event.vector, 14);
    hvm_inject_exception(v, 6, HVM_NO_ERROR);
    assert_int_equal(hv.event.vector, 6);
    assert_false(hv.event.has_error);
}

static void skip_ends_the_shadow_and_honours_single_step(void **state)
{
    guest_cpu_regs()->rip = 0x1000;
    regs[HVM_SHADOW] = 1;
    hv.shadow = true;
    hvm_skip(v, 2);
    assert_int_equal(guest_cpu_regs()->rip, 0x1002);
    assert_int_equal(regs[HVM_SHADOW], 0);
    assert_false(hv.event.valid);

    guest_cpu_regs()->rflags |= X86_EFLAGS_TF;
    hvm_skip(v, 3);
    assert_int_equal(hv.event.vector, 1);
    assert_int_equal(regs[HVM_DR6] & 0x4000, 0x4000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(nothing_pending_gives_nothing),
        T(event_vector_goes_before_the_apic),
        T(own_upcall_vector_replaces_the_callback),
        T(only_what_can_be_delivered_keeps_a_vcpu_awake),
        T(interrupt_waits_for_the_flag_and_the_shadow),
        T(interrupted_delivery_comes_first),
        T(nmi_needs_no_flag), T(one_nmi_at_a_time),
        T(two_faults_make_a_double_and_three_end_the_guest),
        T(harmless_pairs_are_serial),
        T(skip_ends_the_shadow_and_honours_single_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
