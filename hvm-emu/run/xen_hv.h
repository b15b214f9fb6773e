/* SPDX-License-Identifier: MIT */
/*
 * run/xen_hv.h - the hypervisor behind frame/hv.h, and its ioreq server.
 *
 * Owns    privcmd and the event channels; the server's id, pages and ports.
 *         After xen_hv_restrict() both descriptors serve this guest only.
 * ABI     xen/hvm/dm_op.h by IOCTL_PRIVCMD_DM_OP
 * Tests   nested boots
 */
#ifndef RUN_XEN_HV_H
#define RUN_XEN_HV_H

#include <frame/hv.h>
#include <lib/xen_abi.h>
#include <run/server.h>

struct err;
struct hyp;

#define XEN_HV_MAX_VCPUS 128u          /* slots of one page */

struct xen_hv {
    struct hyp *h;
    int evtchn_fd;
    unsigned int domid, nr_vcpus;
    uint16_t server_id;
    uint32_t port[XEN_HV_MAX_VCPUS];   /* ours, by vCPU */
    uint32_t ring_port;
    struct server server;
    /*
     * A guest often asks again at once.  For a while after a request its
     * ports stay masked and the slots are looked at instead: no interrupt, no
     * wake-up.  INV-XH1: ports are masked for good only while held != 0.
     */
    uint32_t held[XEN_HV_MAX_VCPUS + 1];
    unsigned int nr_held;
    uint64_t until;                    /* when the while is over */
    bool won;                          /* there was a request in it */
    unsigned int credit;               /* whether it is worth it */
    unsigned int skipped;
};

extern const struct hv_ops xen_hv_ops;

/* Descriptors only.  0 or -errno. */
int xen_hv_open(struct xen_hv *x, unsigned int domid, unsigned int nr_vcpus,
                struct err *e);
/*
 * A server of ours; @keep_id: that of a predecessor, -1: a new one.  It is
 * enabled, its pages are mapped, its ports bound.
 */
int xen_hv_serve(struct xen_hv *x, int keep_id, struct err *e);
/* No more rights over other domains.  0, or -errno: the kernel cannot. */
int xen_hv_restrict(struct xen_hv *x);
/* Events: answer what there is. */
void xen_hv_run(struct xen_hv *x);
/* True: do not sleep, call xen_hv_poll() again. */
bool xen_hv_holding(const struct xen_hv *x);
void xen_hv_poll(struct xen_hv *x);
/* The server goes; requests under way are answered with ones. */
void xen_hv_close(struct xen_hv *x, bool keep_server);

#endif
