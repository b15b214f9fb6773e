/* SPDX-License-Identifier: MIT */
/*
 * run/server.h - the two pages shared with the hypervisor.
 *
 * Owns    taking a request out of a vCPU's slot or the ring of buffered
 *         writes, and the states of a slot (xen/hvm/ioreq.h).
 * Leaves  mapping and event channels to run/xen_hv.
 * Tests   tests/unit/hvm-emu/frame/test_request.c (pages of its own)
 */
#ifndef RUN_SERVER_H
#define RUN_SERVER_H

#include <lib/xen_abi.h>
#include <xen/hvm/ioreq.h>

#include <stdbool.h>

struct machine;

struct server {
    struct machine *m;
    struct shared_iopage *slots;
    struct buffered_iopage *ring;
    /* The answer for @vcpu is there. */
    void (*notify)(void *arg, unsigned int vcpu);
    void *arg;
    unsigned long requests;
};

/* True: there was a request, it is answered. */
bool server_run_vcpu(struct server *s, unsigned int vcpu);
/* No request is under way, and no answer waits to be taken. */
bool server_idle(struct server *s, unsigned int nr_vcpus);
/* All writes that are in the ring now: how many. */
unsigned int server_run_ring(struct server *s);

#endif
