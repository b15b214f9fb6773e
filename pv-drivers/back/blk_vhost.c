/* SPDX-License-Identifier: MIT */
/*
 * vhost-user-blk from the driver's side.  Where the guest's data comes from is
 * left to blk.c, the daemon's life to storaged.c.  Covered by
 * tests/unit/pvdrv/test_qcow2.c.
 */
#include <back/blk_vhost.h>

#include <lib/err.h>

#include <errno.h>
#include <linux/vhost_types.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_SIZE    1024u
#define GUEST_BASE    0x10000000ull    /* addresses in the daemon's eyes */
#define SECTOR        512u
#define MAX_DISCARD   (32768u * SECTOR) /* of one request */
#define HANDSHAKE_MS  10000
#define NO_INTERRUPT  1u

/* ---- the shared part ------------------------------------------------------------- */

struct vhost_queue {
    struct vring_desc desc[QUEUE_SIZE];
    struct { uint16_t flags, idx, ring[QUEUE_SIZE]; } avail;
    _Alignas(4096) struct {
        uint16_t flags, idx;
        struct vring_used_elem ring[QUEUE_SIZE];
    } used;
    struct virtio_blk_outhdr head[VHOST_DEPTH];
    struct virtio_blk_discard_write_zeroes range[VHOST_DEPTH];
    uint8_t status[VHOST_DEPTH];
};

static uint64_t guest_address(const struct blk_vhost *v, const void *p)
{
    return GUEST_BASE + (uint64_t)((const uint8_t *)p - v->data);
}

/* ---- messages ------------------------------------------------------------------------ */

enum {
    MSG_GET_FEATURES = 1, MSG_SET_FEATURES = 2, MSG_SET_OWNER = 3,
    MSG_SET_MEM_TABLE = 5, MSG_SET_VRING_NUM = 8, MSG_SET_VRING_ADDR = 9,
    MSG_SET_VRING_BASE = 10, MSG_SET_VRING_KICK = 12, MSG_SET_VRING_CALL = 13,
    MSG_GET_PROTOCOL = 15, MSG_SET_PROTOCOL = 16, MSG_SET_VRING_ENABLE = 18,
    MSG_GET_CONFIG = 24,
};
#define MSG_VERSION    1u
#define MSG_REPLY      4u
#define MSG_NEED_REPLY 8u
#define F_PROTOCOL     (1ull << 30)
#define P_REPLY_ACK    (1ull << 3)
#define P_CONFIG       (1ull << 9)
#define CONFIG_BYTES   60u             /* of struct virtio_blk_config */

struct message {
    uint32_t request, flags, size;
    union {
        uint64_t u64;
        struct { uint32_t index, num; } state;
        struct {
            uint32_t index, flags;
            uint64_t desc, used, avail, log;
        } addr;
        struct {
            uint32_t nr, pad;
            uint64_t guest, bytes, user, offset;
        } mem;
        struct {
            uint32_t offset, size, flags;
            uint8_t  bytes[256];
        } config;
    } p;
} __attribute__((packed));
#define HEAD_BYTES offsetof(struct message, p)

static int send_message(int sock, const struct message *m, int fd)
{
    union {
        struct cmsghdr align;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { .iov_base = (void *)(uintptr_t)m,
                         .iov_len = HEAD_BYTES + m->size };
    struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (fd >= 0) {
        struct cmsghdr *c;

        memset(&control, 0, sizeof(control));
        h.msg_control = &control;
        h.msg_controllen = sizeof(control.room);
        c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    return sendmsg(sock, &h, MSG_NOSIGNAL) == (ssize_t)iov.iov_len
               ? 0 : -EPIPE;
}

static int read_all(int sock, void *to, size_t len)
{
    struct pollfd p = { .fd = sock, .events = POLLIN };
    size_t got = 0;

    while (got < len) {
        ssize_t n = poll(&p, 1, HANDSHAKE_MS) == 1
                        ? read(sock, (uint8_t *)to + got, len - got) : 0;

        if (n <= 0) {
            return -EPIPE;
        }
        got += (size_t)n;
    }
    return 0;
}

/* Send @m (with @fd) and take the answer into it. */
static int ask(int sock, struct message *m, int fd)
{
    uint32_t request = m->request, most = sizeof(m->p);
    int rc;

    m->flags |= MSG_VERSION;
    rc = send_message(sock, m, fd);
    if (rc == 0) {
        rc = read_all(sock, m, HEAD_BYTES);
    }
    if (rc == 0 && (m->request != request || (m->flags & MSG_REPLY) == 0 ||
                    m->size > most)) {
        rc = -EPROTO;
    }
    return rc == 0 ? read_all(sock, &m->p, m->size) : rc;
}

/* Set something; the daemon says 0 when it has done so. */
static int order(int sock, struct message *m, int fd)
{
    int rc;

    m->flags = MSG_NEED_REPLY;
    rc = ask(sock, m, fd);
    return rc != 0 ? rc : m->p.u64 == 0 ? 0 : -EPROTO;
}

static int get_u64(int sock, uint32_t request, uint64_t *value)
{
    struct message m = { .request = request };
    int rc = ask(sock, &m, -1);

    *value = m.p.u64;
    return rc;
}

static int set_u64(int sock, uint32_t request, uint64_t value, int fd)
{
    struct message m = { .request = request, .size = 8, .p.u64 = value };

    return order(sock, &m, fd);
}

static int set_state(int sock, uint32_t request, uint32_t num)
{
    struct message m = { .request = request, .size = 8,
                         .p.state = { 0, num } };

    return order(sock, &m, -1);
}

/* ---- handshake -------------------------------------------------------------------------- */

static int agree(struct blk_vhost *v)
{
    const uint64_t wanted = 1ull << VIRTIO_F_VERSION_1 | F_PROTOCOL |
                            1ull << VIRTIO_BLK_F_FLUSH |
                            1ull << VIRTIO_BLK_F_DISCARD;
    const uint64_t needed = 1ull << VIRTIO_F_VERSION_1 | F_PROTOCOL |
                            1ull << VIRTIO_BLK_F_FLUSH;
    uint64_t features, protocol;
    struct message m = { .request = MSG_SET_PROTOCOL, .flags = MSG_VERSION,
                         .size = 8, .p.u64 = P_REPLY_ACK | P_CONFIG };
    int rc = get_u64(v->sock, MSG_GET_FEATURES, &features);

    if (rc == 0) {
        rc = (features & needed) == needed
                 ? get_u64(v->sock, MSG_GET_PROTOCOL, &protocol) : -EPROTO;
    }
    if (rc == 0 && (protocol & m.p.u64) != m.p.u64) {
        rc = -EPROTO;
    }
    if (rc == 0) {                     /* from here on it can confirm */
        rc = send_message(v->sock, &m, -1);
    }
    v->discard = (features & 1ull << VIRTIO_BLK_F_DISCARD) != 0;
    m = (struct message){ .request = MSG_SET_OWNER };
    if (rc == 0) {
        rc = order(v->sock, &m, -1);
    }
    return rc == 0 ? set_u64(v->sock, MSG_SET_FEATURES, features & wanted, -1)
                   : rc;
}

static int read_size(struct blk_vhost *v)
{
    struct message m = { .request = MSG_GET_CONFIG,
                         .size = 12 + CONFIG_BYTES,
                         .p.config.size = CONFIG_BYTES };
    int rc = ask(v->sock, &m, -1);

    if (rc == 0 && m.size < 12 + sizeof(v->sectors)) {
        rc = -EPROTO;
    }
    memcpy(&v->sectors, m.p.config.bytes, sizeof(v->sectors));
    return rc;
}

static int give_queue(struct blk_vhost *v)
{
    struct message mem = {
        .request = MSG_SET_MEM_TABLE, .size = 40,
        .p.mem = { 1, 0, GUEST_BASE, v->data_bytes + sizeof(*v->q),
                   GUEST_BASE, 0 },
    };
    struct message addr = {
        .request = MSG_SET_VRING_ADDR, .size = 40,
        .p.addr = { 0, 0, guest_address(v, v->q->desc),
                    guest_address(v, &v->q->used),
                    guest_address(v, &v->q->avail), 0 },
    };
    int rc = order(v->sock, &mem, v->mem_fd);

    rc = rc != 0 ? rc : set_state(v->sock, MSG_SET_VRING_NUM, QUEUE_SIZE);
    rc = rc != 0 ? rc : set_state(v->sock, MSG_SET_VRING_BASE, 0);
    rc = rc != 0 ? rc : order(v->sock, &addr, -1);
    rc = rc != 0 ? rc : set_u64(v->sock, MSG_SET_VRING_CALL, 0, v->call);
    rc = rc != 0 ? rc : set_u64(v->sock, MSG_SET_VRING_KICK, 0, v->kick);
    return rc != 0 ? rc : set_state(v->sock, MSG_SET_VRING_ENABLE, 1);
}

static int get_memory(struct blk_vhost *v, size_t data_bytes)
{
    size_t bytes = data_bytes + sizeof(*v->q);

    v->mem_fd = memfd_create("disk", MFD_CLOEXEC);
    v->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    v->call = eventfd(0, EFD_CLOEXEC);
    if (v->mem_fd < 0 || v->kick < 0 || v->call < 0 ||
        ftruncate(v->mem_fd, (off_t)bytes) != 0) {
        return -errno;
    }
    v->data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                   v->mem_fd, 0);
    if (v->data == MAP_FAILED) {
        v->data = NULL;
        return -ENOMEM;
    }
    v->data_bytes = data_bytes;
    v->q = (struct vhost_queue *)(v->data + data_bytes);
    return 0;
}

int blk_vhost_open(struct blk_vhost *v, int sock, size_t data_bytes,
                   struct err *e)
{
    int rc;

    memset(v, 0, sizeof(*v));
    v->sock = sock;
    v->mem_fd = v->kick = v->call = -1;
    rc = get_memory(v, data_bytes);
    rc = rc != 0 ? rc : agree(v);
    rc = rc != 0 ? rc : read_size(v);
    rc = rc != 0 ? rc : give_queue(v);
    if (rc != 0) {
        blk_vhost_close(v);
        return err_errno(e, rc, "cannot talk to the storage daemon",
                         "it said why in the log");
    }
    while (v->nr_free < VHOST_DEPTH) {
        v->free[v->nr_free] = v->nr_free;
        v->nr_free++;
    }
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

void blk_vhost_close(struct blk_vhost *v)
{
    if (v->data != NULL) {
        munmap(v->data, v->data_bytes + sizeof(*v->q));
    }
    v->data = NULL;
    close_fd(&v->sock);
    close_fd(&v->kick);
    close_fd(&v->call);
    close_fd(&v->mem_fd);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void put_desc(struct blk_vhost *v, unsigned int n, const void *p,
                     uint32_t len, uint16_t flags)
{
    v->q->desc[n] = (struct vring_desc){
        .addr = guest_address(v, p), .len = len, .flags = flags,
        .next = (uint16_t)(n + 1),
    };
}

/* What lies between the head and the status byte; its length in bytes. */
static uint32_t put_middle(struct blk_vhost *v, unsigned int slot,
                           enum vhost_op op, void *buf, uint64_t offset,
                           uint64_t len)
{
    unsigned int n = slot * 3 + 1;

    if (op == VHOST_DISCARD) {
        uint32_t part = len > MAX_DISCARD ? MAX_DISCARD : (uint32_t)len;

        v->q->range[slot] = (struct virtio_blk_discard_write_zeroes){
            .sector = offset / SECTOR, .num_sectors = part / SECTOR,
        };
        put_desc(v, n, &v->q->range[slot], sizeof(v->q->range[0]),
                 VRING_DESC_F_NEXT);
        return part;
    }
    put_desc(v, n, buf, (uint32_t)len, VRING_DESC_F_NEXT |
             (op == VHOST_READ ? VRING_DESC_F_WRITE : 0));
    return (uint32_t)len;
}

int blk_vhost_queue(struct blk_vhost *v, enum vhost_op op, void *buf,
                    uint64_t offset, uint64_t len, void *tag)
{
    static const uint32_t types[] = {
        [VHOST_READ] = VIRTIO_BLK_T_IN, [VHOST_WRITE] = VIRTIO_BLK_T_OUT,
        [VHOST_FLUSH] = VIRTIO_BLK_T_FLUSH,
        [VHOST_DISCARD] = VIRTIO_BLK_T_DISCARD,
    };
    unsigned int slot, first;

    if (v->nr_free == 0) {
        return -EBUSY;
    }
    slot = v->free[--v->nr_free];
    first = slot * 3;
    v->q->head[slot] = (struct virtio_blk_outhdr){
        .type = types[op],
        .sector = op == VHOST_READ || op == VHOST_WRITE ? offset / SECTOR : 0,
    };
    v->q->status[slot] = 0xff;
    put_desc(v, first, &v->q->head[slot], sizeof(v->q->head[0]),
             VRING_DESC_F_NEXT);
    v->slots[slot].bytes = op == VHOST_FLUSH
                           ? 0 : put_middle(v, slot, op, buf, offset, len);
    if (op == VHOST_FLUSH) {
        v->q->desc[first].next = (uint16_t)(first + 2);
    }
    put_desc(v, first + 2, &v->q->status[slot], 1, VRING_DESC_F_WRITE);
    v->slots[slot].tag = tag;
    v->slots[slot].busy = true;
    v->q->avail.ring[v->avail % QUEUE_SIZE] = (uint16_t)first;
    v->avail++;
    return 0;
}

void blk_vhost_kick(struct blk_vhost *v)
{
    const uint64_t one = 1;

    if (v->kicked == v->avail) {
        return;
    }
    v->kicked = v->avail;
    __atomic_store_n(&v->q->avail.idx, v->avail, __ATOMIC_RELEASE);
    /* Pairs with the daemon's barrier between its flag and our index. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if ((__atomic_load_n(&v->q->used.flags, __ATOMIC_RELAXED) & 1u) == 0 &&
        write(v->kick, &one, sizeof(one)) < 0) {
        v->broken = true;
    }
}

static int result(const struct blk_vhost *v, unsigned int slot)
{
    switch (v->q->status[slot]) {
    case VIRTIO_BLK_S_OK:
        return (int)v->slots[slot].bytes;
    case VIRTIO_BLK_S_UNSUPP:
        return -EOPNOTSUPP;
    default:
        return -EIO;
    }
}

unsigned int blk_vhost_reap(struct blk_vhost *v, blk_vhost_done_fn *fn,
                            void *arg)
{
    uint16_t end = __atomic_load_n(&v->q->used.idx, __ATOMIC_ACQUIRE);
    unsigned int n = 0;

    for (; v->used != end && !v->broken; v->used++, n++) {
        uint32_t id = v->q->used.ring[v->used % QUEUE_SIZE].id;
        unsigned int slot = id / 3;

        if (id % 3 != 0 || slot >= VHOST_DEPTH || !v->slots[slot].busy) {
            v->broken = true;
            break;
        }
        v->slots[slot].busy = false;
        v->free[v->nr_free++] = (uint16_t)slot;
        fn(arg, v->slots[slot].tag, result(v, slot));
    }
    return n;
}
