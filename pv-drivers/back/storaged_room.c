/* SPDX-License-Identifier: MIT */
/*
 * The storage daemon's confinement.  It is somebody else's program: it opens
 * files by their names and starts threads, so it gets a small world instead of
 * an empty one.  Covered by tests/unit/pvdrv/test_qcow2.c.
 */
#include <back/storaged_room.h>

#include <back/qcow2.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY   65534u
#define MAX_FDS  1024u
#define MEMORY   (2ull << 30)          /* address space, threads included */

/* All that it was seen to use, and what these fall back to. */
static const int allowed[] = {
    __NR_read, __NR_write, __NR_readv, __NR_writev, __NR_pread64,
    __NR_pwrite64, __NR_preadv, __NR_pwritev, __NR_preadv2, __NR_pwritev2,
    __NR_close, __NR_poll, __NR_ppoll, __NR_epoll_create1, __NR_epoll_ctl,
    __NR_epoll_wait, __NR_epoll_pwait, __NR_lseek, __NR_mmap, __NR_munmap,
    __NR_mprotect, __NR_mremap, __NR_madvise, __NR_brk, __NR_rt_sigaction,
    __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack, __NR_access,
    __NR_sendmsg, __NR_recvmsg, __NR_sendto, __NR_recvfrom, __NR_listen,
    __NR_accept4, __NR_shutdown, __NR_getsockname, __NR_getpeername,
    __NR_setsockopt, __NR_getsockopt, __NR_execve, __NR_fcntl, __NR_dup,
    __NR_readlink, __NR_prctl, __NR_arch_prctl, __NR_gettid, __NR_getpid,
    __NR_tgkill, __NR_futex, __NR_sched_getaffinity, __NR_sched_yield,
    __NR_getdents64, __NR_set_tid_address, __NR_set_robust_list, __NR_rseq,
    __NR_clock_gettime, __NR_clock_nanosleep, __NR_nanosleep,
    __NR_gettimeofday, __NR_set_mempolicy, __NR_get_mempolicy, __NR_openat,
    __NR_newfstatat, __NR_fstat, __NR_statx, __NR_fstatfs, __NR_signalfd4,
    __NR_eventfd2, __NR_pipe2, __NR_prlimit64, __NR_getrandom, __NR_clone,
    __NR_clone3, __NR_exit, __NR_exit_group, __NR_fdatasync, __NR_fsync,
    __NR_fallocate, __NR_ftruncate, __NR_ioctl, __NR_restart_syscall,
    __NR_timerfd_create, __NR_timerfd_settime, __NR_geteuid, __NR_getuid,
    __NR_getegid, __NR_getgid, __NR_sysinfo, __NR_uname, __NR_membarrier,
};

/* ---- a root directory ------------------------------------------------------------ */

static int bind_readonly(const char *from, const char *to)
{
    if (mount(from, to, NULL, MS_BIND, NULL) != 0) {
        return -1;
    }
    return mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID,
                 NULL);
}

/* A directory of the host, or the link that stands there. */
static int add_dir(const char *root, const char *name)
{
    char to[256], link[64];
    struct stat st;
    ssize_t n;

    snprintf(to, sizeof(to), "%s%s", root, name);
    if (lstat(name, &st) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (!S_ISLNK(st.st_mode)) {
        return mkdir(to, 0755) == 0 ? bind_readonly(name, to) : -1;
    }
    n = readlink(name, link, sizeof(link) - 1);
    if (n < 0) {
        return -1;
    }
    link[n] = '\0';
    return symlink(link, to);
}

static int add_image(const char *root, const struct qcow2_chain *c,
                     unsigned int i, bool readonly)
{
    char to[256];
    int fd;

    snprintf(to, sizeof(to), "%s/img/%u", root, i);
    fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    close(fd);
    if (i > 0 || readonly) {
        return bind_readonly(c->files[i].path, to);
    }
    return mount(c->files[i].path, to, NULL, MS_BIND, NULL);
}

/* It asks /dev/null whether this kernel has open-file-description locks. */
static int add_null(const char *root)
{
    char to[256];
    int fd;

    snprintf(to, sizeof(to), "%s/dev", root);
    if (mkdir(to, 0755) != 0) {
        return -1;
    }
    snprintf(to, sizeof(to), "%s/dev/null", root);
    fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    close(fd);
    return mount("/dev/null", to, NULL, MS_BIND, NULL);
}

static int build(const char *root, const struct qcow2_chain *c, bool readonly)
{
    static const char *const dirs[] = { "/usr", "/lib", "/lib64" };
    char img[256];

    if ((mkdir(root, 0755) != 0 && errno != EEXIST) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", root, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") != 0) {
        return -1;
    }
    snprintf(img, sizeof(img), "%s/img", root);
    if (mkdir(img, 0755) != 0 || add_null(root) != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        if (add_dir(root, dirs[i]) != 0) {
            return -1;
        }
    }
    for (unsigned int i = 0; i < c->nr; i++) {
        if (add_image(root, c, i, readonly) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- rights ----------------------------------------------------------------------------- */

/* Only to open what is in the room, whoever owns it: kept across execve(). */
static int keep_one_capability(void)
{
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    d[0].effective = d[0].permitted = d[0].inheritable =
        1u << CAP_DAC_OVERRIDE;
    if (syscall(SYS_capset, &h, d) != 0) {
        return -1;
    }
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0,
                 0);
}

static int drop_rights(void)
{
    struct passwd *pw = getpwnam("paravane-blk");
    uid_t uid = pw != NULL ? pw->pw_uid : NOBODY;
    gid_t gid = pw != NULL ? pw->pw_gid : NOBODY;

    for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
        if (cap != CAP_DAC_OVERRIDE && cap != CAP_SETPCAP) {
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
        }
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return -1;
    }
    return keep_one_capability();
}

static int filter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = ctx == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0;
         i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    if (rc == 0) {
        rc = seccomp_load(ctx);
    }
    seccomp_release(ctx);
    errno = -rc;
    return rc == 0 ? 0 : -1;
}

static void limit(int what, rlim_t value)
{
    const struct rlimit l = { value, value };

    setrlimit(what, &l);
}

/* @fds and the locked backing files stay; everything else closes at exec. */
static void keep(const struct qcow2_chain *chain, const int *fds,
                 unsigned int nr_fds)
{
    syscall(SYS_close_range, 3u, ~0u, 1u << 2);   /* CLOSE_RANGE_CLOEXEC */
    for (unsigned int i = 0; i < nr_fds; i++) {
        fcntl(fds[i], F_SETFD, 0);
    }
    for (unsigned int i = 1; i < chain->nr; i++) {
        fcntl(chain->files[i].fd, F_SETFD, 0);
    }
}

static int become(const char *root)
{
    static const int spaces = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

    if (unshare(spaces) != 0 || chroot(root) != 0 || chdir("/") != 0) {
        return -1;
    }
    return drop_rights();
}

int storaged_enter_room(const char *run_dir, const struct qcow2_chain *chain,
                        bool readonly, const int *fds, unsigned int nr_fds,
                        pid_t parent)
{
    char root[200];
    sigset_t none;

    snprintf(root, sizeof(root), "%s/room", run_dir);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    keep(chain, fds, nr_fds);
    if (unshare(CLONE_NEWNS) != 0 || build(root, chain, readonly) != 0 ||
        become(root) != 0) {
        return -1;
    }
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, MAX_FDS);
    /* Changing the user cleared it: it dies with us. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    if (filter() != 0) {
        return -1;
    }
    limit(RLIMIT_AS, MEMORY);
    return 0;
}
