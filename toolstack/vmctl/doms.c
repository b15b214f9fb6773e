/* SPDX-License-Identifier: MIT */
/*
 * Which domains there are: the hypervisor's list, names from the store, and
 * the definitions that do not run.  Names in the store belong to the control
 * domain, so a guest cannot take another's.
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>
#include <vmctl/cmd.h>

int ctl_connect(struct ctl *c, struct err *e)
{
    int rc;

    if (c->h == NULL) {
        c->h = hyp_open(e);
        if (c->h == NULL) {
            return -EPERM;
        }
        rc = ctl_version_check(c->h);
        if (rc != 0) {
            return err_set(e, rc,
                           rc == -EPROTO ? ERR_VERSION : ERR_PERMISSION,
                           "cannot control this hypervisor", NULL, "%s",
                           rc == -EPROTO
                               ? "it speaks another interface version"
                               : "this is not the control domain");
        }
    }
    rc = c->xs == NULL ? xs_open(&c->xs, 3000) : 0;
    return rc == 0 ? 0 : err_set(e, rc, ERR_FAILED, "cannot reach the store",
                                 NULL, "%s; is xenstored running?",
                                 strerror(-rc));
}

void ctl_disconnect(struct ctl *c)
{
    if (c->xs != NULL) {
        xs_close(c->xs);
    }
    if (c->h != NULL) {
        hyp_close(c->h);
    }
    c->xs = NULL;
    c->h = NULL;
}

static void read_name(struct ctl *c, struct dom *d)
{
    char path[64], *name = NULL;

    snprintf(path, sizeof(path), "/local/domain/%u/name", d->domid);
    if (xs_read(c->xs, XS_TXN_NONE, path, &name, NULL) == 0) {
        snprintf(d->name, sizeof(d->name), "%s", name);
        free(name);
    } else if (d->domid == 0) {
        strcpy(d->name, "Domain-0");
    } else {
        strcpy(d->name, "(null)");     /* being built or taken apart */
    }
}

static void from_info(struct ctl *c, struct dom *d,
                      const struct xen_domctl_getdomaininfo *info)
{
    memset(d, 0, sizeof(*d));
    d->live = true;
    d->domid = info->domain;
    d->info = *info;
    memcpy(d->uuid, info->handle, sizeof(d->uuid));
    uuid_unparse_lower(d->uuid, d->uuid_text);
    read_name(c, d);
}

int dom_is_guest(const struct dom *d, struct err *e)
{
    return d->domid != 0 ? 0 : err_set(e, -EPERM, ERR_PERMISSION,
                                       "refused", d->name,
                                       "this is the control domain");
}

enum vm_state dom_state(const struct dom *d)
{
    return d->live ? state_of_flags(d->info.flags)
           : d->starting ? VM_PAUSED : VM_SHUT_OFF;
}

struct collect {
    struct dom *list;
    size_t nr;
    bool failed;
};

static struct dom *add(struct collect *col)
{
    struct dom *d = def_grow((void **)&col->list, &col->nr, sizeof(*d));

    col->failed = col->failed || d == NULL;
    return d;
}

static int collect_live(struct ctl *c, struct collect *col, struct err *e)
{
    struct xen_domctl_getdomaininfo info[64];
    unsigned int first = 0;
    int nr;

    while ((nr = ctl_domain_list(c->h, first, info, 64)) > 0) {
        for (int i = 0; i < nr; i++) {
            struct dom *d = add(col);

            if (d != NULL) {
                from_info(c, d, &info[i]);
            }
        }
        first = info[nr - 1].domain + 1u;
    }
    return nr == 0 ? 0 : err_errno(e, nr, "cannot list the domains", NULL);
}

static struct dom *find_uuid(struct collect *col, const uint8_t uuid[16])
{
    for (size_t i = 0; i < col->nr; i++) {
        if (memcmp(col->list[i].uuid, uuid, 16) == 0) {
            return &col->list[i];
        }
    }
    return NULL;
}

static struct dom *add_def(struct collect *col, const struct domain_def *def)
{
    struct dom *d = add(col);

    if (d != NULL) {
        memcpy(d->uuid, def->uuid, 16);
        uuid_unparse_lower(d->uuid, d->uuid_text);
        snprintf(d->name, sizeof(d->name), "%s", def->name);
    }
    return d;
}

static void collect_defined(const struct domain_def *def, void *arg)
{
    struct collect *col = arg;
    struct dom *d = find_uuid(col, def->uuid);

    d = d != NULL ? d : add_def(col, def);
    if (d != NULL) {
        d->defined = true;
    }
}

/* Between two lives the hypervisor knows nothing of a domain. */
static void collect_starting(const char *text, void *arg)
{
    struct collect *col = arg;
    struct domain_def def;
    struct rundir run;
    struct dom *d;
    uuid_t uuid;

    if (uuid_parse(text, uuid) != 0 || find_uuid(col, uuid) != NULL) {
        return;
    }
    def_init(&def);
    rundir_init(&run, uuid);
    if (rundir_has_worker(&run) && rundir_load(&run, &def, NULL) == 0) {
        d = add_def(col, &def);
        if (d != NULL) {
            d->starting = true;
        }
    }
    def_fini(&def);
}

int dom_list(struct ctl *c, bool defined, struct dom **list, size_t *nr,
             struct err *e)
{
    struct collect col = { .list = NULL };
    int rc = ctl_connect(c, e);

    if (rc == 0) {
        rc = collect_live(c, &col, e);
    }
    if (rc == 0) {
        rundir_each(collect_starting, &col);
    }
    if (rc == 0 && defined) {
        defined_each(collect_defined, &col);
    }
    if (rc == 0 && col.failed) {
        rc = err_errno(e, -ENOMEM, "cannot list the domains", NULL);
    }
    *list = col.list;
    *nr = col.nr;
    return rc;
}

static bool by_name(const struct dom *d, const char *text)
{
    return strcmp(d->name, text) == 0;
}

static bool by_uuid(const struct dom *d, const char *text)
{
    return strcasecmp(d->uuid_text, text) == 0;
}

static bool by_domid(const struct dom *d, const char *text)
{
    char number[16];

    snprintf(number, sizeof(number), "%u", d->domid);
    return d->live && strcmp(number, text) == 0;
}

int dom_find(struct ctl *c, const char *text, struct dom *d, struct err *e)
{
    static bool (*const ways[])(const struct dom *d, const char *text) = {
        by_name, by_uuid, by_domid,
    };
    struct dom *list;
    size_t nr;
    int rc = dom_list(c, true, &list, &nr, e);

    if (rc != 0) {
        free(list);
        return rc;
    }
    for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
        for (size_t i = 0; i < nr; i++) {
            if (ways[w](&list[i], text)) {
                *d = list[i];
                free(list);
                return 0;
            }
        }
    }
    free(list);
    return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such domain", text,
                   "neither a name, a UUID nor a domain id; see: vmctl list "
                   "--all");
}

int dom_find_live(struct ctl *c, const char *text, struct dom *d,
                  struct err *e)
{
    int rc = dom_find(c, text, d, e);

    if (rc == 0 && d->starting) {
        return err_set(e, -EBUSY, ERR_STATE, "the domain is being started",
                       d->name, "try again");
    }
    if (rc == 0 && !d->live) {
        rc = err_set(e, -ENOENT, ERR_STATE, "the domain does not run",
                     d->name, "start it: vmctl start %s", d->name);
    }
    return rc;
}

int dom_def(const struct dom *d, struct domain_def *def, struct err *e)
{
    struct rundir run;

    if (d->live || d->starting) {
        rundir_init(&run, d->uuid);
        if (rundir_exists(&run)) {
            return rundir_load(&run, def, e);
        }
    }
    if (d->defined) {
        return defined_load(d->name, def, e);
    }
    return err_set(e, -ENOENT, ERR_UNSUPPORTED, "there is no configuration",
                   d->name, "the domain was not started by vmctl");
}
