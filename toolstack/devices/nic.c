/* SPDX-License-Identifier: MIT */
/*
 * Which back end serves a card and the keys it needs: "tapnet" for our own
 * process, which makes its tap and plugs it in; "vif" for the kernel's, whose
 * interface is plugged in here, in the place of a hotplug script.
 * Tests: tests/unit/toolstack/test_devices.c, tests/boot/dom0/net-pair.sh.
 */
#include <devices/network.h>
#include <devices/nic.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/netif.h>
#include <stdio.h>
#include <store/device_entry.h>
#include <store/paths.h>
#include <string.h>
#include <time.h>

#define VIF_WAIT_MS 10000u
#define CREDIT_US   50000u             /* the kernel's unit of a rate */

size_t nic_nr(const struct domain_def *def)
{
    return def->nr_nics;
}

bool nic_id(const struct domain_def *def, size_t i, struct device_id *id)
{
    const struct nic_def *nic = &def->nics[i];

    id->devid = nic->devid;
    id->front_kind = "vif";
    id->back_kind = nic->backend == NIC_KERNEL ? "vif" : "tapnet";
    return true;
}

/* The values of the keys, as text. */
struct nic_text {
    char domid[16], devid[16], mac[18], rate[32], mtu[16], queues[16];
};

static void spell(const struct nic_def *nic, unsigned int domid,
                  struct nic_text *t)
{
    const uint8_t *m = nic->mac;

    snprintf(t->domid, sizeof(t->domid), "%u", domid);
    snprintf(t->devid, sizeof(t->devid), "%u", nic->devid);
    snprintf(t->mac, sizeof(t->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0],
             m[1], m[2], m[3], m[4], m[5]);
    snprintf(t->rate, sizeof(t->rate), "%llu,%u",
             (unsigned long long)nic->rate_kib * 1024u * CREDIT_US / 1000000u,
             CREDIT_US);
    snprintf(t->mtu, sizeof(t->mtu), "%u", nic->mtu);
    snprintf(t->queues, sizeof(t->queues), "%u", nic->queues);
}

static int write_entry(struct devices *d, const struct nic_def *nic,
                       const struct network_place *place, struct err *e)
{
    bool ours = nic->backend == NIC_OURS;
    struct nic_text t;
    const struct device_key back[] = {
        { "frontend-id", t.domid }, { "online", "1" }, { "state", "1" },
        { "mac", t.mac }, { "handle", t.devid }, { "type", "vif" },
        { "bridge", place->bridge[0] != '\0' ? place->bridge : NULL },
        { "script", ours ? NULL : "/bin/true" },   /* netback wants one */
        { "ip", nic->ip }, { "vifname", nic->target },
        { "rate", nic->rate_kib != 0 ? t.rate : NULL },
        { "mtu", nic->mtu != 0 ? t.mtu : NULL },
        { "queues", ours && nic->queues != 0 ? t.queues : NULL },
        { "user", ours && place->user ? "1" : NULL },
        { "mac-filter", ours && nic->check_mac ? "1" : NULL },
        { NULL, NULL },
    };
    const struct device_key front[] = {
        { "backend-id", "0" }, { "state", "1" }, { "handle", t.devid },
        { "mac", t.mac }, { "trusted", "1" },
        { "mtu", nic->mtu != 0 ? t.mtu : NULL }, { NULL, NULL },
    };
    struct device_entry entry = { d->domid, nic->devid, "vif",
                                  ours ? "tapnet" : "vif", front, back };

    spell(nic, d->domid, &t);
    return device_entry_create(d->xs, &entry, e);
}

/* ---- the kernel's interface --------------------------------------------------- */

static int wait_for(const char *name, struct err *e)
{
    const struct timespec t = { .tv_nsec = 20 * 1000000 };

    for (unsigned int ms = 0; ms < VIF_WAIT_MS; ms += 20) {
        if (netif_exists(name)) {
            return 0;
        }
        nanosleep(&t, NULL);
    }
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the kernel's network back end "
                   "does not answer", name, "is xen-netback loaded?");
}

static int plug_in(const char *vif, const struct nic_def *nic,
                   const struct network_place *place, struct err *e)
{
    const char *name = vif;
    int rc = 0;

    if (nic->target != NULL && strcmp(nic->target, vif) != 0) {
        name = nic->target;
        rc = netif_rename(vif, name, e);
    }
    if (rc == 0 && place->bridge[0] != '\0') {
        rc = netif_join(place->bridge, name, e);
    }
    return rc == 0 ? netif_up(name, nic->mtu, e) : rc;
}

/* What the script vif-bridge does: then the back end may connect. */
static int serve_by_kernel(struct devices *d, const struct nic_def *nic,
                           const struct network_place *place, struct err *e)
{
    struct store_path back = store_path(PATH_BACKEND, "vif", d->domid,
                                        nic->devid);
    struct store_path status = store_path("%.200s/hotplug-status", back.s);
    char vif[NETIF_NAME_ROOM];
    int rc;

    snprintf(vif, sizeof(vif), "vif%u.%u", d->domid % 100000,
             nic->devid % 1000);
    rc = wait_for(vif, e);
    if (rc == 0) {
        rc = plug_in(vif, nic, place, e);
    }
    if (rc == 0) {
        rc = xs_write_string(d->xs, XS_TXN_NONE, status.s, "connected");
        if (rc != 0) {
            err_errno(e, rc, "cannot write a device to the store", "%s",
                      status.s);
        }
    }
    if (rc != 0) {
        device_entry_remove(d->xs, d->domid, nic->devid, "vif", "vif", 0);
    }
    return rc;
}

int nic_attach(struct devices *d, size_t i, struct err *e)
{
    const struct nic_def *nic = &d->def->nics[i];
    struct network_place place;
    int rc = network_of(nic, &place, e);

    if (rc == 0 && place.user && nic->backend == NIC_KERNEL) {
        rc = err_set(e, -EINVAL, ERR_CONFIG, "cannot attach the card",
                     nic->network, "a user-mode network needs our own back "
                     "end");
    }
    if (rc == 0) {
        rc = write_entry(d, nic, &place, e);
    }
    if (rc == 0 && nic->backend == NIC_KERNEL) {
        rc = serve_by_kernel(d, nic, &place, e);
    }
    return rc;
}
