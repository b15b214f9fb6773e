/* SPDX-License-Identifier: MIT */
/*
 * paravane-slirpd: user-mode networking of one card.  Started by
 * paravane-netd, with a packet socket as descriptor 3 that carries frames with
 * a virtio header, as a tap would.
 *
 *   paravane-slirpd --domid N [--mtu BYTES] --empty-dir DIR
 *   paravane-slirpd --sandbox: print what it may do, and end
 *
 * Owns    the process: options, confinement, its loop.
 * Leaves  frames to slirp_frame.c, TCP/IP to libslirp: the guest is 10.0.2.15
 *         by DHCP, its router 10.0.2.2, and reaches what this host reaches
 *         except the host's own loopback.
 * Tests   tests/boot/dom0/net-pair.sh
 */
#include <back/confine.h>
#include <back/slirp_frame.h>
#include <lib/err.h>
#include <lib/log.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAMES_FD   3
#define MAX_FDS     1024
#define MAX_TIMERS  4
#define FRAMES_TURN 64
#define DEFAULT_MTU 65521            /* a guest that says less gets less */

static const int allowed[] = {
    __NR_poll, __NR_ppoll, __NR_read, __NR_write, __NR_writev, __NR_recvfrom,
    __NR_recvmsg, __NR_sendto, __NR_sendmsg, __NR_bind, __NR_connect,
    __NR_listen, __NR_accept, __NR_accept4, __NR_getsockname,
    __NR_getpeername, __NR_getsockopt, __NR_setsockopt, __NR_shutdown,
    __NR_close, __NR_fcntl, __NR_clock_gettime, __NR_brk, __NR_munmap,
    __NR_mremap, __NR_futex, __NR_getrandom, __NR_madvise, __NR_exit_group,
    __NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_restart_syscall,
};
static const unsigned long ioctls[] = { FIONREAD, FIONBIO };

static const struct confine sandbox = {
    .name = "slirp", .user = "paravane-slirp", .syscalls = allowed,
    .nr_syscalls = sizeof(allowed) / sizeof(allowed[0]),
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
    .new_files = MAX_FDS, .memory = 512ul << 20, .inet = true,
};

struct timer {
    SlirpTimerCb fn;
    void *arg;
    int64_t at_ms;                     /* -1: not set */
};

struct user {
    Slirp *slirp;
    unsigned int domid, mtu;
    const char *empty_dir;
    struct pollfd fds[MAX_FDS];
    int nr_fds;
    struct timer timers[MAX_TIMERS];
    int nr_timers;
};

/* ---- what libslirp asks for ------------------------------------------------------------ */

/* A frame that finds no room is dropped: TCP sends it again. */
static ssize_t send_packet(const void *frame, size_t len, void *arg)
{
    if (slirp_frame_write(FRAMES_FD, frame, len) != 0) {
        _exit(0);                 /* nobody is there any more */
    }
    return (ssize_t)len;
}

static void guest_error(const char *msg, void *arg)
{
}

static int64_t clock_ns(void *arg)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void *timer_new(SlirpTimerCb fn, void *fn_arg, void *arg)
{
    struct user *u = arg;

    if (u->nr_timers == MAX_TIMERS) {
        abort();                  /* it makes one, at its start */
    }
    u->timers[u->nr_timers] = (struct timer){ fn, fn_arg, -1 };
    return &u->timers[u->nr_timers++];
}

static void timer_free(void *timer, void *arg)
{
    ((struct timer *)timer)->at_ms = -1;
}

static void timer_mod(void *timer, int64_t at_ms, void *arg)
{
    ((struct timer *)timer)->at_ms = at_ms;
}

static void ignore_fd(int fd, void *arg)
{
}

static void ignore(void *arg)
{
}

static const SlirpCb callbacks = {
    .send_packet = send_packet, .guest_error = guest_error,
    .clock_get_ns = clock_ns, .timer_new = timer_new,
    .timer_free = timer_free, .timer_mod = timer_mod,
    .register_poll_fd = ignore_fd, .unregister_poll_fd = ignore_fd,
    .notify = ignore,
};

/* ---- the loop ---------------------------------------------------------------------------- */

static const struct { int slirp; short poll; } events[] = {
    { SLIRP_POLL_IN, POLLIN }, { SLIRP_POLL_OUT, POLLOUT },
    { SLIRP_POLL_PRI, POLLPRI }, { SLIRP_POLL_ERR, POLLERR },
    { SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int wanted, void *arg)
{
    struct user *u = arg;
    short set = 0;

    if (u->nr_fds == MAX_FDS) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        set |= (wanted & events[i].slirp) != 0 ? events[i].poll : 0;
    }
    u->fds[u->nr_fds] = (struct pollfd){ .fd = fd, .events = set };
    return u->nr_fds++;
}

static int get_revents(int i, void *arg)
{
    const struct user *u = arg;
    int got = 0;

    for (size_t k = 0; i >= 0 && k < sizeof(events) / sizeof(events[0]); k++) {
        got |= (u->fds[i].revents & events[k].poll) != 0 ? events[k].slirp : 0;
    }
    return got;
}

static void take_frames(struct user *u)
{
    static uint8_t frame[SLIRP_FRAME_MAX];

    for (int i = 0; i < FRAMES_TURN; i++) {
        long len = slirp_frame_read(FRAMES_FD, frame, u->mtu);

        if (len == -EAGAIN) {
            return;
        }
        if (len < 0) {
            _exit(0);             /* the card has gone */
        }
        if (len > 0) {
            slirp_input(u->slirp, frame, (int)len);
        }
    }
}

static void run_timers(struct user *u)
{
    int64_t now = clock_ns(u) / 1000000;

    for (int i = 0; i < u->nr_timers; i++) {
        struct timer *t = &u->timers[i];

        if (t->at_ms >= 0 && t->at_ms <= now) {
            t->at_ms = -1;
            t->fn(t->arg);
        }
    }
}

static void serve(struct user *u)
{
    for (;;) {
        uint32_t timeout = 1000;
        int rc;

        u->nr_fds = 1;
        u->fds[0] = (struct pollfd){ .fd = FRAMES_FD, .events = POLLIN };
        slirp_pollfds_fill(u->slirp, &timeout, add_poll, u);
        rc = poll(u->fds, (nfds_t)u->nr_fds, (int)timeout);
        slirp_pollfds_poll(u->slirp, rc < 0, get_revents, u);
        if (rc > 0 && u->fds[0].revents != 0) {
            take_frames(u);
        }
        run_timers(u);
    }
}

/* ---- start ------------------------------------------------------------------------------- */

/* The host's name server, unless only the host itself can reach it. */
static bool name_server(struct in_addr *addr)
{
    FILE *f = fopen("/etc/resolv.conf", "re");
    char line[256], text[64];
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = sscanf(line, "nameserver %63s", text) == 1 &&
                inet_pton(AF_INET, text, addr) == 1 &&
                (ntohl(addr->s_addr) >> 24) != 127;
    }
    if (f != NULL) {
        fclose(f);
    }
    return found;
}

static int start(struct user *u, struct err *e)
{
    SlirpConfig config = { .version = 4, .in_enabled = true,
                           .disable_host_loopback = true,
                           .if_mtu = u->mtu, .if_mru = u->mtu };
    struct confine c = sandbox;

    inet_pton(AF_INET, "10.0.2.0", &config.vnetwork);
    inet_pton(AF_INET, "255.255.255.0", &config.vnetmask);
    inet_pton(AF_INET, "10.0.2.2", &config.vhost);
    inet_pton(AF_INET, "10.0.2.15", &config.vdhcp_start);
    inet_pton(AF_INET, "10.0.2.3", &config.vnameserver);
    config.disable_dns = !name_server(&config.vnameserver);
    u->slirp = slirp_new(&config, &callbacks, u);
    if (u->slirp == NULL) {
        return err_errno(e, -EINVAL, "cannot start user-mode networking",
                         "libslirp");
    }
    c.domid = u->domid;
    c.empty_dir = u->empty_dir;
    return confine_now(&c, e);
}

static int parse_args(struct user *u, int argc, char **argv)
{
    static const struct option options[] = {
        { "domid", required_argument, NULL, 'd' },
        { "mtu", required_argument, NULL, 'm' },
        { "empty-dir", required_argument, NULL, 'e' },
        { "sandbox", no_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    char text[1024];
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            u->domid = (unsigned int)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            u->mtu = (unsigned int)strtoul(optarg, NULL, 10);
            break;
        case 'e':
            u->empty_dir = optarg;
            break;
        case 's':
            confine_describe(&sandbox, text, sizeof(text));
            printf("%s\n", text);
            exit(0);
        default:
            return ERR_USAGE;
        }
    }
    u->mtu = u->mtu == 0 ? DEFAULT_MTU : u->mtu;
    return optind == argc && u->empty_dir != NULL ? 0 : ERR_USAGE;
}

int main(int argc, char **argv)
{
    static struct user u;
    struct err e = ERR_INIT;

    if (parse_args(&u, argc, argv) != 0) {
        fprintf(stderr, "usage: paravane-slirpd --domid N [--mtu BYTES] "
                "--empty-dir DIR\n");
        return ERR_USAGE;
    }
    log_init("paravane-slirpd", LOG_LVL_INFO, 0);
    signal(SIGPIPE, SIG_IGN);
    fcntl(FRAMES_FD, F_SETFL, O_NONBLOCK);
    if (start(&u, &e) != 0) {
        log_errval(&e);
        return err_exit_status(&e);
    }
    serve(&u);
}
