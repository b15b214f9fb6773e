/* SPDX-License-Identifier: MIT */
/*
 * event/evtchn_op.h - the doors of event channels and of the old timer call.
 *
 * ABI     xen/event_channel.h: EVTCHNOP_*, struct evtchn_*; set_timer_op
 *         takes an absolute system time in ns, 0 stops the timer.
 */
#ifndef EVENT_EVTCHN_OP_H
#define EVENT_EVTCHN_OP_H

#include <stdint.h>

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                         uint64_t a4, uint64_t a5);
long do_set_timer_op(uint64_t timeout_ns, uint64_t a1, uint64_t a2,
                     uint64_t a3, uint64_t a4, uint64_t a5);

#endif
