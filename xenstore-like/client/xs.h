/* SPDX-License-Identifier: MIT */
/*
 * client/xs.h - the store as a library: blocking calls, transactions,
 * watches with a pollable descriptor.
 *
 * A handle survives the store: when the connection breaks it connects again,
 * registers its watches again (each fires once more) and sends requests that
 * had no answer again.  A write may so reach the store twice; a transaction
 * that was open is lost and answers -EAGAIN, as after a conflict.
 *
 * One handle belongs to one thread.  Callbacks run from xs_dispatch() only,
 * and may use every call except xs_close() and xs_dispatch() of the handle.
 *
 * Errors  0 or -errno: what the store answered (-ENOENT, -EACCES, -EAGAIN...)
 *         or -ETIMEDOUT: it did not answer in time.
 * Paths   absolute, or relative to the caller's own /local/domain/<domid>.
 * ABI     <xen/io/xs_wire.h>; works with any xenstored, over its socket or
 *         /dev/xen/xenbus.
 * Tests   tests/unit/store/test_daemon.c
 *
 * Link    $(XS_CLIENT_SRCS) of xenstore-like/files.mk: x_SRCS = ..., with a
 *         plain "=".
 */
#ifndef CLIENT_XS_H
#define CLIENT_XS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <proto/wire.h>

struct xs;
struct xs_watch;

typedef uint64_t xs_txn_t;
#define XS_TXN_NONE ((xs_txn_t)0)

/*
 * Connect to $XENSTORED_PATH, else $XENSTORED_RUNDIR/socket, else
 * /run/xenstored/socket, else /dev/xen/xenbus.  Tries for @wait_ms.
 * 0, or -ECONNREFUSED, -ENOENT, -ENOMEM, ...
 */
int xs_open(struct xs **xs, unsigned int wait_ms);
void xs_close(struct xs *xs);

/* ---- nodes -------------------------------------------------------------- */

/*
 * The value of @path in memory the caller frees, with a nul after it.
 * @len may be NULL.
 */
int xs_read(struct xs *xs, xs_txn_t txn, const char *path, char **value,
            size_t *len);

/* The value as a number: decimal or 0x hexadecimal.  -EINVAL if it is not. */
int xs_read_number(struct xs *xs, xs_txn_t txn, const char *path,
                   uint64_t *value);

int xs_write(struct xs *xs, xs_txn_t txn, const char *path, const void *value,
             size_t len);
int xs_write_string(struct xs *xs, xs_txn_t txn, const char *path,
                    const char *value);
int xs_printf(struct xs *xs, xs_txn_t txn, const char *path,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
int xs_mkdir(struct xs *xs, xs_txn_t txn, const char *path);

/* Remove @path and all below it.  0 also when only @path is missing. */
int xs_rm(struct xs *xs, xs_txn_t txn, const char *path);

/* Names of the children: one allocation, the caller frees *names. */
int xs_list(struct xs *xs, xs_txn_t txn, const char *path, char ***names,
            size_t *nr);

/* Permissions, the owner first.  The caller frees *perms. */
int xs_get_perms(struct xs *xs, xs_txn_t txn, const char *path,
                 struct perm **perms, size_t *nr);
int xs_set_perms(struct xs *xs, xs_txn_t txn, const char *path,
                 const struct perm *perms, size_t nr);

/* ---- transactions ------------------------------------------------------- */

int xs_txn_start(struct xs *xs, xs_txn_t *txn);

/* @commit false gives the changes up.  -EAGAIN: somebody else was faster. */
int xs_txn_end(struct xs *xs, xs_txn_t txn, bool commit);

/*
 * Run @body in a transaction, again on a conflict.  A body that returns
 * other than 0 gives the transaction up and ends the loop, unless -EAGAIN.
 */
int xs_txn_run(struct xs *xs, int (*body)(struct xs *xs, xs_txn_t txn,
                                          void *ctx), void *ctx);

/* ---- watches ------------------------------------------------------------ */

typedef void xs_watch_fn(void *ctx, const char *path);

/*
 * Call @fn with the changed path whenever @path or a node below it changes,
 * and once now.  Also "@introduceDomain" and "@releaseDomain".
 */
int xs_watch(struct xs *xs, const char *path, xs_watch_fn *fn, void *ctx,
             struct xs_watch **watch);

/* No callback of @watch follows.  NULL is no watch. */
void xs_unwatch(struct xs_watch *watch);

/* Readable when xs_dispatch() has something to do; stays the same for ever. */
int xs_fd(const struct xs *xs);

/* Take what has arrived and run callbacks.  Never blocks. */
int xs_dispatch(struct xs *xs);

/* Sleep until something is there, at most @timeout_ms (-1: for ever). */
int xs_wait(struct xs *xs, int timeout_ms);

/* ---- requests without waiting ------------------------------------------- */

/* @rc as a blocking call would return; @data lives for this call only. */
typedef void xs_done_fn(void *ctx, int rc, const void *data, size_t len);

/* Queue one request; @done (may be NULL) runs from xs_dispatch(). */
int xs_submit(struct xs *xs, xs_txn_t txn, uint32_t type,
              const struct iovec *parts, size_t nr_parts, xs_done_fn *done,
              void *ctx);

/* Send one request and wait.  The caller frees *reply (nul-terminated). */
int xs_call(struct xs *xs, xs_txn_t txn, uint32_t type,
            const struct iovec *parts, size_t nr_parts, char **reply,
            size_t *len);

/* ---- domains ------------------------------------------------------------ */

int xs_introduce(struct xs *xs, uint32_t domid, uint64_t gfn, uint32_t port);
int xs_release(struct xs *xs, uint32_t domid);
int xs_resume(struct xs *xs, uint32_t domid);
int xs_is_introduced(struct xs *xs, uint32_t domid, bool *introduced);

/* XS_CONTROL: @words are separate strings; @reply as of xs_read(). */
int xs_control(struct xs *xs, const char *const *words, size_t nr_words,
               char **reply);

#endif
