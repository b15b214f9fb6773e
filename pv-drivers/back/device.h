/* SPDX-License-Identifier: MIT */
/*
 * back/device.h - a disk as its store entries describe it.
 *
 * Owns    the backend directory's states and keys, the frontend watch, and
 *         the serving process: start, replace when it dies, stop.
 * Leaves  the data path to blk_serve; which disks exist to backd.c.
 *
 * INV-BD1 state Connected is written only while a serving process is up.
 * INV-BD2 at most one serving process of a disk touches its image (lock).
 * Tests   tests/unit/pvdrv/test_state.c (table, parameters), nested boots
 */
#ifndef BACK_DEVICE_H
#define BACK_DEVICE_H

#include <xenbus/keys.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ev_source;
struct evloop;
struct xs;
struct xs_watch;

/* What all disks of a process share. */
struct back {
    struct evloop *loop;
    struct xs *xs;
    unsigned int domid;
    const char *run_dir;           /* journals, the empty directory */
    char empty_dir[160];
    bool plain_io;
};

struct device {
    struct device *next;
    struct back *back;
    unsigned int vdev;
    bool seen;                     /* still in the store's list */
    char path[KEYS_PATH_MAX];      /* backend directory */
    char front[KEYS_PATH_MAX];
    char image_path[KEYS_PATH_MAX];
    bool readonly, discard, cdrom;
    enum xenbus_state state;       /* ours, as last written */
    bool connecting;               /* a process was started, not yet up */
    bool failed;                   /* wait for the toolstack to change keys */
    bool resume;                   /* continue from the journal */
    pid_t pid;                     /* 0: none */
    int control_fd;                /* -1: none */
    struct ev_source *control_src;
    struct ev_source *retry;       /* timer: start again */
    unsigned int attempts;
    struct xs_watch *watch;
};

/* @vdev: name of the directory below .../qdisk/<domid>. */
struct device *device_new(struct back *back, const char *base,
                          unsigned int vdev);
/* Stops the serving process and waits for it; a successor may continue. */
void device_free(struct device *d);
/* The toolstack removed it: nobody continues. */
void device_gone(struct device *d);

/* Keys of either side changed: do what the states ask for. */
void device_step(struct device *d);
/* The toolstack wrote to the backend directory's @key. */
void device_key_changed(struct device *d, const char *key);

/* "aio:/path", "raw:/path", "/path"...: the path, or NULL: not for us. */
const char *device_image_path(const char *params);

#endif
