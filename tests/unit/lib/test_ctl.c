/* SPDX-License-Identifier: MIT */
/*
 * The control calls of control-domain/lib as a hypervisor sees them: number,
 * argument layout, versions, and what the caller gets back.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fake {
    unsigned int op;              /* last call */
    uint64_t args[5];
    struct xen_domctl domctl;     /* last domctl, as it arrived */
    unsigned int calls;
    int rc;                       /* answer */
    unsigned int destroy_again;   /* -ERESTART this many times */
    uint64_t frames[4];           /* list of the last reservation */
};

static long on_domctl(struct fake *f, struct xen_domctl *op)
{
    f->domctl = *op;
    if (op->interface_version != 0x15) {
        return -EACCES;
    }
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
        op->domain = 7;
        return f->rc;
    case XEN_DOMCTL_getdomaininfo:
        if (op->domain > 5) {
            return -ESRCH;
        }
        op->u.getdomaininfo.domain = op->domain < 1 ? 0 : 5;
        op->u.getdomaininfo.tot_pages = 1234;
        return 0;
    case XEN_DOMCTL_destroydomain:
        return f->destroy_again-- > 0 ? -85 : 0;
    case XEN_DOMCTL_setvcpucontext:
        assert_int_equal(op->u.vcpucontext.ctxt.p->user_regs.rip, 0x1234);
        return f->rc;
    default:
        return f->rc;
    }
}

static long on_sysctl(struct xen_sysctl *op)
{
    assert_int_equal(op->interface_version, 0x15);
    if (op->cmd == XEN_SYSCTL_readconsole) {
        memcpy(op->u.readconsole.buffer.p, "line\n", 5);
        op->u.readconsole.count = 5;
        op->u.readconsole.index += 5;
        return 0;
    }
    if (op->cmd == XEN_SYSCTL_getdomaininfolist) {
        op->u.getdomaininfolist.buffer.p[0].domain = 0;
        op->u.getdomaininfolist.buffer.p[1].domain = 9;
        op->u.getdomaininfolist.num_domains = 2;
        return 0;
    }
    return -ENOSYS;
}

static long on_memory(struct fake *f, uint64_t cmd, void *arg)
{
    struct xen_memory_reservation *r = arg;

    if (cmd == XENMEM_populate_physmap) {
        memcpy(f->frames, r->extent_start.p, sizeof(f->frames));
        r->extent_start.p[0] = 0x777;
        return 3;
    }
    return f->rc;
}

static long answer(void *arg, unsigned int op, const uint64_t args[5])
{
    struct fake *f = arg;
    void *p = (void *)(uintptr_t)args[0];

    f->op = op;
    f->calls++;
    memcpy(f->args, args, sizeof(f->args));
    switch (op) {
    case __HYPERVISOR_domctl:
        assert_int_equal(args[0] & 0xfff, 0);
        return on_domctl(f, p);
    case __HYPERVISOR_sysctl:
        return on_sysctl(p);
    case __HYPERVISOR_memory_op:
        return on_memory(f, args[0], (void *)(uintptr_t)args[1]);
    case __HYPERVISOR_event_channel_op:
        ((struct evtchn_alloc_unbound *)(uintptr_t)args[1])->port = 33;
        return f->rc;
    default:
        return f->rc;
    }
}

static int setup(void **state)
{
    static struct fake f;

    memset(&f, 0, sizeof(f));
    *state = &f;
    return 0;
}

static void create_returns_the_id_only_on_success(void **state)
{
    struct fake *f = *state;
    struct hyp *h = hyp_open_fake(answer, f);
    struct xen_domctl_createdomain config = { .max_vcpus = 2 };
    unsigned int domid = 0;

    f->rc = -ENOMEM;
    assert_int_equal(ctl_domain_create(h, &domid, &config), -ENOMEM);
    assert_int_equal(domid, 0);
    f->rc = 0;
    assert_int_equal(ctl_domain_create(h, &domid, &config), 0);
    assert_int_equal(domid, 7);
    assert_int_equal(f->domctl.u.createdomain.max_vcpus, 2);
    hyp_close(h);
}

/* getdomaininfo answers with the next domain; an exact question must not. */
static void info_of_an_absent_domain_is_esrch(void **state)
{
    struct hyp *h = hyp_open_fake(answer, *state);
    struct xen_domctl_getdomaininfo info;

    assert_int_equal(ctl_domain_info(h, 3, &info), -ESRCH);
    assert_int_equal(ctl_domain_info(h, 6, &info), -ESRCH);
    assert_int_equal(ctl_domain_info(h, 5, &info), 0);
    assert_int_equal(info.tot_pages, 1234);
    hyp_close(h);
}

static void destroy_repeats_while_asked_to(void **state)
{
    struct fake *f = *state;
    struct hyp *h = hyp_open_fake(answer, f);

    f->destroy_again = 4;
    assert_int_equal(ctl_domain_destroy(h, 7), 0);
    assert_int_equal(f->calls, 5);
    hyp_close(h);
}

static void list_copies_what_was_written(void **state)
{
    struct hyp *h = hyp_open_fake(answer, *state);
    struct xen_domctl_getdomaininfo info[40];

    assert_int_equal(ctl_domain_list(h, 0, info, 40), 2);
    assert_int_equal(info[1].domain, 9);
    hyp_close(h);
}

static void context_travels_in_its_own_buffer(void **state)
{
    struct fake *f = *state;
    struct hyp *h = hyp_open_fake(answer, f);
    struct vcpu_guest_context ctx;

    memset(&ctx, 0, sizeof(ctx));
    ctx.user_regs.rip = 0x1234;
    assert_int_equal(ctl_vcpu_set_context(h, 7, 1, &ctx), 0);
    assert_int_equal(f->domctl.u.vcpucontext.vcpu, 1);
    assert_int_equal(f->domctl.domain, 7);
    hyp_close(h);
}

static void readconsole_advances_the_index(void **state)
{
    struct hyp *h = hyp_open_fake(answer, *state);
    uint32_t index = 100;
    char buf[64];

    assert_int_equal(ctl_host_readconsole(h, buf, sizeof(buf), &index, 0), 5);
    assert_memory_equal(buf, "line\n", 5);
    assert_int_equal(index, 105);
    hyp_close(h);
}

static void populate_reports_partial_success_and_frames(void **state)
{
    struct fake *f = *state;
    struct hyp *h = hyp_open_fake(answer, f);
    uint64_t frames[4] = { 10, 11, 12, 13 };

    assert_int_equal(ctl_memory_populate(h, 7, frames, 4, 0, 0), 3);
    assert_int_equal(f->frames[3], 13);
    assert_int_equal(frames[0], 0x777);
    hyp_close(h);
}

static void pin_names_the_foreign_domain(void **state)
{
    struct fake *f = *state;
    struct hyp *h = hyp_open_fake(answer, f);

    assert_int_equal(ctl_mmuext(h, 7, MMUEXT_PIN_L4_TABLE, 0x55), 0);
    assert_int_equal(f->op, __HYPERVISOR_mmuext_op);
    assert_int_equal(f->args[1], 1);
    assert_int_equal(f->args[3], 7);
    hyp_close(h);
}

static void unbound_port_is_copied_back(void **state)
{
    struct hyp *h = hyp_open_fake(answer, *state);
    uint32_t port = 0;

    assert_int_equal(ctl_event_alloc_unbound(h, 7, 0, &port), 0);
    assert_int_equal(port, 33);
    hyp_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(create_returns_the_id_only_on_success, setup),
        cmocka_unit_test_setup(info_of_an_absent_domain_is_esrch, setup),
        cmocka_unit_test_setup(destroy_repeats_while_asked_to, setup),
        cmocka_unit_test_setup(list_copies_what_was_written, setup),
        cmocka_unit_test_setup(context_travels_in_its_own_buffer, setup),
        cmocka_unit_test_setup(readconsole_advances_the_index, setup),
        cmocka_unit_test_setup(populate_reports_partial_success_and_frames,
                               setup),
        cmocka_unit_test_setup(pin_names_the_foreign_domain, setup),
        cmocka_unit_test_setup(unbound_port_is_copied_back, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
