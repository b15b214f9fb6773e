/* SPDX-License-Identifier: MIT */
/*
 * EVTCHNOP_* calls on behalf of another domain; our own ports are lib/evtchn.
 * Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

int ctl_event_alloc_unbound(struct hyp *h, unsigned int domid,
                            unsigned int remote, uint32_t *port)
{
    struct evtchn_alloc_unbound arg = {
        .dom = (domid_t)domid, .remote_dom = (domid_t)remote
    };
    int rc = (int)hyp_call_cmd(h, __HYPERVISOR_event_channel_op,
                               EVTCHNOP_alloc_unbound, &arg, sizeof(arg));

    if (rc == 0) {
        *port = arg.port;
    }
    return rc;
}
