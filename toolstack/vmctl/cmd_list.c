/* SPDX-License-Identifier: MIT */
/*
 * Verbs that only look: list, info, domid, domname, domuuid, domstate.
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>

static bool shown(const struct ctl *c, const struct dom *d)
{
    return c->all || d->live || d->starting;
}

static void list_json(const struct ctl *c, const struct dom *list, size_t nr)
{
    json_object *o = out_object("DomainList");
    json_object *items = json_object_new_array();

    for (size_t i = 0; i < nr; i++) {
        if (shown(c, &list[i])) {
            json_object_array_add(items, out_domain(&list[i]));
        }
    }
    json_object_object_add(o, "items", items);
    out_json(o);
}

/* xl's own columns, byte for byte, for scripts that read them. */
static void list_xl(const struct ctl *c, const struct dom *list, size_t nr)
{
    if (!c->no_header) {
        printf("Name                                        ID   Mem VCPUs\t"
               "State\tTime(s)\n");
    }
    for (size_t i = 0; i < nr; i++) {
        const struct dom *d = &list[i];
        uint32_t f = d->info.flags;
        unsigned int reason;
        bool stopped = state_shutdown_reason(f, &reason);

        if (!d->live) {
            continue;
        }
        printf("%-40s %5u %5" PRIu64 " %5u     %c%c%c%c%c%c  %8.1f\n",
               d->name, d->domid, d->info.tot_pages / 256,
               d->info.nr_online_vcpus, (f & XEN_DOMINF_running) ? 'r' : '-',
               (f & XEN_DOMINF_blocked) ? 'b' : '-',
               (f & XEN_DOMINF_paused) ? 'p' : '-', stopped ? 's' : '-',
               stopped && reason == SHUTDOWN_crash ? 'c' : '-',
               (f & XEN_DOMINF_dying) ? 'd' : '-',
               (double)d->info.cpu_time / 1e9);
    }
}

static void list_bare(const struct ctl *c, const struct dom *d)
{
    if (c->bare_name) {
        puts(d->name);
    } else if (c->bare_uuid) {
        puts(d->uuid_text);
    } else if (d->live) {
        printf("%u\n", d->domid);
    }
}

static void list_row(const struct dom *d, int width)
{
    char id[16] = "-";

    if (d->live) {
        snprintf(id, sizeof(id), "%u", d->domid);
        printf("%-4s  %-*s  %-11s  %5u  %6" PRIu64 "\n", id, width, d->name,
               state_name(dom_state(d)), d->info.nr_online_vcpus,
               d->info.tot_pages / 256);
    } else {
        printf("%-4s  %-*s  %-11s  %5s  %6s\n", id, width, d->name,
               state_name(dom_state(d)), "-", "-");
    }
}

static void list_table(const struct ctl *c, const struct dom *list, size_t nr)
{
    int width = 4;

    for (size_t i = 0; i < nr; i++) {
        int len = (int)strlen(list[i].name);

        width = len > width ? len : width;
    }
    if (!c->no_header) {
        printf("%-4s  %-*s  %-11s  %5s  %6s\n", "ID", width, "NAME", "STATE",
               "VCPUS", "MEM");
    }
    for (size_t i = 0; i < nr; i++) {
        if (shown(c, &list[i])) {
            list_row(&list[i], width);
        }
    }
}

int cmd_list(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct dom *list;
    size_t nr;
    int rc = dom_list(c, true, &list, &nr, e);

    if (rc != 0) {
        free(list);
        return rc;
    }
    if (c->json) {
        list_json(c, list, nr);
    } else if (c->xl) {
        list_xl(c, list, nr);
    } else if (c->bare_name || c->bare_uuid || c->bare_id) {
        for (size_t i = 0; i < nr; i++) {
            if (shown(c, &list[i])) {
                list_bare(c, &list[i]);
            }
        }
    } else {
        list_table(c, list, nr);
    }
    free(list);
    return 0;
}

/* ---- info ------------------------------------------------------------------- */

static void row(const char *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void row(const char *key, const char *fmt, ...)
{
    va_list ap;

    printf("%-16s ", key);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static int info_host(struct ctl *c, struct err *e)
{
    struct xen_sysctl_physinfo p;
    char extra[XEN_EXTRAVERSION_LEN] = "", caps[1024] = "";
    int version = ctl_version(c->h), rc = ctl_host_physinfo(c->h, &p);
    json_object *o;

    if (rc != 0) {
        return err_errno(e, rc, "cannot ask about the host", NULL);
    }
    ctl_version_extra(c->h, extra);
    ctl_version_capabilities(c->h, caps);
    if (c->json) {
        o = out_object("Host");
        out_add_u64(o, "version_major", (uint64_t)version >> 16);
        out_add_u64(o, "version_minor", (uint64_t)version & 0xffff);
        out_add(o, "version_extra", extra);
        out_add(o, "capabilities", caps);
        out_add_u64(o, "cpus", p.nr_cpus);
        out_add_u64(o, "cpus_of_host", p.max_cpu_id + 1u);
        out_add_u64(o, "cpu_khz", p.cpu_khz);
        out_add_u64(o, "memory_bytes", p.total_pages * 4096);
        out_add_u64(o, "free_bytes", p.free_pages * 4096);
        out_json(o);
        return 0;
    }
    row("hypervisor", "%d.%d%s", version >> 16, version & 0xffff, extra);
    row("guest types", "%s", caps);
    if (p.nr_cpus > p.max_cpu_id) {
        row("CPUs", "%u", p.nr_cpus);
    } else {
        row("CPUs", "%u of %u", p.nr_cpus, p.max_cpu_id + 1);
    }
    row("CPU MHz", "%u", p.cpu_khz / 1000);
    row("memory MiB", "%" PRIu64, p.total_pages / 256);
    row("free MiB", "%" PRIu64, p.free_pages / 256);
    return 0;
}

static void info_dom(struct ctl *c, const struct dom *d)
{
    struct rundir run;
    bool worker;

    rundir_init(&run, d->uuid);
    worker = d->live && rundir_has_worker(&run);
    if (c->json) {
        json_object *o = out_domain(d);

        out_add(o, "schema", "vmctl/1");
        out_add(o, "kind", "Domain");
        out_add_bool(o, "worker", worker);
        out_json(o);
        return;
    }
    row("name", "%s", d->name);
    row("uuid", "%s", d->uuid_text);
    row("state", "%s", state_name(dom_state(d)));
    row("defined", "%s", d->defined ? "yes" : "no");
    if (d->live) {
        row("id", "%u", d->domid);
        row("vCPUs", "%u of %u", d->info.nr_online_vcpus,
            d->info.max_vcpu_id + 1);
        row("memory MiB", "%" PRIu64, d->info.tot_pages / 256);
        row("CPU time s", "%.1f", (double)d->info.cpu_time / 1e9);
        row("worker", "%s", worker ? "yes" : "no");
    }
}

int cmd_info(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct dom d;
    int rc = ctl_connect(c, e);

    if (rc == 0 && argc == 0) {
        return info_host(c, e);
    }
    if (rc == 0) {
        rc = dom_find(c, argv[0], &d, e);
    }
    if (rc == 0) {
        info_dom(c, &d);
    }
    return rc;
}

/* ---- one fact ------------------------------------------------------------------- */

static int fact(struct ctl *c, const char *text, struct err *e, bool live,
                const char *(*value)(const struct dom *d), const char *key)
{
    struct dom d;
    int rc = live ? dom_find_live(c, text, &d, e) : dom_find(c, text, &d, e);
    json_object *o;

    if (rc != 0) {
        return rc;
    }
    if (!c->json) {
        puts(value(&d));
        return 0;
    }
    o = out_object("Domain");
    out_add(o, "name", d.name);
    out_add(o, key, value(&d));
    out_json(o);
    return 0;
}

static const char *value_domid(const struct dom *d)
{
    static char text[16];

    snprintf(text, sizeof(text), "%u", d->domid);
    return text;
}

static const char *value_name(const struct dom *d)
{
    return d->name;
}

static const char *value_uuid(const struct dom *d)
{
    return d->uuid_text;
}

static const char *value_state(const struct dom *d)
{
    return state_name(dom_state(d));
}

int cmd_domid(struct ctl *c, int argc, char **argv, struct err *e)
{
    return fact(c, argv[0], e, true, value_domid, "domid");
}

int cmd_domname(struct ctl *c, int argc, char **argv, struct err *e)
{
    return fact(c, argv[0], e, false, value_name, "name");
}

int cmd_domuuid(struct ctl *c, int argc, char **argv, struct err *e)
{
    return fact(c, argv[0], e, false, value_uuid, "uuid");
}

int cmd_domstate(struct ctl *c, int argc, char **argv, struct err *e)
{
    return fact(c, argv[0], e, false, value_state, "state");
}
