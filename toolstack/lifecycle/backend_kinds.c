/* SPDX-License-Identifier: MIT */
/*
 * The table of back end programs.  Tests: tests/boot/dom0/vmctl.sh.
 */
#include <devices/devices.h>
#include <lifecycle/backend.h>

const struct backend_kind backend_kinds[NR_BACKENDS] = {
    [BACKEND_BLOCK] = { "block", "paravane-blkd", "VMCTL_BLKD", "blkd.pid",
                        devices_need_blkd },
    [BACKEND_NET] = { "net", "paravane-netd", "VMCTL_NETD", "netd.pid",
                      devices_need_netd },
    [BACKEND_SCREEN] = { "screen", "paravane-screend", "VMCTL_SCREEND",
                         "screend.pid", devices_need_screend },
};
