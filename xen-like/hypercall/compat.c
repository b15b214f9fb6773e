/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of 32-bit code.  See compat.h.
 */
#include <abi/info32.h>
#include <core/percpu.h>
#include <domain/domain.h>
#include <domain/multicall_state.h>
#include <hv/errno.h>
#include <hypercall/compat.h>
#include <hypercall/table.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define STRUCT_AT (1ull << 32)            /* the structure, native layout */
#define ARRAY_AT  (1ull << 33)            /* an array of 32-bit numbers */
#define ARRAY_END (1ull << 36)

struct window {                           /* [C] */
    bool open;
    uint32_t array;                       /* of the caller */
    union {
        struct xen_memory_reservation reservation;
        struct xen_add_to_physmap add;
        struct xen_remove_from_physmap remove;
        struct xen_memory_map map;
        struct sched_poll poll;
        struct vcpu_register_runstate_memory_area area;
        struct vcpu_set_singleshot_timer timer;
        struct vcpu_runstate_info runstate;
        uint8_t bytes[64];
    } u;
};
static DEFINE_PER_CPU(struct window, window);
static compat_guest_fn guest;

void compat_set_guest(compat_guest_fn fn)
{
    guest = fn;
}

/* ---- the two places ----------------------------------------------------------- */
static size_t copy_widened(const struct window *w, uint64_t offset, void *buf,
                           size_t bytes, bool to_guest)
{
    uint64_t *v = buf;

    for (size_t i = 0; i < bytes / 8; i++) {
        uint64_t at = w->array + offset / 2 + i * 4;
        uint32_t narrow = to_guest ? (uint32_t)v[i] : 0;

        if (at > UINT32_MAX || guest(at, &narrow, 4, to_guest) != 0) {
            return bytes - i * 8;
        }
        if (!to_guest) {
            v[i] = narrow;
        }
    }
    return bytes % 8;
}

bool compat_copy(uint64_t va, void *buf, size_t bytes, bool to_guest,
                 size_t *left)
{
    struct window *w = &this_cpu(window);

    if (likely(!w->open) || va < STRUCT_AT) {
        return false;
    }
    *left = bytes;
    if (va >= ARRAY_AT && va < ARRAY_END && va % 8 == 0) {
        *left = copy_widened(w, va - ARRAY_AT, buf, bytes, to_guest);
    } else if (va - STRUCT_AT <= sizeof(w->u) &&
               bytes <= sizeof(w->u) - (va - STRUCT_AT)) {
        uint8_t *at = w->u.bytes + (va - STRUCT_AT);

        if (to_guest) {
            __builtin_memcpy(at, buf, bytes);
        } else {
            __builtin_memcpy(buf, at, bytes);
        }
        *left = 0;
    }
    return true;
}

/* ---- structures with another layout -------------------------------------------- */
/* In: words of the caller's structure.  Out: the same after the call. */
static void in_reservation(struct window *w, const uint32_t *c)
{
    w->array = c[0];
    w->u.reservation = (struct xen_memory_reservation){
        .nr_extents = c[1], .extent_order = c[2], .mem_flags = c[3],
        .domid = (domid_t)c[4],
    };
    set_xen_guest_handle(w->u.reservation.extent_start,
                         (xen_pfn_t *)(c[0] != 0 ? ARRAY_AT : 0));
}

static void in_add(struct window *w, const uint32_t *c)
{
    w->u.add = (struct xen_add_to_physmap){
        .domid = (domid_t)c[0], .size = (uint16_t)(c[0] >> 16), .space = c[1],
        .idx = c[2], .gpfn = c[3],
    };
}

static void in_remove(struct window *w, const uint32_t *c)
{
    w->u.remove = (struct xen_remove_from_physmap){ .domid = (domid_t)c[0],
                                                    .gpfn = c[1] };
}

static void in_map(struct window *w, const uint32_t *c)
{
    w->u.map = (struct xen_memory_map){ .nr_entries = c[0] };
    set_xen_guest_handle(w->u.map.buffer, (void *)(uintptr_t)c[1]);
}

static void out_map(const struct window *w, uint32_t *c)
{
    c[0] = w->u.map.nr_entries;
}

static void in_poll(struct window *w, const uint32_t *c)
{
    w->u.poll = (struct sched_poll){ .nr_ports = c[1],
                                     .timeout = c[2] | (uint64_t)c[3] << 32 };
    set_xen_guest_handle(w->u.poll.ports, (evtchn_port_t *)(uintptr_t)c[0]);
}

/* The times of a vcpu have an area of the same kind. */
ABI_ASSERT(sizeof(struct vcpu_register_time_memory_area) ==
           sizeof(struct vcpu_register_runstate_memory_area));

static void in_area(struct window *w, const uint32_t *c)
{
    w->u.area.addr.p = c[0];
}

static void in_timer(struct window *w, const uint32_t *c)
{
    w->u.timer = (struct vcpu_set_singleshot_timer){
        .timeout_abs_ns = c[0] | (uint64_t)c[1] << 32, .flags = c[2],
    };
}

static void in_nothing(struct window *w, const uint32_t *c)
{
}

static void out_runstate(const struct window *w, uint32_t *c)
{
    struct runstate32 *n = (struct runstate32 *)c;

    n->state = w->u.runstate.state;
    n->state_entry_time = w->u.runstate.state_entry_time;
    __builtin_memcpy(n->time, w->u.runstate.time, sizeof(n->time));
}

/* Which calls 32-bit code has.  No words: the layout is the same. */
#define ANY 0xffffu
static const struct row {
    uint16_t nr, cmd, words;              /* words of the structure */
    void (*in)(struct window *w, const uint32_t *c);
    void (*out)(const struct window *w, uint32_t *c);
} rows[] = {
    { __HYPERVISOR_xen_version, XENVER_version, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_extraversion, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_capabilities, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_compile_info, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_changeset, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_commandline, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_get_features, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_pagesize, 0, NULL, NULL },
    { __HYPERVISOR_xen_version, XENVER_guest_handle, 0, NULL, NULL },
    { __HYPERVISOR_memory_op, XENMEM_populate_physmap, 5, in_reservation, NULL },
    { __HYPERVISOR_memory_op, XENMEM_decrease_reservation, 5, in_reservation,
      NULL },
    { __HYPERVISOR_memory_op, XENMEM_add_to_physmap, 4, in_add, NULL },
    { __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, 2, in_remove, NULL },
    { __HYPERVISOR_memory_op, XENMEM_memory_map, 2, in_map, out_map },
    { __HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, NULL, NULL },
    { __HYPERVISOR_memory_op, XENMEM_current_reservation, 0, NULL, NULL },
    { __HYPERVISOR_memory_op, XENMEM_maximum_reservation, 0, NULL, NULL },
    { __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, 0, NULL, NULL },
    { __HYPERVISOR_sched_op, SCHEDOP_yield, 0, NULL, NULL },
    { __HYPERVISOR_sched_op, SCHEDOP_block, 0, NULL, NULL },
    { __HYPERVISOR_sched_op, SCHEDOP_shutdown, 0, NULL, NULL },
    { __HYPERVISOR_sched_op, SCHEDOP_watchdog, 0, NULL, NULL },
    { __HYPERVISOR_sched_op, SCHEDOP_poll, 4, in_poll, NULL },
    { __HYPERVISOR_event_channel_op, ANY, 0, NULL, NULL },
    { __HYPERVISOR_hvm_op, ANY, 0, NULL, NULL },
    { __HYPERVISOR_console_io, ANY, 0, NULL, NULL },
    { __HYPERVISOR_set_timer_op, ANY, 0, NULL, NULL },
    { __HYPERVISOR_vm_assist, ANY, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_up, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_down, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 11, in_nothing,
      out_runstate },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 1, in_area,
      NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 1, in_area,
      NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 3, in_timer, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, NULL, NULL },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, NULL, NULL },
    { __HYPERVISOR_grant_table_op, GNTTABOP_query_size, 0, NULL, NULL },
};

static const struct row *find(uint32_t nr, uint32_t cmd)
{
    /* The start of a continued memory_op is above its command. */
    cmd = nr == __HYPERVISOR_memory_op ? cmd & 63 : cmd;
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].nr == nr && (rows[i].cmd == ANY || rows[i].cmd == cmd)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A door that was preempted is called again from the guest's instruction,
 * with its new command. */
static long again(const struct mc_state *mc)
{
    struct cpu_regs *r = guest_cpu_regs();

    r->rbx = (uint32_t)mc->call.args[0];
    r->rip -= current->hcall_bytes;
    return (long)mc->call.op;
}

long compat_hypercall(uint32_t nr, const uint32_t args[6])
{
    struct window *w = &this_cpu(window);
    const struct row *row = find(nr, args[0]);
    struct mc_state mc = { .preempted = false };
    /* Where the structure is; a 64-bit number takes two registers. */
    unsigned int at = nr == __HYPERVISOR_vcpu_op ? 2 : 1;
    uint64_t a0 = nr == __HYPERVISOR_set_timer_op
                ? args[0] | (uint64_t)args[1] << 32 : args[0];
    uint64_t a[3] = { a0, args[1], args[2] };
    uint32_t c[11] = { 0 };
    long rc;

    if (row == NULL) {
        return -ENOSYS;
    }
    if (row->words != 0) {
        if (guest(args[at], c, row->words * 4u, false) != 0) {
            return -EFAULT;
        }
        row->in(w, c);
        a[at] = STRUCT_AT;
    }
    w->open = true;
    current->multicall = &mc;             /* its continuations come to us */
    rc = hypercall_table[nr](a[0], a[1], a[2], args[3], args[4], args[5]);
    current->multicall = NULL;
    w->open = false;
    if (mc.preempted) {
        return again(&mc);
    }
    if (rc >= 0 && row->out != NULL) {
        row->out(w, c);
        if (guest(args[at], c, row->words * 4u, true) != 0) {
            return -EFAULT;
        }
    }
    return rc;
}
