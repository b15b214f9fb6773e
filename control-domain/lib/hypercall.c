/* SPDX-License-Identifier: MIT */
/*
 * The door to the hypervisor: privcmd's hypercall ioctl and the resident
 * memory for its arguments (from /dev/xen/hypercall where the kernel has it,
 * else locked anonymous memory).  Which calls exist is left to ctl_*.c.
 * Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/hypercall.h>

#include <lib/err.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/sys/privcmd.h>

#define CACHE_SLOTS 8

struct hyp {
    int fd;                       /* privcmd; -1 in a fake */
    int buf_fd;                   /* /dev/xen/hypercall, or -1 */
    hyp_fake_fn *fake;
    void *fake_arg;
    void *cache[CACHE_SLOTS];     /* free one-page buffers */
    unsigned int nr_cached;
};

static int open_first(const char *const *paths)
{
    int fd = -1;

    for (; *paths != NULL && fd < 0; paths++) {
        fd = open(*paths, O_RDWR | O_CLOEXEC);
    }
    return fd;
}

struct hyp *hyp_open(struct err *e)
{
    static const char *const privcmd[] = {
        "/dev/xen/privcmd", "/proc/xen/privcmd", NULL
    };
    static const char *const bufdev[] = { "/dev/xen/hypercall", NULL };
    struct hyp *h = calloc(1, sizeof(*h));
    int rc;

    if (h == NULL) {
        err_errno(e, -ENOMEM, "cannot open the hypercall device", "privcmd");
        return NULL;
    }
    h->fd = open_first(privcmd);
    if (h->fd < 0) {
        rc = -errno;
        err_errno(e, rc, "cannot open the hypercall device",
                  "/dev/xen/privcmd (is this a control domain?)");
        if (e != NULL) {
            e->class = ERR_PERMISSION;
        }
        free(h);
        return NULL;
    }
    h->buf_fd = open_first(bufdev);
    return h;
}

struct hyp *hyp_open_fake(hyp_fake_fn *fn, void *arg)
{
    struct hyp *h = calloc(1, sizeof(*h));

    if (h != NULL) {
        h->fd = -1;
        h->buf_fd = -1;
        h->fake = fn;
        h->fake_arg = arg;
    }
    return h;
}

void hyp_close(struct hyp *h)
{
    if (h == NULL) {
        return;
    }
    while (h->nr_cached > 0) {
        munmap(h->cache[--h->nr_cached], XEN_PAGE_SIZE);
    }
    if (h->buf_fd >= 0) {
        close(h->buf_fd);
    }
    if (h->fd >= 0) {
        close(h->fd);
    }
    free(h);
}

int hyp_fd(const struct hyp *h)
{
    return h->fd;
}

/*
 * The raw system call, because the C library's ioctl() returns an int and
 * some results (page counts) are wider.
 */
long hyp_call(struct hyp *h, unsigned int op, uint64_t a1, uint64_t a2,
              uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct privcmd_hypercall call = { op, { a1, a2, a3, a4, a5 } };
    long rc;

    if (h->fake != NULL) {
        uint64_t args[5] = { a1, a2, a3, a4, a5 };

        return h->fake(h->fake_arg, op, args);
    }
    rc = syscall(SYS_ioctl, h->fd, IOCTL_PRIVCMD_HYPERCALL, &call);
    return rc < 0 ? -errno : rc;
}

static size_t whole_pages(size_t bytes)
{
    return bytes == 0 ? XEN_PAGE_SIZE
                      : (bytes + XEN_PAGE_SIZE - 1) & ~(size_t)(XEN_PAGE_SIZE - 1);
}

static void *map_buffer(struct hyp *h, size_t bytes)
{
    void *p;

    if (h->buf_fd >= 0) {
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->buf_fd,
                 0);
        return p == MAP_FAILED ? NULL : p;
    }
    p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | (h->fd >= 0 ? MAP_LOCKED : 0), -1,
             0);
    if (p == MAP_FAILED) {
        return NULL;
    }
    madvise(p, bytes, MADV_DONTFORK);   /* a child must not make it CoW */
    return p;
}

void *hyp_buf_get(struct hyp *h, size_t bytes)
{
    size_t size = whole_pages(bytes);
    void *p;

    if (size == XEN_PAGE_SIZE && h->nr_cached > 0) {
        p = h->cache[--h->nr_cached];
    } else {
        p = map_buffer(h, size);
    }
    if (p != NULL) {
        memset(p, 0, size);             /* and all pages are present now */
    }
    return p;
}

void hyp_buf_put(struct hyp *h, void *buf, size_t bytes)
{
    size_t size = whole_pages(bytes);

    if (buf == NULL) {
        return;
    }
    if (size == XEN_PAGE_SIZE && h->nr_cached < CACHE_SLOTS) {
        h->cache[h->nr_cached++] = buf;
        return;
    }
    munmap(buf, size);
}

static long call_bounced(struct hyp *h, unsigned int op, const uint64_t *cmd,
                         void *arg, size_t size)
{
    void *buf = hyp_buf_get(h, size);
    uint64_t p = (uintptr_t)buf;
    long rc;

    if (buf == NULL) {
        return -ENOMEM;
    }
    memcpy(buf, arg, size);
    rc = cmd != NULL ? hyp_call(h, op, *cmd, p, 0, 0, 0)
                     : hyp_call(h, op, p, 0, 0, 0, 0);
    memcpy(arg, buf, size);
    hyp_buf_put(h, buf, size);
    return rc;
}

long hyp_call_arg(struct hyp *h, unsigned int op, void *arg, size_t size)
{
    return call_bounced(h, op, NULL, arg, size);
}

long hyp_call_cmd(struct hyp *h, unsigned int op, uint64_t cmd, void *arg,
                  size_t size)
{
    return call_bounced(h, op, &cmd, arg, size);
}
