/* SPDX-License-Identifier: MIT */
/*
 * xenbus/guest_store.h - a guest's own connection to the store: its ring page.
 *
 * Owns    requests and replies, one at a time, and the count of watch events
 *         that came between.  The daemons of dom0 use client/xs.h instead.
 * ABI     xen/io/xs_wire.h, docs/misc/xenstore-ring.txt
 * Tests   tests/guests/frontend; tests/unit/pvdrv/test_guest_store.c
 *
 * Freestanding: no libc.
 */
#ifndef XENBUS_GUEST_STORE_H
#define XENBUS_GUEST_STORE_H

#include <port/guest.h>

#include <xen/io/xs_wire.h>

#define STORE_TIMEOUT_NS 30000000000ull

struct guest_store {
    struct xenstore_domain_interface *page;
    uint32_t port;
    uint32_t next_id;
    unsigned int events;           /* watches that fired, not yet taken */
    struct xsd_sockmsg head;       /* of the message that is being read */
    uint32_t head_have;            /* bytes of it */
    uint32_t body_left;            /* bytes of the message behind it */
    bool broken;                   /* the stream makes no sense any more */
};

void guest_store_init(struct guest_store *s, void *page, uint32_t port);

/*
 * One request of @len payload bytes.  The reply goes to @reply, at most
 * @size - 1 bytes and a nul: its length, or -errno (what the store said,
 * -ETIMEDOUT, -EIO: nonsense in the ring).  An answer that comes after its
 * call ran out of time is dropped, whole.
 */
long guest_store_call(struct guest_store *s, uint32_t type, const char *data,
                      uint32_t len, char *reply, size_t size);

long guest_store_read(struct guest_store *s, const char *path, char *value,
                      size_t size);
/* A decimal number; -EINVAL: it is none. */
long guest_store_read_number(struct guest_store *s, const char *path,
                             uint64_t *value);
long guest_store_write(struct guest_store *s, const char *path,
                       const char *value);
long guest_store_write_number(struct guest_store *s, const char *path,
                              uint64_t value);
long guest_store_mkdir(struct guest_store *s, const char *path);
long guest_store_rm(struct guest_store *s, const char *path);
long guest_store_watch(struct guest_store *s, const char *path);
long guest_store_unwatch(struct guest_store *s, const char *path);
/* True: a watch fired since the last call, or does before the deadline. */
bool guest_store_wait(struct guest_store *s, uint64_t deadline_ns);

/* "dir/key" into @path; false: too long. */
bool guest_store_join(char *path, size_t size, const char *dir,
                      const char *key);

#endif
