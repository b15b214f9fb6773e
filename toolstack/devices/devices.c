/* SPDX-License-Identifier: MIT */
/*
 * The table of kinds, forwards to attach and backwards to detach.
 * Tests: tests/unit/toolstack/test_devices.c, tests/boot/dom0/vmctl.sh,
 * hotplug.sh.
 */
#include <devices/devices.h>
#include <devices/disk.h>
#include <devices/nic.h>
#include <devices/screen.h>
#include <errno.h>
#include <lib/err.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    const char *element;               /* of the XML, below <devices> */
    size_t (*nr)(const struct domain_def *def);
    /* Sets all but the domain; false: no entry (a drive without medium). */
    bool (*id)(const struct domain_def *def, size_t i, struct device_id *id);
    int (*attach)(struct devices *d, size_t i, struct err *e);
} kinds[] = {
    { "disk", disk_nr, disk_id, disk_attach },
    { "interface", nic_nr, nic_id, nic_attach },
    { "graphics", screen_nr, screen_id, screen_attach },
    { "input", screen_nr, keyboard_id, keyboard_attach },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

void devices_init(struct devices *d, struct xs *xs, unsigned int domid,
                  const struct domain_def *def)
{
    memset(d, 0, sizeof(*d));
    d->xs = xs;
    d->domid = domid;
    d->def = def;
}

/* ---- all of them ------------------------------------------------------------ */

int devices_attach(struct devices *d, struct err *e)
{
    for (size_t k = 0; k < NR_KINDS; k++) {
        for (size_t i = 0; i < kinds[k].nr(d->def); i++) {
            int rc = kinds[k].attach(d, i, e);

            if (rc != 0) {
                devices_detach(d, 0);
                return rc;
            }
        }
    }
    return 0;
}

static void detach(struct devices *d, const struct kind *kind, size_t i,
                   unsigned int timeout_ms)
{
    struct device_id id = { .domid = d->domid };

    if (kind->id(d->def, i, &id)) {
        device_entry_remove(d->xs, id.domid, id.devid, id.front_kind,
                            id.back_kind, timeout_ms);
    }
}

void devices_close_loops(struct devices *d)
{
    while (d->nr_loops > 0) {
        close(d->loops[--d->nr_loops]);
    }
}

/* Detaching what is not attached does nothing, so the whole table is run. */
void devices_detach(struct devices *d, unsigned int timeout_ms)
{
    for (size_t k = NR_KINDS; k-- > 0;) {
        for (size_t i = kinds[k].nr(d->def); i-- > 0;) {
            detach(d, &kinds[k], i, timeout_ms);
        }
    }
    devices_close_loops(d);
}

/* ---- one of them --------------------------------------------------------------- */

static const struct kind *find_kind(const char *element)
{
    for (size_t k = 0; k < NR_KINDS; k++) {
        if (strcmp(kinds[k].element, element) == 0) {
            return &kinds[k];
        }
    }
    return NULL;
}

bool devices_id(const struct devices *d, const char *element, size_t i,
                struct device_id *id)
{
    const struct kind *kind = find_kind(element);

    id->domid = d->domid;
    return kind != NULL && kind->id(d->def, i, id);
}

static int no_kind(const char *element, struct err *e)
{
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "not while it runs",
                   element, "this kind of device cannot come or go");
}

int devices_changeable(const struct devices *d, const char *element, size_t i,
                       struct err *e)
{
    const struct disk_def *disk = &d->def->disks[i];

    if (strcmp(element, "disk") != 0 || def_disk_ide_unit(d->def, disk) < 0) {
        return 0;
    }
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "not while it runs",
                   disk->target, "the emulated IDE stays as it is; disks on "
                   "the bus 'xen' come and go");
}

/* What the user did not get from a device in time, and what follows. */
struct lateness {
    const char *what, *hint;
};
static const struct lateness not_taken = {
    "the guest did not take the device", "it was taken away again"
};
static const struct lateness not_offered = {
    "the back end does not offer the device",
    "its log or the kernel's may say why"
};

static int not_there(int rc, const char *device, const struct lateness *late,
                     const char *why, struct err *e)
{
    switch (rc) {
    case -ETIMEDOUT:
        return err_set(e, rc, ERR_TIMEOUT, late->what, device, "%s",
                       late->hint);
    case -EIO:
        return err_set(e, rc, ERR_FAILED, "the back end refuses the device",
                       device, "%s", why);
    case -ESRCH:
        return err_set(e, rc, ERR_STATE, "the domain ended meanwhile",
                       device, "the device went with it");
    default:
        return err_errno(e, rc, "cannot attach the device", "%s", device);
    }
}

int devices_plug(struct devices *d, const char *element, size_t i,
                 const struct device_wait *wait, struct err *e)
{
    const struct kind *kind = find_kind(element);
    struct device_id id;
    char why[200];
    int rc;

    if (kind == NULL) {
        return no_kind(element, e);
    }
    rc = devices_changeable(d, element, i, e);
    if (rc == 0) {
        rc = kind->attach(d, i, e);
    }
    if (rc != 0 || !devices_id(d, element, i, &id)) {
        return rc;
    }
    rc = device_entry_wait(d->xs, &id, wait, why);
    if (rc != 0) {
        not_there(rc, element, &not_taken, why, e);
        device_entry_remove(d->xs, id.domid, id.devid, id.front_kind,
                            id.back_kind, 2000);
    }
    return rc;
}

int devices_wait_disks(struct devices *d, const struct device_wait *wait,
                       struct err *e)
{
    for (size_t i = 0; i < disk_nr(d->def); i++) {
        struct device_id id;
        char why[200];
        int rc = 0;

        if (devices_id(d, "disk", i, &id)) {
            rc = device_entry_wait_offer(d->xs, &id, wait, why);
        }
        if (rc != 0) {
            return not_there(rc, d->def->disks[i].target, &not_offered, why,
                             e);
        }
    }
    return 0;
}

static int not_given_back(int rc, const char *element, struct err *e)
{
    switch (rc) {
    case -ETIMEDOUT:
        return err_set(e, rc, ERR_TIMEOUT, "the guest does not give the "
                       "device back", element, "nothing has changed");
    case -EINPROGRESS:
        return err_set(e, rc, ERR_TIMEOUT, "the guest has begun to give the "
                       "device back", element, "and not finished; try again");
    case -ESRCH:
        return err_set(e, rc, ERR_STATE, "the domain ended meanwhile",
                       element, "the device went with it");
    default:
        return err_errno(e, rc, "cannot detach the device", "%s", element);
    }
}

int devices_unplug(struct devices *d, const char *element, size_t i,
                   const struct device_wait *wait, struct err *e)
{
    struct device_id id;
    int rc;

    if (find_kind(element) == NULL) {
        return no_kind(element, e);
    }
    rc = devices_changeable(d, element, i, e);
    if (rc != 0 || !devices_id(d, element, i, &id)) {
        return rc;
    }
    rc = device_entry_unplug(d->xs, &id, wait);
    return rc == 0 ? 0 : not_given_back(rc, element, e);
}

/* ---- which programs of ours are needed --------------------------------------------- */

bool devices_need_blkd(const struct domain_def *def)
{
    for (size_t i = 0; i < def->nr_disks; i++) {
        if (def->disks[i].backend == BACKEND_OURS) {
            return true;
        }
    }
    return false;
}

bool devices_need_netd(const struct domain_def *def)
{
    for (size_t i = 0; i < def->nr_nics; i++) {
        if (def->nics[i].backend == NIC_OURS) {
            return true;
        }
    }
    return false;
}

bool devices_need_screend(const struct domain_def *def)
{
    return def->type != GUEST_HVM && def_screen(def) != NULL;
}
