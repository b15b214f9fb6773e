/* SPDX-License-Identifier: MIT */
/*
 * Which back end serves a disk, and the keys it needs: "qdisk" for our own
 * process, "vbd" for the kernel's, which gets a device number and the word of
 * a hotplug script that has nothing to do here.
 * Tests: tests/unit/toolstack/test_devices.c, tests/boot/dom0/vmctl.sh.
 */
#include <devices/claim.h>
#include <devices/disk.h>
#include <devices/loop.h>
#include <errno.h>
#include <lib/err.h>
#include <stdio.h>
#include <store/device_entry.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

size_t disk_nr(const struct domain_def *def)
{
    return def->nr_disks;
}

const char *disk_back_kind(const struct disk_def *disk)
{
    return disk->backend == BACKEND_KERNEL ? "vbd" : "qdisk";
}

/* The device that the kernel shall open: the disk itself or a loop device. */
static int kernel_device(struct devices *d, const struct disk_def *disk,
                         dev_t *dev, struct err *e)
{
    struct stat st;
    int fd;

    if (stat(disk->source, &st) != 0) {
        return err_set(e, -errno, ERR_CONFIG, "cannot use the disk",
                       disk->source, "%s", strerror(errno));
    }
    if (S_ISBLK(st.st_mode)) {
        *dev = st.st_rdev;
        return 0;
    }
    if (d->nr_loops == DEVICES_MAX_LOOPS) {
        return err_set(e, -ENOSPC, ERR_RESOURCE, "cannot use the disk",
                       disk->source, "too many image files for the kernel");
    }
    fd = loop_attach(disk->source, disk->readonly, dev, e);
    if (fd < 0) {
        return fd;
    }
    d->loops[d->nr_loops++] = fd;
    return 0;
}

/* The format is always said: nothing is guessed from what a guest wrote. */
void disk_params(const struct disk_def *disk, char *params, size_t size)
{
    const char *prefix = disk->backend == BACKEND_KERNEL ? ""
                         : disk->format != NULL &&
                           strcmp(disk->format, "qcow2") == 0 ? "qcow2:"
                                                              : "aio:";

    if (disk->source == NULL) {
        params[0] = '\0';              /* a drive without a medium */
    } else {
        snprintf(params, size, "%s%s", prefix, disk->source);
    }
}

/* An empty drive is one of our back end; the kernel's needs a device. */
static bool has_entry(const struct disk_def *disk)
{
    return disk->source != NULL || (disk->device == DISK_CDROM &&
                                    disk->backend == BACKEND_OURS);
}

static int write_entry(struct devices *d, const struct disk_def *disk,
                       const char *physical, struct err *e)
{
    char params[4200], vdev[16], domid[16];
    const char *type = disk->device == DISK_CDROM ? "cdrom" : "disk";
    bool kernel = disk->backend == BACKEND_KERNEL;
    const struct device_key back[] = {
        { "frontend-id", domid }, { "online", "1" }, { "state", "1" },
        { "removable", disk->device == DISK_CDROM ? "1" : "0" },
        { "bootable", "1" }, { "dev", disk->target },
        { "type", kernel ? "phy" : "qdisk" },
        { "mode", disk->readonly ? "r" : "w" },
        { "device-type", type },
        { "discard-enable",
          disk->discard == DISCARD_IGNORE || disk->readonly ? "0" : "1" },
        { "specification", "xen" }, { "params", params },
        { "physical-device", physical },
        { "hotplug-status", kernel ? "connected" : NULL },
        { NULL, NULL },
    };
    const struct device_key front[] = {
        { "backend-id", "0" }, { "state", "1" }, { "virtual-device", vdev },
        { "device-type", type }, { "trusted", "1" }, { NULL, NULL },
    };
    struct device_entry entry = { d->domid, disk->vdev, "vbd",
                                  disk_back_kind(disk), front, back };

    snprintf(domid, sizeof(domid), "%u", d->domid);
    snprintf(vdev, sizeof(vdev), "%u", disk->vdev);
    disk_params(disk, params, sizeof(params));
    return device_entry_create(d->xs, &entry, e);
}

static int attach(struct devices *d, const struct disk_def *disk,
                  struct err *e)
{
    char physical[32];
    dev_t dev = 0;
    int rc = disk->source == NULL ? 0
             : claim_check(d->xs, d->domid, disk, e);

    if (rc != 0) {
        return rc;
    }
    if (disk->backend == BACKEND_OURS) {
        return write_entry(d, disk, NULL, e);
    }
    rc = kernel_device(d, disk, &dev, e);
    if (rc != 0) {
        return rc;
    }
    snprintf(physical, sizeof(physical), "%x:%x", major(dev), minor(dev));
    return write_entry(d, disk, physical, e);
}

int disk_attach(struct devices *d, size_t i, struct err *e)
{
    const struct disk_def *disk = &d->def->disks[i];
    int claim, rc;

    if (!has_entry(disk)) {
        return 0;                      /* warned about */
    }
    claim = claim_begin();             /* until its entry is in the store */
    rc = attach(d, disk, e);
    claim_end(claim);
    return rc;
}

bool disk_id(const struct domain_def *def, size_t i, struct device_id *id)
{
    const struct disk_def *disk = &def->disks[i];

    id->devid = disk->vdev;
    id->front_kind = "vbd";
    id->back_kind = disk_back_kind(disk);
    return has_entry(disk);
}
