/* SPDX-License-Identifier: MIT */
/*
 * events/events.h - the parts of the events guest.
 */
#ifndef GUESTS_EVENTS_EVENTS_H
#define GUESTS_EVENTS_EVENTS_H

#include <lib/types.h>

void run_virqs(void);                 /* virqs.c */
void events_note_mask(uint8_t *seen); /* store the mask seen in upcalls */

#endif
