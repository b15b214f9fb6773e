/* SPDX-License-Identifier: MIT */
/*
 * domain/vtime.c - time as a guest sees it: the numbers of vcpu_time_info,
 * the wall clock, and how long each vcpu ran, waited and slept.
 *
 * Everything here is lazy: time numbers are written when the guest has not
 * those of the CPU it is on, runstate areas on the way back into the
 * guest (its own page tables are loaded then).  Leaves the clock itself to
 * time/.  Tested by tests/unit/sched/test_sched_state.c, tests/guests/time/.
 */
#include <abi/info32.h>
#include <domain/guest_copy.h>
#include <domain/vtime.h>
#include <mm/heap.h>
#include <time/systime.h>

#define NS_PER_S 1000000000ull

int vtime_vcpu_init(struct vcpu *v)
{
    struct vtime_vcpu *vt = heap_new(struct vtime_vcpu);

    if (vt == NULL) {
        return -ENOMEM;
    }
    vt->runstate.state = RUNSTATE_offline;
    vt->runstate.state_entry_time = systime_ns();
    v->vtime = vt;
    return 0;
}

void vtime_vcpu_free(struct vcpu *v)
{
    heap_free(v->vtime);
    v->vtime = NULL;
}

/* ---- time numbers ----------------------------------------------------------- */

static void fill_numbers(struct vcpu_time_info *to, const struct cpu_time *t,
                         uint64_t tsc_offset)
{
    to->tsc_timestamp = t->base_tsc + tsc_offset;
    to->system_time = t->base_ns;
    to->tsc_to_system_mul = t->tsc_to_ns_mul;
    to->tsc_shift = t->tsc_shift;
}

/* Odd version: being written (xen/xen.h, struct vcpu_time_info). */
static void publish_in_info(struct vcpu_time_info *to,
                            const struct cpu_time *t, uint64_t tsc_offset)
{
    uint32_t version = READ_ONCE(to->version) | 1;

    WRITE_ONCE(to->version, version);
    smp_wmb();
    fill_numbers(to, t, tsc_offset);
    smp_wmb();
    WRITE_ONCE(to->version, version + 1);
}

static void publish_in_area(uint64_t va, const struct vcpu_time_info *info)
{
    struct vcpu_time_info copy = *info;
    guest_handle_t at = guest_handle(va);
    uint32_t done = copy.version;

    copy.version = done | 1;
    if (copy_to_guest(at, &copy.version, sizeof(copy.version)) != 0 ||
        copy_to_guest(at, &copy, sizeof(copy)) != 0 ||
        copy_to_guest(at, &done, sizeof(done)) != 0) {
        return;                       /* not mapped now: the guest's choice */
    }
}

void vtime_update(struct vcpu *v)
{
    const struct cpu_time *t = systime_this_cpu();
    struct vtime_vcpu *vt = v->vtime;

    if (likely(READ_ONCE(v->info->time.tsc_timestamp) ==
               t->base_tsc + v->tsc_offset &&
               READ_ONCE(v->info->time.tsc_to_system_mul) ==
               t->tsc_to_ns_mul && vt->given_in == v->info)) {
        return;
    }
    vt->given_in = v->info;
    publish_in_info(&v->info->time, t, v->tsc_offset);
    if (vt->time_va != 0) {
        publish_in_area(vt->time_va, &v->info->time);
    }
}

void vtime_tsc_moved(struct vcpu *v)
{
    v->vtime->given_in = NULL;        /* publish again, now */
    if (v == current) {
        vtime_update(v);
    }
}

int vtime_register_time_area(struct vcpu *v, uint64_t guest_va)
{
    v->vtime->time_va = guest_va;
    vtime_tsc_moved(v);
    return 0;
}

/* ---- wall clock -------------------------------------------------------------- */

/* At @wc: version, seconds, nanoseconds. */
static void write_wallclock(uint32_t *wc, uint32_t *sec_hi)
{
    uint64_t base = wallclock_base_ns();
    uint32_t version = READ_ONCE(wc[0]) | 1;

    WRITE_ONCE(wc[0], version);
    smp_wmb();
    wc[1] = (uint32_t)(base / NS_PER_S);
    wc[2] = (uint32_t)(base % NS_PER_S);
    *sec_hi = (uint32_t)((base / NS_PER_S) >> 32);
    smp_wmb();
    WRITE_ONCE(wc[0], version + 1);
}

void vtime_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    struct shared_info32 *n = (struct shared_info32 *)s;

    if (s == NULL) {
        return;
    }
    if (atomic_load(&d->info32) == 0) {
        write_wallclock(&s->wc_version, &s->wc_sec_hi);
    } else {
        write_wallclock(&n->wc_version, &n->wc_sec_hi);
    }
}

void vtime_update_wallclock_all(void)
{
    struct domain *d = domain_get_next(0);

    while (d != NULL) {
        unsigned int next = d->domid + 1u;

        vtime_update_wallclock(d);
        domain_put(d);
        d = next < MAX_DOMID ? domain_get_next((domid_t)next) : NULL;
    }
}

/* ---- runstate ------------------------------------------------------------------ */

/* Times up to now.  Another vcpu's numbers may be one change old. */
void vtime_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
    uint64_t now = systime_ns();

    *out = v->vtime->runstate;
    if (out->state >= RUNSTATE_running && out->state <= RUNSTATE_offline &&
        now > out->state_entry_time) {
        out->time[out->state] += now - out->state_entry_time;
    }
}

static int put_runstate(guest_handle_t at, const struct vcpu_runstate_info *rs,
                        bool narrow)
{
    struct runstate32 n = { .state = rs->state,
                            .state_entry_time = rs->state_entry_time };

    if (likely(!narrow)) {
        return copy_to_guest(at, rs, sizeof(*rs));
    }
    __builtin_memcpy(n.time, rs->time, sizeof(n.time));
    return copy_to_guest(at, &n, sizeof(n));
}

static int copy_runstate(struct vcpu *v)
{
    struct vcpu_runstate_info rs = v->vtime->runstate;
    bool narrow = atomic_load(&v->domain->info32) != 0;
    guest_handle_t at = guest_handle(v->vtime->runstate_va);
    guest_handle_t entry = guest_handle_add(at, narrow
        ? offsetof(struct runstate32, state_entry_time)
        : offsetof(struct vcpu_runstate_info, state_entry_time));
    uint64_t marked = rs.state_entry_time | XEN_RUNSTATE_UPDATE;
    int rc;

    if ((atomic_load(&v->domain->vm_assist) &
         (1ull << VMASST_TYPE_runstate_update_flag)) == 0) {
        return put_runstate(at, &rs, narrow);
    }
    /* Other vcpus of the guest read it: mark, write, unmark. */
    rc = copy_to_guest(entry, &marked, sizeof(marked));
    if (rc == 0) {
        smp_wmb();
        rs.state_entry_time = marked;
        rc = put_runstate(at, &rs, narrow);
    }
    if (rc == 0) {
        smp_wmb();
        marked &= ~XEN_RUNSTATE_UPDATE;
        rc = copy_to_guest(entry, &marked, sizeof(marked));
    }
    return rc;
}

void vtime_publish_runstate(struct vcpu *v)
{
    if (v->vtime->runstate_va != 0 && copy_runstate(v) != 0) {
        return;                       /* not mapped now: the guest's choice */
    }
}

int vtime_register_runstate(struct vcpu *v, uint64_t guest_va)
{
    v->vtime->runstate_va = guest_va;
    vtime_runstate_change(v, v->vtime->runstate.state, systime_ns());
    if (guest_va == 0 || v != current) {
        return 0;                     /* written when @v runs next */
    }
    return copy_runstate(v);
}
