/* SPDX-License-Identifier: MIT */
/*
 * A confined process as others see it in /proc, its death at the first call
 * outside its list, and the lists of the backends against their budget.
 */
#include <back/blk_serve.h>
#include <back/confine.h>
#include <back/net_serve.h>
#include <lib/err.h>

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the filter -------------------------------------------------------------------- */

static const int calls[] = {
    __NR_write, __NR_read, __NR_exit_group, __NR_munmap, __NR_close,
    __NR_rt_sigreturn
};
static const unsigned long requests[] = { 0x1234 };

/* The sanitizers' shadow memory is address space too. */
#define SANITIZER_ROOM (1ul << 50)

/* What the child tries; the answer is how it ended. */
enum attempt { TRY_WRITE, TRY_OPEN, TRY_FORK, TRY_IOCTL, TRY_OTHER_IOCTL,
               TRY_MMAP, TRY_MMAP_EXEC, TRY_SOCKET };

static void attempt(enum attempt what)
{
    switch (what) {
    case TRY_WRITE:
        syscall(__NR_write, 1, "", 0);
        break;
    case TRY_OPEN:
        syscall(__NR_openat, AT_FDCWD, "/", O_RDONLY, 0);
        break;
    case TRY_FORK:
        syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
        break;
    case TRY_IOCTL:
        syscall(__NR_ioctl, 1, 0x1234, 0);
        break;
    case TRY_OTHER_IOCTL:
        syscall(__NR_ioctl, 1, 0x5401, 0);
        break;
    case TRY_MMAP:
        syscall(__NR_mmap, 0, 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        break;
    case TRY_MMAP_EXEC:
        syscall(__NR_mmap, 0, 4096, PROT_READ | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        break;
    case TRY_SOCKET:
        syscall(__NR_socket, 1, 1, 0);
        break;
    }
}

static int confined(enum attempt what, const char *dir)
{
    const struct confine c = {
        .name = "test", .user = "paravane-blk", .domid = 77,
        .empty_dir = dir, .syscalls = calls,
        .nr_syscalls = sizeof(calls) / sizeof(calls[0]),
        .ioctls = requests, .nr_ioctls = 1,
        .memory = SANITIZER_ROOM,
    };
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct err e = ERR_INIT;

        if (confine_now(&c, &e) != 0) {
            syscall(__NR_exit_group, 99);
        }
        attempt(what);
        syscall(__NR_exit_group, 7);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void confined_process_dies_at_the_first_foreign_call(void **state)
{
    static const struct { enum attempt what; int end; } cases[] = {
        { TRY_WRITE, 7 }, { TRY_OPEN, -SIGSYS }, { TRY_FORK, -SIGSYS },
        { TRY_IOCTL, 7 }, { TRY_OTHER_IOCTL, -SIGSYS }, { TRY_MMAP, 7 },
        { TRY_MMAP_EXEC, -SIGSYS }, { TRY_SOCKET, -SIGSYS },
    };
    char dir[] = "/tmp/confine-test-XXXXXX";
    char empty[64];
    size_t i;

    assert_non_null(mkdtemp(dir));
    snprintf(empty, sizeof(empty), "%s/empty", dir);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(confined(cases[i].what, empty), cases[i].end);
    }
    rmdir(empty);
    rmdir(dir);
}

/* ---- seen from outside ------------------------------------------------------------- */

/* The word behind @key in /proc/PID/status. */
static void status_word(pid_t pid, const char *key, char word[64])
{
    char path[64], line[256];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    assert_non_null(f);
    word[0] = '\0';
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            sscanf(line + strlen(key), "%63s", word);
        }
    }
    fclose(f);
}

/* The soft limit that /proc/PID/limits gives for @name. */
static unsigned long limit_of(pid_t pid, const char *name)
{
    char path[64], line[256];
    unsigned long value = ~0ul;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoul(line + strlen(name), NULL, 10);
        }
    }
    fclose(f);
    return value;
}

static void namespace_of(pid_t pid, const char *kind, char text[64])
{
    char path[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
    n = readlink(path, text, 63);
    assert_true(n > 0);
    text[n] = '\0';
}

/* A process confined like a serving one, until @end is closed. */
static pid_t start_confined(const struct confine *c, int *end)
{
    int up[2], down[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);
    pid = fork();
    if (pid == 0) {
        struct err e = ERR_INIT;

        close(down[1]);
        if (confine_now(c, &e) != 0 || write(up[1], "u", 1) != 1) {
            syscall(__NR_exit_group, 99);
        }
        syscall(__NR_read, down[0], &byte, 1);
        syscall(__NR_exit_group, 0);
    }
    close(up[1]);
    close(down[0]);
    assert_int_equal(read(up[0], &byte, 1), 1);
    close(up[0]);
    *end = down[1];
    return pid;
}

static bool can_unshare(int flags)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(unshare(flags) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void expect_own_namespaces(pid_t pid)
{
    static const struct { const char *kind; int flag; } kinds[] = {
        { "mnt", CLONE_NEWNS }, { "net", CLONE_NEWNET },
        { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS },
        { "cgroup", CLONE_NEWCGROUP },
    };
    char ours[64], theirs[64];
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!can_unshare(kinds[i].flag)) {
            print_message("no right to make a namespace: %s\n",
                          kinds[i].kind);
            continue;
        }
        namespace_of(getpid(), kinds[i].kind, ours);
        namespace_of(pid, kinds[i].kind, theirs);
        assert_string_not_equal(ours, theirs);
    }
}

static void expect_no_rights(pid_t pid)
{
    static const char *const caps[] = {
        "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"
    };
    char word[64], uid[16];
    size_t i;

    for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        status_word(pid, caps[i], word);
        assert_string_equal(word, "0000000000000000");
    }
    snprintf(uid, sizeof(uid), "%u", confine_uid("paravane-blk", 77));
    status_word(pid, "Uid:", word);
    assert_string_equal(word, uid);
    status_word(pid, "Gid:", word);
    assert_string_equal(word, uid);
    status_word(pid, "Groups:", word);
    assert_string_equal(word, "");
}

static void a_confined_process_has_nothing_left(void **state)
{
    char dir[] = "/tmp/confine-test-XXXXXX", empty[64], word[64];
    const struct confine c = {
        .name = "test", .user = "paravane-blk", .domid = 77,
        .empty_dir = empty, .syscalls = calls,
        .nr_syscalls = sizeof(calls) / sizeof(calls[0]),
        .memory = SANITIZER_ROOM,
    };
    int end, status;
    pid_t pid;

    assert_non_null(mkdtemp(dir));
    snprintf(empty, sizeof(empty), "%s/empty", dir);
    pid = start_confined(&c, &end);
    status_word(pid, "Seccomp:", word);
    assert_string_equal(word, "2");
    status_word(pid, "NoNewPrivs:", word);
    assert_string_equal(word, "1");
    assert_int_equal(limit_of(pid, "Max processes"), 64);
    assert_int_equal(limit_of(pid, "Max open files"), 0);
    assert_int_equal(limit_of(pid, "Max core file size"), 0);
    assert_int_equal(limit_of(pid, "Max address space"), SANITIZER_ROOM);
    if (geteuid() == 0) {
        expect_own_namespaces(pid);
        expect_no_rights(pid);
    }
    close(end);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    rmdir(empty);
    rmdir(dir);
}

/* Two domains never share a user, nor do two classes of one domain. */
static void every_process_has_a_user_of_its_own(void **state)
{
    static const char *const users[] = {
        "paravane-blk", "paravane-net", "paravane-input", "paravane-vnc",
        "of a class that nobody has listed"
    };
    uint32_t seen[25];
    unsigned int nr = 0, i, j, domid;

    for (i = 0; i < 5; i++) {
        for (domid = 0; domid < 0x7ff0; domid += 0x1ff0) {
            seen[nr] = confine_uid(users[i], domid);
            assert_true(seen[nr] >= CONFINE_UID_BASE);
            assert_true(seen[nr] < 0x80000000u);
            for (j = 0; j < nr; j++) {
                assert_int_not_equal(seen[j], seen[nr]);
            }
            nr++;
        }
    }
}

/* Twenty for block and network; the text is what vmctl doctor
 * shows. */
static void lists_stay_within_their_budget(void **state)
{
    char text[1024];

    assert_true(confine_count(&blk_sandbox) <= 20);
    assert_true(confine_count(&net_sandbox) <= 20);
    confine_describe(&blk_sandbox, text, sizeof(text));
    assert_non_null(strstr(text, "block 19 system calls: epoll_wait "));
    assert_non_null(strstr(text, " ioctl mmap"));
    confine_describe(&net_sandbox, text, 20);
    assert_int_equal(strlen(text), 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confined_process_dies_at_the_first_foreign_call),
        cmocka_unit_test(a_confined_process_has_nothing_left),
        cmocka_unit_test(every_process_has_a_user_of_its_own),
        cmocka_unit_test(lists_stay_within_their_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
