/* SPDX-License-Identifier: MIT */
/*
 * back/device.h - a device as its store entries describe it.
 *
 * Owns    the backend directory's states, the frontend watch, and when its
 *         serving process starts and stops.
 * Leaves  what a class offers and serves to blk_device.c and net_device.c,
 *         processes to device_child.c, which devices exist to backd.c.
 *
 * INV-BD1 state Connected is written only while a serving process is up.
 * INV-BD2 at most one serving process of a disk touches its image (lock).
 * Tests   tests/unit/pvdrv/test_state.c (table, parameters), nested boots
 */
#ifndef BACK_DEVICE_H
#define BACK_DEVICE_H

#include <lib/log.h>
#include <back/storaged.h>
#include <xenbus/keys.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct confine;
struct device;
struct err;
struct ev_source;
struct evloop;
struct xs;
struct xs_watch;

struct device_class {
    const char *program;           /* "paravane-blkd" */
    const char *type;              /* directory in the store: "qdisk" */
    const char *noun;              /* "disk" */
    /* Read the toolstack's keys.  0 or -errno with @e filled. */
    int (*read)(struct device *d, struct err *e);
    /* BACK_SETUP: check that it can be served, write feature keys. */
    int (*offer)(struct device *d, struct err *e);
    /* Read the frontend's keys, prepare, device_child_spawn().  -EAGAIN:
     * try again soon. */
    int (*start)(struct device *d, struct err *e);
    /* It is up: before the state says so.  NULL: nothing to do. */
    void (*up)(struct device *d);
    /* The toolstack changed a key of a connected device; false: not for us. */
    bool (*changed)(struct device *d, const char *key);
    /* A connection ended for good. */
    void (*end)(struct device *d);
    /* Let go of what the parent holds; @gone: nobody will continue. */
    void (*release)(struct device *d, bool gone);
    const struct confine *sandbox; /* of its serving processes */
    const struct confine *more_sandbox;    /* of another process, or NULL */
    bool plain_io_option;
};

/* What all devices of a process share. */
struct back {
    const struct device_class *class;
    struct evloop *loop;
    struct xs *xs;
    unsigned int domid;
    const char *run_dir;           /* journals, the empty directory */
    char empty_dir[160];
    bool plain_io;
    void *shared;                  /* what the classes of a program share */
};

struct device {
    struct device *next;
    struct back *back;
    unsigned int id;
    bool seen;                     /* still in the store's list */
    char path[KEYS_PATH_MAX];      /* backend directory */
    char front[KEYS_PATH_MAX];
    enum xenbus_state state;       /* ours, as last written */
    bool connecting;               /* a process was started, not yet up */
    bool failed;                   /* wait for the toolstack to change keys */
    bool resume;                   /* continue a connection */
    pid_t pid;                     /* 0: none */
    int control_fd;                /* -1: none */
    struct ev_source *control_src;
    struct ev_source *retry;       /* timer: start again */
    unsigned int attempts;
    unsigned int starts_left;      /* a guest may begin anew, not all day */
    uint64_t starts_ns;
    struct log_rate log;           /* lines the guest can provoke */
    struct xs_watch *watch;
    struct {                       /* blk_device.c */
        char image_path[KEYS_PATH_MAX];
        bool readonly, discard, cdrom, qcow2;
        struct storaged daemon;    /* of a qcow2 image */
        uint64_t sectors;          /* as published */
        struct ev_source *look;    /* at a host block device's size */
    } disk;
    struct {                       /* net_device.c */
        char name[16];             /* of the interface in dom0 */
        char bridge[16];           /* "" : none */
        uint8_t mac[6];
        bool check_mac, user;
        char rate[40];             /* "": no limit */
        uint32_t mtu;              /* 0: as it is */
        unsigned int nr_fds;       /* queues; kept while the device exists */
        int fds[8];
        bool detached[8];          /* the frontend does not use it */
        pid_t slirp;               /* user-mode networking; 0: none */
    } net;
};

/* @id: name of the directory below .../<type>/<domid>. */
struct device *device_new(struct back *back, const char *base,
                          unsigned int id);
/* Stops the serving process and waits for it; a successor may continue. */
void device_free(struct device *d);
/* The toolstack removed it: nobody continues. */
void device_gone(struct device *d);

/* Keys of either side changed: do what the states ask for. */
void device_step(struct device *d);
/* The toolstack wrote to the backend directory's @key. */
void device_key_changed(struct device *d, const char *key);

/* Say why it does not work; nothing happens until its keys change. */
void device_fail(struct device *d, const struct err *e);
/*
 * The frontend's fault, or ours with it: closing.  It may begin anew when it
 * has closed too.
 */
void device_give_up(struct device *d, const struct err *e);
void device_set_state(struct device *d, enum xenbus_state state);

#endif
