/* SPDX-License-Identifier: MIT */
/*
 * port/port.h - what a host must offer to one end of a paravirtual device.
 *
 * Owns    the interface only: map and copy granted pages of one peer domain,
 *         one event channel to it.  port_dom0.c implements it over
 *         control-domain/lib; the unit tests bring their own over plain
 *         memory.  The build chooses; there is no table of functions.
 * Tests   tests/unit/pvdrv/fake_port.c is the test's side
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct port;

struct port_pages {
    void        *addr;             /* NULL: not mapped */
    uint64_t     cookie;
    unsigned int count;
};

struct port_copy {
    void    *local;
    uint32_t ref;
    uint16_t offset, len;          /* within the granted page */
    bool     to_peer;
    int16_t  status;               /* out: 0 or negative */
};

#define PORT_MAP_MAX 128u

/* A connection to the pages of @domid.  0 or -errno with @e filled. */
int port_open(struct port **port, unsigned int domid, struct err *e);
void port_close(struct port *p);       /* unmaps and unbinds what is left */

/* Bind the peer's @remote_port; from then on no other domain's can be. */
int port_bind(struct port *p, uint32_t remote_port);
/* Readable when the peer notified us. */
int port_event_fd(const struct port *p);
/* Take the event: true if there was one.  Masked until port_event_rearm(). */
bool port_event_take(struct port *p);
/*
 * For who waits in other ways than by the descriptor: let port_event_sleep()
 * sleep until an event (true) or a signal, and port_event_drop() take what is
 * there.  port_event_take() may then sleep too.
 */
void port_event_blocking(struct port *p);
bool port_event_sleep(struct port *p);
void port_event_drop(struct port *p);
void port_event_rearm(struct port *p);
void port_notify(struct port *p);

/* All or nothing; at most PORT_MAP_MAX. */
int port_map(struct port *p, const uint32_t *refs, unsigned int count,
             bool writable, struct port_pages *pages);
void port_unmap(struct port *p, struct port_pages *pages);

/*
 * Frames that the peer names by number without granting them (only the frame
 * buffer does): port_open_frames() takes the right to map frames of the peer,
 * and of no other domain; it needs the control domain's rights, the map does
 * not.  All or nothing.
 */
int port_open_frames(struct port *p, struct err *e);
int port_map_frames(struct port *p, const uint64_t *frames,
                    unsigned int count, bool writable,
                    struct port_pages *pages);
void port_unmap_frames(struct port *p, struct port_pages *pages);

/* Every piece gets a status.  0, or -EIO if one failed, or -errno. */
int port_copy(struct port *p, struct port_copy *pieces, unsigned int count);

#endif
