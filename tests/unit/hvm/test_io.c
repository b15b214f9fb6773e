/* SPDX-License-Identifier: MIT */
/*
 * Device accesses of an instruction: who is asked, in which order; and an
 * instruction that is begun again makes each access once (INV-HVM1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <core/log.h>
#include <hvm/emulate.h>
#include <hvm/io.h>
#include <ioreq/ioreq.h>
#include <pv/priv_op.h>
#include <vdev/front.h>

#include <domains.h>
#include <fake.h>

static struct vcpu *v;
static struct hvm_vcpu hv;
static unsigned int inside_calls, sent, crashes, resumed_port, resumed_emul;
static enum ioreq_sent next_sent;
static struct ioreq_access last;
static bool answer_there;
static uint64_t answer;
static uint32_t cf8;

bool vdev_port(struct vcpu *u, bool write, uint16_t port, unsigned int bytes,
               uint32_t *val)
{
    if (port != 0x40) {
        return false;
    }
    inside_calls++;
    *val = 0x40 + inside_calls;
    return true;
}

bool vdev_mmio(struct vcpu *u, bool write, uint64_t gaddr, unsigned int bytes,
               uint64_t *val)
{
    return false;
}

/* The machine's own ports, for a hardware domain. */
static unsigned int machine_calls;

uint32_t pv_port_in(struct vcpu *u, uint16_t port, unsigned int bytes)
{
    machine_calls++;
    return port;
}

void pv_port_out(struct vcpu *u, uint16_t port, unsigned int bytes,
                 uint32_t val)
{
    machine_calls++;
}

enum ioreq_sent ioreq_send(struct vcpu *u, const struct ioreq_access *a)
{
    last = *a;
    sent++;
    return next_sent;
}

bool ioreq_result(struct vcpu *u, uint64_t *data)
{
    if (answer_there) {
        *data = answer;
    }
    return answer_there;
}

void ioreq_pci_address(struct domain *d, uint32_t val) { cf8 = val; }
void glog_at(enum log_level level, const char *fmt, ...) { }
void domain_crash(struct domain *d, const char *fmt, ...) { crashes++; }

enum exit_action hvm_exit_port(struct vcpu *u, bool write, uint16_t port,
                               unsigned int bytes, unsigned int len)
{
    resumed_port++;
    hvm_io_finish(u);
    return EXIT_RESUME;
}

/* An element that reads a port, then memory, then writes memory. */
static uint64_t sum;
static bool three(struct vcpu *u)
{
    uint64_t a = 0, b = 0, c = 7;

    if (hvm_io(u, false, false, 0x40, 1, &a) == HVM_IO_LATER ||
        hvm_io(u, false, true, 0xf0000000, 4, &b) == HVM_IO_LATER ||
        hvm_io(u, true, true, 0xf0000004, 4, &c) == HVM_IO_LATER) {
        return false;
    }
    sum = a + b;
    hvm_io_finish(u);
    return true;
}

void hvm_emulate_resume(struct vcpu *u)
{
    resumed_emul++;
    (void)three(u);
}

static int up(void **state)
{
    fake_reset(1);
    v = test_domain(1, 1, NULL)->vcpu[0];
    memset(&hv, 0, sizeof(hv));
    v->hvm = &hv;
    inside_calls = sent = crashes = resumed_port = resumed_emul = 0;
    next_sent = IOREQ_NOBODY;
    answer_there = false;
    return 0;
}

static int down(void **state)
{
    test_domains_free();
    return 0;
}

static void ours_then_models_then_nobody(void **state)
{
    uint64_t x = 0;

    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, false, false, 0x40, 1, &x), HVM_IO_DONE);
    assert_int_equal(x, 0x41);
    assert_int_equal(sent, 0);
    assert_int_equal(hvm_io(v, false, false, 0x99, 1, &x), HVM_IO_DONE);
    assert_int_equal(sent, 1);
    assert_true(x == ~0ull);
    next_sent = IOREQ_BUFFERED;
    assert_int_equal(hvm_io(v, true, true, 0xa0000, 1, &x), HVM_IO_DONE);
    assert_int_equal(hvm_io(v, false, false, 0xe9, 1, &x), HVM_IO_DONE);
    assert_int_equal(x, 0xe9);
}

static void each_access_is_made_once(void **state)
{
    next_sent = IOREQ_SENT;
    hvm_io_start(v, HVM_RESUME_EMULATE);
    assert_false(three(v));
    assert_int_equal(sent, 1);
    assert_false(hvm_io_ready(v));        /* no answer: nothing happens */
    assert_int_equal(resumed_emul, 0);
    answer_there = true;
    answer = 0x1000;
    assert_false(hvm_io_ready(v));        /* now the write waits */
    assert_int_equal(sent, 2);
    assert_true(last.write);
    assert_int_equal(last.data, 7);
    answer = 0xdead;
    assert_true(hvm_io_ready(v));
    assert_int_equal(sent, 2);
    assert_int_equal(inside_calls, 1);
    assert_int_equal(sum, 0x1041);
    assert_true(hvm_io_ready(v));
    assert_int_equal(resumed_emul, 2);
    assert_int_equal(crashes, 0);
}

static void a_port_goes_on_as_a_port(void **state)
{
    uint64_t x = 0;

    next_sent = IOREQ_SENT;
    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, false, false, 0x60, 1, &x), HVM_IO_LATER);
    answer_there = true;
    assert_true(hvm_io_ready(v));
    assert_int_equal(resumed_port, 1);
}

static void another_access_in_its_place_ends_the_guest(void **state)
{
    uint64_t x = 0;

    next_sent = IOREQ_SENT;
    hvm_io_start(v, HVM_RESUME_EMULATE);
    assert_int_equal(hvm_io(v, false, true, 0xf0001000, 4, &x), HVM_IO_LATER);
    answer_there = true;
    assert_false(hvm_io_ready(v));
    assert_int_equal(crashes, 1);
}

static void the_list_is_bounded(void **state)
{
    uint64_t x = 0;

    hvm_io_start(v, HVM_RESUME_EMULATE);
    for (unsigned int i = 0; i < HVM_IO_LOG; i++) {
        assert_int_equal(hvm_io(v, true, false, 0x80, 1, &x), HVM_IO_DONE);
    }
    assert_int_equal(hvm_io(v, true, false, 0x80, 1, &x), HVM_IO_LATER);
    assert_int_equal(crashes, 1);
    hvm_io_next_element(v);
    assert_int_equal(hvm_io(v, true, false, 0x80, 1, &x), HVM_IO_DONE);
}

static void many_elements_in_one_request(void **state)
{
    uint64_t n = 100;

    hvm_io_start(v, HVM_RESUME_EMULATE);
    assert_int_equal(hvm_io_rep(v, false, 0x40, 1, 0x5000, &n), HVM_IO_NOBODY);
    assert_int_equal(sent, 0);            /* low ports: one by one */
    next_sent = IOREQ_SENT;
    assert_int_equal(hvm_io_rep(v, false, 0x1f0, 2, 0x5000, &n), HVM_IO_LATER);
    assert_true(last.data_is_ptr);
    assert_int_equal(last.data, 0x5000);
    assert_int_equal(last.count, 100);
    hv.io.pending = false;                /* answered */
    hv.io.next = 0;
    n = 3;
    assert_int_equal(hvm_io_rep(v, false, 0x1f0, 2, 0x5000, &n), HVM_IO_DONE);
    assert_int_equal(n, 100);             /* what was asked for then */
}

static void the_pci_address_is_kept(void **state)
{
    uint64_t x = 0x80001800;

    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, true, false, 0xcf8, 4, &x), HVM_IO_DONE);
    assert_int_equal(cf8, 0x80001800);
    assert_int_equal(sent, 1);
}

/* Ours come first; nobody else is asked. */
static void a_hardware_domain_has_the_machines_ports(void **state)
{
    uint64_t x = 0;

    v->domain->is_hardware = true;
    machine_calls = 0;
    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, false, false, 0x40, 1, &x), HVM_IO_DONE);
    assert_int_equal(machine_calls, 0);
    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, false, false, 0x1f7, 1, &x), HVM_IO_DONE);
    assert_int_equal(x, 0x1f7);
    hvm_io_start(v, HVM_RESUME_PORT);
    assert_int_equal(hvm_io(v, true, false, 0xcf8, 4, &x), HVM_IO_DONE);
    assert_int_equal(machine_calls, 2);
    assert_int_equal(sent, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(ours_then_models_then_nobody), T(each_access_is_made_once),
        T(a_port_goes_on_as_a_port),
        T(another_access_in_its_place_ends_the_guest), T(the_list_is_bounded),
        T(many_elements_in_one_request), T(the_pci_address_is_kept),
        T(a_hardware_domain_has_the_machines_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
