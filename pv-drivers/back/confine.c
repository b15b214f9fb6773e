/* SPDX-License-Identifier: MIT */
/*
 * Confinement of a backend process.  Which calls a class of backend needs is
 * stated by its caller (blk_serve.c).  Covered by
 * tests/unit/pvdrv/test_confine.c.
 */
#include <back/confine.h>

#include <lib/err.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DEFAULT_MEMORY (256ul << 20)
/* io_uring's workers count as processes of the user; it cannot make others. */
#define KERNEL_THREADS 64u

/* ---- who ----------------------------------------------------------------------- */

uint32_t confine_uid(const char *user, unsigned int domid)
{
    static const char *const classes[] = {
        "paravane-blk", "paravane-net", "paravane-input", "paravane-vnc",
        "paravane-slirp", "paravane-hvm",
    };
    uint32_t i = 0;

    while (i < sizeof(classes) / sizeof(classes[0]) &&
           strcmp(user, classes[i]) != 0) {
        i++;
    }
    return CONFINE_UID_BASE + i * 0x10000u + (domid & 0xffffu);
}

/* ---- namespaces and files ---------------------------------------------------------- */

/* Namespaces the kernel lacks cost nothing: the filter allows no use. */
static void leave_namespaces(bool keep_net)
{
    static const int flags[] = { CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                                 CLONE_NEWCGROUP };
    size_t i;

    for (i = keep_net; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (unshare(flags[i]) != 0) {
            continue;
        }
    }
}

#define LOCKED (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* On @dir: nothing, or the files below @files. */
static int mount_root(const char *dir, const char *files)
{
    if (files == NULL) {
        return mount("none", dir, "tmpfs", LOCKED,
                     "mode=0555,nr_inodes=2,size=4k");
    }
    return mount(files, dir, NULL, MS_BIND, NULL) != 0 ? -1
           : mount("", dir, NULL, MS_BIND | MS_REMOUNT | LOCKED, NULL);
}

/* A read-only file system, over all others. */
static int cover_root(const char *dir, const char *files)
{
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount_root(dir, files) != 0 || chdir(dir) != 0) {
        return -errno;
    }
    return mount(".", "/", NULL, MS_MOVE, NULL) != 0 ? -errno : 0;
}

static int enter_empty_root(const char *dir, const char *files)
{
    if (mkdir(dir, 0555) != 0 && errno != EEXIST) {
        return -errno;
    }
    if (cover_root(dir, files) != 0 &&
        chdir(files != NULL ? files : dir) != 0) {
        return -errno;
    }
    if (chroot(".") != 0 || chdir("/") != 0) {
        return -errno;
    }
    return 0;
}

/* ---- rights ---------------------------------------------------------------------------- */

static int drop_user(uid_t uid)
{
    if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
        setresuid(uid, uid, uid) != 0) {
        return -errno;
    }
    return 0;
}

/* Nothing that is executed later could have them either. */
static void drop_bounding_set(void)
{
    unsigned long cap;

    for (cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++) {
    }
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3
    };
    struct __user_cap_data_struct none[2] = { { 0 } };

    return syscall(SYS_capset, &header, none) != 0 ? -errno : 0;
}

/*
 * A user namespace without users: nobody there can become anybody.  It comes
 * with capabilities over itself, which go again at once.
 */
static int leave_users(void)
{
    if (unshare(CLONE_NEWUSER) == 0) {
        drop_bounding_set();
    }
    return drop_capabilities();
}

static int give_up_rights(const struct confine *c)
{
    int rc;

    leave_namespaces(c->inet);
    rc = enter_empty_root(c->empty_dir, c->files_dir);
    if (rc == 0) {
        drop_bounding_set();
        rc = drop_user(confine_uid(c->user, c->domid));
    }
    return rc == 0 ? leave_users() : rc;
}

static int set_limits(const struct confine *c)
{
    const struct { __rlimit_resource_t what; rlim_t most; } limits[] = {
        { RLIMIT_CORE, 0 },
        { RLIMIT_NPROC, KERNEL_THREADS },
        { RLIMIT_MSGQUEUE, 0 },
        { RLIMIT_MEMLOCK, 0 },
        { RLIMIT_NOFILE, c->new_files },
        { RLIMIT_AS, c->memory != 0 ? c->memory : DEFAULT_MEMORY },
    };
    size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct rlimit l = { limits[i].most, limits[i].most };

        if (setrlimit(limits[i].what, &l) != 0) {
            return -errno;
        }
    }
    return 0;
}

/* ---- system calls ------------------------------------------------------------------------ */

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
    if (rc == 0 && c->inet) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, AF_INET));
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

unsigned int confine_count(const struct confine *c)
{
    return (unsigned int)c->nr_syscalls + 1 + (c->nr_ioctls > 0) + c->inet;
}

static size_t add_name(char *text, size_t size, size_t at, int nr)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
    int n = snprintf(text + at, size - at, " %s", name != NULL ? name : "?");

    free(name);
    return n < 0 || (size_t)n >= size - at ? size - 1 : at + (size_t)n;
}

void confine_describe(const struct confine *c, char *text, size_t size)
{
    size_t at, i;

    at = (size_t)snprintf(text, size, "%s %u system calls:", c->name,
                          confine_count(c));
    for (i = 0; i < c->nr_syscalls; i++) {
        at = add_name(text, size, at, c->syscalls[i]);
    }
    if (c->nr_ioctls > 0) {
        at = add_name(text, size, at, SCMP_SYS(ioctl));
    }
    if (c->inet) {
        at = add_name(text, size, at, SCMP_SYS(socket));
    }
    add_name(text, size, at, SCMP_SYS(mmap));
}

int confine_now(const struct confine *c, struct err *e)
{
    int rc = geteuid() == 0 ? give_up_rights(c) : 0;

    if (rc != 0) {
        return err_errno(e, rc, "cannot give up rights", "%s", c->user);
    }
    rc = set_limits(c);
    if (rc != 0) {
        return err_errno(e, rc, "cannot give up rights", "limits");
    }
    /* Changing the user cleared it: die with the parent. */
    prctl(PR_SET_PDEATHSIG, c->survives ? 0 : SIGKILL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return err_errno(e, -errno, "cannot give up rights", "privileges");
    }
    rc = load_filter(c);
    if (rc != 0) {
        return err_errno(e, rc, "cannot give up rights", "system calls");
    }
    return 0;
}
