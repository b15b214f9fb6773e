/* SPDX-License-Identifier: MIT */
/*
 * save/restore_pv.h - a stream into a paused PV domain.
 *
 * Owns    memory, pages, page tables and their pins, shared info, start info,
 *         vCPUs, clock and CPU policy of the new domain.  Nothing is undone
 *         here: the caller destroys the domain.
 * Leaves  the domain itself to build/create.h, store and devices to others.
 * Tests   tests/boot/dom0/save.sh
 */
#ifndef SAVE_RESTORE_PV_H
#define SAVE_RESTORE_PV_H

#include <build/boot.h>
#include <lib/buf.h>
#include <save/reader.h>
#include <signal.h>

/*
 * From the record after the header on, to the end.  @store receives the
 * entries for suspend_write_store(), @emulator the device model's state of an
 * HVM guest.
 */
int restore_pv(struct hyp *h, unsigned int domid, const struct domain_def *def,
               struct save_reader *r, struct guest_ends *g, struct buf *store,
               struct buf *emulator, volatile sig_atomic_t *cancel,
               struct err *e);

#endif
