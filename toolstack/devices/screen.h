/* SPDX-License-Identifier: MIT */
/*
 * devices/screen.h - the functions of the graphics and input rows in
 * devices.c; the password, also for a device model's screen.
 * Tests: tests/unit/toolstack/test_devices.c.
 */
#ifndef DEVICES_SCREEN_H
#define DEVICES_SCREEN_H

#include <devices/devices.h>

#define SCREEN_PASSWORD_FILE "vnc.password"    /* in the run directory */

/* NULL: there is none, and no file. */
int screen_write_password(const struct devices *d, const char *password,
                          struct err *e);

size_t screen_nr(const struct domain_def *def);
bool screen_id(const struct domain_def *def, size_t i, struct device_id *id);
int screen_attach(struct devices *d, size_t i, struct err *e);
bool keyboard_id(const struct domain_def *def, size_t i, struct device_id *id);
int keyboard_attach(struct devices *d, size_t i, struct err *e);

#endif
