/* SPDX-License-Identifier: MIT */
/*
 * frontend/frontend.h - a guest that uses the front side of every device.
 *
 * Words of its command line: disk (check, write, flush, discard), loop
 * (checksummed traffic until told to stop), net (answers ARP and echo), input
 * (says what comes from keyboard and pointer; a pointer without positions
 * with relative).
 */
#ifndef GUESTS_FRONTEND_FRONTEND_H
#define GUESTS_FRONTEND_FRONTEND_H

#include <front/input.h>
#include <front/net.h>

/* Answer what waits; never sleeps.  False: the card is broken. */
bool net_answer(struct net_front *n);
extern uint64_t net_echoes, net_bad;

/* Print what has come; never sleeps.  False: the ring is broken. */
bool input_say(struct input_front *in);

#endif
