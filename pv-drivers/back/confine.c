/* SPDX-License-Identifier: MIT */
/*
 * Confinement of a backend process.  Which calls a class of backend needs is
 * stated by its caller (blk_serve.c).  Covered by
 * tests/unit/pvdrv/test_state.c.
 */
#include <back/confine.h>

#include <lib/err.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define NOBODY 65534u

/* Namespaces the kernel lacks cost nothing: the filter allows no use. */
static void leave_namespaces(void)
{
    static const int flags[] = {
        CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS
    };
    size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (unshare(flags[i]) != 0) {
            continue;
        }
    }
}

static int enter_empty_root(const char *dir)
{
    if (mkdir(dir, 0555) != 0 && errno != EEXIST) {
        return -errno;
    }
    if (chroot(dir) != 0 || chdir("/") != 0) {
        return -errno;
    }
    return 0;
}

static int drop_user(uid_t uid, gid_t gid)
{
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0) {
        return -errno;
    }
    return 0;
}

static void lookup_user(const char *name, uid_t *uid, gid_t *gid)
{
    struct passwd *pw = getpwnam(name);

    *uid = pw != NULL ? pw->pw_uid : NOBODY;
    *gid = pw != NULL ? pw->pw_gid : NOBODY;
}

static int add_rules(scmp_filter_ctx ctx, const struct confine *c)
{
    size_t i;
    int rc = 0;

    for (i = 0; i < c->nr_syscalls && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->syscalls[i], 0);
    }
    for (i = 0; i < c->nr_ioctls && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, c->ioctls[i]));
    }
    if (rc == 0) {                /* memory, never executable */
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    return rc;
}

static int load_filter(const struct confine *c)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc;

    if (ctx == NULL) {
        return -ENOMEM;
    }
    rc = add_rules(ctx, c);
    if (rc == 0) {
        rc = seccomp_load(ctx);
    }
    seccomp_release(ctx);
    return rc;
}

int confine_now(const struct confine *c, struct err *e)
{
    const struct rlimit no_core = { 0, 0 };
    uid_t uid;
    gid_t gid;
    int rc = 0;

    if (geteuid() == 0) {
        lookup_user(c->user, &uid, &gid);
        leave_namespaces();
        rc = enter_empty_root(c->empty_dir);
        if (rc == 0) {
            rc = drop_user(uid, gid);
        }
        if (rc != 0) {
            return err_errno(e, rc, "cannot give up rights", "%s", c->user);
        }
    }
    setrlimit(RLIMIT_CORE, &no_core);
    /* Changing the user cleared it: die with the parent. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return err_errno(e, -errno, "cannot give up rights", "privileges");
    }
    rc = load_filter(c);
    if (rc != 0) {
        return err_errno(e, rc, "cannot give up rights", "system calls");
    }
    return 0;
}
