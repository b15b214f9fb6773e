/* SPDX-License-Identifier: MIT */
/*
 * XEN_DMOP_*: buffers that are too few, too short or not there; each
 * operation's numbers; dirty pages of a screen; progress of the long ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <control/doors.h>
#include <control/memory_op.h>
#include <hvm/hvm_domain.h>
#include <ioreq/ioreq.h>
#include <p2m/p2m.h>
#include <vdev/front.h>
#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>

#include <domains.h>
#include <fake.h>

static struct domain *dm, *g;
static struct hvm_domain hd;
static unsigned int nmis, moves, marked, ranges, levels;
static enum p2m_type types[256];

/* ---- what is below the door ------------------------------------------------------- */
#define BELOW(name, ...) int name(__VA_ARGS__)
BELOW(ioreq_server_create, struct domain *d, domid_t e, unsigned int m, ioservid_t *id)
{
    *id = 3;
    return m > 2 ? -EINVAL : 0;
}
BELOW(ioreq_server_destroy, struct domain *d, ioservid_t id) { return id == 3 ? 0 : -ENOENT; }
BELOW(ioreq_server_enable, struct domain *d, ioservid_t id, bool on) { return id == 3 ? 0 : -ENOENT; }
BELOW(ioreq_server_info, struct domain *d, ioservid_t id, evtchn_port_t *p)
{
    *p = 17;
    return 0;
}
BELOW(ioreq_range, struct domain *d, ioservid_t id, bool map, unsigned int type,
     uint64_t a, uint64_t b)
{
    ranges++;
    return 0;
}
BELOW(vdev_isa_level, struct vdev_domain *d, unsigned int irq, bool l) { levels++; return irq > 15 ? -EINVAL : 0; }
BELOW(vdev_intx_level, struct vdev_domain *d, unsigned int dev, unsigned int pin, bool l) { levels++; return 0; }
BELOW(vdev_link_route, struct vdev_domain *d, unsigned int link, unsigned int irq) { return 0; }
BELOW(vdev_msi, struct vdev_domain *d, uint64_t addr, uint32_t data) { return 0; }
void hvm_vcpu_nmi(struct vcpu *v) { nmis++; }
long memory_physmap_move(struct domain *d, uint64_t from, uint64_t to)
{
    moves++;
    return from == 77 ? -EINVAL : 0;
}
uint64_t p2m_clean_range(struct domain *d, uint64_t gfn, unsigned int nr)
{
    return gfn;
}
static unsigned int flushes;
void p2m_flush(struct domain *d) { flushes++; }
void p2m_mark_dirty(struct domain *d, uint64_t gfn) { marked++; }
mfn_t p2m_lookup(const struct domain *d, uint64_t gfn, enum p2m_type *t)
{
    *t = gfn < 256 ? types[gfn] : P2M_NONE;
    return INVALID_MFN;
}
BELOW(p2m_change_type, struct domain *d, uint64_t gfn, enum p2m_type from, enum p2m_type to)
{
    types[gfn] = to;
    return 0;
}

static int up(void **state)
{
    fake_reset(1);
    dm = test_domain(0, 1, NULL);
    g = test_domain(1, 1, NULL);
    g->hvm = &hd;
    g->vdev = (struct vdev_domain *)&hd;          /* opaque here */
    g->ioreq = (struct ioreq_domain *)&hd;
    g->p2m = (struct p2m *)&hd;
    test_become(dm->vcpu[0]);
    nmis = moves = marked = ranges = levels = 0;
    for (unsigned int i = 0; i < 256; i++) {
        types[i] = P2M_RAM;
    }
    return 0;
}

static int down(void **state)
{
    assert_int_equal(g->refcount, 1);
    test_domains_free();
    return 0;
}

static long call(struct xen_dm_op *op, size_t bytes, void *extra, size_t more)
{
    struct xen_dm_op_buf b[2] = { { .size = bytes }, { .size = more } };

    set_xen_guest_handle(b[0].h, (void *)op);
    set_xen_guest_handle(b[1].h, extra);
    return do_dm_op(1, extra != NULL ? 2 : 1, (uint64_t)(uintptr_t)b, 0, 0, 0);
}

static long simple(struct xen_dm_op *op)
{
    return call(op, sizeof(*op), NULL, 0);
}

static void buffers(void **state)
{
    struct xen_dm_op op = { .op = XEN_DMOP_nr_vcpus };
    struct xen_dm_op_buf b = { .size = sizeof(op) };

    set_xen_guest_handle(b.h, (void *)&op);
    assert_int_equal(simple(&op), 0);
    assert_int_equal(op.u.nr_vcpus.vcpus, 1);
    assert_int_equal(call(&op, 11, NULL, 0), -EFAULT);
    assert_int_equal(call(&op, 4, NULL, 0), -EFAULT);
    assert_int_equal(do_dm_op(1, 0, (uint64_t)(uintptr_t)&b, 0, 0, 0), -E2BIG);
    assert_int_equal(do_dm_op(1, 4, (uint64_t)(uintptr_t)&b, 0, 0, 0), -E2BIG);
    assert_int_equal(do_dm_op(1, ~0ull, 0, 0, 0, 0), -E2BIG);
    assert_int_equal(do_dm_op(9, 1, (uint64_t)(uintptr_t)&b, 0, 0, 0), -ESRCH);
    assert_int_equal(do_dm_op(0, 1, (uint64_t)(uintptr_t)&b, 0, 0, 0), -EINVAL);
    fake_fault_va = (uint64_t)(uintptr_t)&op;
    fake_fault_len = sizeof(op);
    assert_int_equal(simple(&op), -EFAULT);
    fake_fault_len = 0;
    op.pad = 1;
    assert_int_equal(simple(&op), -EINVAL);
}

static void numbers_without_an_operation(void **state)
{
    static const uint32_t none[] = { 0, 19, 21, 22, 255, ~0u };

    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        assert_int_equal(simple(&(struct xen_dm_op){ .op = none[i] }), -EOPNOTSUPP);
    }
    assert_int_equal(simple(&(struct xen_dm_op){
        .op = XEN_DMOP_pin_memory_cacheattr }), -EOPNOTSUPP);
    assert_int_equal(simple(&(struct xen_dm_op){
        .op = XEN_DMOP_map_mem_type_to_ioreq_server }), -EOPNOTSUPP);
}

static void servers(void **state)
{
    struct xen_dm_op op = { .op = XEN_DMOP_create_ioreq_server };

    assert_int_equal(simple(&op), 0);
    assert_int_equal(op.u.create_ioreq_server.id, 3);
    op = (struct xen_dm_op){ .op = XEN_DMOP_get_ioreq_server_info };
    op.u.get_ioreq_server_info.id = 3;
    assert_int_equal(simple(&op), -EOPNOTSUPP);   /* wants guest frames */
    op.u.get_ioreq_server_info.flags = XEN_DMOP_no_gfns;
    assert_int_equal(simple(&op), 0);
    assert_int_equal(op.u.get_ioreq_server_info.bufioreq_port, 17);
    op.u.get_ioreq_server_info.flags = 2;
    assert_int_equal(simple(&op), -EINVAL);
    op = (struct xen_dm_op){ .op = XEN_DMOP_map_io_range_to_ioreq_server };
    op.u.map_io_range_to_ioreq_server.pad = 1;
    assert_int_equal(simple(&op), -EINVAL);
    assert_int_equal(ranges, 0);
}

static void wires(void **state)
{
    struct xen_dm_op op = { .op = XEN_DMOP_set_pci_intx_level };

    op.u.set_pci_intx_level.bus = 1;
    assert_int_equal(simple(&op), -EINVAL);
    op.u.set_pci_intx_level.bus = 0;
    op.u.set_pci_intx_level.level = 2;
    assert_int_equal(simple(&op), -EINVAL);
    assert_int_equal(levels, 0);
    op.u.set_pci_intx_level.level = 1;
    assert_int_equal(simple(&op), 0);
    op = (struct xen_dm_op){ .op = XEN_DMOP_inject_event };
    op.u.inject_event.type = XEN_DMOP_EVENT_nmi;
    assert_int_equal(simple(&op), 0);
    assert_int_equal(nmis, 1);
    op.u.inject_event.vcpuid = 64;
    assert_int_equal(simple(&op), -EINVAL);
    op.u.inject_event.vcpuid = 0;
    op.u.inject_event.type = XEN_DMOP_EVENT_hw_exc;
    assert_int_equal(simple(&op), -EOPNOTSUPP);
    op = (struct xen_dm_op){ .op = XEN_DMOP_remote_shutdown };
    op.u.remote_shutdown.reason = SHUTDOWN_MAX + 1;
    assert_int_equal(simple(&op), -EINVAL);
    assert_int_equal(g->is_shut_down, 0);
    op.u.remote_shutdown.reason = SHUTDOWN_poweroff;
    assert_int_equal(simple(&op), 0);
    assert_int_equal(g->is_shut_down, 1);
}

static void a_screen(void **state)
{
    struct xen_dm_op op = { .op = XEN_DMOP_track_dirty_vram };
    uint8_t map[20];

    memset(map, 0xaa, sizeof(map));
    op.u.track_dirty_vram.nr = 130;
    op.u.track_dirty_vram.first_pfn = 0x1000;
    assert_int_equal(call(&op, sizeof(op), map, 16), -EINVAL);
    assert_int_equal(simple(&op), -EINVAL);
    flushes = 0;
    assert_int_equal(call(&op, sizeof(op), map, 17), 0);
    assert_int_equal(flushes, 1);                 /* for three batches */
    assert_int_equal(*(uint64_t *)map, 0x1000);
    assert_int_equal(*(uint64_t *)(map + 8), 0x1040);
    assert_int_equal(map[16], 0x80);
    assert_int_equal(map[17], 0xaa);              /* nothing beyond */
    op.u.track_dirty_vram.first_pfn = ~0ull;
    assert_int_equal(call(&op, sizeof(op), map, 20), -EINVAL);
    op.u.track_dirty_vram.first_pfn = 0;
    op.u.track_dirty_vram.nr = ~0u;
    assert_int_equal(call(&op, sizeof(op), map, 20), -EINVAL);
    op.u.track_dirty_vram.nr = 0;
    assert_int_equal(simple(&op), 0);
}

static void memory(void **state)
{
    struct xen_dm_op_modified_memory_extent e[2] = { { .nr = 3 }, { .nr = 2, .pad = 1 } };
    struct xen_dm_op op = { .op = XEN_DMOP_modified_memory };

    op.u.modified_memory.nr_extents = 2;
    assert_int_equal(call(&op, sizeof(op), e, sizeof(e[0])), -EINVAL);
    assert_int_equal(call(&op, sizeof(op), e, sizeof(e)), -EINVAL);
    assert_int_equal(op.u.modified_memory.nr_extents, 2);   /* which one */
    assert_int_equal(marked, 3);
    op = (struct xen_dm_op){ .op = XEN_DMOP_set_mem_type };
    op.u.set_mem_type.mem_type = HVMMEM_ram_ro;
    op.u.set_mem_type.nr = 200;
    assert_int_equal(simple(&op), 0);
    assert_int_equal(types[199], P2M_RAM_RO);
    assert_int_equal(types[200], P2M_RAM);
    op.u.set_mem_type.first_pfn = 255;
    op.u.set_mem_type.nr = 2;
    assert_int_equal(simple(&op), -EINVAL);       /* a hole */
    op.u.set_mem_type.mem_type = HVMMEM_mmio_dm;
    assert_int_equal(simple(&op), -EINVAL);
    op = (struct xen_dm_op){ .op = XEN_DMOP_relocate_memory };
    op.u.relocate_memory.size = 5;
    op.u.relocate_memory.src_gfn = 74;
    assert_int_equal(simple(&op), -EINVAL);
    assert_int_equal(moves, 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(buffers), T(numbers_without_an_operation), T(servers), T(wires),
        T(a_screen), T(memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
