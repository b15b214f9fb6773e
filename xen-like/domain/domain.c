/* SPDX-License-Identifier: MIT */
/*
 * Birth, life and death of domains.  The table maps a domid to its struct;
 * structs are type-stable (a freed one waits in a pool for the next domain),
 * so domain_get() takes a reference first and looks afterwards whether it got
 * the domain it wanted.
 */
#include <core/log.h>
#include <core/panic.h>
#include <domain/domain.h>
#include <domain/pages.h>
#include <domain/unit.h>
#include <hv/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <xen/sched.h>

struct domain *dom0;
struct domain dom_io = { .domid = DOMID_IO, .refcount = 1 };
struct domain dom_xen = { .domid = DOMID_XEN, .refcount = 1 };

#define TABLE_ORDER 6
_Static_assert(MAX_DOMID * sizeof(struct domain *) <=
               (PAGE_SIZE << TABLE_ORDER), "one pointer per domid");

static struct domain **table;              /* [a] written under list_lock */
static struct domain *pool;                /* [list_lock] freed structs */
static spinlock_t list_lock = SPINLOCK_INIT(LOCK_DOMLIST);
static domid_t next_domid = 1;             /* [list_lock] */
static unsigned int highest_domid;         /* [a] only grows */

static const struct domain_unit *units;
static unsigned int nr_units;
static const struct domain_hooks *hooks;

void domain_set_units(const struct domain_unit *t, unsigned int nr)
{
    units = t;
    nr_units = nr;
}

void domain_set_hooks(const struct domain_hooks *h)
{
    hooks = h;
}

void domain_table_init(void)
{
    table = heap_alloc_pages(TABLE_ORDER);
    BUG_ON(table == NULL);
}

/* ---- references ---------------------------------------------------------- */

struct domain *domain_of_owner(uint64_t owner)
{
    return owner < MAX_DOMID ? atomic_load_acquire(&table[owner]) : NULL;
}

static bool ref_unless_zero(struct domain *d)
{
    int32_t n = atomic_load(&d->refcount);

    do {
        if (n == 0) {
            return false;
        }
    } while (!atomic_cmpxchg(&d->refcount, &n, n + 1));
    return true;
}

struct domain *domain_get(domid_t domid)
{
    struct domain *d = domain_of_owner(domid);

    if (d == NULL || !ref_unless_zero(d)) {
        return NULL;
    }
    if (d->domid != domid || atomic_load_acquire(&table[domid]) != d) {
        domain_put(d);
        return NULL;
    }
    return d;
}

struct domain *domain_get_next(domid_t domid)
{
    for (unsigned int id = domid; id <= atomic_load(&highest_domid); id++) {
        struct domain *d = domain_get((domid_t)id);

        if (d != NULL) {
            return d;
        }
    }
    return NULL;
}

void domain_ref(struct domain *d)
{
    atomic_add(&d->refcount, 1);
}

int domain_get_for(struct domain *caller, domid_t domid, struct domain **out)
{
    struct domain *d;

    if (domid == DOMID_SELF || domid == caller->domid) {
        domain_ref(caller);
        *out = caller;
        return 0;
    }
    if (!caller->is_control) {
        return -EPERM;
    }
    d = domain_get(domid);
    if (d == NULL) {
        return -ESRCH;
    }
    *out = d;
    return 0;
}

/* ---- creation -------------------------------------------------------------- */

static int run_vcpu_init(struct vcpu *v)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; i < nr_units && rc == 0; i++) {
        if (units[i].vcpu_init != NULL) {
            rc = units[i].vcpu_init(v);
        }
    }
    if (rc == 0) {
        return 0;
    }
    for (i--; i-- > 0;) {
        if (units[i].vcpu_free != NULL) {
            units[i].vcpu_free(v);
        }
    }
    return rc;
}

int vcpu_create(struct domain *d, unsigned int id, struct vcpu **out)
{
    struct vcpu *v;
    int rc;

    if (id >= d->max_vcpus) {
        return -EINVAL;
    }
    if (d->vcpu[id] != NULL) {
        return -EEXIST;
    }
    v = heap_new(struct vcpu);
    if (v == NULL) {
        return -ENOMEM;
    }
    v->domain = d;
    v->vcpu_id = id;
    v->poll_port = ~0u;
    v->hcall_bytes = d->cfg_hvm ? 3 : 2;
    v->pause_count = d->controller_paused;
    v->info_mfn = INVALID_MFN;
    /* The first 32 have their info in shared_info; the others must register
     * one before they come up. */
    v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id]
                                        : heap_new(struct vcpu_info);
    if (v->info == NULL) {
        heap_free(v);
        return -ENOMEM;
    }
    v->info->evtchn_upcall_mask = 1;
    rc = run_vcpu_init(v);
    if (rc != 0) {
        if (id >= XEN_LEGACY_MAX_VCPUS) {
            heap_free(v->info);
        }
        heap_free(v);
        return rc;
    }
    atomic_store_release(&d->vcpu[id], v);
    if (out != NULL) {
        *out = v;
    }
    return 0;
}

/* A free slot in the table for @domid, or the next free number. */
static int table_insert(struct domain *d, domid_t domid)
{
    int rc = -EEXIST;

    spin_lock(&list_lock);
    if (domid != DOMID_INVALID) {
        if (domid < MAX_DOMID && table[domid] == NULL) {
            d->domid = domid;
            rc = 0;
        }
    } else {
        rc = -ENOMEM;
        for (unsigned int n = 0; n < MAX_DOMID && rc != 0; n++) {
            domid_t id = next_domid;

            next_domid = id + 1u < MAX_DOMID ? id + 1 : 1;
            if (table[id] == NULL) {
                d->domid = id;
                rc = 0;
            }
        }
    }
    if (rc == 0) {
        atomic_store_release(&table[d->domid], d);
        if (d->domid > highest_domid) {
            atomic_store(&highest_domid, d->domid);
        }
    }
    spin_unlock(&list_lock);
    return rc;
}

static struct domain *struct_alloc(void)
{
    struct domain *d;

    spin_lock(&list_lock);
    d = pool;
    if (d != NULL) {
        pool = (struct domain *)d->vcpu;
        d->vcpu = NULL;
    }
    spin_unlock(&list_lock);
    return d != NULL ? d : heap_new(struct domain);
}

static void struct_free(struct domain *d)
{
    spin_lock(&list_lock);
    if (d->domid < MAX_DOMID && table[d->domid] == d) {
        atomic_store(&table[d->domid], NULL);
    }
    memset(d, 0, sizeof(*d));
    d->domid = DOMID_INVALID;
    d->vcpu = (struct vcpu **)pool;
    pool = d;
    spin_unlock(&list_lock);
}

static void config_apply(struct domain *d, const struct domain_config *cfg)
{
    memset(d, 0, sizeof(*d));
    d->domid = DOMID_INVALID;
    d->is_control = cfg->is_control;
    d->is_hardware = cfg->is_hardware;
    d->max_vcpus = cfg->max_vcpus;
    d->ops = cfg->ops;
    d->ssidref = cfg->ssidref;
    d->min_mfn = ~0ull;
    d->cfg_max_evtchn = cfg->max_evtchn;
    d->cfg_max_grant_frames = cfg->max_grant_frames;
    d->cfg_max_maptrack_frames = cfg->max_maptrack_frames;
    d->cfg_hvm = cfg->hvm;
    d->cfg_emulation = cfg->emulation;
    memcpy(d->handle, cfg->handle, sizeof(d->handle));
    spin_lock_init(&d->lock, LOCK_DOMCTL);
    spin_lock_init(&d->page_lock, LOCK_PAGETABLE);
    d->controller_paused = true;
}

static int base_alloc(struct domain *d)
{
    d->vcpu = heap_new_array(struct vcpu *, d->max_vcpus);
    d->shared_info = heap_alloc_pages(0);
    if (d->vcpu == NULL || d->shared_info == NULL) {
        return -ENOMEM;
    }
    d->shared_info_mfn = virt_to_mfn(d->shared_info);
    pages_share_frame(d->shared_info_mfn, d->domid, true);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    }
    return 0;
}

static void base_free(struct domain *d)
{
    if (d->shared_info != NULL) {
        pages_unshare_frame(d->shared_info_mfn);
    }
    heap_free(d->vcpu);
    struct_free(d);
}

int domain_create(domid_t domid, const struct domain_config *cfg,
                  struct domain **out)
{
    struct domain *d;
    unsigned int i = 0;
    int rc;

    if (cfg->max_vcpus == 0 || cfg->max_vcpus > MAX_VCPUS) {
        return -EINVAL;
    }
    d = struct_alloc();
    if (d == NULL) {
        return -ENOMEM;
    }
    config_apply(d, cfg);
    rc = table_insert(d, domid);
    if (rc == 0) {
        rc = base_alloc(d);
    }
    for (; rc == 0 && i < nr_units; i++) {
        if (units[i].domain_init != NULL) {
            rc = units[i].domain_init(d);
        }
    }
    if (rc != 0) {
        while (i-- > 1) {
            if (units[i - 1].domain_free != NULL) {
                units[i - 1].domain_free(d);
            }
        }
        base_free(d);
        return rc;
    }
    atomic_store_release(&d->refcount, 1);
    *out = d;
    return 0;
}

/* ---- death --------------------------------------------------------------- */

static void vcpu_free(struct vcpu *v)
{
    for (unsigned int i = nr_units; i-- > 0;) {
        if (units[i].vcpu_free != NULL) {
            units[i].vcpu_free(v);
        }
    }
    if (v->vcpu_id >= XEN_LEGACY_MAX_VCPUS &&
        mfn_eq(v->info_mfn, INVALID_MFN)) {
        heap_free(v->info);
    }
    heap_free(v);
}

static void domain_free(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        vcpu_free(v);
    }
    for (unsigned int i = nr_units; i-- > 0;) {
        if (units[i].domain_free != NULL) {
            units[i].domain_free(d);
        }
    }
    base_free(d);
    hooks->domain_event();
}

void domain_put(struct domain *d)
{
    if (atomic_sub(&d->refcount, 1) == 0) {
        domain_free(d);
    }
}

static int relinquish_units(struct domain *d)
{
    while (d->relinquish_unit < nr_units) {
        const struct domain_unit *u = &units[nr_units - 1 - d->relinquish_unit];
        int rc = u->relinquish != NULL ? u->relinquish(d) : 0;

        if (rc != 0) {
            return rc;
        }
        d->relinquish_unit++;
        d->relinquish_pos = 0;
    }
    return 0;
}

/* Dying, and none of its vcpus runs or ever will. */
static void stop_for_ever(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->lock);
    if (d->dying == DOMDYING_alive) {
        atomic_store(&d->dying, DOMDYING_dying);
        for_each_vcpu(d, v) {
            hooks->vcpu_pause_nosync(v);
        }
    }
    spin_unlock(&d->lock);
    for_each_vcpu(d, v) {
        hooks->vcpu_pause_sync(v);      /* off its CPU, state saved */
        hooks->vcpu_unpause(v);
    }
}

int domain_kill(struct domain *d)
{
    int rc = 0;
    bool died = false;

    if (d == dom0) {
        return -EINVAL;
    }
    if (atomic_xchg(&d->kill_busy, 1) != 0) {
        return -ERESTART;                /* another CPU is at it */
    }
    if (atomic_load(&d->dying) != DOMDYING_dead) {
        stop_for_ever(d);
        rc = relinquish_units(d);
        died = rc == 0;
    }
    if (died) {
        atomic_store(&d->dying, DOMDYING_dead);
    }
    atomic_store(&d->kill_busy, 0);
    if (died) {
        hooks->domain_event();
        domain_put(d);                   /* the table's reference */
    }
    return rc;
}

/* ---- shutdown and pause --------------------------------------------------- */

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        hooks->vcpu_pause_sync(v);
    }
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        hooks->vcpu_unpause(v);
    }
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    struct vcpu *v;
    bool first = false;

    if (d->is_hardware) {
        hooks->hardware_shutdown(reason);
    }
    spin_lock(&d->lock);
    if (!d->is_shutting_down) {
        d->is_shutting_down = 1;
        d->shutdown_code = reason;
        for_each_vcpu(d, v) {
            if (!v->paused_for_shutdown) {
                v->paused_for_shutdown = 1;
                hooks->vcpu_pause_nosync(v);
            }
        }
        atomic_store(&d->is_shut_down, 1);
        first = true;
    }
    spin_unlock(&d->lock);
    if (first) {
        hooks->domain_event();
    }
}

void domain_resume(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->lock);
    if (d->is_shutting_down) {
        d->is_shutting_down = 0;
        d->shutdown_code = 0;
        atomic_store(&d->is_shut_down, 0);
        for_each_vcpu(d, v) {
            if (v->paused_for_shutdown) {
                v->paused_for_shutdown = 0;
                hooks->vcpu_unpause(v);
            }
        }
    }
    spin_unlock(&d->lock);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char why[96];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    glog_warn("d%u crashed: %s", d->domid, why);
    domain_shutdown(d, SHUTDOWN_crash);
}
