/* SPDX-License-Identifier: MIT */
/*
 * lib/event.h - 2-level event channels as the guest sees them.
 *
 * Owns the upcall: pending bits are cleared and counted per port.
 */
#ifndef GUESTS_LIB_EVENT_H
#define GUESTS_LIB_EVENT_H

#include <lib/types.h>

#define EVENT_PORTS 4096u

extern unsigned int event_count[EVENT_PORTS]; /* deliveries per port */
extern unsigned int event_upcalls;            /* upcalls taken */
extern uint64_t event_tsc;                    /* rdtsc at the last upcall */

void event_upcall(void);
bool event_pending(evtchn_port_t port);
bool event_masked(evtchn_port_t port);
void event_clear(evtchn_port_t port);
void event_mask(evtchn_port_t port);
long event_unmask(evtchn_port_t port); /* through the hypercall */
void events_on(void);   /* unmask upcalls and take what is pending */
void events_off(void);

/* A port of this domain: unbound for @remote; negative on error. */
long event_alloc(domid_t dom, domid_t remote);
/* Two ports of this domain joined to each other; 0 or -errno. */
long event_pair(evtchn_port_t *a, evtchn_port_t *b);
long event_close(evtchn_port_t port);
long event_send(evtchn_port_t port);
long event_bind_virq(uint32_t virq, uint32_t vcpu, evtchn_port_t *port);
long event_bind_ipi(uint32_t vcpu, evtchn_port_t *port);

#endif
