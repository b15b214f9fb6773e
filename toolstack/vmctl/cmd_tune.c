/* SPDX-License-Identifier: MIT */
/*
 * Verbs that change a running domain's share of the host, and sysrq.
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>

#define MASK_BYTES 64u

static int parse_number(const char *text, unsigned int max,
                        unsigned int *value, struct err *e)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > max) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a number", text,
                       "from 0 to %u", max);
    }
    *value = (unsigned int)n;
    return 0;
}

static int write_key(struct ctl *c, const struct dom *d, const char *key,
                     const char *value, struct err *e)
{
    char path[96];
    int rc;

    snprintf(path, sizeof(path), "/local/domain/%u/%s", d->domid, key);
    rc = xs_write_string(c->xs, XS_TXN_NONE, path, value);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot write the store", "%s",
                                   path);
}

/* setmem DOMAIN KIB: the balloon's goal, at most the maximum. */
int cmd_setmem(struct ctl *c, int argc, char **argv, struct err *e)
{
    unsigned int kib = 0;
    char text[16];
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0) {
        rc = parse_number(argv[1], UINT32_MAX, &kib, e);
    }
    if (rc == 0 && kib / 4 > d.info.max_pages) {
        rc = err_set(e, -EINVAL, ERR_RESOURCE, "more than the maximum",
                     d.name, "%" PRIu64 " KiB", d.info.max_pages * 4);
    }
    if (rc == 0) {
        snprintf(text, sizeof(text), "%u", kib);
        rc = write_key(c, &d, "memory/target", text, e);
    }
    if (rc == 0) {
        out_action(c, &d, "setmem", "has a new memory goal");
    }
    return rc;
}

/* setvcpus DOMAIN N: the guest takes vCPUs on or off line. */
int cmd_setvcpus(struct ctl *c, int argc, char **argv, struct err *e)
{
    unsigned int n = 0;
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0) {
        rc = parse_number(argv[1], d.info.max_vcpu_id + 1, &n, e);
    }
    if (rc == 0 && n == 0) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a number of vCPUs", argv[1],
                     "one at least");
    }
    for (unsigned int i = 0; rc == 0 && i <= d.info.max_vcpu_id; i++) {
        char key[32];

        snprintf(key, sizeof(key), "cpu/%u/availability", i);
        rc = write_key(c, &d, key, i < n ? "online" : "offline", e);
    }
    if (rc == 0) {
        out_action(c, &d, "setvcpus", "has a new number of vCPUs");
    }
    return rc;
}

/* vcpupin DOMAIN VCPU CPUS */
int cmd_vcpupin(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint8_t mask[MASK_BYTES];
    unsigned int vcpu = 0;
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0) {
        rc = parse_number(argv[1], d.info.max_vcpu_id, &vcpu, e);
    }
    if (rc == 0 && !def_cpuset_parse(argv[2], mask, sizeof(mask))) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a list of CPUs", argv[2],
                     "such as 0-3,^2");
    }
    if (rc != 0) {
        return rc;
    }
    rc = ctl_vcpu_set_affinity(c->h, d.domid, vcpu, XEN_VCPUAFFINITY_HARD,
                               mask, NULL, sizeof(mask) * 8);
    if (rc != 0) {
        return err_set(e, rc, ERR_RESOURCE, "cannot pin the vCPU", argv[2],
                       "%s", strerror(-rc));
    }
    out_action(c, &d, "vcpupin", "has a vCPU pinned");
    return 0;
}

static void vcpu_row(struct ctl *c, const struct dom *d, unsigned int i,
                     json_object *items)
{
    struct xen_domctl_getvcpuinfo v;
    json_object *o;

    if (ctl_vcpu_info(c->h, d->domid, i, &v) != 0) {
        return;
    }
    if (items == NULL) {
        printf("%-4u  %3u  %-7s  %10.1f\n", i, v.cpu,
               !v.online ? "offline" : v.running ? "running" :
               v.blocked ? "idle" : "ready", (double)v.cpu_time / 1e9);
        return;
    }
    o = json_object_new_object();
    out_add_u64(o, "vcpu", i);
    out_add_u64(o, "cpu", v.cpu);
    out_add_bool(o, "online", v.online);
    out_add_u64(o, "cpu_time_ns", v.cpu_time);
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
        printf("%-4s  %3s  %-7s  %10s\n", "VCPU", "CPU", "STATE", "TIME S");
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

static int set_sched(struct ctl *c, const struct dom *d, uint32_t sched,
                     uint16_t *weight, uint16_t *cap, struct err *e)
{
    bool is_cap = strncmp(c->set, "cap=", 4) == 0;
    unsigned int value;
    int rc;

    if (!is_cap && strncmp(c->set, "weight=", 7) != 0) {
        return err_set(e, -EINVAL, ERR_USAGE, "unknown setting", c->set,
                       "weight=N or cap=N");
    }
    rc = parse_number(strchr(c->set, '=') + 1, 65535, &value, e);
    if (rc != 0) {
        return rc;
    }
    *(is_cap ? cap : weight) = (uint16_t)value;
    rc = ctl_domain_sched_set(c->h, d->domid, sched, *weight, *cap);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot set the scheduler", "%s",
                                   d->name);
}

int cmd_schedinfo(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint16_t weight = 0, cap = 0;
    uint32_t sched = 0;
    json_object *o;
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc != 0) {
        return rc;
    }
    rc = ctl_host_sched_id(c->h, &sched);
    if (rc == 0) {
        rc = ctl_domain_sched_get(c->h, d.domid, sched, &weight, &cap);
    }
    if (rc != 0) {
        return err_set(e, rc, ERR_UNSUPPORTED, "no settings", d.name,
                       "the scheduler has neither weight nor cap");
    }
    if (c->set != NULL) {
        rc = set_sched(c, &d, sched, &weight, &cap, e);
    }
    if (rc == 0 && c->json) {
        o = out_object("SchedInfo");
        out_add(o, "name", d.name);
        out_add_u64(o, "weight", weight);
        out_add_u64(o, "cap", cap);
        out_json(o);
    } else if (rc == 0 && !c->quiet) {
        printf("weight %u\ncap    %u\n", weight, cap);
    }
    return rc;
}

/* sysrq DOMAIN LETTER */
int cmd_sysrq(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0 && strlen(argv[1]) != 1) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a sysrq key", argv[1],
                     "one letter");
    }
    if (rc == 0) {
        rc = write_key(c, &d, "control/sysrq", argv[1], e);
    }
    if (rc == 0) {
        out_action(c, &d, "sysrq", "got the key");
    }
    return rc;
}
