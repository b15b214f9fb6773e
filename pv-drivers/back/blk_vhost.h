/* SPDX-License-Identifier: MIT */
/*
 * back/blk_vhost.h - a disk behind vhost-user-blk: our side of the queue.
 *
 * Owns    the handshake with the daemon and one virtio-blk queue in memory
 *         that both share; the data lies in the same memory, so that it is
 *         not copied.  Numbers that the daemon writes are checked: it may be
 *         wrong about data, not about our memory.
 * ABI     virtio 1.1 (split queues, block device); vhost-user protocol of QEMU
 * Tests   tests/unit/pvdrv/test_qcow2.c, against qemu-storage-daemon
 */
#ifndef BACK_BLK_VHOST_H
#define BACK_BLK_VHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define VHOST_DEPTH 256u           /* requests; three descriptors each */

enum vhost_op { VHOST_READ, VHOST_WRITE, VHOST_FLUSH, VHOST_DISCARD };

struct vhost_queue;                /* the part that is shared */

struct blk_vhost {
    int      sock, kick, call, mem_fd;
    uint8_t *data;                 /* what the caller may use for data */
    size_t   data_bytes;
    struct vhost_queue *q;
    uint16_t avail, used;          /* positions, ours */
    uint16_t kicked;
    uint64_t sectors;
    bool     discard;              /* the daemon can */
    bool     broken;               /* the daemon wrote nonsense */
    struct { void *tag; uint32_t bytes; bool busy; } slots[VHOST_DEPTH];
    uint16_t free[VHOST_DEPTH], nr_free;
};

/* @data_bytes of shared memory, the handshake over @sock.  0 or -errno. */
int blk_vhost_open(struct blk_vhost *v, int sock, size_t data_bytes,
                   struct err *e);
void blk_vhost_close(struct blk_vhost *v);

/* @buf lies in v->data.  0, -EBUSY: reap first. */
int blk_vhost_queue(struct blk_vhost *v, enum vhost_op op, void *buf,
                    uint64_t offset, uint64_t len, void *tag);
/* Tell the daemon of what was queued. */
void blk_vhost_kick(struct blk_vhost *v);

/* @res: bytes, or -errno. */
typedef void blk_vhost_done_fn(void *arg, void *tag, int res);
unsigned int blk_vhost_reap(struct blk_vhost *v, blk_vhost_done_fn *fn,
                            void *arg);

#endif
