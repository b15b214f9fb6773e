/* SPDX-License-Identifier: MIT */
/*
 * services/console_guest.h - one guest's console: ring, log and viewers.
 *
 * Owns    the path of each byte: ring to log, then to the viewers, then given
 *         back to the guest (INV-CR1), once each even if the daemon is killed
 *         between two of these steps; viewers to ring.  And the budget of
 *         bytes per period, so that a guest cannot keep the daemon busy.
 * Leaves  mapping and events to consoled, which passes the page and a way to
 *         notify.
 * Tests   tests/unit/services/test_console.c
 */
#ifndef SERVICES_CONSOLE_GUEST_H
#define SERVICES_CONSOLE_GUEST_H

#include <services/console_log.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console_view;
struct err;
struct evloop;
struct xencons_interface;

#define CONSOLE_PERIOD_NS    100000000u  /* the budget's period, 100 ms */
#define CONSOLE_PERIOD_BYTES 65536u
#define CONSOLE_LOG_LIMIT    (1024u * 1024u)

/*
 * What was about to be logged, in a mapped file beside the socket: the log's
 * length and the ring's position before the write.  After a kill the log's
 * growth says how much of it happened.
 */
struct console_mark {
    uint64_t log_inode;
    uint64_t log_size;
    uint32_t out_cons;
    uint32_t valid;
};

struct console_guest {
    unsigned int domid;
    struct xencons_interface *ring;      /* NULL: not attached */
    void (*notify)(void *arg);
    void *notify_arg;
    struct console_log log;
    struct console_view *view;
    struct console_mark *mark;           /* NULL: no room for one */
    char mark_path[128];
    uint32_t budget;
};

/* @log_path, @socket_path: files to use.  0 or -errno with @e filled. */
int console_guest_init(struct console_guest *g, struct evloop *loop,
                       unsigned int domid, const char *log_path,
                       const char *socket_path, struct err *e);
void console_guest_fini(struct console_guest *g);

/*
 * Use @ring from now on; NULL: none.  Output that a killed predecessor had
 * already written to the log is skipped, by the mark it left.
 */
void console_guest_attach(struct console_guest *g,
                          struct xencons_interface *ring);

/*
 * Move what can be moved both ways.  True: all output was taken; false: the
 * budget is used up, call again after console_guest_refill().
 */
bool console_guest_run(struct console_guest *g);
void console_guest_refill(struct console_guest *g);

/* A domain's name as part of a file name: no slash, no leading dot. */
void console_guest_file_name(const char *name, char *out, size_t size);

#endif
