/* SPDX-License-Identifier: MIT */
/*
 * devices/network.h - what a named network stands for.
 *
 * Owns    /etc/vmctl/networks: lines "NAME bridge BRIDGE" and "NAME user".
 *         "default" is user-mode networking unless the file says otherwise.
 * Tests   tests/unit/toolstack/test_devices.c (VMCTL_NETWORKS)
 */
#ifndef DEVICES_NETWORK_H
#define DEVICES_NETWORK_H

#include <config/def.h>

struct err;

/* Where the frames of a card go. */
struct network_place {
    bool user;                         /* user-mode networking */
    char bridge[NIC_NAME_MAX + 1];     /* "": none */
};

int network_of(const struct nic_def *nic, struct network_place *place,
               struct err *e);

#endif
