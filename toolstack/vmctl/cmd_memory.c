/* SPDX-License-Identifier: MIT */
/*
 * setmem and setmaxmem.  The goal is a node of the store; the guest's balloon
 * follows it.  A guest that is to grow is told so only when the host has the
 * memory.  Tests: tests/boot/dom0/hotplug.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <lib/hvm_map.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmctl/scope.h>

#define FLOOR_KIB 32768u       /* a kernel with less does not go on for long */
#define SLACK_KIB 2048u        /* frames that no balloon counts */
#define WAIT_S    120u
#define POLL_MS   50u

/* KiB as in virsh, or with one of the suffixes k M G. */
static int parse_size(const char *text, uint64_t *kib, struct err *e)
{
    static const struct {
        const char *suffix;
        unsigned int shift;
    } units[] = {
        { "", 0 }, { "k", 0 }, { "K", 0 }, { "KiB", 0 }, { "M", 10 },
        { "m", 10 }, { "MiB", 10 }, { "G", 20 }, { "g", 20 }, { "GiB", 20 },
    };
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    for (size_t i = 0; *text >= '0' && *text <= '9' && n < 1ull << 32 &&
         i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].suffix) == 0) {
            *kib = n << units[i].shift;
            return 0;
        }
    }
    return err_set(e, -EINVAL, ERR_USAGE, "not a size", text,
                   "a number of KiB, or with one of k, M, G behind it");
}

static int write_kib(struct ctl *c, const struct dom *d, const char *key,
                     uint64_t kib, struct err *e)
{
    char path[96];
    int rc;

    snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", d->domid, key);
    rc = xs_printf(c->xs, XS_TXN_NONE, path, "%" PRIu64, kib);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot write the store", "%s",
                                   path);
}

/* The size of the command line, for the domain before it. */
static int size_for(char **argv, uint64_t *kib, struct err *e)
{
    int rc = parse_size(argv[1], kib, e);

    if (rc == 0 && *kib < FLOOR_KIB) {
        rc = err_set(e, -EINVAL, ERR_RESOURCE, "too little memory", argv[0],
                     "%u KiB at least", FLOOR_KIB);
    }
    return rc;
}

/* ---- setmem ------------------------------------------------------------------- */

static int target_def(struct domain_def *def, bool live, void *arg,
                      struct err *e)
{
    uint64_t kib = *(uint64_t *)arg;

    if (kib > def->memory_kib) {
        return err_set(e, -EINVAL, ERR_RESOURCE, "more than the maximum",
                       def->name, "%" PRIu64 " KiB; see: vmctl setmaxmem",
                       def->memory_kib);
    }
    def->current_kib = kib;
    def->has_current = true;
    return 0;
}

static int check_host(struct ctl *c, const struct dom *d, uint64_t kib,
                      struct err *e)
{
    struct xen_sysctl_physinfo host;
    uint64_t have = d->info.tot_pages * 4, free_kib;
    int rc = ctl_host_physinfo(c->h, &host);

    if (rc != 0) {
        return err_errno(e, rc, "cannot read the host's state", NULL);
    }
    free_kib = host.free_pages * 4;
    if (kib <= have || kib - have <= free_kib) {
        return 0;
    }
    return err_set(e, -ENOMEM, ERR_RESOURCE, "not enough memory on the host",
                   d->name, "%" PRIu64 " KiB more are wanted, %" PRIu64
                   " KiB are free", kib - have, free_kib);
}

static int target_live(struct ctl *c, const struct dom *d, void *arg,
                       struct err *e)
{
    uint64_t kib = *(uint64_t *)arg;
    int rc = 0;

    if (kib > d->info.max_pages * 4) {         /* of a foreign domain */
        rc = err_set(e, -EINVAL, ERR_RESOURCE, "more than the maximum",
                     d->name, "%" PRIu64 " KiB",
                     (uint64_t)d->info.max_pages * 4);
    }
    if (rc == 0) {
        rc = dom_needs_drivers(c, d, "another memory goal", e);
    }
    if (rc == 0) {
        rc = check_host(c, d, kib, e);
    }
    return rc == 0 ? write_kib(c, d, "target", kib, e) : rc;
}

static bool reached(struct ctl *c, const struct dom *d, uint64_t kib,
                    uint64_t *have, bool *gone)
{
    struct xen_domctl_getdomaininfo info;

    *gone = ctl_domain_info(c->h, d->domid, &info) != 0 ||
            memcmp(info.handle, d->uuid, sizeof(info.handle)) != 0;
    *have = *gone ? 0 : info.tot_pages * 4;
    return !*gone && (*have > kib ? *have - kib : kib - *have) <= SLACK_KIB;
}

static int wait_balloon(struct ctl *c, const struct dom *d, uint64_t kib,
                        struct err *e)
{
    struct timespec t = { .tv_nsec = POLL_MS * 1000000 };
    unsigned int s = ctl_timeout(c, WAIT_S);
    uint64_t have = 0, goal = kib + (dom_is_hvm(d) ? HVM_VIDEO_KIB : 0);
    bool gone = false;

    for (uint64_t n = 0; n <= (uint64_t)s * 1000 / POLL_MS; n++) {
        if (reached(c, d, goal, &have, &gone)) {
            return 0;
        }
        if (gone) {
            return err_set(e, -ESRCH, ERR_STATE, "the domain ended meanwhile",
                           d->name, "its memory was not changed");
        }
        nanosleep(&t, NULL);
    }
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the guest does not reach its "
                   "goal", d->name, "it has %" PRIu64 " of %" PRIu64 " KiB "
                   "after %u s; the goal stays", have, goal, s);
}

int cmd_setmem(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint64_t kib = 0;
    struct scope_setting set = { target_def, target_live, &kib };
    struct scope s = { .live = false };
    int rc = size_for(argv, &kib, e);

    if (rc == 0) {
        rc = scope_set(c, argv[0], &set, &s, e);
    }
    if (rc == 0 && s.live && c->wait) {
        rc = wait_balloon(c, &s.d, kib, e);
    }
    if (rc == 0) {
        out_action(c, &s.d, "setmem", s.live && c->wait
                   ? "has reached its memory goal" : "has a new memory goal");
    }
    return rc;
}

/* ---- setmaxmem ------------------------------------------------------------------ */

static int max_def(struct domain_def *def, bool live, void *arg,
                   struct err *e)
{
    uint64_t kib = *(uint64_t *)arg;

    if (live && kib > def->memory_kib) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "a running guest "
                       "cannot get more than it was started for", def->name,
                       "%" PRIu64 " KiB; use --config and start it again",
                       def->memory_kib);
    }
    if (live && kib < def->current_kib) {
        return err_set(e, -EBUSY, ERR_STATE, "less than the guest may use",
                       def->name, "its goal is %" PRIu64 " KiB; see: vmctl "
                       "setmem", def->current_kib);
    }
    def->memory_kib = kib;
    if (def->current_kib > kib) {
        def->current_kib = kib;
    }
    return 0;
}

static int max_live(struct ctl *c, const struct dom *d, void *arg,
                    struct err *e)
{
    uint64_t kib = *(uint64_t *)arg;
    int rc = ctl_domain_max_mem(c->h, d->domid, kib + SLACK_KIB);

    if (rc != 0) {
        return err_errno(e, rc, "cannot set the memory limit", "%s", d->name);
    }
    return write_kib(c, d, "static-max", kib, e);
}

int cmd_setmaxmem(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint64_t kib = 0;
    struct scope_setting set = { max_def, max_live, &kib };
    struct scope s = { .live = false };
    int rc = size_for(argv, &kib, e);

    if (rc == 0) {
        rc = scope_set(c, argv[0], &set, &s, e);
    }
    if (rc == 0) {
        out_action(c, &s.d, "setmaxmem", "has a new memory limit");
    }
    return rc;
}
