/* SPDX-License-Identifier: MIT */
/*
 * A guest suspends by a hypercall that returns 0 in a new domain and 1 in the
 * old one, if that is resumed (SCHEDOP_shutdown, SHUTDOWN_suspend).
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <save/check.h>
#include <save/suspend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xen/hvm/save.h>

#define POLL_MS    20u
#define MAX_XSTATE 16384u

static void path_of(char path[96], unsigned int domid, const char *key)
{
    snprintf(path, 96, "/local/domain/%u/%s", domid, key);
}

static bool stopped(struct hyp *h, unsigned int domid, unsigned int *reason)
{
    struct xen_domctl_getdomaininfo info;

    if (ctl_domain_info(h, domid, &info) != 0) {
        *reason = ~0u;                 /* it is gone */
        return true;
    }
    *reason = info.flags >> XEN_DOMINF_shutdownshift &
              XEN_DOMINF_shutdownmask;
    return (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)) != 0;
}

static bool is_suspended(struct hyp *h, unsigned int domid)
{
    unsigned int reason;

    return stopped(h, domid, &reason) && reason == SHUTDOWN_suspend;
}

/* ---- asking ------------------------------------------------------------------ */

bool suspend_is_offered(struct xs *xs, unsigned int domid)
{
    char path[96];
    uint64_t yes = 0;

    path_of(path, domid, "control/feature-suspend");
    return xs_read_number(xs, XS_TXN_NONE, path, &yes) == 0 && yes == 1;
}

static int can_suspend(struct xs *xs, unsigned int domid, struct err *e)
{
    if (suspend_is_offered(xs, domid)) {
        return 0;
    }
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "cannot save the guest",
                   NULL, "its kernel has not said that it can suspend");
}

static int write_request(struct xs *xs, unsigned int domid, const char *word)
{
    char path[96];

    path_of(path, domid, "control/shutdown");
    return xs_write_string(xs, XS_TXN_NONE, path, word);
}

static bool was_taken(struct xs *xs, unsigned int domid)
{
    char path[96], *value = NULL;
    bool taken;

    path_of(path, domid, "control/shutdown");
    taken = xs_read(xs, XS_TXN_NONE, path, &value, NULL) != 0 ||
            strcmp(value, "suspend") != 0;
    free(value);
    return taken;
}

static int poll_stopped(struct hyp *h, unsigned int domid, uint64_t ms,
                        volatile sig_atomic_t *cancel, unsigned int *reason)
{
    struct timespec t = { .tv_nsec = POLL_MS * 1000000 };

    for (uint64_t at = 0; at <= ms; at += POLL_MS) {
        if (stopped(h, domid, reason)) {
            return 0;
        }
        if (cancel != NULL && *cancel) {
            return -EINTR;
        }
        nanosleep(&t, NULL);
    }
    return -ETIMEDOUT;
}

/* A guest that has taken the request is waited for a second time. */
static int withdraw(struct hyp *h, struct xs *xs, unsigned int domid,
                    unsigned int timeout_s, unsigned int *reason)
{
    if (!was_taken(xs, domid)) {
        write_request(xs, domid, "");
        return stopped(h, domid, reason) ? 0 : -ETIMEDOUT;
    }
    return poll_stopped(h, domid, timeout_s * 1000ull, NULL, reason);
}

int suspend_guest(struct hyp *h, struct xs *xs, unsigned int domid,
                  unsigned int timeout_s, volatile sig_atomic_t *cancel,
                  struct err *e)
{
    unsigned int reason = 0;
    int rc = can_suspend(xs, domid, e);

    if (rc != 0) {
        return rc;
    }
    rc = write_request(xs, domid, "suspend");
    if (rc != 0) {
        return err_errno(e, rc, "cannot ask the guest", "domain %u", domid);
    }
    rc = poll_stopped(h, domid, timeout_s * 1000ull, cancel, &reason);
    if (rc == -ETIMEDOUT || rc == -EINTR) {
        int first = rc;

        rc = withdraw(h, xs, domid, timeout_s, &reason);
        if (rc == 0 && reason == SHUTDOWN_suspend && first == -EINTR) {
            suspend_cancel(h, xs, domid, NULL);
            rc = -EINTR;
        }
        rc = rc == -ETIMEDOUT ? first : rc;
    }
    if (rc == -ETIMEDOUT) {
        return err_set(e, rc, ERR_TIMEOUT, "the guest has not suspended",
                       NULL, "not within %u s; it runs on", timeout_s);
    }
    if (rc == -EINTR) {
        return err_set(e, rc, ERR_FAILED, "interrupted", NULL,
                       "the state is as before");
    }
    return reason == SHUTDOWN_suspend
               ? 0 : err_set(e, -ESRCH, ERR_STATE, "cannot save the guest",
                             NULL, "it ended instead of suspending");
}

/*
 * In the same state, but its kernel does not know.  Pausing waits until no
 * vCPU runs any more.
 */
int suspend_hold(struct hyp *h, unsigned int domid, struct err *e)
{
    int rc = ctl_domain_shutdown(h, domid, SHUTDOWN_suspend);

    if (rc == 0) {
        rc = ctl_domain_pause(h, domid);
    }
    if (rc == 0) {
        rc = ctl_domain_unpause(h, domid);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot stop the guest",
                                   "domain %u", domid);
}

/* ---- waking -------------------------------------------------------------------- */

static int xstate_op(struct hyp *h, unsigned int domid, uint32_t cmd,
                     struct xen_domctl_vcpuextstate *x)
{
    struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };
    int rc;

    op.u.vcpuextstate = *x;
    rc = ctl_domctl(h, &op);
    *x = op.u.vcpuextstate;
    return rc;
}

static int pv_return_one(struct hyp *h, unsigned int domid)
{
    struct vcpu_guest_context c;
    int rc = ctl_vcpu_get_context(h, domid, 0, &c);

    if (rc == 0) {
        c.user_regs.rax = 1;
        rc = ctl_vcpu_set_context(h, domid, 0, &c);
    }
    return rc;
}

/*
 * Of other guests, RAX is in the record of vCPU 0: only that and what frames
 * it is left in @buf.  The new length, 0: there is no such record.
 */
static size_t only_cpu0(uint8_t *buf, size_t len)
{
    struct hvm_save_descriptor d;
    size_t out = 0;
    bool found = false;

    for (size_t at = 0; at + sizeof(d) <= len; at += sizeof(d) + d.length) {
        bool cpu;

        memcpy(&d, buf + at, sizeof(d));
        if (d.length > len - at - sizeof(d)) {
            return 0;
        }
        cpu = d.typecode == HVM_SAVE_CODE(CPU) && d.instance == 0 &&
              d.length == sizeof(struct hvm_hw_cpu);
        if (cpu || d.typecode == HVM_SAVE_CODE(HEADER) ||
            d.typecode == HVM_SAVE_CODE(END)) {
            memmove(buf + out, buf + at, sizeof(d) + d.length);
            if (cpu) {
                struct hvm_hw_cpu *c = (void *)(buf + out + sizeof(d));

                memcpy(&c->rax, &(uint64_t){ 1 }, sizeof(c->rax));
                found = true;
            }
            out += sizeof(d) + d.length;
        }
    }
    return found ? out : 0;
}

static int hvm_return_one(struct hyp *h, unsigned int domid)
{
    int size = ctl_hvm_get_context(h, domid, NULL, 0);
    uint8_t *buf = size > 0 ? malloc((size_t)size) : NULL;
    int rc = size > 0 && buf == NULL ? -ENOMEM : size;

    if (buf != NULL) {
        rc = ctl_hvm_get_context(h, domid, buf, (uint32_t)size);
    }
    if (rc > 0) {
        size_t len = only_cpu0(buf, (size_t)rc);

        rc = len == 0 ? -EPROTO
                      : ctl_hvm_set_context(h, domid, buf, (uint32_t)len);
    }
    free(buf);
    return rc;
}

static int set_rax(struct hyp *h, unsigned int domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = ctl_domain_info(h, domid, &info);

    if (rc != 0) {
        return rc;
    }
    return (info.flags & XEN_DOMINF_hvm_guest) != 0
               ? hvm_return_one(h, domid) : pv_return_one(h, domid);
}

/*
 * The hypercall of vCPU 0 is to return 1.  Setting a context keeps of the
 * floating point state only what the context has room for: the whole of it is
 * put back behind it.
 */
static int return_one(struct hyp *h, unsigned int domid)
{
    struct xen_domctl_vcpuextstate x = { .vcpu = 0 };
    void *buf = hyp_buf_get(h, MAX_XSTATE);
    int rc = buf == NULL ? -ENOMEM
                         : xstate_op(h, domid, XEN_DOMCTL_getvcpuextstate, &x);

    if (rc == 0 && x.size > 0 && x.size <= MAX_XSTATE) {
        set_xen_guest_handle(x.buffer, buf);
        rc = xstate_op(h, domid, XEN_DOMCTL_getvcpuextstate, &x);
    }
    if (rc == 0) {
        rc = set_rax(h, domid);
    }
    if (rc == 0 && x.size > 0 && x.size <= MAX_XSTATE) {
        rc = xstate_op(h, domid, XEN_DOMCTL_setvcpuextstate, &x);
    }
    hyp_buf_put(h, buf, MAX_XSTATE);
    return rc;
}

int suspend_cancel(struct hyp *h, struct xs *xs, unsigned int domid,
                   struct err *e)
{
    int rc;

    if (!is_suspended(h, domid)) {
        return 0;                      /* somebody was faster */
    }
    rc = suspend_is_offered(xs, domid) ? return_one(h, domid) : 0;
    if (rc == 0) {
        rc = ctl_domain_resume(h, domid);
    }
    if (rc == 0) {
        xs_resume(xs, domid);          /* so that its next end is news */
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot resume the guest",
                                   "domain %u", domid);
}

/* ---- what travels of the store ------------------------------------------------------ */

/* Written by the guest when it starts, or by setmem and setvcpus. */
static const char *const travelling[] = {
    "control/feature-poweroff", "control/feature-reboot",
    "control/feature-suspend", "memory/target",
};
#define NR_TRAVELLING (sizeof(travelling) / sizeof(travelling[0]))

static int read_one(struct xs *xs, unsigned int domid, const char *key,
                    struct buf *texts)
{
    char path[96], *value = NULL;
    int rc;

    path_of(path, domid, key);
    rc = xs_read(xs, XS_TXN_NONE, path, &value, NULL);
    if (rc == 0 && strlen(value) < 64) {
        rc = buf_add(texts, key, strlen(key) + 1);
        rc = rc == 0 ? buf_add(texts, value, strlen(value) + 1) : rc;
    }
    free(value);
    return rc;
}

int suspend_read_store(struct xs *xs, unsigned int domid, struct buf *texts)
{
    int rc = 0;

    for (size_t i = 0; i < NR_TRAVELLING && (rc == 0 || rc == -ENOENT); i++) {
        rc = read_one(xs, domid, travelling[i], texts);
    }
    rc = rc == -ENOENT ? 0 : rc;
    for (unsigned int v = 0; rc == 0 && v < SAVE_VCPUS_MAX; v++) {
        char key[40];

        snprintf(key, sizeof(key), "cpu/%u/availability", v);
        rc = read_one(xs, domid, key, texts);
    }
    return rc == -ENOENT ? 0 : rc;
}

static bool travels(const char *key)
{
    unsigned int v;
    int end = 0;

    for (size_t i = 0; i < NR_TRAVELLING; i++) {
        if (strcmp(key, travelling[i]) == 0) {
            return true;
        }
    }
    return sscanf(key, "cpu/%3u/availability%n", &v, &end) == 1 &&
           end > 0 && key[end] == '\0';
}

/* Only the nodes that there are already: their owners stay. */
int suspend_write_store(struct xs *xs, unsigned int domid, const char *texts,
                        size_t len)
{
    const char *end = texts + len;
    int rc = 0;

    for (const char *key = texts; rc == 0 && key != NULL && key < end;) {
        const char *value = save_text_next(key, end);
        char path[96], *old = NULL;

        if (value == NULL || value == end || !travels(key)) {
            return -EINVAL;
        }
        path_of(path, domid, key);
        if (xs_read(xs, XS_TXN_NONE, path, &old, NULL) == 0) {
            rc = xs_write_string(xs, XS_TXN_NONE, path, value);
        }
        free(old);
        key = save_text_next(value, end);
    }
    return rc;
}
