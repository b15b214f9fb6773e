/* SPDX-License-Identifier: MIT */
/*
 * Writes what stock kernels and tools expect to find about a domain.  Rows
 * with a value belong to the control domain and are readable by the guest;
 * the guest's own nodes are a list of their own.
 * Tests: tests/unit/toolstack/test_store.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <lib/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/domain_entry.h>
#include <store/paths.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#define CONSOLE_LIMIT 1048576

struct writer {
    struct xs *xs;
    xs_txn_t txn;
    const struct domain_entry *entry;
    char uuid[37];
    char dom[STORE_PATH_ROOM];
    char vm[STORE_PATH_ROOM];
    int rc;                            /* the first failure; then all pass */
};

static void put(struct writer *w, const char *base, const char *key,
                const char *value)
{
    struct store_path p = store_path("%s/%s", base, key);

    if (w->rc == 0) {
        w->rc = xs_write_string(w->xs, w->txn, p.s, value);
    }
}

static void put_u64(struct writer *w, const char *base, const char *key,
                    uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    put(w, base, key, text);
}

/* A directory of the control domain that the guest may read. */
static void read_dir(struct writer *w, const char *path)
{
    struct perm perms[2] = {
        { .domid = 0, .access = PERM_NONE },
        { .domid = w->entry->domid, .access = PERM_READ },
    };

    if (w->rc == 0) {
        w->rc = xs_mkdir(w->xs, w->txn, path);
    }
    if (w->rc == 0) {
        w->rc = xs_set_perms(w->xs, w->txn, path, perms, 2);
    }
}

/* A node that belongs to the guest. */
static void guest_node(struct writer *w, const char *key)
{
    struct perm owner = { .domid = w->entry->domid, .access = PERM_NONE };
    struct store_path p = store_path("%s/%s", w->dom, key);

    put(w, w->dom, key, "");
    if (w->rc == 0) {
        w->rc = xs_set_perms(w->xs, w->txn, p.s, &owner, 1);
    }
}

static void write_identity(struct writer *w)
{
    const struct domain_def *def = w->entry->def;

    put(w, w->dom, "vm", w->vm);
    put(w, w->dom, "name", def->name);
    put_u64(w, w->dom, "domid", w->entry->domid);
    put_u64(w, w->dom, "memory/static-max", def->memory_kib);
    put_u64(w, w->dom, "memory/target", def->current_kib);
    put_u64(w, w->dom, "memory/videoram", 0);
    put(w, w->dom, "control/platform-feature-multiprocessor-suspend", "1");
    put(w, w->dom, "control/platform-feature-xs_reset_watches", "1");
    put_u64(w, w->dom, "store/port", w->entry->store_port);
    put_u64(w, w->dom, "store/ring-ref", w->entry->store_mfn);
}

static void write_cpus(struct writer *w)
{
    const struct domain_def *def = w->entry->def;

    for (unsigned int i = 0; i < def->max_vcpus; i++) {
        struct store_path key = store_path("cpu/%u/availability", i);

        put(w, w->dom, key.s, i < def->cur_vcpus ? "online" : "offline");
    }
}

static void write_console(struct writer *w)
{
    unsigned int domid = w->entry->domid;
    struct store_path front = store_path("%s/console", w->dom);
    struct store_path back = store_path(PATH_BACKEND, "console", domid, 0u);

    put(w, front.s, "backend", back.s);
    put(w, front.s, "backend-id", "0");
    put_u64(w, front.s, "limit", CONSOLE_LIMIT);
    put(w, front.s, "type", "xenconsoled");
    put(w, front.s, "output", "pty");
    put(w, front.s, "tty", "");
    put_u64(w, front.s, "port", w->entry->console_port);
    put_u64(w, front.s, "ring-ref", w->entry->console_mfn);
    read_dir(w, back.s);
    put(w, back.s, "frontend", front.s);
    put_u64(w, back.s, "frontend-id", domid);
    put(w, back.s, "online", "1");
    put(w, back.s, "state", "1");
    put(w, back.s, "protocol", "vt100");
}

static void write_guest_nodes(struct writer *w)
{
    static const char *const nodes[] = {
        "control/shutdown", "control/feature-poweroff",
        "control/feature-reboot", "control/feature-suspend",
        "control/sysrq", "data", "drivers", "feature", "attr", "error",
        "device/suspend/event-channel",
    };

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        guest_node(w, nodes[i]);
    }
}

static void write_vm(struct writer *w)
{
    static const char *const types[] = {
        [GUEST_UNSET] = "pv", [GUEST_PV] = "pv", [GUEST_PVH] = "pvh",
        [GUEST_HVM] = "hvm",
    };
    const struct domain_def *def = w->entry->def;
    struct store_path libxl = store_path(PATH_LIBXL, w->entry->domid);

    read_dir(w, w->vm);
    put(w, w->vm, "name", def->name);
    put(w, w->vm, "uuid", w->uuid);
    put(w, w->vm, "image/ostype", "linux");
    put(w, w->vm, "image/kernel", def->kernel == NULL ? "" : def->kernel);
    put(w, w->vm, "image/ramdisk", def->initrd == NULL ? "" : def->initrd);
    put(w, w->vm, "image/cmdline", def->cmdline == NULL ? "" : def->cmdline);
    put_u64(w, w->vm, "start_time", (uint64_t)time(NULL));
    put(w, libxl.s, "type", types[def->type]);
}

static int create_body(struct xs *xs, xs_txn_t txn, void *ctx)
{
    struct writer w = { .xs = xs, .txn = txn, .entry = ctx };

    uuid_unparse_lower(w.entry->def->uuid, w.uuid);
    snprintf(w.dom, sizeof(w.dom), PATH_DOMAIN, w.entry->domid);
    snprintf(w.vm, sizeof(w.vm), PATH_VM, w.uuid);
    /* Leftovers of a domain that had this id, if a tool died: not ours. */
    xs_rm(xs, txn, w.dom);
    read_dir(&w, w.dom);
    write_identity(&w);
    write_cpus(&w);
    write_console(&w);
    write_guest_nodes(&w);
    write_vm(&w);
    return w.rc;
}

int domain_entry_create(struct xs *xs, const struct domain_entry *entry,
                        struct err *e)
{
    int rc = xs_txn_run(xs, create_body, (void *)(uintptr_t)entry);

    return rc == 0 ? 0 : err_errno(e, rc, "cannot write the store",
                                   "domain %u (%s)", entry->domid,
                                   entry->def->name);
}

static int remove_backends(struct xs *xs, unsigned int domid)
{
    static const char *const kinds[] = {
        "console", "qdisk", "vbd", "tapnet", "vif", "vkbd", "vfb",
    };
    int rc = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct store_path p = store_path(PATH_BACKENDS, kinds[i], domid);
        int one = store_remove(xs, p.s);

        rc = rc == 0 ? one : rc;
    }
    return rc;
}

/* Another domain may have got the id in the meantime. */
static bool is_anothers(struct xs *xs, unsigned int domid, const char *uuid)
{
    struct store_path key = store_path(PATH_DOMAIN "/vm", domid);
    struct store_path vm = store_path(PATH_VM, uuid);
    char *value = NULL;
    bool other = xs_read(xs, XS_TXN_NONE, key.s, &value, NULL) == 0 &&
                 strcmp(value, vm.s) != 0;

    free(value);
    return other;
}

int domain_entry_remove(struct xs *xs, unsigned int domid, const char *uuid)
{
    struct store_path vm = store_path(PATH_VM, uuid);
    struct store_path libxl = store_path(PATH_LIBXL, domid);
    struct store_path dom = store_path(PATH_DOMAIN, domid);
    int rc, one = store_remove(xs, vm.s);

    if (is_anothers(xs, domid, uuid)) {
        return one;
    }
    rc = remove_backends(xs, domid);
    rc = rc == 0 ? one : rc;
    one = store_remove(xs, libxl.s);
    rc = rc == 0 ? one : rc;
    one = store_remove(xs, dom.s);
    return rc == 0 ? one : rc;
}
