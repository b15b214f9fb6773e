/* SPDX-License-Identifier: MIT */
/*
 * back/net_user.h - user-mode networking for a card: a process that speaks
 * TCP/IP (paravane-slirpd) in the place of a tap.
 *
 * Owns    starting it, starting it again when it has died, ending it; it lives
 *         as long as the card, whatever serving process dies.
 * Tests   tests/boot/dom0/net-pair.sh
 */
#ifndef BACK_NET_USER_H
#define BACK_NET_USER_H

struct device;
struct err;

/* d->net.fds[0] is then a packet socket to a living process. */
int net_user_start(struct device *d, struct err *e);
void net_user_stop(struct device *d);

#endif
