/* SPDX-License-Identifier: MIT */
/*
 * back/input_serve.h - the process that feeds one guest's keyboard and
 * pointer.
 *
 * Owns    a forked child, as blk_serve.h: set-up, confinement, loop.
 * Tests   nested boots (screen); its parts: test_input
 */
#ifndef BACK_INPUT_SERVE_H
#define BACK_INPUT_SERVE_H

#include <back/input.h>

struct confine;

struct input_serve {
    unsigned int domid;
    unsigned int id;
    uint32_t remote_port;
    struct input_config config;
    int link_fd;
    int control_fd;
    const char *empty_dir;
};

/* Its rights: docs/sandbox.md. */
extern const struct confine input_sandbox;

void input_serve(struct input_serve *s) __attribute__((noreturn));

#endif
