/* SPDX-License-Identifier: MIT */
/*
 * save/suspend.h - a guest asked to suspend itself, and woken again.
 *
 * Owns    the handshake over control/shutdown, the resumption of a guest that
 *         was not saved after all (it is told that nothing happened), the
 *         store entries that travel with a guest.
 * Leaves  what is done while it sleeps to the caller.
 * Tests   tests/boot/dom0/save.sh
 */
#ifndef SAVE_SUSPEND_H
#define SAVE_SUSPEND_H

#include <client/xs.h>
#include <lib/buf.h>
#include <lib/hypercall.h>
#include <signal.h>

struct err;

/* Has its kernel said that it can suspend itself? */
bool suspend_is_offered(struct xs *xs, unsigned int domid);
/*
 * A guest that cannot is stopped between two instructions.  suspend_cancel()
 * lets it go on, as it does one that suspended itself.
 */
int suspend_hold(struct hyp *h, unsigned int domid, struct err *e);

/*
 * Ask and wait until it has suspended.  0, or -EOPNOTSUPP: its kernel cannot,
 * -ETIMEDOUT (the request is withdrawn), -EINTR, -ESRCH: it ended meanwhile.
 */
int suspend_guest(struct hyp *h, struct xs *xs, unsigned int domid,
                  unsigned int timeout_s, volatile sig_atomic_t *cancel,
                  struct err *e);

/* Let it run on; it learns that the suspension was cancelled. */
int suspend_cancel(struct hyp *h, struct xs *xs, unsigned int domid,
                   struct err *e);

/* The entries of @domid that travel, as texts; and back into a new entry. */
int suspend_read_store(struct xs *xs, unsigned int domid, struct buf *texts);
int suspend_write_store(struct xs *xs, unsigned int domid, const char *texts,
                        size_t len);

#endif
