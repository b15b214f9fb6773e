/* SPDX-License-Identifier: MIT */
/*
 * lib/hypercall.h - calls to the hypervisor from a dom0 process.
 *
 * Owns    the privcmd descriptor and the memory that arguments live in: a
 *         hypercall must never meet a page that is absent, so arguments are
 *         copied into buffers from hyp_buf_get() ("bounce buffers").
 * Leaves  typed calls to ctl_*.h.
 * ABI     xen/sys/privcmd.h; modules xen-privcmd (or xenfs), /dev/xen/hypercall
 * Tests   tests/unit/lib/test_ctl.c (with hyp_open_fake)
 *
 * One thread per struct hyp.
 */
#ifndef LIB_HYPERCALL_H
#define LIB_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct hyp;

/* Opens privcmd; NULL with @e filled (class permission: no hypervisor). */
struct hyp *hyp_open(struct err *e);
void hyp_close(struct hyp *h);

/* For tests: calls go to @fn, foreign maps to nobody. */
typedef long hyp_fake_fn(void *arg, unsigned int op, const uint64_t args[5]);
struct hyp *hyp_open_fake(hyp_fake_fn *fn, void *arg);

/* The privcmd descriptor, for lib/foreign.h; -1 in a fake. */
int hyp_fd(const struct hyp *h);

/* The hypervisor's answer: >= 0, or -errno. */
long hyp_call(struct hyp *h, unsigned int op, uint64_t a1, uint64_t a2,
              uint64_t a3, uint64_t a4, uint64_t a5);

/* Zeroed, page-aligned, resident.  NULL: out of memory. */
void *hyp_buf_get(struct hyp *h, size_t bytes);
void hyp_buf_put(struct hyp *h, void *buf, size_t bytes);

/*
 * The usual shape: copy @arg (@size bytes) into a bounce buffer, call @op with
 * (a1, buffer) or (buffer), copy it back whatever the result.
 */
long hyp_call_arg(struct hyp *h, unsigned int op, void *arg, size_t size);
long hyp_call_cmd(struct hyp *h, unsigned int op, uint64_t cmd, void *arg,
                  size_t size);

#endif
