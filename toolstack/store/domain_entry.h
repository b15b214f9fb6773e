/* SPDX-License-Identifier: MIT */
/*
 * store/domain_entry.h - a domain's directories: name, uuid, console, limits.
 *
 * Owns    /local/domain/N, /vm/UUID, /libxl/N and the console's backend
 *         directory: created in one transaction, removed without a trace.
 *         Only the nodes that the guest must write belong to the guest; names
 *         and paths that tools trust never do.
 * Leaves  devices to device_entry.h.
 * Tests   tests/unit/toolstack/test_store.c
 */
#ifndef STORE_DOMAIN_ENTRY_H
#define STORE_DOMAIN_ENTRY_H

#include <client/xs.h>
#include <config/def.h>

struct err;

struct domain_entry {
    unsigned int domid;
    const struct domain_def *def;
    uint64_t store_mfn, console_mfn;
    uint32_t store_port, console_port;
};

int domain_entry_create(struct xs *xs, const struct domain_entry *entry,
                        struct err *e);

/* All of it, devices included; absent parts are no error. */
int domain_entry_remove(struct xs *xs, unsigned int domid, const char *uuid);

#endif
