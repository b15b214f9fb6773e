/* SPDX-License-Identifier: MIT */
/*
 * setvcpus, vcpupin, vcpuinfo.  vCPUs go on and off line by the guest's own
 * doing, asked through the store.  Tests: tests/boot/dom0/hotplug.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmctl/scope.h>

#define MASK_BYTES 64u
#define WAIT_S     60u
#define POLL_MS    50u

/* ---- setvcpus ------------------------------------------------------------------- */

struct count {
    unsigned int nr;
    bool maximum;
};

static int count_def(struct domain_def *def, bool live, void *arg,
                     struct err *e)
{
    struct count *n = arg;

    if (n->maximum && live) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "the maximum of a "
                       "running domain is fixed", def->name, "use --config");
    }
    if (n->maximum) {
        def->max_vcpus = n->nr;
        def->cur_vcpus = def->cur_vcpus > n->nr ? n->nr : def->cur_vcpus;
        return 0;
    }
    if (live && def->type == GUEST_HVM) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "the vCPUs of a "
                       "running HVM guest are fixed", def->name,
                       "use --config --maximum");
    }
    if (n->nr > def->max_vcpus) {
        return err_set(e, -EINVAL, ERR_RESOURCE, "more vCPUs than the domain "
                       "has", def->name, "%u", def->max_vcpus);
    }
    def->cur_vcpus = n->nr;
    return 0;
}

static int count_live(struct ctl *c, const struct dom *d, void *arg,
                      struct err *e)
{
    struct count *n = arg;
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i <= d->info.max_vcpu_id; i++) {
        char path[96];

        snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability",
                 d->domid, i);
        rc = xs_write_string(c->xs, XS_TXN_NONE, path,
                             i < n->nr ? "online" : "offline");
        if (rc != 0) {
            err_errno(e, rc, "cannot write the store", "%s", path);
        }
    }
    return rc;
}

static int wait_vcpus(struct ctl *c, const struct dom *d, unsigned int nr,
                      struct err *e)
{
    struct timespec t = { .tv_nsec = POLL_MS * 1000000 };
    unsigned int s = ctl_timeout(c, WAIT_S);
    struct xen_domctl_getdomaininfo info = { .nr_online_vcpus = 0 };

    for (unsigned int n = 0; n <= s * 1000 / POLL_MS; n++) {
        if (ctl_domain_info(c->h, d->domid, &info) != 0) {
            return err_set(e, -ESRCH, ERR_STATE, "the domain ended meanwhile",
                           d->name, "its vCPUs were not changed");
        }
        if (info.nr_online_vcpus == nr) {
            return 0;
        }
        nanosleep(&t, NULL);
    }
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the guest does not follow",
                   d->name, "%u of %u vCPUs are on line after %u s; a guest "
                   "may want its own system to bring new ones up",
                   info.nr_online_vcpus, nr, s);
}

static int parse_number(const char *text, unsigned int min, unsigned int max,
                        unsigned int *value, struct err *e)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > max || n < min) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a number", text,
                       "from %u to %u", min, max);
    }
    *value = (unsigned int)n;
    return 0;
}

int cmd_setvcpus(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct count n = { .maximum = c->maximum };
    struct scope_setting set = { count_def, count_live, &n };
    struct scope s = { .live = false };
    int rc = parse_number(argv[1], 1, DEF_MAX_VCPUS, &n.nr, e);

    if (rc == 0) {
        rc = scope_set(c, argv[0], &set, &s, e);
    }
    if (rc == 0 && s.live && c->wait) {
        rc = wait_vcpus(c, &s.d, n.nr, e);
    }
    if (rc == 0) {
        out_action(c, &s.d, "setvcpus", "has a new number of vCPUs");
    }
    return rc;
}

/* ---- vcpupin ----------------------------------------------------------------------- */

struct pin {
    unsigned int vcpu;
    const char *cpus;
};

static int pin_def(struct domain_def *def, bool live, void *arg,
                   struct err *e)
{
    struct pin *p = arg;
    struct cpu_pin *pin = NULL;

    if (p->vcpu >= def->max_vcpus) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such vCPU", def->name,
                       "it has %u", def->max_vcpus);
    }
    for (size_t i = 0; i < def->nr_pins && pin == NULL; i++) {
        pin = def->pins[i].vcpu == p->vcpu ? &def->pins[i] : NULL;
    }
    if (pin == NULL) {
        pin = DEF_GROW(def->pins, def->nr_pins);
    }
    if (pin == NULL) {
        return err_errno(e, -ENOMEM, "cannot pin the vCPU", "%s", def->name);
    }
    pin->vcpu = p->vcpu;
    free(pin->cpuset);
    pin->cpuset = strdup(p->cpus);
    return 0;
}

static int pin_live(struct ctl *c, const struct dom *d, void *arg,
                    struct err *e)
{
    struct xen_sysctl_physinfo host = { .nr_cpus = 0 };
    uint8_t mask[MASK_BYTES];
    struct pin *p = arg;
    int rc;

    if (p->vcpu > d->info.max_vcpu_id) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such vCPU", d->name,
                       "it has %u", d->info.max_vcpu_id + 1);
    }
    def_cpuset_parse(p->cpus, mask, sizeof(mask));
    rc = ctl_vcpu_set_affinity(c->h, d->domid, p->vcpu,
                               XEN_VCPUAFFINITY_HARD, mask, NULL,
                               sizeof(mask) * 8);
    if (rc == 0) {
        return 0;
    }
    ctl_host_physinfo(c->h, &host);
    return err_set(e, rc, ERR_RESOURCE, "cannot pin the vCPU", p->cpus,
                   "%s; the host has %u CPUs", strerror(-rc), host.nr_cpus);
}

/* "0-3,7", or "-" for none. */
static void list_cpus(const uint8_t *mask, unsigned int nr, char *text,
                      size_t room)
{
    size_t len = 0;

    snprintf(text, room, "-");
    for (unsigned int i = 0; i < nr; i++) {
        unsigned int first = i;

        if ((mask[i / 8] & 1u << i % 8) == 0) {
            continue;
        }
        while (i + 1 < nr && (mask[(i + 1) / 8] & 1u << (i + 1) % 8) != 0) {
            i++;
        }
        len += (size_t)snprintf(text + len, room - len, "%s%u", len ? "," : "",
                                first);
        if (i > first && len < room) {
            len += (size_t)snprintf(text + len, room - len, "-%u", i);
        }
        if (len >= room) {
            return;
        }
    }
}

static void affinity(struct ctl *c, const struct dom *d, unsigned int vcpu,
                     char *text, size_t room)
{
    struct xen_sysctl_physinfo host = { .nr_cpus = 0 };
    uint8_t mask[MASK_BYTES] = { 0 };

    ctl_host_physinfo(c->h, &host);
    ctl_vcpu_get_affinity(c->h, d->domid, vcpu, XEN_VCPUAFFINITY_HARD, mask,
                          NULL, sizeof(mask) * 8);
    list_cpus(mask, host.nr_cpus < MASK_BYTES * 8 ? host.nr_cpus
                                                   : MASK_BYTES * 8,
              text, room);
}

int cmd_vcpupin(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct pin p = { .cpus = argv[2] };
    struct scope_setting set = { pin_def, pin_live, &p };
    struct scope s = { .live = false };
    uint8_t mask[MASK_BYTES];
    int rc = parse_number(argv[1], 0, DEF_MAX_VCPUS - 1, &p.vcpu, e);

    if (rc == 0 && !def_cpuset_parse(argv[2], mask, sizeof(mask))) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a list of CPUs", argv[2],
                     "such as 0-3,^2");
    }
    if (rc == 0) {
        rc = scope_set(c, argv[0], &set, &s, e);
    }
    if (rc == 0) {
        out_action(c, &s.d, "vcpupin", "has a vCPU pinned");
    }
    return rc;
}

/* ---- vcpuinfo ------------------------------------------------------------------------ */

static const char *vcpu_state(const struct xen_domctl_getvcpuinfo *v)
{
    return !v->online ? "offline" : v->running ? "running" :
           v->blocked ? "idle" : "ready";
}

static void vcpu_row(struct ctl *c, const struct dom *d, unsigned int i,
                     json_object *items)
{
    struct xen_domctl_getvcpuinfo v;
    char cpus[256];
    json_object *o;

    if (ctl_vcpu_info(c->h, d->domid, i, &v) != 0) {
        return;
    }
    affinity(c, d, i, cpus, sizeof(cpus));
    if (items == NULL) {
        printf("%-4u  %3u  %-7s  %10.1f  %s\n", i, v.cpu, vcpu_state(&v),
               (double)v.cpu_time / 1e9, cpus);
        return;
    }
    o = json_object_new_object();
    out_add_u64(o, "vcpu", i);
    out_add_u64(o, "cpu", v.cpu);
    out_add(o, "state", vcpu_state(&v));
    out_add_bool(o, "online", v.online);
    out_add_u64(o, "cpu_time_ns", v.cpu_time);
    out_add(o, "affinity", cpus);
    json_object_array_add(items, o);
}

int cmd_vcpuinfo(struct ctl *c, int argc, char **argv, struct err *e)
{
    json_object *items = NULL, *o;
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc != 0) {
        return rc;
    }
    if (c->json) {
        items = json_object_new_array();
    } else if (!c->no_header) {
        printf("%-4s  %3s  %-7s  %10s  %s\n", "VCPU", "CPU", "STATE",
               "TIME S", "AFFINITY");
    }
    for (unsigned int i = 0; i <= d.info.max_vcpu_id; i++) {
        vcpu_row(c, &d, i, items);
    }
    if (c->json) {
        o = out_object("VcpuList");
        out_add(o, "name", d.name);
        json_object_object_add(o, "items", items);
        out_json(o);
    }
    return 0;
}
