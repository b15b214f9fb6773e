/* SPDX-License-Identifier: MIT */
/*
 * Changes of a running domain.  The steps are few, so each function undoes its
 * own.  Tests: tests/boot/dom0/hotplug.sh.
 */
#include <config/device_edit.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/log.h>
#include <lifecycle/change.h>
#include <lifecycle/state.h>
#include <lifecycle/userdata.h>
#include <lifecycle/vm.h>
#include <string.h>
#include <unistd.h>

#define DEVICE_MS 30000u
#define LOCK_MS   60000u

/* Is the domain there, ours, and not on its way out? */
bool change_alive(struct change *c)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int reason;

    return ctl_domain_info(c->h, c->domid, &info) == 0 &&
           memcmp(info.handle, c->def.uuid, sizeof(info.handle)) == 0 &&
           (info.flags & XEN_DOMINF_dying) == 0 &&
           !state_shutdown_reason(info.flags, &reason);
}

static bool still_alive(void *arg)
{
    return change_alive(arg);
}

static int load(struct change *c, const uint8_t uuid[16], struct err *e)
{
    uint32_t flags;
    int rc = rundir_load(&c->run, &c->def, e);

    if (rc == 0 && vm_find_domid(c->h, uuid, &c->domid, &flags) != 0) {
        c->domid = 0;
    }
    if (rc == 0 && (c->domid == 0 || !change_alive(c))) {
        return err_set(e, -ESRCH, ERR_STATE, "the domain does not run",
                       c->def.name, "it has ended");
    }
    return rc;
}

int change_begin(struct change *c, struct hyp *h, struct xs *xs,
                 const uint8_t uuid[16], struct err *e)
{
    int rc;

    memset(c, 0, sizeof(*c));
    c->h = h;
    c->xs = xs;
    def_init(&c->def);
    rundir_init(&c->run, uuid);
    c->lock = rundir_change_lock(&c->run, LOCK_MS);
    if (c->lock == -ENOENT) {
        return err_set(e, -ENOENT, ERR_UNSUPPORTED, "cannot be changed",
                       c->run.uuid, "the domain was not started by vmctl");
    }
    if (c->lock < 0) {
        return err_errno(e, c->lock, "another change does not end", "%s",
                         c->run.path);
    }
    rc = load(c, uuid, e);
    if (rc != 0) {
        change_end(c);
        return rc;
    }
    devices_init(&c->devices, xs, c->domid, &c->def);
    c->devices.run_dir = c->run.path;
    c->wait = (struct device_wait){ DEVICE_MS, still_alive, c };
    return 0;
}

void change_end(struct change *c)
{
    devices_close_loops(&c->devices);
    def_fini(&c->def);
    if (c->lock >= 0) {
        close(c->lock);
    }
    c->lock = -1;
}

int change_save(struct change *c, struct err *e)
{
    int rc = rundir_save(&c->run, &c->def, (int)c->domid, e), bad;

    if (rc != 0) {
        return rc;
    }
    bad = userdata_write(&c->def, c->domid);
    if (bad != 0) {                    /* of use to stock tools only */
        log_warn("no record for stock tools: %s", strerror(-bad));
    }
    return 0;
}

void change_event(struct change *c, const char *event, const char *element,
                  const char *name)
{
    json_object *o = event_new(&c->def, (int)c->domid, event);

    if (o != NULL) {
        json_object_object_add(o, "device", json_object_new_string(element));
        json_object_object_add(o, "target", json_object_new_string(name));
    }
    event_publish(o);
}

static int no_such_kind(const char *element, struct err *e)
{
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "cannot be attached or "
                   "detached", element, "not this kind of device");
}

static int is_there(struct change *c, const char *element, const char *name,
                    struct err *e)
{
    if (*name == '\0' || device_find(&c->def, element, name) < 0) {
        return 0;
    }
    return err_set(e, -EEXIST, ERR_STATE, "the device is there already",
                   name, "domain %s has a %s of that name", c->def.name,
                   element);
}

/* Out of live.xml again. */
static void forget(struct change *c, const char *element, size_t i)
{
    device_remove(&c->def, element, i);
    change_save(c, NULL);
}

int change_attach(struct change *c, const char *element,
                  const struct domain_def *piece, struct err *e)
{
    char name[DEVICE_NAME];
    int i, rc;

    if (!device_known(element)) {
        return no_such_kind(element, e);
    }
    device_name(piece, element, 0, name);
    rc = is_there(c, element, name, e);
    if (rc != 0) {
        return rc;
    }
    i = device_copy(&c->def, piece, element, 0);
    if (i < 0) {
        return err_errno(e, i, "cannot attach the device", "%s", element);
    }
    rc = change_save(c, e);
    if (rc == 0) {
        rc = devices_plug(&c->devices, element, (size_t)i, &c->wait, e);
    }
    if (rc != 0) {
        forget(c, element, (size_t)i);
        return rc;
    }
    device_name(&c->def, element, (size_t)i, name);
    change_event(c, "attached", element, name);
    return 0;
}

int change_detach(struct change *c, const char *element, const char *name,
                  struct err *e)
{
    int i = device_find(&c->def, element, name), rc;

    if (!device_known(element)) {
        return no_such_kind(element, e);
    }
    if (i < 0) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such device", name,
                       "domain %s has no %s of that name", c->def.name,
                       element);
    }
    rc = devices_unplug(&c->devices, element, (size_t)i, &c->wait, e);
    if (rc != 0) {
        return rc;
    }
    device_remove(&c->def, element, (size_t)i);
    rc = change_save(c, e);
    change_event(c, "detached", element, name);
    return rc;
}
