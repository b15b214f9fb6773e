/* SPDX-License-Identifier: MIT */
/*
 * Tests of vmx/vmx_exit and the pure parts of vmx/vmcs.h on a control
 * structure in memory: each reason goes to its function, any other crashes
 * the guest and nothing else, an interrupted delivery is kept or dropped by
 * its kind, and controls and access rights come out as the CPU wants them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <core/log.h>
#include <domains.h>
#include <fake.h>
#include <fake_vmcs.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <hvm/inject.h>
#include <vdev/front.h>
#include <vmx/vmcs.h>

static struct domain *d;
static struct vcpu *v;
static struct hvm_vcpu hv;
static struct vmx_vcpu vmx;

static const char *called;
static unsigned int with_len, with_a, with_b;
static uint64_t with_addr, regs[NR_HVM_REGS];
static uint8_t cr8;
static struct vlapic apic;
static int exception, with_error;

static enum exit_action note(const char *what, unsigned int len)
{
    called = what;
    with_len = len;
    return EXIT_RESUME;
}

enum exit_action hvm_exit_cpuid(struct vcpu *u, unsigned int len)
{
    return note("cpuid", len);
}

enum exit_action hvm_exit_msr(struct vcpu *u, bool write, unsigned int len)
{
    return note(write ? "wrmsr" : "rdmsr", len);
}

enum exit_action hvm_exit_hlt(struct vcpu *u, unsigned int len)
{
    return note("hlt", len);
}

enum exit_action hvm_exit_xsetbv(struct vcpu *u, unsigned int len)
{
    return note("xsetbv", len);
}

enum exit_action hvm_exit_hypercall(struct vcpu *u, unsigned int len)
{
    (void)note("hypercall", len);
    return EXIT_HYPERCALL;
}

enum exit_action hvm_exit_port(struct vcpu *u, bool write, uint16_t port,
                               unsigned int bytes, unsigned int len)
{
    with_a = port;
    with_b = bytes;
    return note(write ? "out" : "in", len);
}

enum exit_action hvm_exit_string_port(struct vcpu *u)
{
    return note("string", 0);
}

enum exit_action hvm_exit_nested_fault(struct vcpu *u, uint64_t gaddr,
                                       bool write)
{
    with_addr = gaddr;
    return note(write ? "write fault" : "read fault", 0);
}

enum exit_action hvm_exit_unknown(struct vcpu *u, uint64_t reason,
                                  uint64_t info1, uint64_t info2)
{
    return note("unknown", 0);
}

void hvm_inject_exception(struct vcpu *u, uint8_t vector, int error)
{
    exception = vector;
    with_error = error;
}

void hvm_skip(struct vcpu *u, unsigned int len)
{
    (void)note("skip", len);
}

void hvm_triple_fault(struct vcpu *u)
{
    (void)note("triple", 0);
}

void hvm_window(struct vcpu *u, bool open)
{
    (void)note(open ? "open" : "closed", 0);
}

void vdev_set_cr8(struct vcpu *u, uint8_t val)
{
    cr8 = val;
    apic.reg[VLAPIC_TPR / 4] = (uint32_t)val << 4;
}

void glog_at(enum log_level level, const char *fmt, ...)
{
}

static uint64_t get_reg(const struct vcpu *u, enum hvm_reg reg)
{
    return regs[reg];
}

static void set_reg(struct vcpu *u, enum hvm_reg reg, uint64_t val)
{
    regs[reg] = val;
}

static const struct hvm_backend backend = { .get_reg = get_reg,
                                            .set_reg = set_reg };
const struct hvm_backend *hvm_backend = &backend;

static int set_up(void **state)
{
    fake_reset(1);
    fake_vmcs_reset();
    d = test_domain(1, 1, NULL);
    v = d->vcpu[0];
    hv = (struct hvm_vcpu){ 0 };
    v->hvm = &hv;
    v->vdev = &apic;
    vmx = (struct vmx_vcpu){ 0 };
    hv.hw = &vmx;
    memset(regs, 0, sizeof(regs));
    called = "nothing";
    exception = -1;
    cr8 = 0;
    test_become(v);
    *guest_cpu_regs() = (struct cpu_regs){ .rip = 0x1000 };
    return 0;
}

static int tear_down(void **state)
{
    test_domains_free();
    return 0;
}

static enum exit_action leave(uint32_t reason, uint64_t qualification)
{
    called = "nothing";
    exception = -1;
    vmcs_write(VMCS_EXIT_REASON, reason);
    vmcs_write(VMCS_QUALIFICATION, qualification);
    return vmx_exit(v, &vmx, reason);
}

static void instructions_go_to_their_functions_with_their_length(void **state)
{
    static const struct {
        uint32_t reason;
        const char *wanted;
    } rows[] = {
        { 10, "cpuid" }, { 12, "hlt" }, { 13, "skip" }, { 18, "hypercall" },
        { 31, "rdmsr" }, { 32, "wrmsr" }, { 54, "skip" }, { 55, "xsetbv" },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        vmcs_write(VMCS_INSN_LEN, 3);
        assert_int_equal(leave(rows[i].reason, 0),
                         rows[i].reason == 18 ? EXIT_HYPERCALL : EXIT_RESUME);
        assert_string_equal(called, rows[i].wanted);
        assert_int_equal(with_len, 3);
        assert_int_equal(exception, -1);
        vmcs_write(VMCS_INSN_LEN, 0);
        (void)leave(rows[i].reason, 0);
        assert_string_equal(called, "unknown");
        vmcs_write(VMCS_INSN_LEN, 16);
        (void)leave(rows[i].reason, 0);
        assert_string_equal(called, "unknown");
    }
}

static void ports_come_with_size_and_direction(void **state)
{
    vmcs_write(VMCS_INSN_LEN, 1);
    (void)leave(30, 0x03f80000);
    assert_string_equal(called, "out");
    assert_int_equal(with_a, 0x3f8);
    assert_int_equal(with_b, 1);
    (void)leave(30, 0xcfc00000 | 3 | 8);
    assert_string_equal(called, "in");
    assert_int_equal(with_a, 0xcfc0);
    assert_int_equal(with_b, 4);
    (void)leave(30, 0x10);
    assert_string_equal(called, "string");
    (void)leave(30, 2);
    assert_string_equal(called, "unknown");
}

static void nested_faults_tell_address_and_direction(void **state)
{
    vmcs_write(VMCS_GUEST_PHYSICAL, 0xfee00000);
    (void)leave(48, 2);
    assert_string_equal(called, "write fault");
    assert_int_equal(with_addr, 0xfee00000);
    (void)leave(48, 5);
    assert_string_equal(called, "read fault");
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), 0);
    (void)leave(48, 1 | EVENT_IRET);
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), BLOCKED_NMI);
}

static void no_reason_is_beyond_the_table(void **state)
{
    static const uint32_t far[] = { 5, 6, 9, 14, 16, 17, 29, 33, 34, 37, 40,
                                    43, 44, 46, 47, 49, 51, 57, 58, 60, 64,
                                    100, 0xffff, ~0u };

    vmcs_write(VMCS_INSN_LEN, 2);
    for (uint32_t r = 0; r < 0x10000; r++) {
        if (r != 41) {                /* a machine check ends us all */
            (void)leave(r, 0);
            assert_true(r < 64 || strcmp(called, "unknown") == 0);
        }
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
        (void)leave(far[i], 0);
        assert_string_equal(called, "unknown");
    }
}

static void interrupted_delivery_is_kept_unless_made_by_an_instruction(void **s)
{
    static const struct {
        uint32_t event;
        bool kept;
    } rows[] = {
        { 1u << 31 | 0x30, true },
        { 1u << 31 | 2 << 8 | 2, true },
        { 1u << 31 | 1 << 11 | 3 << 8 | 14, true },
        { 1u << 31 | 6 << 8 | 3, false },
        { 1u << 31 | 5 << 8 | 1, false },
        { 1u << 31 | 4 << 8 | 0x80, false },
        { 0x30, false },
    };

    vmcs_write(VMCS_IDT_ERROR, 5);
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        hv.event.valid = false;
        vmcs_write(VMCS_GUEST_BLOCKING, BLOCKED_NMI);
        vmcs_write(VMCS_IDT_EVENT, rows[i].event);
        (void)leave(1, 0);
        assert_int_equal(hv.event.valid, rows[i].kept);
        assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING),
                         i == 1 ? 0 : BLOCKED_NMI);
    }
    vmcs_write(VMCS_IDT_EVENT, rows[2].event);
    (void)leave(1, 0);
    assert_int_equal(hv.event.vector, 14);
    assert_true(hv.event.has_error);
    assert_int_equal(hv.event.error, 5);
}

/* Else an NMI would come before the handler's IRET is done. */
static void fault_of_iret_masks_nmis_again(void **state)
{
    const uint32_t ac = EVENT_VALID | EVENT_ERROR | 3 << 8 | 17;

    vmcs_write(VMCS_EXIT_EVENT, ac);
    (void)leave(0, 0);
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), 0);
    vmcs_write(VMCS_EXIT_EVENT, ac | EVENT_IRET);
    (void)leave(0, 0);
    assert_int_equal(exception, 17);
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), BLOCKED_NMI);
    vmcs_write(VMCS_GUEST_BLOCKING, 0);
    vmcs_write(VMCS_IDT_EVENT, EVENT_VALID | 6 << 8 | 3);
    (void)leave(0, 0);
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), 0);
    (void)leave(48, 1 | EVENT_IRET);
    assert_int_equal(vmcs_read(VMCS_GUEST_BLOCKING), 0);
}

static void debug_and_alignment_go_back_to_the_guest(void **state)
{
    regs[HVM_SHADOW] = 1;
    vmcs_write(VMCS_EXIT_EVENT, 1u << 31 | 3 << 8 | 1);
    (void)leave(0, 0x4001);
    assert_int_equal(exception, 1);
    assert_int_equal(regs[HVM_DR6], 0x4001);
    assert_int_equal(regs[HVM_SHADOW], 0);
    assert_int_equal(guest_cpu_regs()->rip, 0x1000);
    vmcs_write(VMCS_INSN_LEN, 1);      /* by INT1: the one behind it is next */
    vmcs_write(VMCS_EXIT_EVENT, 1u << 31 | 5 << 8 | 1);
    (void)leave(0, 0);
    assert_int_equal(exception, 1);
    assert_int_equal(guest_cpu_regs()->rip, 0x1001);
    vmcs_write(VMCS_EXIT_EVENT, 1u << 31 | 1 << 11 | 3 << 8 | 17);
    (void)leave(0, 0);
    assert_int_equal(exception, 17);
    vmcs_write(VMCS_EXIT_EVENT, 1u << 31 | 2 << 8 | 2);
    (void)leave(0, 0);
    assert_int_equal(exception, -1);
    assert_string_equal(called, "nothing");
    vmcs_write(VMCS_EXIT_EVENT, 1u << 31 | 3 << 8 | 13);
    (void)leave(0, 0);
    assert_string_equal(called, "unknown");
}

/* SDM vol. 3C, 25.1.2: what a guest has no business with. */
static void vmx_of_the_guest_is_undefined(void **state)
{
    static const uint32_t reasons[] = { 11, 19, 20, 21, 22, 23, 24, 25, 26,
                                        27, 36, 39, 50, 53, 59 };

    for (unsigned int i = 0; i < ARRAY_SIZE(reasons); i++) {
        (void)leave(reasons[i], 0);
        assert_int_equal(exception, 6);
    }
    (void)leave(15, 0);
    assert_int_equal(exception, 13);
    (void)leave(2, 0);
    assert_string_equal(called, "triple");
    (void)leave(7, 0);
    assert_string_equal(called, "closed");
}

static void control(unsigned int nr, unsigned int how, uint64_t val)
{
    guest_cpu_regs()->rcx = val;
    vmcs_write(VMCS_INSN_LEN, 3);
    (void)leave(28, nr | how << 4 | 1 << 8);
}

/* The guest sees its bits; the CPU then does the rest of the instruction. */
static void owned_bits_of_control_registers_are_shadowed(void **state)
{
    vmcs_write(VMCS_CR0_SHADOW, 0x10);
    control(0, 0, 0x60000011);
    assert_string_equal(called, "nothing");
    assert_int_equal(exception, -1);
    assert_int_equal(vmcs_read(VMCS_CR0_SHADOW), 0x60000010);
    control(0, 0, 0x20000011);
    assert_int_equal(exception, 13);
    control(0, 0, 1ull << 32);
    assert_int_equal(exception, 13);
    assert_int_equal(vmcs_read(VMCS_CR0_SHADOW), 0x60000010);

    control(4, 0, X86_CR4_MCE | X86_CR4_PAE);
    assert_int_equal(exception, -1);
    assert_int_equal(vmcs_read(VMCS_CR4_SHADOW), X86_CR4_MCE);
    control(4, 0, X86_CR4_VMXE);
    assert_int_equal(exception, 13);
    control(4, 0, 1ull << 40);
    assert_int_equal(exception, 13);
    assert_int_equal(vmcs_read(VMCS_CR4_SHADOW), X86_CR4_MCE);
}

static void cr8_is_the_priority_of_the_local_apic(void **state)
{
    control(8, 0, 9);
    assert_int_equal(cr8, 9);
    assert_string_equal(called, "skip");
    control(8, 0, 16);
    assert_int_equal(exception, 13);
    assert_int_equal(cr8, 9);
    control(8, 1, 77);
    assert_int_equal(guest_cpu_regs()->rcx, 9);
    control(3, 0, 0);
    assert_string_equal(called, "unknown");
    control(0, 2, 0);
    assert_string_equal(called, "unknown");
}

static void refused_entry_ends_that_guest(void **state)
{
    (void)vmx_refused(v, 0x80000021);
    assert_string_equal(called, "unknown");
}

/* SDM vol. 3D, appendix A.3. */
static void controls_follow_what_the_cpu_allows(void **state)
{
    uint32_t out;

    assert_true(vmx_controls(0xffull << 32 | 0x16, 0x9, 0, 0, &out));
    assert_int_equal(out, 0x1f);
    assert_true(vmx_controls(0x1full << 32 | 0x16, 0x9, 0x60, 0, &out));
    assert_int_equal(out, 0x1f);
    assert_false(vmx_controls(0x17ull << 32 | 0x16, 0x8, 0, 0, &out));
    assert_false(vmx_controls(0xffull << 32 | 0x16, 0x8, 0, 0x2, &out));
}

static void rights_are_as_the_entry_checks_them(void **state)
{
    static const struct {
        enum hvm_seg seg;
        uint16_t attr;
        uint32_t limit, rights, new_limit;
    } rows[] = {
        { SEG_CS, 0xa9b, 0xffffffff, 0xa09b, 0xffffffff },
        { SEG_CS, 0x09a, 0xffff, 0x009b, 0xffff },
        { SEG_DS, 0xc92, 0xffff0000, 0xc093, 0xffff0fff },
        { SEG_FS, 0xc93, 0, 0x4093, 0 },
        { SEG_GS, 0, 0, 0x10000, 0 },
        { SEG_SS, 0x60, 0, 0x10060, 0 },
        { SEG_LDTR, 0x82, 0, 0x82, 0 },
        { SEG_LDTR, 0, 0, 0x10000, 0 },
        { SEG_TR, 0x89, 0x67, 0x8b, 0x67 },
        { SEG_TR, 0, 0, 0x82, 0 },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t limit = rows[i].limit;

        assert_int_equal(vmx_rights(rows[i].seg, rows[i].attr, &limit),
                         rows[i].rights);
        assert_int_equal(limit, rows[i].new_limit);
    }
}

/* The entry refuses bits of EFER that the CPU has not. */
static void efer_has_no_bits_that_the_cpu_has_not(void **state)
{
    fake_features = 0;
    assert_int_equal(hvm_efer_known(), EFER_SCE | EFER_LME | EFER_LMA);
    fake_features = 1u << X86_FEATURE_NX;
    assert_int_equal(hvm_efer_known(),
                     EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
    fake_features = 1u << X86_FEATURE_FFXSR;
    assert_true(hvm_efer_known() & EFER_FFXSR);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(instructions_go_to_their_functions_with_their_length),
        T(ports_come_with_size_and_direction),
        T(nested_faults_tell_address_and_direction),
        T(no_reason_is_beyond_the_table),
        T(interrupted_delivery_is_kept_unless_made_by_an_instruction),
        T(fault_of_iret_masks_nmis_again),
        T(debug_and_alignment_go_back_to_the_guest),
        T(vmx_of_the_guest_is_undefined),
        T(owned_bits_of_control_registers_are_shadowed),
        T(cr8_is_the_priority_of_the_local_apic),
        T(refused_entry_ends_that_guest),
        T(controls_follow_what_the_cpu_allows),
        T(rights_are_as_the_entry_checks_them),
        T(efer_has_no_bits_that_the_cpu_has_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
