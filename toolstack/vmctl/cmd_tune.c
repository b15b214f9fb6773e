/* SPDX-License-Identifier: MIT */
/*
 * schedinfo, and sysrq.  Tests: tests/boot/dom0/vmctl.sh, hotplug.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/scope.h>

struct sched {
    uint32_t id;
    uint16_t weight, cap;
    int new_weight, new_cap;           /* -1: as it is */
};

static int read_sched(struct ctl *c, const struct dom *d, struct sched *s,
                      struct err *e)
{
    int rc = ctl_host_sched_id(c->h, &s->id);

    if (rc == 0) {
        rc = ctl_domain_sched_get(c->h, d->domid, s->id, &s->weight, &s->cap);
    }
    return rc == 0 ? 0 : err_set(e, rc, ERR_UNSUPPORTED, "no settings",
                                 d->name, "the scheduler has neither weight "
                                 "nor cap");
}

/* "weight=N,cap=N", either of them or both. */
static int parse_set(const char *text, struct sched *s, struct err *e)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        char *end = NULL;
        bool cap = strncmp(text, "cap=", 4) == 0;
        bool weight = strncmp(text, "weight=", 7) == 0;
        const char *digits = text + (cap ? 4 : 7);
        unsigned long n = 0;

        if ((cap || weight) && *digits >= '0' && *digits <= '9') {
            n = strtoul(digits, &end, 10);
        }
        if (end != text + len || n > 65535 || (weight && n == 0)) {
            return err_set(e, -EINVAL, ERR_USAGE, "not a setting", text,
                           "weight=N from 1 to 65535, cap=N in percent of one "
                           "CPU, 0 for none");
        }
        *(cap ? &s->new_cap : &s->new_weight) = (int)n;
        text += len + (text[len] == ',');
    }
    return 0;
}

static int sched_def(struct domain_def *def, bool live, void *arg,
                     struct err *e)
{
    struct sched *s = arg;

    if (s->new_cap >= 0 && !live) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "a definition has no "
                       "cap", def->name, "set it on the running domain");
    }
    if (s->new_cap > 100 * (int)def->max_vcpus) {
        return err_set(e, -EINVAL, ERR_RESOURCE, "more than its vCPUs can use",
                       def->name, "cap=%u at most", 100 * def->max_vcpus);
    }
    if (s->new_weight >= 0) {
        def->weight = (unsigned int)s->new_weight;
    }
    return 0;
}

static int sched_live(struct ctl *c, const struct dom *d, void *arg,
                      struct err *e)
{
    struct sched *s = arg;
    int rc = read_sched(c, d, s, e);

    if (rc != 0) {
        return rc;
    }
    rc = ctl_domain_sched_set(c->h, d->domid, s->id,
                              s->new_weight < 0 ? s->weight
                                                : (uint16_t)s->new_weight,
                              s->new_cap < 0 ? s->cap
                                             : (uint16_t)s->new_cap);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot set the scheduler", "%s",
                                   d->name);
}

static void print_sched(struct ctl *c, const struct dom *d,
                        const struct sched *s)
{
    json_object *o;

    if (c->json) {
        o = out_object("SchedInfo");
        out_add(o, "name", d->name);
        out_add_u64(o, "weight", s->weight);
        out_add_u64(o, "cap", s->cap);
        out_json(o);
    } else if (!c->quiet) {
        printf("weight %u\ncap    %u\n", s->weight, s->cap);
    }
}

int cmd_schedinfo(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct sched sched = { .new_weight = -1, .new_cap = -1 };
    struct scope_setting set = { sched_def, sched_live, &sched };
    struct scope s = { .live = false };
    int rc = c->set == NULL ? 0 : parse_set(c->set, &sched, e);

    if (rc == 0 && c->set != NULL) {
        rc = scope_set(c, argv[0], &set, &s, e);
        if (rc != 0 || !s.live) {
            return rc;
        }
    }
    if (rc == 0) {
        rc = dom_find_live(c, argv[0], &s.d, e);
    }
    if (rc == 0) {
        rc = read_sched(c, &s.d, &sched, e);
    }
    if (rc == 0) {
        print_sched(c, &s.d, &sched);
    }
    return rc;
}

/* sysrq DOMAIN LETTER */
int cmd_sysrq(struct ctl *c, int argc, char **argv, struct err *e)
{
    char path[64];
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0) {
        rc = dom_is_guest(&d, e);      /* a key may end the machine */
    }
    if (rc == 0 && strlen(argv[1]) != 1) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a sysrq key", argv[1],
                     "one letter");
    }
    if (rc != 0) {
        return rc;
    }
    snprintf(path, sizeof(path), "/local/domain/%u/control/sysrq", d.domid);
    rc = xs_write_string(c->xs, XS_TXN_NONE, path, argv[1]);
    if (rc != 0) {
        return err_errno(e, rc, "cannot write the store", "%s", path);
    }
    out_action(c, &d, "sysrq", "got the key");
    return 0;
}
