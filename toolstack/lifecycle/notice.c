/* SPDX-License-Identifier: MIT */
/*
 * Watches of the store and a timer that runs only while the guest has a goal
 * it has not reached.  It asks rarely when nothing moves.
 * Tests: tests/boot/dom0/hotplug.sh.
 */
#include <config/device_edit.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lifecycle/events.h>
#include <lifecycle/notice.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/paths.h>
#include <string.h>

#define MS           1000000ull
#define LOOK_MIN_MS  100u
#define LOOK_MAX_MS  3000u
#define SLACK_KIB    2048u     /* frames that no balloon counts */
#define CONNECTED    4u

static void add_u64(json_object *o, const char *key, uint64_t value)
{
    if (o != NULL) {
        json_object_object_add(o, key, json_object_new_uint64(value));
    }
}

static json_object *event(const struct notice *n, const char *name)
{
    return event_new(&n->vm->def, (int)n->vm->domid, name);
}

/* ---- devices ------------------------------------------------------------------ */

static const char *const back_kinds[] = {
    "qdisk", "vbd", "tapnet", "vif", "vkbd", "vfb",
};
#define NR_BACK_KINDS (sizeof(back_kinds) / sizeof(back_kinds[0]))

/* The device behind an entry of the store; false: no longer configured. */
static bool find_name(const struct notice *n, const char *back_kind,
                      unsigned int devid, const char **element,
                      char name[DEVICE_NAME])
{
    const struct domain_def *def = &n->vm->def;

    for (size_t k = 0; k < nr_device_kinds; k++) {
        *element = device_kinds[k].element;
        for (size_t i = 0; i < device_count(def, *element); i++) {
            struct device_id id = { .devid = ~0u };

            if (devices_id(&n->vm->devices, *element, i, &id) &&
                id.devid == devid && strcmp(id.back_kind, back_kind) == 0) {
                return device_name(def, *element, i, name);
            }
        }
    }
    return false;
}

static void tell_device(struct notice *n, const char *back_kind,
                        unsigned int devid, bool connected)
{
    json_object *o = event(n, connected ? "connected" : "disconnected");
    char name[DEVICE_NAME];
    const char *element;

    if (o == NULL) {
        return;
    }
    if (find_name(n, back_kind, devid, &element, name)) {
        json_object_object_add(o, "device", json_object_new_string(element));
        json_object_object_add(o, "target", json_object_new_string(name));
    }
    json_object_object_add(o, "backend", json_object_new_string(back_kind));
    add_u64(o, "devid", devid);
    event_publish(o);
}

static bool *seen(struct notice *n, const char *back_kind, unsigned int devid)
{
    unsigned int i = 0;

    while (i < n->nr_seen && (n->seen[i].devid != devid ||
                              n->seen[i].back_kind != back_kind)) {
        i++;
    }
    if (i == NOTICE_DEVICES) {
        return NULL;
    }
    if (i == n->nr_seen) {
        n->seen[i].back_kind = back_kind;
        n->seen[i].devid = devid;
        n->seen[i].connected = false;
        n->nr_seen++;
    }
    return &n->seen[i].connected;
}

static void look_at_device(struct notice *n, const char *back_kind,
                           unsigned int devid)
{
    struct store_path path = store_path(PATH_BACKEND "/state", back_kind,
                                        n->vm->domid, devid);
    bool *was = seen(n, back_kind, devid), is;
    uint64_t state = 0;

    xs_read_number(n->vm->xs, XS_TXN_NONE, path.s, &state);
    is = state == CONNECTED;
    if (was != NULL && *was != is) {
        *was = is;
        tell_device(n, back_kind, devid, is);
    }
}

static bool is_connected(const struct notice *n, const struct device_id *id)
{
    for (unsigned int i = 0; i < n->nr_seen; i++) {
        if (n->seen[i].devid == id->devid &&
            strcmp(n->seen[i].back_kind, id->back_kind) == 0) {
            return n->seen[i].connected;
        }
    }
    return false;
}

bool notice_all_connected(const struct notice *n)
{
    const struct domain_def *def = &n->vm->def;

    for (size_t k = 0; k < nr_device_kinds; k++) {
        const char *element = device_kinds[k].element;

        for (size_t i = 0; i < device_count(def, element); i++) {
            struct device_id id;

            if (devices_id(&n->vm->devices, element, i, &id) &&
                !is_connected(n, &id)) {
                return false;
            }
        }
    }
    return true;
}

/* .../backend/KIND/DOMID[/DEVID[/KEY]]: of interest are state and removal. */
static void device_changed(void *arg, const char *path)
{
    struct notice *n = arg;

    for (size_t k = 0; k < NR_BACK_KINDS; k++) {
        struct store_path base = store_path(PATH_BACKENDS, back_kinds[k],
                                            n->vm->domid);
        size_t len = strlen(base.s);
        unsigned int devid;
        char key[16] = "";

        if (strncmp(path, base.s, len) == 0 &&
            sscanf(path + len, "/%u/%15s", &devid, key) >= 1 &&
            (*key == '\0' || strcmp(key, "state") == 0)) {
            look_at_device(n, back_kinds[k], devid);
        }
    }
}

/* ---- goals ----------------------------------------------------------------------- */

static void look_soon(struct notice *n)
{
    n->wait_ms = LOOK_MIN_MS;
    evloop_timer_set(n->timer, n->wait_ms * MS, 0);
}

static void target_changed(void *arg, const char *path)
{
    struct notice *n = arg;
    struct store_path key = store_path(PATH_DOMAIN "/memory/target",
                                       n->vm->domid);
    uint64_t kib = 0;
    json_object *o;

    if (xs_read_number(n->vm->xs, XS_TXN_NONE, key.s, &kib) != 0 ||
        kib == n->target_kib) {
        return;
    }
    n->target_kib = kib;
    n->have_kib = 0;
    o = event(n, "memory-target");
    add_u64(o, "target_kib", kib);
    event_publish(o);
    look_soon(n);
}

static unsigned int wanted_vcpus(const struct notice *n)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < n->vm->def.max_vcpus; i++) {
        struct store_path key = store_path(PATH_DOMAIN "/cpu/%u/availability",
                                           n->vm->domid, i);
        char *text = NULL;

        if (xs_read(n->vm->xs, XS_TXN_NONE, key.s, &text, NULL) == 0) {
            nr += strcmp(text, "online") == 0;
        }
        free(text);
    }
    return nr;
}

static void vcpus_changed(void *arg, const char *path)
{
    struct notice *n = arg;
    unsigned int want = wanted_vcpus(n);
    json_object *o;

    if (want == n->want_vcpus) {
        return;
    }
    n->want_vcpus = want;
    n->have_vcpus = 0;
    o = event(n, "vcpus-target");
    add_u64(o, "vcpus", want);
    event_publish(o);
    look_soon(n);
}

static bool memory_there(struct notice *n, uint64_t kib)
{
    uint64_t far = kib > n->target_kib ? kib - n->target_kib
                                       : n->target_kib - kib;
    json_object *o;

    if (n->have_kib == n->target_kib) {
        return true;                   /* told already */
    }
    if (far > SLACK_KIB) {
        return false;
    }
    n->have_kib = n->target_kib;
    o = event(n, "balloon");
    add_u64(o, "target_kib", n->target_kib);
    add_u64(o, "memory_kib", kib);
    event_publish(o);
    return true;
}

static bool vcpus_there(struct notice *n, unsigned int online)
{
    json_object *o;

    if (n->have_vcpus == n->want_vcpus) {
        return true;
    }
    if (online != n->want_vcpus) {
        return false;
    }
    n->have_vcpus = online;
    o = event(n, "vcpus");
    add_u64(o, "online", online);
    event_publish(o);
    return true;
}

static void look_at_goals(void *arg)
{
    struct notice *n = arg;
    struct xen_domctl_getdomaininfo info;
    bool there;

    if (ctl_domain_info(n->vm->h, n->vm->domid, &info) != 0) {
        return;
    }
    there = memory_there(n, info.tot_pages * 4);
    there = vcpus_there(n, info.nr_online_vcpus) && there;
    if (there) {
        return;
    }
    n->wait_ms = n->wait_ms * 3 / 2 > LOOK_MAX_MS ? LOOK_MAX_MS
                                                  : n->wait_ms * 3 / 2;
    evloop_timer_set(n->timer, n->wait_ms * MS, 0);
}

/* ---- begin, end ------------------------------------------------------------------- */

int notice_init(struct notice *n, struct evloop *loop, struct vm *vm)
{
    memset(n, 0, sizeof(*n));
    n->vm = vm;
    n->timer = evloop_timer(loop, look_at_goals, n);
    return n->timer == NULL ? -errno : 0;
}

static int add_watch(struct notice *n, const char *path, xs_watch_fn *fn)
{
    int rc = xs_watch(n->vm->xs, path, fn, n, &n->watches[n->nr_watches]);

    n->nr_watches += rc == 0;
    return rc;
}

/* What the domain was started with is no news. */
int notice_begin(struct notice *n)
{
    unsigned int domid = n->vm->domid;
    int rc = 0;

    n->target_kib = n->have_kib = n->vm->def.current_kib;
    n->want_vcpus = n->have_vcpus = n->vm->def.cur_vcpus;
    for (size_t k = 0; rc == 0 && k < NR_BACK_KINDS; k++) {
        rc = add_watch(n, store_path(PATH_BACKENDS, back_kinds[k], domid).s,
                       device_changed);
    }
    if (rc == 0) {
        rc = add_watch(n, store_path(PATH_DOMAIN "/memory/target", domid).s,
                       target_changed);
    }
    return rc != 0 ? rc : add_watch(n, store_path(PATH_DOMAIN "/cpu",
                                                  domid).s, vcpus_changed);
}

void notice_end(struct notice *n)
{
    while (n->nr_watches > 0) {
        xs_unwatch(n->watches[--n->nr_watches]);
    }
    n->nr_seen = 0;
    if (n->timer != NULL) {
        evloop_timer_set(n->timer, 0, 0);
    }
}
