/* SPDX-License-Identifier: MIT */
/*
 * services/console_view.h - people who look at one guest's console.
 *
 * Owns    a pseudo terminal (for stock xenconsole), a unix socket with up to
 *         CONSOLE_VIEWERS_MAX connections, and the recent output that a new
 *         viewer is shown first.  A viewer that does not read loses its
 *         connection, never the guest its output.
 * Leaves  where input goes: the owner's callback takes what it can; what it
 *         does not take stays unread until console_view_resume().
 * Tests   tests/unit/services/test_console.c
 */
#ifndef SERVICES_CONSOLE_VIEW_H
#define SERVICES_CONSOLE_VIEW_H

#include <stddef.h>

struct console_view;
struct err;
struct evloop;

#define CONSOLE_VIEWERS_MAX 8u
#define CONSOLE_RECENT_BYTES 65536u

/* Bytes of @data taken. */
typedef size_t console_input_fn(void *arg, const char *data, size_t len);

/* @socket_path is made anew.  NULL with @e filled. */
struct console_view *console_view_new(struct evloop *loop,
                                      const char *socket_path,
                                      console_input_fn *input, void *arg,
                                      struct err *e);
void console_view_free(struct console_view *v);

/* The terminal's name, for console/tty in the store. */
const char *console_view_tty(const struct console_view *v);

/* Show @data to everybody and remember it. */
void console_view_output(struct console_view *v, const char *data,
                         size_t len);
/* Remember @data as earlier output, without showing it. */
void console_view_remember(struct console_view *v, const char *data,
                           size_t len);
/* The guest has room for input again. */
void console_view_resume(struct console_view *v);

#endif
