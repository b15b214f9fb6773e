/* SPDX-License-Identifier: MIT */
/*
 * hvm/main.c - facts of hardware-assisted guests, each a domain of 2 MiB
 * that runs a few instructions.  Sources: APM vol. 2, 15; xen/hvm/.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/tinydom.h>
#include <lib/tinyhvm.h>
#include <xen/features.h>
#include <xen/version.h>
#include <xen/hvm/params.h>

extern const uint8_t hvm_code[], hvm_code_end[];
#define CODE(name) extern const uint8_t hvm_##name[]
CODE(halt);
CODE(spin);
CODE(triple);
CODE(cpuid);
CODE(prefixed);
CODE(hypercall);
CODE(hypercall_page);
CODE(ports);
CODE(mmio);
CODE(emulated);
CODE(sse);
CODE(tsc);
CODE(bad_msr);
CODE(event);
CODE(poll);
CODE(smp);
CODE(tpr);
CODE(nmi);
CODE(attack_msr);
CODE(attack_cpuid);
CODE(attack_ports);
CODE(attack_control);
CODE(attack_holes);

static struct tinyhvm t;

static void build(const uint8_t *entry)
{
    t = (struct tinyhvm){ .vcpus = 1 };
    EXPECT_EQ(tinyhvm_build(&t, hvm_code, (size_t)(hvm_code_end - hvm_code),
                            (size_t)(entry - hvm_code)), 0);
}

/* Build, run to the end, expect @reason. */
static void run(const uint8_t *entry, long reason)
{
    build(entry);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 5000), reason);
}

static void end(void)
{
    EXPECT_EQ(tinyhvm_destroy(&t), 0);
}

static void guest_runs_and_a_halt_for_ever_is_poweroff(void)
{
    run(hvm_halt, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x1234);
    end();
}

static void info_says_hvm_and_hap(void)
{
    struct xen_domctl_getdomaininfo info;

    build(hvm_halt);
    EXPECT_EQ(domctl_info(t.domid, &info), 0);
    EXPECT_EQ(info.flags & (XEN_DOMINF_hvm_guest | XEN_DOMINF_hap),
              XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
    EXPECT(info.tot_pages >= 512);
    end();
}

static void guest_that_spins_can_be_destroyed(void)
{
    build(hvm_spin);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 50), -1);
    end();
}

static void triple_fault_is_reboot(void)
{
    run(hvm_triple, SHUTDOWN_reboot);
    end();
}

static void cpuid_shows_the_hypervisor_and_no_svm_or_vmx(void)
{
    run(hvm_cpuid, SHUTDOWN_poweroff);
    EXPECT(t.results[0] >= 0x40000004);
    EXPECT_EQ(t.results[1], 0x566e6558);
    EXPECT_EQ(t.results[2], 0x65584d4d);
    EXPECT_EQ(t.results[3], 0x4d4d566e);
    EXPECT_EQ(t.results[4] & 8, 8);
    EXPECT_EQ(t.results[5], 0);
    EXPECT_EQ(t.results[7] & 4, 0);
    EXPECT_EQ(t.results[8] & 0x20, 0);
    EXPECT_EQ(t.results[8] >> 31, 1);
    EXPECT_EQ(t.results[8] >> 21 & 1, 1);
    end();
}

static void prefixed_instruction_is_skipped_whole(void)
{
    run(hvm_prefixed, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 1);
    EXPECT_EQ(t.results[1], 2);
    end();
}

static void hypercalls_by_vmmcall(void)
{
    uint32_t features;

    run(hvm_hypercall, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x40011);
    EXPECT_EQ(t.results[1], 0);
    features = (uint32_t)(t.results[0x100 / 8] >> 32);
    EXPECT((features >> XENFEAT_auto_translated_physmap) & 1);
    EXPECT((features >> XENFEAT_hvm_callback_vector) & 1);
    EXPECT((features >> XENFEAT_hvm_safe_pvclock) & 1);
    EXPECT_EQ(t.results[2], -ENOSYS);
    EXPECT(t.results[3] == (uint64_t)-EPERM ||
           t.results[3] == (uint64_t)-EACCES);   /* no version given */
    EXPECT_EQ(t.results[4], -ENOSYS);
    EXPECT_EQ(t.results[5], -EFAULT);
    end();
}

static void hypercall_page_by_msr(void)
{
    run(hvm_hypercall_page, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x40011);
    end();
}

static void ports_of_nobody_read_ones(void)
{
    run(hvm_ports, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[1], 0x11223344556677ff);
    EXPECT_EQ(t.results[2], 0x112233445566ffff);
    EXPECT_EQ(t.results[3], 0xffffffff);
    end();
}

static void memory_of_nobody_reads_ones(void)
{
    run(hvm_mmio, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0xffffffff);
    EXPECT_EQ(t.results[1], 0xff);
    EXPECT_EQ(t.results[2], 1);
    end();
}

static void emulated_instructions_do_as_the_cpu_does(void)
{
    run(hvm_emulated, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x50014);
    EXPECT_EQ(t.results[1], 0x1ff);
    EXPECT_EQ(t.results[2], 0x40);
    EXPECT_EQ(t.results[3], 0x14);
    EXPECT_EQ(t.results[4], 0x50014);
    EXPECT_EQ(t.results[5], 0);
    EXPECT_EQ(t.results[6], 700);
    EXPECT_EQ(t.results[7], 0x204a);
    EXPECT_EQ(t.results[8], ~0ull);
    EXPECT_EQ(t.results[9], 0xffff);
    end();
}

static bool is_debians_xen(void)
{
    static xen_extraversion_t extra;

    EXPECT_EQ(hc_version(XENVER_extraversion, extra), 0);
    return extra[0] != '.' || extra[3] != 'p';    /* ours: ".0-paravane" */
}

/* QEMU 7.2 lets a guest's XSETBV pass; Xen then takes AVX for disabled, and
 * its emulator refuses the moves. */
static void sse_moves_reach_devices(void)
{
    build(hvm_sse);
    t.results[20] = is_debians_xen();
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 5000), SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], ~0ull);
    EXPECT_EQ(t.results[1], ~0ull);
    EXPECT_EQ(t.results[2], 0xffffffff);
    EXPECT_EQ(t.results[3], 0);
    EXPECT_EQ(t.results[4], 0x1122334455667788);
    EXPECT_EQ(t.results[5], ~0ull);
    EXPECT_EQ(t.results[6], 0x1122334455667788);
    EXPECT_EQ(t.results[7], 0);
    EXPECT_EQ(t.results[8], 0x30);
    EXPECT_EQ(t.results[9] & 0xffffffff, 0x50);
    for (unsigned int i = 0; i < 8 && t.results[10] != 0; i++) {
        EXPECT_EQ(t.results[11 + i], i < 6 ? ~0ull : 0);
    }
    end();
}

static void tsc_goes_on_from_what_was_written(void)
{
    const uint64_t from = 0x9abc12345678;

    run(hvm_tsc, SHUTDOWN_poweroff);
    EXPECT(t.results[0] >= from && t.results[0] < from + 100000000000);
    EXPECT(t.results[1] >= t.results[0] && t.results[2] >= t.results[1]);
    EXPECT(t.results[2] < from + 100000000000);
    end();
}

static void bad_msr_and_vmrun_fault(void)
{
    run(hvm_bad_msr, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 13);
    EXPECT_EQ(t.results[1], 13);
    EXPECT(t.results[2] == 6 || t.results[2] == 13);
    EXPECT_EQ(t.results[3] & 0x1500, 0x500);
    end();
}

static void event_arrives_at_the_callback_vector(void)
{
    struct evtchn_bind_interdomain bind;
    struct evtchn_send send;
    long port;

    build(hvm_event);
    port = event_alloc(t.domid, 0);
    EXPECT(port > 0);
    bind = (struct evtchn_bind_interdomain){
        .remote_dom = t.domid, .remote_port = (evtchn_port_t)port };
    EXPECT_EQ(hc_event(EVTCHNOP_bind_interdomain, &bind), 0);
    EXPECT_EQ(tinyhvm_set_param(&t, HVM_PARAM_CALLBACK_IRQ,
                                2ull << 56 | 0x40), 0);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    while (t.results[1] == 0) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    send.port = bind.local_port;
    EXPECT_EQ(hc_event(EVTCHNOP_send, &send), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 5000), SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x40);
    event_close(bind.local_port);
    end();
}

/* What the guest's CPU cannot take now is no reason to come back early: a
 * loader that polls with its flags left up would be busy waiting. */
static void poll_waits_while_interrupts_are_off(void)
{
    struct evtchn_bind_interdomain bind;
    struct sched_poll *poll;
    struct evtchn_send send;
    long port, other;
    uint64_t until;

    build(hvm_poll);
    port = event_alloc(t.domid, 0);
    other = event_alloc(t.domid, 0);
    EXPECT(port > 0 && other > 0);
    bind = (struct evtchn_bind_interdomain){
        .remote_dom = t.domid, .remote_port = (evtchn_port_t)port };
    EXPECT_EQ(hc_event(EVTCHNOP_bind_interdomain, &bind), 0);
    EXPECT_EQ(tinyhvm_set_param(&t, HVM_PARAM_CALLBACK_IRQ,
                                2ull << 56 | 0x40), 0);
    send.port = bind.local_port;
    EXPECT_EQ(hc_event(EVTCHNOP_send, &send), 0);

    poll = (struct sched_poll *)&t.results[8];
    poll->ports.p = (void *)(TINYHVM_RESULTS + 128);
    poll->nr_ports = 1;
    t.results[16] = (uint64_t)other;
    t.results[0] = ~0ull;
    until = now_ns() + 300 * NS_PER_MS;
    poll->timeout = until;
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 5000), SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0);
    EXPECT(now_ns() >= until);
    event_close(bind.local_port);
    end();
}

static void twenty_guests_leak_nothing(void)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int i;

    for (i = 0; i < 20; i++) {
        run(hvm_halt, SHUTDOWN_poweroff);
        end();
    }
    EXPECT(domctl_info(t.domid, &info) != 0 || info.domain != t.domid ||
           (info.flags & XEN_DOMINF_dying));
}

static void second_cpu_starts_by_sipi(void)
{
    t = (struct tinyhvm){ .vcpus = 2 };
    EXPECT_EQ(tinyhvm_build(&t, hvm_code, (size_t)(hvm_code_end - hvm_code),
                            (size_t)(hvm_smp - hvm_code)), 0);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    EXPECT_EQ(tinyhvm_wait(&t, 5000), SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0x900);
    EXPECT_EQ(t.results[1], 1);
    end();
}

/* Debian's Xen lets CR8 be written while a virtual interrupt waits, at which
 * QEMU 7.2 aborts (tcg_handle_interrupt). */
static void cr8_holds_interrupts_back(void)
{
    if (is_debians_xen()) {
        SKIP("the emulator would abort");
    }
    run(hvm_tpr, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 0);
    EXPECT_EQ(t.results[1], 0x40);
    EXPECT_EQ(t.results[2], 0);
    end();
}

static void one_nmi_at_a_time(void)
{
    run(hvm_nmi, SHUTDOWN_poweroff);
    EXPECT_EQ(t.results[0], 1);
    EXPECT_EQ(t.results[1], 2);
    EXPECT_EQ(t.results[8], 2);
    end();
}

/* It ends by itself, or crashes alone; this domain is there to say so. */
static void attack(const uint8_t *entry, uint64_t steps)
{
    long reason;

    build(entry);
    EXPECT_EQ(tinyhvm_run(&t), 0);
    reason = tinyhvm_wait(&t, 30000);
    report_note("reason %ld after %lu steps", reason,
                (unsigned long)t.results[0]);
    EXPECT(reason == SHUTDOWN_poweroff || reason == SHUTDOWN_crash ||
           reason == SHUTDOWN_reboot);
    EXPECT(reason != SHUTDOWN_poweroff || t.results[1] == 1);
    EXPECT(t.results[0] >= steps);
    end();
    run(hvm_halt, SHUTDOWN_poweroff);
    end();
}

static void attack_every_msr(void)
{
    attack(hvm_attack_msr, 0x1000);
}

static void attack_every_cpuid_leaf(void)
{
    attack(hvm_attack_cpuid, 0);
}

static void attack_every_port(void)
{
    attack(hvm_attack_ports, 0);
}

static void attack_control_registers(void)
{
    attack(hvm_attack_control, 1);
}

static void attack_holes_and_apics(void)
{
    attack(hvm_attack_holes, 511);
}

static const struct fact facts[] = {
    FACT(guest_runs_and_a_halt_for_ever_is_poweroff),
    FACT(info_says_hvm_and_hap),
    FACT(guest_that_spins_can_be_destroyed),
    FACT(triple_fault_is_reboot),
    FACT(cpuid_shows_the_hypervisor_and_no_svm_or_vmx),
    FACT(prefixed_instruction_is_skipped_whole),
    FACT(hypercalls_by_vmmcall),
    FACT(hypercall_page_by_msr),
    FACT(ports_of_nobody_read_ones),
    FACT(memory_of_nobody_reads_ones),
    FACT(emulated_instructions_do_as_the_cpu_does),
    FACT(sse_moves_reach_devices),
    FACT(tsc_goes_on_from_what_was_written),
    FACT(bad_msr_and_vmrun_fault),
    FACT(event_arrives_at_the_callback_vector),
    FACT(poll_waits_while_interrupts_are_off),
    FACT(second_cpu_starts_by_sipi),
    FACT(cr8_holds_interrupts_back),
    FACT(one_nmi_at_a_time),
    FACT(attack_every_msr),
    FACT(attack_every_cpuid_leaf),
    FACT(attack_every_port),
    FACT(attack_control_registers),
    FACT(attack_holes_and_apics),
    FACT(twenty_guests_leak_nothing),
};

void guest_main(void)
{
    tinyhvm_facts(facts, ARRAY_SIZE(facts));
}
