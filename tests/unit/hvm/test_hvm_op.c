/* SPDX-License-Identifier: MIT */
/*
 * HVMOP_*: which parameters a guest and the tools may read and write, values
 * that are refused, and the calls of a guest for itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_op.h>
#include <p2m/p2m.h>
#include <vdev/front.h>
#include <xen/hvm/hvm_op.h>

#include <domains.h>
#include <fake.h>

static struct domain *tools, *g;
static struct hvm_domain hd;
static struct hvm_vcpu hv;
static struct p2m p2m;
static unsigned int flushes;
static enum p2m_type type;
static uint64_t via;

mfn_t p2m_lookup(const struct domain *d, uint64_t gfn, enum p2m_type *t)
{
    *t = type;
    return INVALID_MFN;
}

int vdev_set_callback(struct vdev_domain *d, uint64_t v)
{
    via = v;
    return v == 99 ? -EINVAL : 0;
}

int vdev_set_pm_location(struct vdev_domain *d, uint64_t version)
{
    return version > 1 ? -EINVAL : 0;
}

static unsigned int latches;

void vdev_set_vector(struct vcpu *v, uint8_t vector) { }
void hvm_latch_layout(struct vcpu *v) { latches++; }
static void flush(struct domain *d) { flushes++; }

static int up(void **state)
{
    fake_reset(1);
    tools = test_domain(0, 1, NULL);
    g = test_domain(1, 1, NULL);
    memset(&hd, 0, sizeof(hd));
    memset(&hv, 0, sizeof(hv));
    p2m.flush = flush;
    g->hvm = &hd;
    g->p2m = &p2m;
    g->vdev = (struct vdev_domain *)&p2m;         /* opaque here */
    g->vcpu[0]->hvm = &hv;
    flushes = 0;
    return 0;
}

static int down(void **state)
{
    assert_int_equal(fake_locks_held, 0);
    assert_int_equal(g->refcount, 1);
    test_domains_free();
    return 0;
}

static long call(struct domain *as, unsigned int op, void *arg)
{
    test_become(as->vcpu[0]);
    return do_hvm_op(op, (uint64_t)(uintptr_t)arg, 0, 0, 0, 0);
}

static long set(struct domain *as, domid_t d, uint32_t i, uint64_t v)
{
    return call(as, HVMOP_set_param,
                &(struct xen_hvm_param){ .domid = d, .index = i, .value = v });
}

static long get(struct domain *as, domid_t d, uint32_t i, uint64_t *v)
{
    struct xen_hvm_param p = { .domid = d, .index = i, .value = 0xaa };
    long rc = call(as, HVMOP_get_param, &p);

    *v = p.value;
    return rc;
}

static void rights(void **state)
{
    uint64_t v;

    assert_int_equal(set(tools, 1, HVM_PARAM_STORE_PFN, 5), 0);
    assert_int_equal(get(g, DOMID_SELF, HVM_PARAM_STORE_PFN, &v), 0);
    assert_int_equal(v, 5);
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_STORE_PFN, 6), -EPERM);
    assert_int_equal(get(g, DOMID_SELF, HVM_PARAM_IDENT_PT, &v), -EPERM);
    assert_int_equal(v, 0xaa);
    assert_int_equal(get(tools, 1, HVM_PARAM_IDENT_PT, &v), 0);
    assert_int_equal(set(g, 0, HVM_PARAM_CALLBACK_IRQ, 5), -EPERM);
    assert_int_equal(set(tools, 7, HVM_PARAM_STORE_PFN, 5), -ESRCH);
    assert_int_equal(set(tools, 0, HVM_PARAM_STORE_PFN, 5), -EINVAL);  /* PV */
}

/* A guest that says where its events go says in which mode it is. */
static void layout_is_noted(void **state)
{
    latches = 0;
    assert_int_equal(set(tools, 1, HVM_PARAM_CALLBACK_IRQ, 5), 0);
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 99), -EINVAL);
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_VM86_TSS, 5), 0);
    assert_int_equal(latches, 0);
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 5), 0);
    assert_int_equal(latches, 1);
}

static void numbers(void **state)
{
    static const uint32_t none[] = { 3, 7, 8, 20, 23, 25, 26, 30, 39, 40, ~0u };
    uint64_t v;

    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        assert_int_equal(set(tools, 1, none[i], 0), -EINVAL);
        assert_int_equal(get(tools, 1, none[i], &v), -EINVAL);
    }
    assert_int_equal(call(g, 2, NULL), -ENOSYS);
    assert_int_equal(call(g, 26, NULL), -ENOSYS);
    assert_int_equal(call(g, ~0u, NULL), -ENOSYS);
    assert_int_equal(call(g, HVMOP_altp2m, NULL), -EOPNOTSUPP);
    assert_int_equal(call(g, HVMOP_pagetable_dying, NULL), -EOPNOTSUPP);
}

static void values(void **state)
{
    static const struct {
        uint32_t index;
        uint64_t value;
        int rc;
    } cases[] = {
        { HVM_PARAM_VIRIDIAN, 1, -EOPNOTSUPP }, { HVM_PARAM_VIRIDIAN, 0, 0 },
        { HVM_PARAM_NESTEDHVM, 1, -EOPNOTSUPP }, { HVM_PARAM_ALTP2M, 1, -EOPNOTSUPP },
        { HVM_PARAM_TIMER_MODE, 3, 0 }, { HVM_PARAM_TIMER_MODE, 4, -EINVAL },
        { HVM_PARAM_X87_FIP_WIDTH, 5, -EINVAL }, { HVM_PARAM_X87_FIP_WIDTH, 8, 0 },
        { HVM_PARAM_TRIPLE_FAULT_REASON, 99, -EINVAL },
        { HVM_PARAM_ACPI_IOPORTS_LOCATION, 2, -EINVAL },
        { HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | 0x0f, -EINVAL },
        { HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | 0x1f3, -EINVAL },
        { HVM_PARAM_CALLBACK_IRQ, 99, -EINVAL },
        { HVM_PARAM_IOREQ_SERVER_PFN, 7, 0 },
        { HVM_PARAM_IOREQ_SERVER_PFN, 8, -EEXIST },
        { HVM_PARAM_IOREQ_SERVER_PFN, 7, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(set(tools, 1, cases[i].index, cases[i].value),
                         cases[i].rc);
    }
    assert_int_equal(hd.params[HVM_PARAM_IOREQ_SERVER_PFN], 7);
    assert_int_equal(hd.params[HVM_PARAM_CALLBACK_IRQ], 0);
}

static void callback_by_vector_or_by_line(void **state)
{
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ,
                         2ull << 56 | 0xf3), 0);
    assert_int_equal(hd.callback_vector, 0xf3);
    assert_int_equal(via, 0);
    assert_int_equal(set(g, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ,
                         1ull << 56 | 3 << 11), 0);
    assert_int_equal(hd.callback_vector, 0);
    assert_int_equal(via, 1ull << 56 | 3 << 11);
}

static void calls_of_the_guest(void **state)
{
    struct xen_hvm_evtchn_upcall_vector u = { .vcpu = 0, .vector = 0x40 };
    struct xen_hvm_get_mem_type m = { .domid = DOMID_SELF, .pfn = 1 };
    struct xen_hvm_get_time t = { 0 };

    assert_int_equal(call(g, HVMOP_set_evtchn_upcall_vector, &u), 0);
    assert_int_equal(hv.upcall_vector, 0x40);
    u.vector = 15;
    assert_int_equal(call(g, HVMOP_set_evtchn_upcall_vector, &u), -EINVAL);
    u.vcpu = 9;
    assert_int_equal(call(g, HVMOP_set_evtchn_upcall_vector, &u), -ENOENT);
    assert_int_equal(call(g, HVMOP_flush_tlbs, NULL), 0);
    assert_int_equal(call(g, HVMOP_flush_tlbs, &u), -EINVAL);
    assert_int_equal(call(tools, HVMOP_flush_tlbs, NULL), -EINVAL);
    assert_int_equal(flushes, 1);
    fake_now_ns = 1234;
    assert_int_equal(call(g, HVMOP_get_time, &t), 0);
    assert_int_equal(t.now, 1234);
    type = P2M_RAM_RO;
    assert_int_equal(call(g, HVMOP_get_mem_type, &m), 0);
    assert_int_equal(m.mem_type, HVMMEM_ram_ro);
    type = P2M_NONE;
    assert_int_equal(call(g, HVMOP_get_mem_type, &m), 0);
    assert_int_equal(m.mem_type, HVMMEM_mmio_dm);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(rights), T(layout_is_noted), T(numbers), T(values), T(callback_by_vector_or_by_line),
        T(calls_of_the_guest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
