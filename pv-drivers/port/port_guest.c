/* SPDX-License-Identifier: MIT */
/*
 * Grants and event channels of a guest by hypercall.  Memory and the hypercall
 * instruction are left to the guest (guest_env_*).  Covered by
 * tests/guests/frontend.
 */
#include <port/guest.h>

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sched.h>

#define TABLE_FRAMES  4u
#define NR_ENTRIES    (TABLE_FRAMES * GUEST_PAGE / sizeof(grant_entry_v1_t))
#define FIRST_ENTRY   8u           /* those below are the toolstack's */

static grant_entry_v1_t *entries;
static uint16_t free_list[NR_ENTRIES];
static uint32_t nr_free;

static long event_op(unsigned int cmd, void *arg)
{
    return guest_env_hypercall(__HYPERVISOR_event_channel_op, cmd,
                               (uint64_t)arg, 0, 0, 0);
}

/* ---- grants ----------------------------------------------------------------- */

int guest_port_init(void)
{
    xen_pfn_t frames[TABLE_FRAMES];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF,
                                        .nr_frames = TABLE_FRAMES };
    uint8_t *table = guest_env_pages(TABLE_FRAMES);
    uint32_t i;
    long rc;

    if (table == NULL) {
        return -ENOMEM;
    }
    set_xen_guest_handle(setup.frame_list, frames);
    rc = guest_env_hypercall(__HYPERVISOR_grant_table_op,
                             GNTTABOP_setup_table, (uint64_t)&setup, 1, 0, 0);
    if (rc != 0 || setup.status != GNTST_okay) {
        return rc != 0 ? (int)rc : -ENODEV;
    }
    for (i = 0; i < TABLE_FRAMES; i++) {
        rc = guest_env_map_frame(table + i * GUEST_PAGE, frames[i]);
        if (rc != 0) {
            return (int)rc;
        }
    }
    entries = (grant_entry_v1_t *)(void *)table;
    for (i = NR_ENTRIES; i > FIRST_ENTRY; i--) {
        free_list[nr_free++] = (uint16_t)(i - 1);
    }
    return 0;
}

long guest_grant(domid_t domid, const void *page, bool writable)
{
    uint32_t ref;

    if (nr_free == 0) {
        return -ENOSPC;
    }
    ref = free_list[--nr_free];
    entries[ref].domid = domid;
    entries[ref].frame = (uint32_t)guest_env_frame(page);
    /* The flags make the entry valid: last. */
    __atomic_store_n(&entries[ref].flags,
                     (uint16_t)(GTF_permit_access |
                                (writable ? 0 : GTF_readonly)),
                     __ATOMIC_RELEASE);
    return ref;
}

bool guest_grant_end(uint32_t ref)
{
    uint16_t flags = __atomic_load_n(&entries[ref].flags, __ATOMIC_ACQUIRE);

    do {
        if ((flags & (GTF_reading | GTF_writing)) != 0) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&entries[ref].flags, &flags, 0,
                                          false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_ACQUIRE));
    free_list[nr_free++] = (uint16_t)ref;
    return true;
}

grant_entry_v1_t *guest_grant_entries(uint32_t *nr)
{
    *nr = NR_ENTRIES;
    return entries;
}

/* ---- events ------------------------------------------------------------------- */

static uint64_t bit(uint32_t port)
{
    return 1ul << (port % 64);
}

long guest_event_open(domid_t domid)
{
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF,
                                       .remote_dom = domid };
    long rc = event_op(EVTCHNOP_alloc_unbound, &op);

    if (rc != 0) {
        return rc;
    }
    __atomic_fetch_or(&guest_env_shared_info()->evtchn_mask[op.port / 64],
                      bit(op.port), __ATOMIC_SEQ_CST);
    return op.port;
}

void guest_event_close(uint32_t port)
{
    struct evtchn_close op = { .port = port };

    event_op(EVTCHNOP_close, &op);
    guest_event_take(port);
}

void guest_event_send(uint32_t port)
{
    struct evtchn_send op = { .port = port };

    event_op(EVTCHNOP_send, &op);
}

bool guest_event_take(uint32_t port)
{
    xen_ulong_t *word = &guest_env_shared_info()->evtchn_pending[port / 64];

    return __atomic_fetch_and(word, ~bit(port), __ATOMIC_SEQ_CST) & bit(port);
}

bool guest_event_wait(uint32_t port, uint64_t deadline_ns)
{
    struct sched_poll op = { .nr_ports = 1, .timeout = deadline_ns };
    evtchn_port_t ports[1] = { port };

    set_xen_guest_handle(op.ports, ports);
    while (!guest_event_take(port)) {
        if (guest_env_now_ns() >= deadline_ns) {
            return false;
        }
        guest_env_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll,
                            (uint64_t)&op, 0, 0, 0);
    }
    return true;
}
