/* SPDX-License-Identifier: MIT */
/*
 * host/screen_int.h - the screen's own state, for its two files and its test.
 */
#ifndef HOST_SCREEN_INT_H
#define HOST_SCREEN_INT_H

#include <host/screen.h>

#include <frame/timer.h>
#include <screen/link.h>

struct loop_watch;

struct host_screen {
    const struct host_screen_ops *ops;
    void *arg;
    void (*input)(void *arg, const struct screen_msg *m);
    void *input_arg;
    int picture_fd, input_fd;
    struct loop_watch *picture_watch, *input_watch;
    struct emu_timer look, key_pause;
    uint32_t *pixels;                  /* shared; HOST_SCREEN_BYTES and text */
    uint32_t *drawn;                   /* ours */
    uint32_t width, height;            /* as told; 0: no picture */
    bool watched;                      /* somebody looks */
    bool untold;                       /* the size changed, not told yet */
    bool sync;                         /* asked for, not answered */
    int32_t sync_nr;
    struct screen_rect unsent;         /* copied, not told */
};

#endif
