/* SPDX-License-Identifier: MIT */
/*
 * run/sandbox.h - what a device model keeps once it serves.
 *
 * Owns    the list of system calls and device requests, over back/confine.h.
 * Tests   make check-sandbox, nested boots (hvm)
 */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include <back/confine.h>

extern const struct confine hvm_emu_sandbox;

#endif
