/* SPDX-License-Identifier: MIT */
/*
 * back/net_serve.h - the process that serves one connected network card.
 *
 * Owns    a forked child, as blk_serve.h: set-up, confinement, loop over all
 *         queues of the card.
 * Tests   nested boots; its parts: test_net, test_back_state
 */
#ifndef BACK_NET_SERVE_H
#define BACK_NET_SERVE_H

#include <back/net.h>
#include <back/confine.h>

struct net_serve_queue {
    struct net_config config;
    uint32_t remote_port;
    int fd;                            /* its queue of the tap */
};

struct net_serve {
    unsigned int domid;
    unsigned int id;
    unsigned int nr_queues;
    struct net_serve_queue queues[NET_QUEUES_MAX];
    struct net_card card;
    int control_fd;
    const char *empty_dir;
};

/* What it may still do; domid and directory come with the device. */
extern const struct confine net_sandbox;

void net_serve(struct net_serve *s) __attribute__((noreturn));

#endif
