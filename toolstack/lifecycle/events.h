/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/events.h - what happens to domains, for everybody to read.
 *
 * Owns    /run/vmctl/events: numbered files of one JSON object a line, which
 *         any process appends to under a lock and the oldest of which go away.
 *         Nothing runs for it; a reader that falls too far behind is told so.
 * Leaves  which events there are to the callers.
 * Tests   tests/unit/toolstack/test_events.c
 *
 * A line: {"schema":"vmctl/1","kind":"Event","time":...,"event":"started",
 * "name":...,"uuid":...,"domid":...} and what belongs to the event.
 */
#ifndef LIFECYCLE_EVENTS_H
#define LIFECYCLE_EVENTS_H

#include <config/def.h>
#include <json-c/json.h>

#define EVENT_LINE_MAX 4000u

/* An event of @def, domain @domid (-1: none); NULL without memory. */
json_object *event_new(const struct domain_def *def, int domid,
                       const char *event);

/* Append and release it.  A failure is logged: no event stops any work. */
void event_publish(json_object *event);

/* The two together, for an event that says nothing more. */
void event_note(const struct domain_def *def, int domid, const char *event);

/* Where the next event will be; a number that only grows. */
uint64_t events_end(void);

struct event_reader {
    uint64_t file;
    int fd;                            /* of that file; -1: none yet */
    int notify;
    uint64_t offset;
    size_t len;                        /* bytes in buf */
    char buf[EVENT_LINE_MAX + 1];
};

/* From position @since on.  0 or -errno. */
int events_open(struct event_reader *r, uint64_t since);
void events_close(struct event_reader *r);

/*
 * The next event into *@event, waiting at most @timeout_ms (-1: for ever).
 * 1; 0: none came; -EOVERFLOW: too slow, some were removed unread.
 */
int events_next(struct event_reader *r, int timeout_ms, json_object **event);

#endif
