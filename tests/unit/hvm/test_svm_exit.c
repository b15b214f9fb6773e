/* SPDX-License-Identifier: MIT */
/*
 * Tests of svm/svm_exit on a control block in memory: each code goes to its
 * function with the right length, any other crashes the guest and nothing
 * else, and an interrupted delivery is kept or dropped by its kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <domains.h>
#include <fake.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <svm/vmcb.h>
#include <arch/cpu.h>

static struct domain *d;
static struct vcpu *v;
static struct hvm_vcpu hv;
static struct vmcb block;
static struct svm_vcpu svm;
static uint8_t code[15];
static unsigned int code_bytes, fetches;
static bool mode64;

static const char *called;
static unsigned int with_len, with_a, with_b;
static uint64_t with_addr;
static int exception;

static void note(const char *what, unsigned int len)
{
    called = what;
    with_len = len;
}

enum exit_action hvm_exit_cpuid(struct vcpu *u, unsigned int len)
{
    note("cpuid", len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_msr(struct vcpu *u, bool write, unsigned int len)
{
    note(write ? "wrmsr" : "rdmsr", len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_hlt(struct vcpu *u, unsigned int len)
{
    note("hlt", len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_xsetbv(struct vcpu *u, unsigned int len)
{
    note("xsetbv", len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_hypercall(struct vcpu *u, unsigned int len)
{
    note("hypercall", len);
    return EXIT_HYPERCALL;
}

enum exit_action hvm_exit_port(struct vcpu *u, bool write, uint16_t port,
                               unsigned int bytes, unsigned int len)
{
    note(write ? "out" : "in", len);
    with_a = port;
    with_b = bytes;
    return EXIT_RESUME;
}

enum exit_action hvm_exit_emulate(struct vcpu *u, uint64_t hole)
{
    note("emulate", 0);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_string_port(struct vcpu *u)
{
    note("string", 0);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_nested_fault(struct vcpu *u, uint64_t gaddr,
                                       bool write)
{
    note(write ? "write fault" : "read fault", 0);
    with_addr = gaddr;
    return EXIT_RESUME;
}

enum exit_action hvm_exit_unknown(struct vcpu *u, uint64_t reason,
                                  uint64_t info1, uint64_t info2)
{
    note("unknown", 0);
    return EXIT_RESUME;
}

void hvm_inject_exception(struct vcpu *u, uint8_t vector, int error)
{
    exception = vector;
}

void hvm_skip(struct vcpu *u, unsigned int len)
{
    note("skip", len);
}

void hvm_triple_fault(struct vcpu *u)
{
    note("triple", 0);
}

unsigned int hvm_fetch(struct vcpu *u, uint8_t *buf, unsigned int bytes)
{
    unsigned int n = bytes < code_bytes ? bytes : code_bytes;

    fetches++;
    memcpy(buf, code, n);
    return n;
}

static void get_mode(const struct vcpu *u, struct hvm_mode *m)
{
    *m = (struct hvm_mode){ .code64 = mode64 };
}

static const struct hvm_backend backend = { .get_mode = get_mode };
const struct hvm_backend *hvm_backend = &backend;

void hvm_window(struct vcpu *u, bool open)
{
    note(open ? "open" : "closed", 0);
}


static int cr8;
void vdev_set_cr8(struct vcpu *u, uint8_t val)
{
    cr8 = val;
}

void hvm_nmi_unmask(struct vcpu *u)
{
    note("unmask", 0);
}

static int set_up(void **state)
{
    fake_reset(1);
    fake_features = 0;
    d = test_domain(1, 1, NULL);
    v = d->vcpu[0];
    hv = (struct hvm_vcpu){ 0 };
    v->hvm = &hv;
    memset(&block, 0, sizeof(block));
    svm = (struct svm_vcpu){ .vmcb = &block };
    hv.hw = &svm;
    called = "nothing";
    exception = -1;
    fetches = 0;
    mode64 = true;
    test_become(v);
    *guest_cpu_regs() = (struct cpu_regs){ .rip = 0x1000 };
    return 0;
}

static int tear_down(void **state)
{
    test_domains_free();
    return 0;
}

static enum exit_action leave(uint64_t exitcode, uint64_t info1)
{
    block.exitcode = exitcode;
    block.info1 = info1;
    return svm_exit(v, &svm);
}

static void bytes(const char *b, unsigned int n)
{
    memcpy(code, b, n);
    code_bytes = n;
    svm.length = 0;
}

static void instructions_are_measured_on_their_bytes(void **state)
{
    static const struct {
        uint64_t code, info1;
        const char *bytes;
        unsigned int n;
        const char *wanted;
    } rows[] = {
        { 0x72, 0, "\x0f\xa2", 2, "cpuid" },
        { 0x72, 0, "\x48\x0f\xa2", 3, "cpuid" },
        { 0x72, 0, "\x66\xf3\x0f\xa2", 4, "cpuid" },
        { 0x7c, 1, "\x0f\x30", 2, "wrmsr" },
        { 0x7c, 0, "\x0f\x32", 2, "rdmsr" },
        { 0x78, 0, "\xf4", 1, "hlt" },
        { 0x81, 0, "\x0f\x01\xd9", 3, "hypercall" },
        { 0x8d, 0, "\x0f\x01\xd1", 3, "xsetbv" },
        { 0x89, 0, "\x0f\x09", 2, "skip" },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        bytes(rows[i].bytes, rows[i].n);
        (void)leave(rows[i].code, rows[i].info1);
        assert_string_equal(called, rows[i].wanted);
        assert_int_equal(with_len, rows[i].n);
        assert_int_equal(exception, -1);
    }
}

/* The IRET itself comes after: nothing may be delivered before it. */
static void iret_ends_an_nmi(void **state)
{
    block.shadow = 0;
    (void)leave(0x74, 0);
    assert_string_equal(called, "unmask");
    assert_int_equal(block.shadow & 1, 1);
}

static void cr8_is_written_from_any_register(void **state)
{
    guest_cpu_regs()->rax = 3;
    guest_cpu_regs()->r9 = 7;
    bytes("\x44\x0f\x22\xc0", 4);
    (void)leave(0x18, 0);
    assert_int_equal(cr8, 3);
    bytes("\x45\x0f\x22\xc1", 4);
    (void)leave(0x18, 0);
    assert_int_equal(cr8, 7);
    guest_cpu_regs()->rax = 16;
    bytes("\xf0\x0f\x22\xc0", 4);
    (void)leave(0x18, 0);
    assert_int_equal(exception, 13);
    assert_int_equal(cr8, 7);
    bytes("\x0f\x20\xc0", 3);
    called = "nothing";
    (void)leave(0x18, 0);
    assert_string_equal(called, "nothing");
}

static void bytes_of_another_instruction_are_not_skipped(void **state)
{
    bytes("\x0f\xa3", 2);
    (void)leave(0x72, 0);
    assert_string_equal(called, "nothing");
    assert_int_equal(exception, 6);

    bytes("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f", 15);
    (void)leave(0x72, 0);
    assert_string_equal(called, "nothing");

    bytes("", 0);
    (void)leave(0x72, 0);
    assert_string_equal(called, "nothing");
}

/* 48 is DEC EAX outside of 64-bit mode, no prefix. */
static void rex_is_a_prefix_in_64_bit_mode_only(void **state)
{
    mode64 = false;
    bytes("\x48\x0f\xa2", 3);
    (void)leave(0x72, 0);
    assert_string_equal(called, "nothing");
    assert_int_equal(exception, 6);
}

static void the_same_place_is_measured_once(void **state)
{
    bytes("\x0f\xa2", 2);
    (void)leave(0x72, 0);
    (void)leave(0x72, 0);
    assert_int_equal(fetches, 1);
    guest_cpu_regs()->rip += 2;
    (void)leave(0x72, 0);
    assert_int_equal(fetches, 2);
    bytes("\xf4", 1);
    (void)leave(0x78, 0);
    assert_int_equal(with_len, 1);
}

static void next_rip_is_used_if_it_can_be_true(void **state)
{
    fake_features = 1u << X86_FEATURE_NRIPS;
    block.next_rip = 0x1005;
    (void)leave(0x72, 0);
    assert_int_equal(with_len, 5);
    assert_int_equal(fetches, 0);

    block.next_rip = 0x900;
    bytes("\x0f\xa2", 2);
    (void)leave(0x72, 0);
    assert_int_equal(with_len, 2);
}

static void ports_come_with_size_and_direction(void **state)
{
    block.info2 = 0x1002;
    (void)leave(0x7b, 0x03f80000 | 1 << 4);
    assert_string_equal(called, "out");
    assert_int_equal(with_a, 0x3f8);
    assert_int_equal(with_b, 1);
    (void)leave(0x7b, 0xcfc00000 | 1 << 6 | 1);
    assert_string_equal(called, "in");
    assert_int_equal(with_a, 0xcfc0);
    assert_int_equal(with_b, 4);
    (void)leave(0x7b, 1 << 4 | 4);
    assert_string_equal(called, "string");
    block.info2 = 0x1010;
    (void)leave(0x7b, 1 << 4);
    assert_string_equal(called, "unknown");
}

static void nested_faults_tell_address_and_direction(void **state)
{
    block.info2 = 0xfee00000;
    (void)leave(0x400, 6);
    assert_string_equal(called, "write fault");
    assert_int_equal(with_addr, 0xfee00000);
    (void)leave(0x400, 4);
    assert_string_equal(called, "read fault");
}

static void no_code_is_beyond_the_table(void **state)
{
    static const uint64_t far[] = { 0x401, 0x402, ~0ull, 1ull << 32,
                                    1ull << 63, 0x40 + (1ull << 40) };

    bytes("\x90", 1);
    for (uint64_t c = 0; c < 0x400; c++) {
        bool known = c == 0x52;       /* a machine check ends us all */

        if (!known) {
            (void)leave(c, 0);
        }
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
        called = "nothing";
        (void)leave(far[i], 0);
        assert_string_equal(called, "unknown");
    }
    for (uint64_t c = 0; c < 0x40; c++) {
        (void)leave(c, 0);
        assert_string_equal(called, "unknown");
    }
}

static void interrupted_delivery_is_kept_unless_made_by_an_instruction(void **s)
{
    static const struct {
        uint64_t event;
        bool kept;
    } rows[] = {
        { 1ull << 31 | 0x30, true },
        { 1ull << 31 | 2 << 8 | 2, true },
        { 1ull << 31 | 1 << 11 | 3 << 8 | 14 | 5ull << 32, true },
        { 1ull << 31 | 3 << 8 | 3, false },
        { 1ull << 31 | 4 << 8 | 0x80, false },
        { 0x30, false },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        hv.event.valid = false;
        block.exit_event = rows[i].event;
        block.inject = 77;
        (void)leave(0x60, 0);
        assert_int_equal(hv.event.valid, rows[i].kept);
        assert_int_equal(block.inject, 0);
    }
    block.exit_event = rows[2].event;
    (void)leave(0x60, 0);
    assert_int_equal(hv.event.vector, 14);
    assert_true(hv.event.has_error);
    assert_int_equal(hv.event.error, 5);
}

static void debug_and_alignment_go_back_to_the_guest(void **state)
{
    (void)leave(0x41, 0);
    assert_int_equal(exception, 1);
    (void)leave(0x51, 0);
    assert_int_equal(exception, 17);
    (void)leave(0x80, 0);
    assert_int_equal(exception, 6);
    (void)leave(0x6f, 0);
    assert_int_equal(exception, 13);
    (void)leave(0x7f, 0);
    assert_string_equal(called, "triple");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(instructions_are_measured_on_their_bytes),
        T(iret_ends_an_nmi),
        T(cr8_is_written_from_any_register),
        T(bytes_of_another_instruction_are_not_skipped),
        T(rex_is_a_prefix_in_64_bit_mode_only),
        T(the_same_place_is_measured_once),
        T(next_rip_is_used_if_it_can_be_true),
        T(ports_come_with_size_and_direction),
        T(nested_faults_tell_address_and_direction),
        T(no_code_is_beyond_the_table),
        T(interrupted_delivery_is_kept_unless_made_by_an_instruction),
        T(debug_and_alignment_go_back_to_the_guest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
