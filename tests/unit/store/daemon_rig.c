/* SPDX-License-Identifier: MIT */
/*
 * Daemon and guests for test_daemon.c; see daemon_rig.h.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon_rig.h"

#include <server/daemon.h>
#include <server/server.h>

static char dir[64];
static char path_buf[128];

const char *in_dir(const char *name)
{
    snprintf(path_buf, sizeof(path_buf), "%s/%s", dir, name);
    return path_buf;
}

int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the daemon --------------------------------------------------------- */

/*
 * With die_at_commits set a daemon now and then kills itself right before or
 * right after a commit: between that and the sending lies little time, which
 * kills from outside seldom meet.
 */
bool die_at_commits;
void (*at_commit)(void);

void __real_state_commit(struct server *s);
void __wrap_state_commit(struct server *s);

void __wrap_state_commit(struct server *s)
{
    if (die_at_commits && s->listener > 0 && rand() % 12 == 0) {
        kill(getpid(), SIGKILL);
    }
    __real_state_commit(s);
    if (at_commit != NULL) {
        at_commit();
    }
    if (die_at_commits && s->listener > 0 && rand() % 6 == 0) {
        kill(getpid(), SIGKILL);
    }
}

pid_t daemon_start(void)
{
    static char *argv[] = { "xenstored", "-F", NULL };
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int log = open(in_dir("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);   /* a failed test leaves nothing */
        srand((unsigned int)getpid());
        dup2(log, 1);
        dup2(log, 2);
        _exit(daemon_main(2, argv));
    }
    return pid;
}

void daemon_kill(pid_t pid)
{
    int status;

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* A clean end; its status tells of sanitizer reports. */
void daemon_stop(pid_t pid)
{
    int status;

    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool has_died(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };

    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
}

static void wait_until_it_listens(pid_t pid)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t deadline = now_ms() + 10000;

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", in_dir("socket"));
    while (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 &&
           !has_died(pid) && now_ms() < deadline) {
        usleep(500);
    }
    close(fd);
}

/* A process that kills and restarts the daemon until the pipe closes. */
pid_t killer_start(int *stop_fd)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pid_t victim = 0;
        char c;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[1]);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        srand((unsigned int)getpid());
        do {
            int status;

            victim = daemon_start();
            wait_until_it_listens(victim);
            usleep((useconds_t)(rand() % 20000));
            kill(victim, SIGKILL);
            waitpid(victim, &status, 0);
            if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
                _exit(1);             /* it ended by itself: a fault */
            }
        } while (read(ends[0], &c, 1) < 0);
        _exit(0);
    }
    close(ends[0]);
    *stop_fd = ends[1];
    return pid;
}

void killer_stop(pid_t pid, int stop_fd)
{
    int status;

    close(stop_fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void write_file(const char *name, const char *text)
{
    FILE *f = fopen(in_dir(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* ---- a guest ------------------------------------------------------------ */

void kick_host(int fd, uint32_t port)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/host.sock", dir);
    /* Lost while the daemon is away, as with a real channel. */
    sendto(fd, &port, sizeof(port), 0, (struct sockaddr *)&sun, sizeof(sun));
}

void guest_make(struct guest *g, uint32_t domid)
{
    char name[32];
    int fd;

    memset(g, 0, sizeof(*g));
    g->domid = domid;
    snprintf(name, sizeof(name), "%u.ring", domid);
    fd = open(in_dir(name), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 4096), 0);
    g->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(g->page != MAP_FAILED);
    close(fd);
    g->events = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(name, sizeof(name), "%u.state", domid);
    write_file(name, "r");
}

void guest_free(struct guest *g)
{
    char name[32];

    snprintf(name, sizeof(name), "%u.state", g->domid);
    unlink(in_dir(name));
    munmap(g->page, 4096);
    close(g->events);
}

void guest_put(struct guest *g, const void *data, uint32_t len)
{
    const char *from = data;

    while (len > 0) {
        int64_t deadline = now_ms() + 10000;
        uint32_t prod = g->page->req_prod;
        uint32_t before = prod;
        uint32_t room;

        while ((room = XENSTORE_RING_SIZE - (prod - __atomic_load_n(
                    &g->page->req_cons, __ATOMIC_ACQUIRE))) == 0) {
            assert_true(now_ms() < deadline);
            usleep(50);
        }
        for (; room > 0 && len > 0; room--, len--) {
            g->page->req[MASK_XENSTORE_IDX(prod++)] = *from++;
        }
        __atomic_store_n(&g->page->req_prod, prod, __ATOMIC_SEQ_CST);
        /* As Linux: whoever still has bytes to take will see these too. */
        if ((int32_t)(before - __atomic_load_n(&g->page->req_cons,
                                               __ATOMIC_SEQ_CST)) <= 0) {
            kick_host(g->events, g->domid + 1);
        }
    }
}

static void guest_take(struct guest *g, void *data, uint32_t len)
{
    int64_t deadline = now_ms() + 10000;
    char *to = data;

    while (len > 0) {
        uint32_t cons = g->page->rsp_cons;
        uint32_t before;
        uint32_t have = __atomic_load_n(&g->page->rsp_prod,
                                        __ATOMIC_ACQUIRE) - cons;

        assert_true(have <= XENSTORE_RING_SIZE);
        if (have == 0) {
            assert_true(now_ms() < deadline);
            usleep(50);
            continue;
        }
        before = cons;
        for (; have > 0 && len > 0; have--, len--) {
            *to++ = g->page->rsp[MASK_XENSTORE_IDX(cons++)];
        }
        __atomic_store_n(&g->page->rsp_cons, cons, __ATOMIC_SEQ_CST);
        /* As Linux: only a store that found the ring full waits for this. */
        if (__atomic_load_n(&g->page->rsp_prod, __ATOMIC_SEQ_CST) - before >=
            XENSTORE_RING_SIZE) {
            kick_host(g->events, g->domid + 1);
        }
    }
}

void guest_send(struct guest *g, uint32_t type, uint32_t tx,
                       const void *body, uint32_t len)
{
    struct xsd_sockmsg h = { type, ++g->req_id, tx, len };

    guest_put(g, &h, sizeof(h));
    guest_put(g, body, len);
}

uint32_t guest_receive(struct guest *g, struct xsd_sockmsg *h,
                              char body[XENSTORE_PAYLOAD_MAX + 1])
{
    guest_take(g, h, sizeof(*h));
    assert_true(h->len <= XENSTORE_PAYLOAD_MAX);
    guest_take(g, body, h->len);
    body[h->len] = '\0';
    return h->type;
}

/* Send and take the next message, which must be the answer. */
uint32_t guest_call(struct guest *g, uint32_t type, uint32_t tx,
                           const void *body, uint32_t len,
                           char answer[XENSTORE_PAYLOAD_MAX + 1])
{
    struct xsd_sockmsg h;

    guest_send(g, type, tx, body, len);
    guest_receive(g, &h, answer);
    assert_int_equal(h.req_id, g->req_id);
    return h.type;
}

void guest_expect_event(struct guest *g, const char *path,
                               const char *token)
{
    char body[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    assert_int_equal(guest_receive(g, &h, body), XS_WATCH_EVENT);
    assert_string_equal(body, path);
    assert_string_equal(body + strlen(path) + 1, token);
}

struct xs *connect_client(void)
{
    struct xs *xs;

    assert_int_equal(xs_open(&xs, 10000), 0);
    return xs;
}

/* A guest with its own directory, served by the daemon. */
void introduce(struct xs *xs, struct guest *g)
{
    struct perm own = { g->domid, PERM_NONE };
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u", g->domid);
    assert_int_equal(xs_mkdir(xs, XS_TXN_NONE, path), 0);
    assert_int_equal(xs_set_perms(xs, XS_TXN_NONE, path, &own, 1), 0);
    assert_int_equal(xs_introduce(xs, g->domid, 0x1000 + g->domid, 1), 0);
}

/* ---- fixture ------------------------------------------------------------ */

int make_dir(void **state)
{
    strcpy(dir, "/tmp/test-store-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    setenv("XENSTORED_RUNDIR", dir, 1);
    setenv("XENSTORED_TEST_DIR", dir, 1);
    unsetenv("XENSTORED_PATH");
    return 0;
}

int remove_dir(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}
