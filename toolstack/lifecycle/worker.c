/* SPDX-License-Identifier: MIT */
/*
 * The worker's loop.  The store says that some domain has ended, the
 * hypervisor says whether it was ours and why, the configuration says what
 * follows.  A back end that dies is started again (keeper.h).
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <lib/ctl.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <lifecycle/keeper.h>
#include <lifecycle/state.h>
#include <lifecycle/vm.h>
#include <lifecycle/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uuid/uuid.h>

struct worker {
    struct vm vm;
    struct evloop *loop;
    struct keeper keepers[NR_BACKENDS];
    struct xs_watch *watch;
    bool look;                 /* some domain has ended: look at ours */
    bool ended;                /* the VM is over: clean up and leave */
    bool leave;                /* asked to go, the VM stays */
};

static volatile sig_atomic_t cancelled, destroy_wanted;

/* SIGTERM: leave the VM to a successor; SIGUSR1: end it, whatever it does. */
static void on_signal(int signo)
{
    destroy_wanted = destroy_wanted || signo == SIGUSR1;
    cancelled = signo;
}

/* ---- the back ends -------------------------------------------------------- */

static void follow_backends(struct worker *w)
{
    for (size_t i = 0; i < NR_BACKENDS; i++) {
        keeper_follow(&w->keepers[i], &w->vm.def);
    }
}

static void unfollow_backends(struct worker *w)
{
    for (size_t i = 0; i < NR_BACKENDS; i++) {
        keeper_unfollow(&w->keepers[i]);
    }
}

/* ---- the end of a domain ---------------------------------------------------- */

static void restart(struct worker *w)
{
    struct err e = ERR_INIT;

    unfollow_backends(w);
    vm_stop(&w->vm);
    if (vm_start(&w->vm, false, &e) != 0) {
        log_errval(&e);
        w->ended = true;
        return;
    }
    log_info("%s runs again as domain %u", w->vm.def.name, w->vm.domid);
    follow_backends(w);
}

static void act(struct worker *w, unsigned int reason)
{
    enum life_action action = state_action(&w->vm.def, reason);

    log_info("%s: domain %u stopped: %s; action: %s", w->vm.def.name,
             w->vm.domid, state_reason_name(reason), def_life_name(action));
    switch (action) {
    case LIFE_RESTART:
        restart(w);
        break;
    case LIFE_PRESERVE:
        break;                         /* until somebody destroys it */
    case LIFE_UNSET:
    case LIFE_DESTROY:
    case LIFE_RENAME_RESTART:
    case LIFE_COREDUMP_DESTROY:
    case LIFE_COREDUMP_RESTART:
        w->ended = true;
        break;
    }
}

static void look(struct worker *w)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int reason;
    int rc = ctl_domain_info(w->vm.h, w->vm.domid, &info);

    w->look = false;
    if (rc == -ESRCH ||
        (rc == 0 && memcmp(info.handle, w->vm.def.uuid, 16) != 0)) {
        w->ended = true;
    } else if (rc == 0 && (info.flags & XEN_DOMINF_dying) != 0) {
        w->ended = true;               /* destroyed by somebody: help */
    } else if (rc == 0 && state_shutdown_reason(info.flags, &reason)) {
        act(w, reason);
    }
}

static void some_domain_ended(void *arg, const char *path)
{
    struct worker *w = arg;

    w->look = true;
}

static void store_event(void *arg, uint32_t events)
{
    struct worker *w = arg;

    xs_dispatch(w->vm.xs);
}

/* ---- the loop ------------------------------------------------------------------ */

static int prepare(struct worker *w, struct err *e)
{
    int rc;

    w->loop = evloop_new();
    if (w->loop == NULL) {
        return err_errno(e, -ENOMEM, "cannot make an event loop", NULL);
    }
    for (size_t i = 0; i < NR_BACKENDS; i++) {
        rc = keeper_init(&w->keepers[i], w->loop, &w->vm.backends[i]);
        if (rc != 0) {
            return err_errno(e, rc, "cannot wait for events", NULL);
        }
    }
    if (evloop_add(w->loop, xs_fd(w->vm.xs), EPOLLIN, store_event, w) == NULL) {
        return err_errno(e, -errno, "cannot wait for events", NULL);
    }
    rc = xs_watch(w->vm.xs, "@releaseDomain", some_domain_ended, w, &w->watch);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot watch for dead domains",
                                   NULL);
}

static void follow(struct worker *w)
{
    if (!w->ended) {
        follow_backends(w);
    }
    w->look = true;
    while (!w->ended && !cancelled) {
        if (w->look) {
            look(w);
            continue;
        }
        evloop_once(w->loop, -1);
    }
    unfollow_backends(w);
    w->leave = !w->ended && !destroy_wanted;
}

static void report(int fd, int rc, unsigned int domid, const struct err *e)
{
    struct worker_report r = { .rc = rc, .domid = domid, .e = *e };

    if (fd >= 0) {
        if (write(fd, &r, sizeof(r)) != (ssize_t)sizeof(r)) {
            log_warn("nobody waits for the report");
        }
        close(fd);
    }
}

static int begin(struct worker *w, enum worker_mode mode, struct err *e)
{
    int rc = rundir_load(&w->vm.run, &w->vm.def, e);

    if (rc == 0) {
        rc = vm_open(&w->vm, e);
    }
    if (rc == 0) {
        rc = prepare(w, e);
    }
    if (rc != 0) {
        return rc;
    }
    if (mode != WORKER_ADOPT) {
        return vm_start(&w->vm, mode == WORKER_START_PAUSED, e);
    }
    rc = vm_adopt(&w->vm, e);
    w->ended = rc == -ESRCH;           /* only its remains are left */
    return w->ended ? 0 : rc;
}

static void take_signals(void)
{
    struct sigaction act = { .sa_handler = on_signal };

    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGUSR1, &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
}

/* The VM could not be started, or there is none to adopt: leave nothing. */
static void give_up(struct worker *w, enum worker_mode mode, int rc)
{
    if (mode != WORKER_ADOPT || rc == -ENOENT) {
        rundir_remove(&w->vm.run, w->vm.def.name);
    }
}

static int own_rundir(struct rundir *run, const char *uuid, int lock_fd)
{
    uuid_t id;

    if (uuid_parse(uuid, id) != 0) {
        return -EINVAL;
    }
    rundir_init(run, id);
    if (lock_fd < 0) {
        return rundir_lock(run);
    }
    run->lock = lock_fd;
    fcntl(lock_fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

static int run(struct worker *w, enum worker_mode mode, int report_fd)
{
    struct err e = ERR_INIT;
    char pid[16];
    int rc;

    snprintf(pid, sizeof(pid), "%d\n", getpid());
    rundir_write(&w->vm.run, "worker.pid", pid);
    rc = begin(w, mode, &e);
    if (rc != 0) {
        log_errval(&e);
        give_up(w, mode, rc);
    }
    report(report_fd, rc, w->vm.domid, &e);
    if (rc != 0) {
        return err_exit_status(&e);
    }
    log_info("%s is domain %u", w->vm.def.name, w->vm.domid);
    follow(w);
    if (!w->leave) {
        vm_stop(&w->vm);
        rundir_remove(&w->vm.run, w->vm.def.name);
    }
    return 0;
}

static int mode_of(const char *word)
{
    for (int m = WORKER_START; m <= WORKER_ADOPT; m++) {
        if (strcmp(worker_mode_word((enum worker_mode)m), word) == 0) {
            return m;
        }
    }
    return -1;
}

int worker_main(int argc, char **argv)
{
    struct worker w = { .vm = { .cancel = &cancelled } };
    int mode, report_fd, rc;
    struct err e = ERR_INIT;

    if (argc != 4 || (mode = mode_of(argv[0])) < 0) {
        return ERR_USAGE;
    }
    take_signals();
    prctl(PR_SET_NAME, "vmctl-worker");
    log_init("vmctl-worker", LOG_LVL_INFO, 0);
    report_fd = atoi(argv[2]);
    if (report_fd >= 0) {
        fcntl(report_fd, F_SETFD, FD_CLOEXEC);
    }
    def_init(&w.vm.def);
    rc = own_rundir(&w.vm.run, argv[1], atoi(argv[3]));
    if (rc != 0) {
        err_errno(&e, rc, "cannot be the worker", "%s", argv[1]);
        report(report_fd, rc, 0, &e);
        return ERR_STATE;
    }
    rc = run(&w, (enum worker_mode)mode, report_fd);
    evloop_free(w.loop);
    vm_close(&w.vm);
    return rc;
}
