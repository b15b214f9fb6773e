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
#include <lifecycle/emulator.h>
#include <lifecycle/events.h>
#include <lifecycle/keeper.h>
#include <lifecycle/notice.h>
#include <lifecycle/saver.h>
#include <lifecycle/saver_watch.h>
#include <lifecycle/state.h>
#include <lifecycle/vm.h>
#include <lifecycle/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define CHANGE_MS 60000u

struct worker {
    struct vm vm;
    struct evloop *loop;
    struct keeper keepers[NR_BACKENDS];
    struct notice notice;
    int inotify;               /* live.xml is written by others too */
    struct xs_watch *watch;
    struct saver_watch saver;
    struct ev_source *emulator;        /* its end */
    bool look;                 /* some domain has ended: look at ours */
    bool ended;                /* the VM is over: clean up and leave */
    bool leave;                /* asked to go, the VM stays */
    const char *last_word;     /* the event that ends it all */
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

/* ---- changes from outside ------------------------------------------------- */

static void reload(struct worker *w)
{
    struct domain_def def;
    struct err e = ERR_INIT;

    def_init(&def);
    if (rundir_load(&w->vm.run, &def, &e) != 0) {
        log_errval(&e);
        def_fini(&def);
        return;
    }
    def_fini(&w->vm.def);
    w->vm.def = def;
}

static void rundir_changed(void *arg, uint32_t events)
{
    struct worker *w = arg;
    char buf[4096] __attribute__((aligned(8)));
    ssize_t got = read(w->inotify, buf, sizeof(buf));
    bool ours = false;

    for (ssize_t at = 0; at < got;) {
        struct inotify_event *event = (void *)(buf + at);

        ours = ours || (event->len > 0 &&
                        strcmp(event->name, "live.xml") == 0);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    if (ours && !w->ended) {
        reload(w);
        if (notice_all_connected(&w->notice)) {
            devices_close_loops(&w->vm.devices);       /* of one detached */
        }
        follow_backends(w);
    }
}

/* Nobody changes the VM while it goes; what was changed before is known. */
static int lock_out(struct worker *w)
{
    int lock = rundir_change_lock(&w->vm.run, CHANGE_MS);

    if (lock < 0) {
        log_warn("%s: stopped in the middle of a change", w->vm.def.name);
    }
    reload(w);
    return lock;
}

static void let_in(int lock)
{
    if (lock >= 0) {
        close(lock);
    }
}

/* ---- the end of a domain ---------------------------------------------------- */

/*
 * The start has written live.xml too.  Taken for a change from outside, it
 * would close loop devices that the kernel has not opened yet.
 */
static void forget_own_changes(struct worker *w)
{
    char buf[4096] __attribute__((aligned(8)));

    while (read(w->inotify, buf, sizeof(buf)) > 0) {
    }
    reload(w);
}

/* ---- the device model ------------------------------------------------------- */

#define WHY_FILE "why"                 /* in the run directory */

/*
 * The guest's hardware has gone: it ends as if it had crashed, and the
 * configuration says what follows.  If it is over already, nobody minds; and
 * a device model that was told to end has a successor.
 */
static bool still_runs(const struct worker *w)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int reason;

    return ctl_domain_info(w->vm.h, w->vm.domid, &info) == 0 &&
           (info.flags & XEN_DOMINF_dying) == 0 &&
           !state_shutdown_reason(info.flags, &reason);
}

static void follow_emulator(struct worker *w);

/* It was asked to end and left its state: the next one goes on with that. */
static bool succeeded(struct worker *w)
{
    struct err e = ERR_INIT;

    if (!emulator_left_state(&w->vm.run)) {
        return false;
    }
    backend_reap(&w->vm.emulator);
    if (emulator_start(&w->vm.emulator, w->vm.xs, &w->vm.def, true, &e) != 0) {
        log_errval(&e);
        return false;
    }
    log_info("%s: the device model was replaced: process %d", w->vm.def.name,
             w->vm.emulator.pid);
    event_note(&w->vm.def, (int)w->vm.domid, "emulator-replaced");
    follow_emulator(w);
    return true;
}

static void emulator_ended(void *arg, uint32_t events)
{
    struct worker *w = arg;

    evloop_del(w->emulator);
    w->emulator = NULL;
    w->look = true;
    if (!still_runs(w) || succeeded(w)) {
        return;
    }
    log_err("%s: the device model, process %d, has ended: domain %u cannot go "
            "on", w->vm.def.name, w->vm.emulator.pid, w->vm.domid);
    backend_reap(&w->vm.emulator);
    rundir_write(&w->vm.run, WHY_FILE, "device-model");
    ctl_domain_shutdown(w->vm.h, w->vm.domid, SHUTDOWN_crash);
}

static void follow_emulator(struct worker *w)
{
    if (!emulator_kind.needed(&w->vm.def)) {
        return;
    }
    if (w->vm.emulator.pidfd < 0) {    /* it ended while nobody looked */
        emulator_ended(w, 0);
    } else {
        w->emulator = evloop_add(w->loop, w->vm.emulator.pidfd, EPOLLIN,
                                 emulator_ended, w);
    }
}

static void unfollow_emulator(struct worker *w)
{
    evloop_del(w->emulator);
    w->emulator = NULL;
}

/* ---- from beginning to end ---------------------------------------------------- */

static void begin_life(struct worker *w)
{
    int rc;

    forget_own_changes(w);
    rc = notice_begin(&w->notice);

    if (rc != 0) {
        log_warn("events are missing: %s", strerror(-rc));
    }
    follow_backends(w);
    follow_emulator(w);
}

static void end_life(struct worker *w)
{
    unfollow_emulator(w);
    saver_watch_end(&w->saver);
    notice_end(&w->notice);
    unfollow_backends(w);
}

static void restart(struct worker *w)
{
    int lock = lock_out(w), rc;
    struct err e = ERR_INIT;

    end_life(w);
    vm_stop(&w->vm);
    rc = vm_start(&w->vm, false, &e);
    let_in(lock);
    if (rc != 0) {
        log_errval(&e);
        w->ended = true;
        return;
    }
    log_info("%s runs again as domain %u", w->vm.def.name, w->vm.domid);
    event_note(&w->vm.def, (int)w->vm.domid, "started");
    begin_life(w);
}

static const char *end_name(unsigned int reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "shutdown", [SHUTDOWN_reboot] = "reboot",
        [SHUTDOWN_suspend] = "suspend", [SHUTDOWN_crash] = "crash",
        [SHUTDOWN_watchdog] = "crash",
    };
    bool known = reason < sizeof(names) / sizeof(names[0]);

    return known ? names[reason] : "shutdown";
}

/* Of the guest's own or because vmctl asked: the file "asked" says so. */
static void tell_end(struct worker *w, unsigned int reason)
{
    json_object *o = event_new(&w->vm.def, (int)w->vm.domid,
                               end_name(reason));
    char asked[16], why[32];
    bool by_us = rundir_read(&w->vm.run, "asked", asked, sizeof(asked)) == 0;
    bool known = rundir_read(&w->vm.run, WHY_FILE, why, sizeof(why)) == 0;

    if (o != NULL) {
        json_object_object_add(o, "reason", json_object_new_string(
                                   known ? why : state_reason_name(reason)));
        json_object_object_add(o, "initiator", json_object_new_string(
                                   by_us ? "host" : "guest"));
    }
    event_publish(o);
    rundir_write(&w->vm.run, "asked", NULL);
    rundir_write(&w->vm.run, WHY_FILE, NULL);
}

static void act(struct worker *w, unsigned int reason)
{
    enum life_action action = state_action(&w->vm.def, reason);

    log_info("%s: domain %u stopped: %s; action: %s", w->vm.def.name,
             w->vm.domid, state_reason_name(reason), def_life_name(action));
    tell_end(w, reason);
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
        w->last_word = "stopped";
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
        if (reason != SHUTDOWN_suspend) {
            act(w, reason);
        } else {
            w->ended = saver_watch_suspended(&w->saver);
        }
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
    saver_watch_init(&w->saver, w->loop, &w->vm, &w->look);
    rc = notice_init(&w->notice, w->loop, &w->vm);
    w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (rc != 0 || w->inotify < 0 ||
        inotify_add_watch(w->inotify, w->vm.run.path, IN_MOVED_TO) < 0 ||
        evloop_add(w->loop, w->inotify, EPOLLIN, rundir_changed, w) == NULL) {
        return err_errno(e, -errno, "cannot wait for changes", NULL);
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
        begin_life(w);
    }
    w->look = true;
    while (!w->ended && !cancelled) {
        if (w->look) {
            look(w);
            continue;
        }
        evloop_once(w->loop, -1);
    }
    end_life(w);
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
    bool restored = w->vm.stream.given;
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
    if (mode != WORKER_ADOPT) {
        event_note(&w->vm.def, (int)w->vm.domid,
                   restored ? "restored" : "started");
    }
    follow(w);
    if (!w->leave) {
        int lock = lock_out(w);

        if (saver_is_done(&w->vm.run)) {
            w->last_word = "saved";
        }
        vm_stop(&w->vm);
        rundir_remove(&w->vm.run, w->vm.def.name);
        let_in(lock);
        event_note(&w->vm.def, (int)w->vm.domid, w->last_word);
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
    struct worker w = {
        .vm = { .cancel = &cancelled }, .last_word = "destroyed",
    };
    int mode, report_fd, rc;
    struct err e = ERR_INIT;

    if (argc != 5 || (mode = mode_of(argv[0])) < 0) {
        return ERR_USAGE;
    }
    take_signals();
    prctl(PR_SET_NAME, "vmctl-worker");
    log_init("vmctl-worker", LOG_LVL_INFO, 0);
    report_fd = atoi(argv[2]);
    if (report_fd >= 0) {
        fcntl(report_fd, F_SETFD, FD_CLOEXEC);
    }
    stream_init(&w.vm.stream, atoi(argv[4]));
    if (w.vm.stream.given) {
        fcntl(w.vm.stream.fd, F_SETFD, FD_CLOEXEC);
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
