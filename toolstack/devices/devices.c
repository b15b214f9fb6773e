/* SPDX-License-Identifier: MIT */
/*
 * The table of kinds, forwards to attach and backwards to detach.
 * Tests: tests/unit/toolstack/test_store.c, tests/boot/dom0/vmctl.sh.
 */
#include <devices/devices.h>
#include <devices/disk.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    size_t (*nr)(const struct domain_def *def);
    int (*attach)(struct devices *d, size_t i, struct err *e);
    void (*detach)(struct devices *d, size_t i, unsigned int timeout_ms);
} kinds[] = {
    { disk_nr, disk_attach, disk_detach },
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

/* Detaching what is not attached does nothing, so the whole table is run. */
void devices_detach(struct devices *d, unsigned int timeout_ms)
{
    for (size_t k = NR_KINDS; k-- > 0;) {
        for (size_t i = kinds[k].nr(d->def); i-- > 0;) {
            kinds[k].detach(d, i, timeout_ms);
        }
    }
    while (d->nr_loops > 0) {
        close(d->loops[--d->nr_loops]);
    }
}

bool devices_need_blkd(const struct domain_def *def)
{
    for (size_t i = 0; i < def->nr_disks; i++) {
        if (def->disks[i].backend == BACKEND_OURS &&
            def->disks[i].source != NULL) {
            return true;
        }
    }
    return false;
}
