/* SPDX-License-Identifier: MIT */
/*
 * Decompression in a process that may only compute and ask for memory.  The
 * output is a shared mapping with a fixed cap; the verdict a small shared
 * struct, read after the process has ended.
 * Tests: tests/unit/toolstack/test_kernel.c.
 */
#include <build/unpack.h>
#include <errno.h>
#include <grp.h>
#include <lib/err.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

struct verdict {
    int rc;
    size_t len;
    struct err e;
};

void bytes_free(struct bytes *b)
{
    if (b->mapped != 0) {
        munmap(b->data, b->mapped);
    } else {
        free(b->data);
    }
    memset(b, 0, sizeof(*b));
}

static void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static bool allow(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap),
        SCMP_SYS(madvise), SCMP_SYS(mprotect), SCMP_SYS(futex),
        SCMP_SYS(getrandom), SCMP_SYS(exit_group),
        SCMP_SYS(sigaltstack),         /* harmless; sanitizers ask */
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0) {
            return false;
        }
    }
    return seccomp_load(filter) == 0;
}

static bool confine(void)
{
    scmp_filter_ctx filter;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
         setresuid(NOBODY, NOBODY, NOBODY) != 0)) {
        return false;
    }
    filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    return filter != NULL && allow(filter);
}

static _Noreturn void child(const uint8_t *data, size_t len, uint8_t *out,
                            size_t max, struct verdict *v)
{
    if (!confine()) {
        v->rc = err_set(&v->e, -EPERM, ERR_FAILED, "cannot unpack the kernel",
                        NULL, "the unpacker cannot be confined");
    } else {
        v->rc = unpack(data, len, out, max, &v->len, &v->e);
    }
    _exit(0);
}

static int run_child(const uint8_t *data, size_t len, uint8_t *out, size_t max,
                     struct verdict *v, struct err *e)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        child(data, len, out, max, v);
    }
    if (pid < 0) {
        return err_errno(e, -errno, "cannot unpack the kernel", NULL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot unpack the kernel",
                       NULL, "the unpacker broke on it (status %#x)", status);
    }
    if (v->rc != 0) {
        if (e != NULL) {
            *e = v->e;
        }
        return v->rc;
    }
    return v->len <= max ? 0 : -EINVAL;
}

int unpack_confined(const uint8_t *data, size_t len, size_t max,
                    struct bytes *out, struct err *e)
{
    struct verdict *v = shared(sizeof(*v));
    int rc;

    memset(out, 0, sizeof(*out));
    out->data = shared(max);
    out->mapped = max;
    if (v == NULL || out->data == NULL) {
        rc = err_errno(e, -ENOMEM, "cannot unpack the kernel", NULL);
    } else {
        rc = run_child(data, len, out->data, max, v, e);
    }
    if (rc == 0) {
        out->len = v->len;
    } else {
        out->mapped = out->data == NULL ? 0 : max;
        bytes_free(out);
    }
    if (v != NULL) {
        munmap(v, sizeof(*v));
    }
    return rc;
}
