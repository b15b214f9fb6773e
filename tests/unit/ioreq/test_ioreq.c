/* SPDX-License-Identifier: MIT */
/*
 * Device-model servers: life, ranges, who is asked; the slot and the ring
 * against a device model that plays by the rules, and one that does not.
 * Events go through the real event channels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <event/table.h>
#include <event/vcpu_info.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <mm/frame_table.h>
#include <sched/sched.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>

#include <domains.h>
#include <fake.h>

/* ---- the scheduler, as far as it matters --------------------------------------- */
static unsigned int crashes;

void vcpu_unblock(struct vcpu *v) { v->blocked = 0; }
void vcpu_kick(struct vcpu *v) { vcpu_unblock(v); }
bool sched_vcpu_runnable(const struct vcpu *v) { return v->pause_count == 0; }
void sched_quiesce(void) { }
void sched_block(void) { }
void sched_yield_current(void) { }
void vcpu_pause_nosync(struct vcpu *v) { v->pause_count++; }
void vcpu_unpause(struct vcpu *v) { v->pause_count--; }
void domain_crash(struct domain *d, const char *fmt, ...) { crashes++; }

/* ---- a guest and its device model ------------------------------------------------- */
static struct domain *dm, *g;
static struct vcpu *v0, *v1;
static ioservid_t id;
static struct shared_iopage *slots;
static struct buffered_iopage *ring;
static evtchn_port_t dm_port[2], dm_buf_port;

static int up(void **state)
{
    fake_reset(1);
    crashes = 0;
    dm = test_domain(0, 1, NULL);
    g = test_domain(1, 2, NULL);
    g->cfg_hvm = true;
    evtchn_set_consumer(ioreq_wake);
    for (domid_t n = 0; n < 2; n++) {
        struct domain *d = n == 0 ? dm : g;
        struct vcpu *v;

        d->cfg_max_evtchn = 200;
        assert_int_equal(evtchn_domain_init(d), 0);
        assert_int_equal(ioreq_domain_init(d), 0);
        for_each_vcpu(d, v) {
            assert_int_equal(evtchn_vcpu_init(v), 0);
            assert_int_equal(ioreq_vcpu_init(v), 0);
        }
    }
    v0 = g->vcpu[0];
    v1 = g->vcpu[1];
    test_become(v0);
    return 0;
}

static int down(void **state)
{
    assert_int_equal(ioreq_relinquish(g), 0);
    for (domid_t n = 2; n-- > 0;) {
        struct domain *d = n == 0 ? dm : g;
        struct vcpu *v;

        d->dying = DOMDYING_dying;
        assert_int_equal(evtchn_relinquish(d), 0);
        for_each_vcpu(d, v) {
            assert_int_equal(v->pause_count, 0);       /* INV-IO1 */
            evtchn_vcpu_free(v);
            ioreq_vcpu_free(v);
        }
        evtchn_domain_free(d);
        ioreq_domain_free(d);
    }
    assert_int_equal(fake_locks_held, 0);
    assert_int_equal(fake_heap_live, 0);
    test_domains_free();
    return 0;
}

/* What a device model does first. */
static void serve(unsigned int bufmode)
{
    mfn_t m;
    evtchn_port_t buf;

    assert_int_equal(ioreq_server_create(g, 0, bufmode, &id), 0);
    assert_int_equal(ioreq_frame(g, id, 1, &m), 0);
    slots = mfn_to_virt(m);
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(evtchn_bind_interdomain(dm, g,
                         slots->vcpu_ioreq[i].vp_eport, &dm_port[i]), 0);
    }
    if (bufmode != HVM_IOREQSRV_BUFIOREQ_OFF) {
        assert_int_equal(ioreq_frame(g, id, 0, &m), 0);
        ring = mfn_to_virt(m);
        assert_int_equal(ioreq_server_info(g, id, &buf), 0);
        assert_int_equal(evtchn_bind_interdomain(dm, g, buf, &dm_buf_port), 0);
    }
    assert_int_equal(ioreq_server_enable(g, id, true), 0);
}

static void map(unsigned int type, uint64_t first, uint64_t last)
{
    assert_int_equal(ioreq_range(g, id, true, type, first, last), 0);
}

static enum ioreq_sent port_io(struct vcpu *v, bool write, uint16_t port,
                               unsigned int bytes, uint32_t val)
{
    struct ioreq_access a = { .write = write, .bytes = (uint8_t)bytes,
                              .count = 1, .addr = port, .data = val };

    return ioreq_send(v, &a);
}

static enum ioreq_sent mem_io(bool write, uint64_t addr, unsigned int bytes,
                              uint64_t val)
{
    struct ioreq_access a = { .write = write, .mmio = true, .count = 1,
                              .bytes = (uint8_t)bytes, .addr = addr,
                              .data = val };

    return ioreq_send(v0, &a);
}

static bool dm_sees(evtchn_port_t port)
{
    return test_and_clear_bit(port, dm->shared_info->evtchn_pending);
}

static void answer(unsigned int i, uint64_t data)
{
    slots->vcpu_ioreq[i].data = data;
    slots->vcpu_ioreq[i].state = STATE_IORESP_READY;
    assert_int_equal(evtchn_send(dm, dm_port[i]), 0);
}

/* ---- ordinary ---------------------------------------------------------------------- */
static void a_request_is_answered(void **state)
{
    uint64_t data;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0x3f8, 0x3ff);
    (void)dm_sees(dm_port[1]);
    assert_int_equal(port_io(v1, false, 0x3f8, 1, 0), IOREQ_SENT);
    assert_true(dm_sees(dm_port[1]));
    assert_int_equal(v1->pause_count, 1);
    assert_int_equal(v0->pause_count, 0);
    assert_int_equal(slots->vcpu_ioreq[1].state, STATE_IOREQ_READY);
    assert_int_equal(slots->vcpu_ioreq[1].type, IOREQ_TYPE_PIO);
    assert_int_equal(slots->vcpu_ioreq[1].dir, 1);
    assert_int_equal(slots->vcpu_ioreq[1].addr, 0x3f8);
    slots->vcpu_ioreq[1].state = STATE_IOREQ_INPROCESS;
    assert_false(ioreq_result(v1, &data));
    assert_int_equal(v1->pause_count, 1);
    answer(1, 0x5a);
    assert_int_equal(v1->pause_count, 0);
    assert_true(ioreq_result(v1, &data));
    assert_int_equal(data, 0x5a);
    assert_int_equal(v1->pause_count, 0);
    assert_int_equal(slots->vcpu_ioreq[1].state, STATE_IOREQ_NONE);
}

static void an_early_wake_only_makes_it_look(void **state)
{
    uint64_t data;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xff);
    assert_int_equal(port_io(v0, true, 0x80, 1, 1), IOREQ_SENT);
    assert_int_equal(evtchn_send(dm, dm_port[0]), 0);
    assert_int_equal(evtchn_send(dm, dm_port[0]), 0);
    assert_int_equal(v0->pause_count, 0);
    assert_false(ioreq_result(v0, &data));
    assert_int_equal(v0->pause_count, 1);
    answer(0, 0);
    assert_true(ioreq_result(v0, &data));
}

static void only_whole_accesses_inside_a_range(void **state)
{
    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0x60, 0x60);
    map(XEN_DMOP_IO_RANGE_MEMORY, 0xf0000000, 0xf0000fff);
    assert_int_equal(port_io(v0, false, 0x61, 1, 0), IOREQ_NOBODY);
    assert_int_equal(port_io(v0, false, 0x60, 2, 0), IOREQ_NOBODY);
    assert_int_equal(port_io(v0, false, 0x5f, 2, 0), IOREQ_NOBODY);
    assert_int_equal(mem_io(false, 0xf0000ffd, 4, 0), IOREQ_NOBODY);
    assert_int_equal(mem_io(false, 0x60, 1, 0), IOREQ_NOBODY);
    assert_int_equal(mem_io(false, ~0ull, 8, 0), IOREQ_NOBODY);
    assert_int_equal(mem_io(false, 0xf0000ffc, 4, 0), IOREQ_SENT);
    answer(0, 0);
    assert_true(ioreq_result(v0, &(uint64_t){ 0 }));
    assert_int_equal(ioreq_server_enable(g, id, false), 0);
    assert_int_equal(mem_io(false, 0xf0000ffc, 4, 0), IOREQ_NOBODY);
}

static void ranges_are_checked(void **state)
{
    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(0, 10, 20);
    assert_int_equal(ioreq_range(g, id, true, 0, 20, 30), -EEXIST);
    assert_int_equal(ioreq_range(g, id, true, 0, 5, 4), -EINVAL);
    assert_int_equal(ioreq_range(g, id, true, 3, 1, 2), -EINVAL);
    assert_int_equal(ioreq_range(g, 7, true, 0, 1, 2), -ENOENT);
    assert_int_equal(ioreq_range(g, 0xffff, true, 0, 1, 2), -ENOENT);
    assert_int_equal(ioreq_range(g, id, false, 0, 15, 25), -ENOENT);
    assert_int_equal(ioreq_range(g, id, false, 0, 12, 14), 0);
    assert_int_equal(port_io(v0, false, 13, 1, 0), IOREQ_NOBODY);
    for (uint64_t i = 0; i < 2 * IOREQ_MAX_RANGES; i += 2) {
        int rc = ioreq_range(g, id, true, 1, i * 8, i * 8 + 7);

        assert_true(rc == 0 || (rc == -ENOSPC && i == 2 * IOREQ_MAX_RANGES));
    }
    assert_int_equal(ioreq_range(g, id, true, 1, 1 << 20, 1 << 20), -ENOSPC);
}

static void pci_functions_have_their_own_server(void **state)
{
    uint64_t data;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0xcf8, 0xcff);
    map(XEN_DMOP_IO_RANGE_PCI, 0x18, 0x18);
    ioreq_pci_address(g, 0x80001844);
    assert_int_equal(port_io(v0, false, 0xcfe, 2, 0), IOREQ_SENT);
    assert_int_equal(slots->vcpu_ioreq[0].type, IOREQ_TYPE_PCI_CONFIG);
    assert_int_equal(slots->vcpu_ioreq[0].addr, 0x18ull << 32 | 0x46);
    answer(0, 0x1234);
    assert_true(ioreq_result(v0, &data));
    ioreq_pci_address(g, 0x80002044);               /* nobody's function */
    assert_int_equal(port_io(v0, false, 0xcfc, 4, 0), IOREQ_NOBODY);
    ioreq_pci_address(g, 0x00001844);               /* not enabled: a port */
    assert_int_equal(port_io(v0, false, 0xcfc, 4, 0), IOREQ_SENT);
    assert_int_equal(slots->vcpu_ioreq[0].type, IOREQ_TYPE_PIO);
    answer(0, 0);
    assert_true(ioreq_result(v0, &data));
}

/* The device model learns by its ring that it must map anew. */
static void memory_that_left_is_told(void **state)
{
    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
    (void)dm_sees(dm_buf_port);
    ioreq_invalidate(g);
    assert_true(dm_sees(dm_buf_port));
    assert_int_equal(ring->write_pointer, 1);
    assert_int_equal(ring->buf_ioreq[0].type, IOREQ_TYPE_INVALIDATE);
    ring->write_pointer = IOREQ_BUFFER_SLOT_NUM;            /* full */
    ioreq_invalidate(g);
    assert_int_equal(ring->write_pointer, IOREQ_BUFFER_SLOT_NUM);
    ioreq_invalidate(dm);                        /* has no device models */
}

static void vga_writes_are_buffered(void **state)
{
    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
    map(XEN_DMOP_IO_RANGE_MEMORY, 0xa0000, 0xbffff);
    (void)dm_sees(dm_buf_port);
    assert_int_equal(mem_io(true, 0xb8000, 2, 0x0741), IOREQ_BUFFERED);
    assert_true(dm_sees(dm_buf_port));
    assert_int_equal(mem_io(true, 0xb8008, 8, 0x1122334455667788), IOREQ_BUFFERED);
    assert_int_equal(v0->pause_count, 0);
    assert_int_equal(ring->write_pointer, 3);
    assert_int_equal(ring->buf_ioreq[0].addr, 0xb8000);
    assert_int_equal(ring->buf_ioreq[0].size, 1);
    assert_int_equal(ring->buf_ioreq[0].data, 0x0741);
    assert_int_equal(ring->buf_ioreq[1].size, 3);
    assert_int_equal(ring->buf_ioreq[1].data, 0x55667788);
    assert_int_equal(ring->buf_ioreq[2].data, 0x11223344);
    assert_int_equal(mem_io(false, 0xb8000, 2, 0), IOREQ_SENT);
    answer(0, 0);
    assert_true(ioreq_result(v0, &(uint64_t){ 0 }));
}

static void a_full_ring_makes_the_writer_wait(void **state)
{
    unsigned int n = 0;

    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
    map(XEN_DMOP_IO_RANGE_MEMORY, 0xa0000, 0xbffff);
    while (mem_io(true, 0xa0000 + n, 1, 0) == IOREQ_BUFFERED) {
        n++;
    }
    assert_int_equal(n, IOREQ_BUFFER_SLOT_NUM);
    answer(0, 0);
    assert_true(ioreq_result(v0, &(uint64_t){ 0 }));
    ring->read_pointer = ring->write_pointer;
    assert_int_equal(mem_io(true, 0xa0000, 1, 0), IOREQ_BUFFERED);
    assert_in_range(ring->write_pointer, 1, IOREQ_BUFFER_SLOT_NUM);
    assert_int_equal(ring->write_pointer - ring->read_pointer, 1);
}

/* ---- a device model that does not play by the rules ---------------------------------- */
static void wrong_states_crash_the_guest_alone(void **state)
{
    static const uint8_t bad[] = { STATE_IOREQ_NONE, 4, 9, 15 };
    uint64_t data;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xffff);
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(port_io(v0, false, 0x60, 1, 0), IOREQ_SENT);
        slots->vcpu_ioreq[0].state = bad[i];
        assert_int_equal(evtchn_send(dm, dm_port[0]), 0);
        assert_false(ioreq_result(v0, &data));
        assert_int_equal(crashes, i + 1);
        assert_int_equal(v0->pause_count, 0);
    }
}

static void what_it_writes_elsewhere_means_nothing(void **state)
{
    uint64_t data;

    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xffff);
    map(XEN_DMOP_IO_RANGE_MEMORY, 0xa0000, 0xbffff);
    assert_int_equal(port_io(v0, false, 0x60, 1, 0), IOREQ_SENT);
    memset(slots, 0xff, PAGE_SIZE);
    answer(0, 7);
    assert_true(ioreq_result(v0, &data));
    assert_int_equal(data, 7);
    srand(5);
    for (unsigned int i = 0; i < 20000; i++) {
        ring->read_pointer = (uint32_t)rand() * 7u;
        ring->write_pointer = (uint32_t)rand() * 5u;
        if (mem_io(true, 0xa0000, 8, ~0ull) == IOREQ_SENT) {
            answer(0, 0);
            assert_true(ioreq_result(v0, &data));
        }
    }
    assert_int_equal(crashes, 0);
}

static void a_server_that_dies_frees_who_waits(void **state)
{
    uint64_t data = 0;

    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xffff);
    assert_int_equal(port_io(v0, false, 0x60, 4, 0), IOREQ_SENT);
    assert_int_equal(ioreq_server_destroy(g, id), 0);
    assert_int_equal(v0->pause_count, 0);
    assert_true(ioreq_result(v0, &data));
    assert_true(data == ~0ull);
    assert_int_equal(ioreq_server_destroy(g, id), -ENOENT);
    assert_int_equal(port_io(v0, false, 0x60, 4, 0), IOREQ_NOBODY);
    serve(HVM_IOREQSRV_BUFIOREQ_ATOMIC);            /* restarted */
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xffff);
    assert_int_equal(port_io(v0, false, 0x60, 4, 0), IOREQ_SENT);
    answer(0, 3);
    assert_true(ioreq_result(v0, &data));
    assert_int_equal(data, 3);
}

/* ---- the guest and its ports ----------------------------------------------------------- */
static void the_guest_cannot_touch_our_ports(void **state)
{
    struct evtchn_status st = { .dom = 1 };
    evtchn_port_t port;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    map(XEN_DMOP_IO_RANGE_PORT, 0, 0xffff);
    port = g->ioreq->server[id]->port[0];
    assert_int_equal(evtchn_close(g, port), -EINVAL);
    assert_int_equal(evtchn_bind_vcpu(g, port, 1), -EINVAL);
    st.port = port;
    assert_int_equal(evtchn_status(g, &st), 0);
    assert_int_equal(st.status, EVTCHNSTAT_closed);
    assert_int_equal(evtchn_reset(g), 0);
    assert_int_equal(port_io(v0, false, 0x60, 1, 0), IOREQ_SENT);
    answer(0, 9);
    assert_false(bits2l_is_pending(g, port));
    assert_true(ioreq_result(v0, &(uint64_t){ 0 }));
}

static void only_the_emulator_may_bind(void **state)
{
    evtchn_port_t port;

    serve(HVM_IOREQSRV_BUFIOREQ_OFF);
    port = g->ioreq->server[id]->port[0];
    assert_int_equal(evtchn_bind_interdomain(g, g, port, &port), -EINVAL);
}

static void limits_and_failures(void **state)
{
    ioservid_t ids[IOREQ_MAX_SERVERS], more;
    mfn_t m;

    assert_int_equal(ioreq_server_create(g, 0, 3, &more), -EINVAL);
    for (unsigned long n = 1; n < 6; n++) {
        long live = fake_heap_live;

        fake_heap_fail_at = n;
        if (ioreq_server_create(g, 0, 2, &more) == 0) {
            assert_int_equal(ioreq_server_destroy(g, more), 0);
        }
        fake_heap_fail_at = 0;
        /* Buckets of ports stay with their table. */
        assert_in_range(fake_heap_live - live, 0, 1);
    }
    for (unsigned int i = 0; i < IOREQ_MAX_SERVERS; i++) {
        assert_int_equal(ioreq_server_create(g, 0, 0, &ids[i]), 0);
    }
    assert_int_equal(ioreq_server_create(g, 0, 0, &more), -ENOSPC);
    assert_int_equal(ioreq_frame(g, ids[0], 0, &m), -EINVAL);   /* no ring */
    assert_int_equal(ioreq_frame(g, ids[0], 2, &m), -EINVAL);
    assert_int_equal(ioreq_frame(g, 99, 1, &m), -ENOENT);
    g->dying = DOMDYING_dying;
    assert_int_equal(ioreq_server_destroy(g, ids[3]), 0);
    assert_int_equal(ioreq_server_create(g, 0, 0, &more), -EINVAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(a_request_is_answered), T(an_early_wake_only_makes_it_look),
        T(only_whole_accesses_inside_a_range), T(ranges_are_checked),
        T(pci_functions_have_their_own_server), T(vga_writes_are_buffered),
        T(memory_that_left_is_told),
        T(a_full_ring_makes_the_writer_wait),
        T(wrong_states_crash_the_guest_alone),
        T(what_it_writes_elsewhere_means_nothing),
        T(a_server_that_dies_frees_who_waits),
        T(the_guest_cannot_touch_our_ports), T(only_the_emulator_may_bind),
        T(limits_and_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
