/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/change.h - change a running domain from outside its worker.
 *
 * Owns    the lock that makes changes follow one another and keeps the worker
 *         from stopping the domain in the middle of one; live.xml before and
 *         after; the undo when the guest does not follow; the event.
 * Leaves  the store entries to devices/devices.h; what a device is to config/.
 *         The worker sees live.xml change and starts the back ends it needs.
 * Tests   tests/boot/dom0/hotplug.sh
 *
 * Whoever is killed in the middle: live.xml is written first and removed from
 * last, so every entry in the store is one that live.xml knows and the
 * worker will take away with the domain.
 */
#ifndef LIFECYCLE_CHANGE_H
#define LIFECYCLE_CHANGE_H

#include <devices/devices.h>
#include <lifecycle/events.h>
#include <lifecycle/rundir.h>

struct hyp;

struct change {
    struct hyp *h;
    struct xs *xs;
    struct rundir run;
    struct domain_def def;             /* as it runs */
    unsigned int domid;
    struct devices devices;
    struct device_wait wait;           /* set timeout_ms after the begin */
    int lock;
};

/*
 * Lock and load the domain of @uuid.  Class state when it has ended, class
 * not-supported when it is not one of vmctl's.
 */
int change_begin(struct change *c, struct hyp *h, struct xs *xs,
                 const uint8_t uuid[16], struct err *e);
void change_end(struct change *c);

/* Does the domain still run?  It may end at any time. */
bool change_alive(struct change *c);

/* Write live.xml and the record for stock tools. */
int change_save(struct change *c, struct err *e);

/*
 * The only device of @piece becomes one of the domain and is connected, or
 * nothing has changed.
 */
int change_attach(struct change *c, const char *element,
                  const struct domain_def *piece, struct err *e);

/* The device of that name goes, or nothing has changed. */
int change_detach(struct change *c, const char *element, const char *name,
                  struct err *e);

/* An event about one device. */
void change_event(struct change *c, const char *event, const char *element,
                  const char *name);

#endif
