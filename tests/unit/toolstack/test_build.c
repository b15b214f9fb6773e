/* SPDX-License-Identifier: MIT */
/*
 * toolstack/build/create and memory against a hypervisor that records what it
 * is asked, and that fails the call it is told to fail.
 */
#include <build/create.h>
#include <build/memory.h>
#include <config/def.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MAX_CALLS 64
#define DOMID     9u

struct fake {
    uint32_t domctl[MAX_CALLS];        /* in order */
    unsigned int nr;
    int fail_at;                       /* nth domctl, -1: none */
    bool exists;
    unsigned int destroyed;
    struct xen_domctl_createdomain config;
    uint64_t max_kb;
    /* memory */
    uint64_t claimed, claim_limit, given, order9_limit, limit;
    bool no_claims;
};

static long domctl(struct fake *f, struct xen_domctl *op)
{
    if (op->cmd == XEN_DOMCTL_destroydomain) {
        assert_int_equal(op->domain, DOMID);
        f->exists = false;
        f->destroyed++;
        return 0;
    }
    f->domctl[f->nr] = op->cmd;
    if ((int)f->nr++ == f->fail_at) {
        return -EINVAL;
    }
    if (op->cmd == XEN_DOMCTL_createdomain) {
        f->config = op->u.createdomain;
        f->exists = true;
        op->domain = DOMID;
    } else if (op->cmd == XEN_DOMCTL_max_mem) {
        f->max_kb = op->u.max_mem.max_memkb;
    }
    return 0;
}

static long populate(struct fake *f, struct xen_memory_reservation *r)
{
    uint64_t pages = 1ull << r->extent_order;
    uint64_t limit = r->extent_order == 9 ? f->order9_limit : f->limit;
    uint64_t done = 0;

    while (done < r->nr_extents && f->given + pages <= limit) {
        uint64_t *frame = (uint64_t *)r->extent_start.p + done;

        *frame += 0x100000;            /* mfn = pfn + 1 Mi */
        f->given += pages;
        done++;
    }
    return (long)done;
}

static long memory_op(struct fake *f, uint64_t cmd,
                      struct xen_memory_reservation *r)
{
    if (cmd == XENMEM_populate_physmap) {
        return populate(f, r);
    }
    assert_int_equal(cmd, XENMEM_claim_pages);
    if (f->no_claims) {
        return -ENOSYS;
    }
    if (r->nr_extents > f->claim_limit) {
        return -ENOMEM;
    }
    f->claimed = r->nr_extents;
    return 0;
}

static long hypervisor(void *arg, unsigned int op, const uint64_t args[5])
{
    struct fake *f = arg;

    switch (op) {
    case __HYPERVISOR_domctl:
        return domctl(f, (struct xen_domctl *)(uintptr_t)args[0]);
    case __HYPERVISOR_sysctl: {
        struct xen_sysctl *s = (struct xen_sysctl *)(uintptr_t)args[0];

        if (s->cmd == XEN_SYSCTL_sched_id) {
            s->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        } else if (s->cmd == XEN_SYSCTL_physinfo) {
            s->u.physinfo.free_pages = 100 * 256;
        }
        return 0;
    }
    case __HYPERVISOR_memory_op:
        return memory_op(f, args[0],
                         (struct xen_memory_reservation *)(uintptr_t)args[1]);
    default:
        return -ENOSYS;
    }
}

static void some_def(struct domain_def *def)
{
    def_init(def);
    def->name = strdup("t");
    def->memory_kib = 65536;
    def->type = GUEST_PV;
    def->max_vcpus = 3;
    def->weight = 300;
    def->cpuset = strdup("0-1");
    memset(def->uuid, 0x5a, sizeof(def->uuid));
}

/* ---- create --------------------------------------------------------------------- */

static void a_domain_is_made_in_the_stock_order(void **state)
{
    static const uint32_t order[] = {
        XEN_DOMCTL_createdomain, XEN_DOMCTL_max_vcpus,
        XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_setvcpuaffinity,
        XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_scheduler_op,
        XEN_DOMCTL_scheduler_op, XEN_DOMCTL_max_mem,
        XEN_DOMCTL_set_address_size,
    };
    struct fake f = { .fail_at = -1 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct domain_def def;
    unsigned int domid = 0;

    some_def(&def);
    assert_int_equal(create_domain(h, &def, &domid, NULL), 0);

    assert_int_equal(domid, DOMID);
    assert_int_equal(f.nr, sizeof(order) / sizeof(order[0]));
    assert_memory_equal(f.domctl, order, sizeof(order));
    assert_int_equal(f.config.max_vcpus, 3);
    assert_int_equal(f.config.flags, 0);
    assert_int_equal(f.config.handle[0], 0x5a);
    assert_true(f.max_kb >= 65536);
    assert_int_equal(f.destroyed, 0);
    def_fini(&def);
    hyp_close(h);
}

/* Whichever call fails, nothing of the domain is left. */
static void a_failing_call_leaves_no_domain(void **state)
{
    struct domain_def def;
    int refused = 0;

    some_def(&def);
    for (int n = 0; n < 9; n++) {
        struct fake f = { .fail_at = n };
        struct hyp *h = hyp_open_fake(hypervisor, &f);
        unsigned int domid = 77;
        struct err e = ERR_INIT;
        int rc = create_domain(h, &def, &domid, &e);

        /* The scheduler's question (5th) may go unanswered. */
        if (rc != 0) {
            refused++;
            assert_int_equal(domid, 77);
            assert_false(f.exists);
            assert_int_equal(f.destroyed, n == 0 ? 0 : 1);
            assert_int_not_equal(e.class, ERR_NONE);
        } else {
            assert_int_equal(f.domctl[n], XEN_DOMCTL_scheduler_op);
        }
        hyp_close(h);
    }
    assert_int_equal(refused, 8);
    def_fini(&def);
}

static void a_cpu_that_is_not_there_is_a_shortage(void **state)
{
    struct fake f = { .fail_at = 2 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct domain_def def;
    unsigned int domid;
    struct err e = ERR_INIT;

    some_def(&def);
    assert_int_equal(create_domain(h, &def, &domid, &e), -EINVAL);
    assert_int_equal(e.class, ERR_RESOURCE);
    def_fini(&def);
    hyp_close(h);
}

/* ---- memory ------------------------------------------------------------------------ */

static void check_p2m(const struct guest_memory *m)
{
    for (uint64_t i = 0; i < m->nr_pages; i++) {
        assert_int_equal(m->p2m[i], i + 0x100000);
    }
}

static void memory_comes_in_large_extents_and_the_claim_goes_back(void **state)
{
    struct fake f = { .claim_limit = 99999, .order9_limit = 99999,
                      .limit = 99999 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m;

    assert_int_equal(memory_populate(&m, h, DOMID, 5000, NULL), 0);
    check_p2m(&m);
    assert_int_equal(f.given, 5000);
    assert_int_equal(f.claimed, 0);
    memory_forget(&m);
    hyp_close(h);
}

static void memory_in_pieces_is_taken_page_by_page(void **state)
{
    struct fake f = { .claim_limit = 99999, .order9_limit = 1024,
                      .limit = 99999 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m;

    assert_int_equal(memory_populate(&m, h, DOMID, 5000, NULL), 0);
    check_p2m(&m);
    memory_forget(&m);
    hyp_close(h);
}

static void too_little_memory_says_how_much(void **state)
{
    struct fake f = { .claim_limit = 1000 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m;
    struct err e = ERR_INIT;

    assert_int_equal(memory_populate(&m, h, DOMID, 512 * 256, &e), -ENOMEM);
    assert_int_equal(e.class, ERR_RESOURCE);
    assert_non_null(strstr(e.why, "512 MiB"));
    assert_non_null(strstr(e.why, "100 MiB"));
    assert_null(m.p2m);
    assert_int_equal(f.given, 0);
    hyp_close(h);
}

static void a_shortage_on_the_way_gives_the_claim_back(void **state)
{
    struct fake f = { .claim_limit = 99999, .order9_limit = 512,
                      .limit = 600 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m;

    assert_int_equal(memory_populate(&m, h, DOMID, 5000, NULL), -ENOMEM);
    assert_int_equal(f.claimed, 0);
    assert_null(m.p2m);
    hyp_close(h);
}

static void a_hypervisor_without_claims_still_serves(void **state)
{
    struct fake f = { .no_claims = true, .order9_limit = 99999,
                      .limit = 99999 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m;

    assert_int_equal(memory_populate(&m, h, DOMID, 700, NULL), 0);
    check_p2m(&m);
    memory_forget(&m);
    hyp_close(h);
}

/* As a saved guest needs it: these pfns and no others. */
static void a_list_of_pfns_is_populated_as_it_is(void **state)
{
    uint64_t pfns[3000], p2m[6001];
    struct fake f = { .claim_limit = 3000, .limit = 3000 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m = { .h = h, .domid = DOMID, .nr_pages = 6001,
                              .p2m = p2m };

    memset(p2m, 0xff, sizeof(p2m));
    for (unsigned int i = 0; i < 3000; i++) {
        pfns[i] = 2 * i + 1;
    }

    assert_int_equal(memory_populate_pfns(&m, pfns, 3000, NULL), 0);
    assert_int_equal(f.given, 3000);
    assert_int_equal(f.claimed, 0);
    for (unsigned int pfn = 0; pfn < 6001; pfn++) {
        assert_true(p2m[pfn] == (pfn % 2 == 0 ? ~0ull : pfn + 0x100000));
    }
    assert_int_equal(memory_populate_pfns(&m, pfns, 0, NULL), 0);
    hyp_close(h);
}

static void a_list_that_does_not_fit_is_a_shortage(void **state)
{
    uint64_t pfns[3] = { 1, 2, 3 }, p2m[4];
    struct fake f = { .claim_limit = 2, .limit = 99 };
    struct hyp *h = hyp_open_fake(hypervisor, &f);
    struct guest_memory m = { .h = h, .domid = DOMID, .nr_pages = 4,
                              .p2m = p2m };
    struct err e = ERR_INIT;

    assert_int_equal(memory_populate_pfns(&m, pfns, 3, &e), -ENOMEM);
    assert_int_equal(e.class, ERR_RESOURCE);
    assert_int_equal(f.given, 0);
    f.claim_limit = 99;
    f.limit = 2;
    assert_int_equal(memory_populate_pfns(&m, pfns, 3, &e), -ENOMEM);
    assert_int_equal(f.claimed, 0);
    hyp_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_made_in_the_stock_order),
        cmocka_unit_test(a_failing_call_leaves_no_domain),
        cmocka_unit_test(a_cpu_that_is_not_there_is_a_shortage),
        cmocka_unit_test(
            memory_comes_in_large_extents_and_the_claim_goes_back),
        cmocka_unit_test(memory_in_pieces_is_taken_page_by_page),
        cmocka_unit_test(too_little_memory_says_how_much),
        cmocka_unit_test(a_shortage_on_the_way_gives_the_claim_back),
        cmocka_unit_test(a_hypervisor_without_claims_still_serves),
        cmocka_unit_test(a_list_of_pfns_is_populated_as_it_is),
        cmocka_unit_test(a_list_that_does_not_fit_is_a_shortage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
