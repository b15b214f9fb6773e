/* SPDX-License-Identifier: MIT */
/*
 * smp/main.c - more than one vCPU: which exist, starting one, events and
 * shootdowns between them, per-vCPU registrations.  ABI: xen/vcpu.h.
 * The second vCPU runs one command at a time from a mailbox.  With "crash" on
 * the command line it writes to the console while the first one crashes the
 * domain (tests/boot/boots.cfg, panic-smp).
 */
#include <lib/ap.h>
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

enum command { NOTHING, COUNT, READ_PAGE, WRITE_PAGE, LOAD_ES, BLOCK, DOWN };

static volatile enum command command;
static volatile uint64_t ap_counter, ap_seen, ap_selector;
static volatile uint64_t *volatile ap_page;
static volatile bool ap_running;

static void ap_main(void)
{
    ap_running = true;
    for (;;) {
        switch (command) {
        case COUNT:
            ap_counter++;
            break;
        case READ_PAGE:
            ap_seen = ap_read(ap_page);
            command = NOTHING;
            break;
        case WRITE_PAGE:
            ap_write(ap_page, 7);
            command = NOTHING;
            break;
        case LOAD_ES:
            ap_load_es(ap_selector);
            ap_seen = ap_fault;
            ap_load_es(0);
            command = NOTHING;
            break;
        case BLOCK:
            hc_sched(SCHEDOP_block, NULL);
            ap_counter++;
            command = NOTHING;
            break;
        case DOWN:
            command = NOTHING;
            hc_vcpu(VCPUOP_down, 1, NULL);
            ap_running = true; /* goes on here when brought up again */
            break;
        default:
            __asm__ volatile("pause");
        }
    }
}

static bool wait_until(volatile bool *flag)
{
    uint64_t end = now_ns() + 3000 * NS_PER_MS;

    while (!*flag && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    return *flag;
}

static bool wait_idle(void)
{
    uint64_t end = now_ns() + 3000 * NS_PER_MS;

    while (command != NOTHING && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    return command == NOTHING;
}

static void need_two(void)
{
    if (!ap_exists()) {
        SKIP("one vCPU only");
    }
}

static void is_up_by_number(void)
{
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, 0, NULL), 1);
    EXPECT(hc_vcpu(VCPUOP_is_up, 1, NULL) <= 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, 100, NULL), -ENOENT);
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, ~0u, NULL), -ENOENT);
    EXPECT_EQ(hc_vcpu(99, 0, NULL), -ENOSYS);
}

static void up_before_initialise_refused(void)
{
    need_two();
    EXPECT_EQ(hc_vcpu(VCPUOP_up, 1, NULL), -EINVAL);
}

static void initialise_refuses_bad_contexts(void)
{
    struct vcpu_guest_context *context = ap_context(ap_main);

    need_two();
    context->user_regs.rip = 1ul << 63;
    EXPECT(hc_vcpu(VCPUOP_initialise, 1, context) < 0);
    context = ap_context(ap_main);
    context->ctrlreg[3] = xen_pfn_to_cr3(mfn_of(context)); /* data page */
    EXPECT(hc_vcpu(VCPUOP_initialise, 1, context) < 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_initialise, 1, 8), -EFAULT);
    EXPECT_EQ(hc_vcpu(VCPUOP_up, 1, NULL), -EINVAL);
}

static void second_vcpu_starts(void)
{
    need_two();
    EXPECT_EQ(hc_vcpu(VCPUOP_initialise, 1, ap_context(ap_main)), 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_initialise, 1, ap_context(ap_main)), -EEXIST);
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, 1, NULL), 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_up, 1, NULL), 0);
    EXPECT(wait_until(&ap_running));
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, 1, NULL), 1);
}

static void both_vcpus_make_progress(void)
{
    uint64_t before = ap_counter;

    need_two();
    command = COUNT;
    spin_ns(100 * NS_PER_MS);
    command = NOTHING;
    EXPECT(ap_counter > before);
}

static void ipi_reaches_the_other_vcpu(void)
{
    evtchn_port_t port;
    uint64_t before = ap_upcalls, end;

    need_two();
    EXPECT_EQ(event_bind_ipi(1, &port), 0);
    event_unmask(port);
    WRITE_ONCE(shared_info->vcpu_info[1].evtchn_upcall_mask, 0);
    EXPECT_EQ(event_send(port), 0);
    end = now_ns() + 1000 * NS_PER_MS;
    while (ap_upcalls == before && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    EXPECT(ap_upcalls > before);
    EXPECT_EQ(event_close(port), 0);
}

/* One event may come before the other vcpu has gone to sleep. */
static bool ring_until_idle(evtchn_port_t port)
{
    uint64_t end = now_ns() + 10000 * NS_PER_MS;

    while (command != NOTHING && now_ns() < end) {
        EXPECT_EQ(event_send(port), 0);
        spin_ns(NS_PER_MS);
    }
    return command == NOTHING;
}

static void ipi_wakes_a_blocked_vcpu(void)
{
    evtchn_port_t port;
    uint64_t before = ap_counter;

    need_two();
    EXPECT_EQ(event_bind_ipi(1, &port), 0);
    event_unmask(port);
    command = BLOCK;
    spin_ns(30 * NS_PER_MS);
    EXPECT_EQ(ap_counter, before);
    EXPECT(ring_until_idle(port));
    EXPECT_EQ(ap_counter, before + 1);
    EXPECT_EQ(event_close(port), 0);
}

static void bound_port_moves_to_the_other_vcpu(void)
{
    struct evtchn_bind_vcpu op = { .vcpu = 1 };
    evtchn_port_t a, b;
    uint64_t before = ap_upcalls, end;

    need_two();
    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    op.port = a;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_vcpu, &op), 0);
    event_unmask(a);
    EXPECT_EQ(event_send(b), 0);
    end = now_ns() + 1000 * NS_PER_MS;
    while (ap_upcalls == before && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    EXPECT(ap_upcalls > before);
    event_close(a);
    event_close(b);
}

static uint64_t read_there(void *page)
{
    ap_page = page;
    command = READ_PAGE;
    EXPECT(wait_idle());
    return ap_seen;
}

static void flush_reaches_the_other_vcpu(void)
{
    uint64_t *page = page_alloc(), *other = page_alloc();
    uint64_t all = ~0ul;

    need_two();
    *page = 1;
    *other = 2;
    EXPECT_EQ(read_there(page), 1);
    EXPECT_EQ(hc_uvm(page, maddr_of(other) | PTE_KERNEL,
                     (uint64_t)&all | UVMF_INVLPG), 0);
    EXPECT_EQ(read_there(page), 2);
    EXPECT_EQ(hc_uvm(page, 0, UVMF_INVLPG | UVMF_ALL), 0);
    read_there(page);
    EXPECT(ap_fault);
    EXPECT_EQ(hc_uvm(page, maddr_of(page) | PTE_KERNEL,
                     UVMF_TLB_FLUSH | UVMF_ALL), 0);
    EXPECT_EQ(read_there(page), 1);
}

/*
 * A page that becomes a page table must not stay writable through a TLB: the
 * change of type flushes, even when the guest asks for no flush.
 */
static void type_change_flushes_by_itself(void)
{
    uint64_t *page = page_alloc();

    need_two();
    EXPECT_EQ(read_there(page), 0);
    EXPECT_EQ(hc_uvm(page, maddr_of(page) | PTE_KERNEL_RO, 0), 0);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(page)), 0);
    /* An entry that no emulation would accept: the root, writable. */
    TRY_INSN("movq %1, (%0)", "r"(page),
             "r"(maddr_of((void *)start_info->pt_base) | PTE_KERNEL));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(*page, 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(page)), 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

/* Both vCPUs on physical CPU 0, or anywhere again. */
static void pin(bool together)
{
    uint8_t map[8];
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_setvcpuaffinity,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .u.vcpuaffinity = { .flags = XEN_VCPUAFFINITY_HARD },
    };

    for (unsigned int v = 0; v < 2; v++) {
        memset(map, together ? 0 : 0xff, sizeof(map));
        map[0] |= 1;
        op.u.vcpuaffinity.vcpu = v;
        set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, map);
        op.u.vcpuaffinity.cpumap_hard.nr_bits = sizeof(map) * 8;
        EXPECT_EQ(hc_domctl(&op), 0);
    }
    hc_sched(SCHEDOP_yield, NULL);
}

/* What one vCPU leaves in the CPU is not the next one's. */
static void breakpoint_is_of_one_vcpu(void)
{
    static volatile uint64_t watched;
    uint64_t before = ap_debugs;
    bool done;

    SKIP_UNLESS_DOM0();
    need_two();
    pin(true);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_debugreg, 0, &watched), 0);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_debugreg, 7, 0x2ul | 1ul << 16), 0);
    ap_page = &watched;
    command = WRITE_PAGE;
    done = wait_idle();
    EXPECT_EQ(hcall2(__HYPERVISOR_set_debugreg, 7, 0), 0);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_debugreg, 0, 0), 0);
    pin(false);
    EXPECT(done);
    EXPECT_EQ(watched, 7);
    EXPECT_EQ(ap_debugs, before);
}

static long set_ldt(const void *base, unsigned int n)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

    op.arg1.linear_addr = (unsigned long)base;
    op.arg2.nr_ents = n;
    return hc_mmuext(&op, 1, NULL, DOMID_SELF);
}

static uint64_t *ldt_page(void)
{
    uint64_t *ldt = page_alloc();

    ldt[3] = 0x00cff3000000ffffull;
    EXPECT_EQ(page_protect(ldt, false), 0);
    return ldt;
}

static void ldt_is_of_one_vcpu(void)
{
    uint64_t *ldt = ldt_page();
    bool done;

    SKIP_UNLESS_DOM0();
    need_two();
    pin(true);
    EXPECT_EQ(set_ldt(ldt, 512), 0);
    TRY_INSN("movl %0, %%es", "r"(3 << 3 | 7));
    EXPECT_TRAP(TRAP_NONE);
    ap_selector = 3 << 3 | 7;
    ap_seen = 0;
    command = LOAD_ES;
    done = wait_idle();
    TRY_INSN("movl %0, %%es", "r"(0));
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    pin(false);
    EXPECT(done);
    EXPECT_EQ(ap_seen, 1);
}

/* A switch back loads a selector from an LDT that was not used before. */
static void selector_of_a_new_ldt_survives_a_switch(void)
{
    static volatile uint64_t written;
    uint64_t *first = ldt_page(), *second = ldt_page();
    unsigned int es;
    bool done;

    SKIP_UNLESS_DOM0();
    need_two();
    pin(true);
    EXPECT_EQ(set_ldt(first, 512), 0);
    TRY_INSN("movl %0, %%es", "r"(3 << 3 | 7));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(set_ldt(second, 512), 0);
    ap_page = &written;
    command = WRITE_PAGE;
    done = wait_idle();
    __asm__ volatile("movl %%es, %0" : "=r"(es));
    TRY_INSN("movl %0, %%es", "r"(0));
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    pin(false);
    EXPECT(done);
    EXPECT_EQ(es, 3 << 3 | 7);
}

static void down_and_up_again(void)
{
    need_two();
    ap_running = false;
    command = DOWN;
    for (unsigned int i = 0; hc_vcpu(VCPUOP_is_up, 1, NULL) != 0 && i < 100;
         i++) {
        spin_ns(50 * NS_PER_MS);
    }
    EXPECT_EQ(hc_vcpu(VCPUOP_is_up, 1, NULL), 0);
    EXPECT(!ap_running);
    EXPECT_EQ(hc_vcpu(VCPUOP_up, 1, NULL), 0);
    EXPECT(wait_until(&ap_running));
}

static struct {
    uint8_t pad[128];
    struct vcpu_info info;
} own __attribute__((aligned(4096)));

static void register_vcpu_info_errors(void)
{
    struct vcpu_register_vcpu_info op = { .mfn = mfn_of(&own),
                                          .offset = 4096 - 32 };

    EXPECT(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op) < 0);
    op.offset = 4;
    EXPECT(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op) < 0);
    op.offset = 128;
    op.mfn = 1ul << 39;
    EXPECT(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op) < 0);
    op.mfn = 0x200;
    EXPECT(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op) < 0);
}

static void register_vcpu_info_moves_it(void)
{
    struct vcpu_register_vcpu_info op = { .mfn = mfn_of(&own),
                                          .offset = 128 };
    evtchn_port_t a, b;
    unsigned int before;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    EXPECT_EQ(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op), 0);
    EXPECT_EQ(own.info.evtchn_upcall_mask, 1);
    vcpu_info_set(&own.info);
    EXPECT_EQ(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op), -EINVAL);
    EXPECT_EQ(own.info.time.version & 1, 0);
    EXPECT(own.info.time.tsc_to_system_mul != 0);
    event_unmask(a);
    events_on();
    before = event_count[a];
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_count[a], before + 1);
    event_close(a);
    event_close(b);
}

static const struct fact facts[] = {
    FACT(is_up_by_number),
    FACT(up_before_initialise_refused),
    FACT(initialise_refuses_bad_contexts),
    FACT(second_vcpu_starts),
    FACT(both_vcpus_make_progress),
    FACT(ipi_reaches_the_other_vcpu),
    FACT(ipi_wakes_a_blocked_vcpu),
    FACT(bound_port_moves_to_the_other_vcpu),
    FACT(flush_reaches_the_other_vcpu),
    FACT(type_change_flushes_by_itself),
    FACT(breakpoint_is_of_one_vcpu),
    FACT(ldt_is_of_one_vcpu),
    FACT(selector_of_a_new_ldt_survives_a_switch),
    FACT(down_and_up_again),
    FACT(register_vcpu_info_errors),
    FACT(register_vcpu_info_moves_it),
};

static void write_for_ever(void)
{
    static const char line[] =
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n";

    for (;;) {
        hc_console(CONSOLEIO_write, sizeof(line) - 1, line);
        ap_counter++;
        for (unsigned int i = 0; i < 100; i++) {
            __asm__ volatile("pause");   /* locks are not fair */
        }
    }
}

static void crash_beside_a_writer(void)
{
    guest_must(ap_start(write_for_ever), "start vCPU 1");
    while (ap_counter < 100) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    guest_shutdown(SHUTDOWN_crash);
}

void guest_main(void)
{
    if (find_word((const char *)start_info->cmd_line, "crash") != NULL) {
        crash_beside_a_writer();
    }
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
