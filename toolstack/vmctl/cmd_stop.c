/* SPDX-License-Identifier: MIT */
/*
 * Verbs that end or interrupt a domain: shutdown, reboot, destroy, pause,
 * resume, wait.  The worker cleans up after a domain that ended; without a
 * worker this process does.  Tests: tests/boot/dom0/vmctl.sh, leak.sh.
 */
#include <errno.h>
#include <lifecycle/events.h>
#include <lifecycle/vm.h>
#include <lifecycle/worker.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/domain_entry.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmctl/cmd.h>

#define SHUTDOWN_S 120u
#define CLEANUP_S  60u
#define POLL_MS    20u
#define LOOK_MS    200

static void sleep_poll(void)
{
    struct timespec t = { .tv_nsec = POLL_MS * 1000000 };

    nanosleep(&t, NULL);
}

static int timed_out(const struct dom *d, const char *what, unsigned int s,
                     struct err *e)
{
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, what, d->name,
                   "not within %u s", s);
}

/* ---- waiting ------------------------------------------------------------------- */

struct now {
    bool exists;               /* in the hypervisor */
    bool known;                /* its run directory is there */
    bool preserved;            /* stopped, and configured to stay */
    unsigned int domid;
    enum vm_state state;
};

/* Nobody will take it away: a foreign domain, or on_... is preserve. */
static bool stays(const struct rundir *run, uint32_t flags)
{
    struct domain_def def;
    unsigned int reason;
    bool stay;

    if (!state_shutdown_reason(flags, &reason) ||
        reason == SHUTDOWN_suspend) {
        return false;
    }
    def_init(&def);
    stay = rundir_load(run, &def, NULL) != 0
               ? !rundir_exists(run)
               : state_action(&def, reason) == LIFE_PRESERVE;
    def_fini(&def);
    return stay;
}

static struct now look_at(struct ctl *c, const struct dom *d)
{
    struct now now = { .state = VM_SHUT_OFF };
    struct rundir run;
    uint32_t flags = 0;

    rundir_init(&run, d->uuid);
    now.known = rundir_exists(&run);
    if (vm_find_domid(c->h, d->uuid, &now.domid, &flags) == 0) {
        now.state = state_of_flags(flags);
        now.exists = true;
        now.preserved = stays(&run, flags);
    }
    return now;
}

static bool is_stopped(const struct now *now, const struct dom *d)
{
    return now->preserved || (!now->exists && !now->known);
}

static bool is_running(const struct now *now, const struct dom *d)
{
    return now->exists && (now->state == VM_RUNNING || now->state == VM_IDLE);
}

static bool is_paused(const struct now *now, const struct dom *d)
{
    return now->exists && now->state == VM_PAUSED;
}

static bool is_restarted(const struct now *now, const struct dom *d)
{
    return is_running(now, d) && now->domid != d->domid;
}

static bool is_gone(const struct now *now, const struct dom *d)
{
    return !now->exists && !now->known;
}

/*
 * Sleeps until something happens to some domain.  Not everything that another
 * tool does is an event, so it also looks now and then.
 */
struct waker {
    struct event_reader reader;
    bool open;
    int64_t end_ms;                    /* 0: for ever */
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void waker_open(struct waker *w, unsigned int timeout_s)
{
    w->end_ms = timeout_s == 0 ? 0 : now_ms() + (int64_t)timeout_s * 1000;
    w->open = events_open(&w->reader, events_end()) == 0;
}

/* False: the time is over. */
static bool waker_sleep(struct waker *w)
{
    json_object *event = NULL;

    if (w->end_ms != 0 && now_ms() >= w->end_ms) {
        return false;
    }
    if (!w->open || events_next(&w->reader, LOOK_MS, &event) < 0) {
        sleep_poll();
    }
    json_object_put(event);
    return true;
}

static void waker_close(struct waker *w)
{
    if (w->open) {
        events_close(&w->reader);
    }
}

int wait_for_state(struct ctl *c, const struct dom *d, const char *state,
                   unsigned int timeout_s, struct err *e)
{
    static const struct {
        const char *name;
        bool (*reached)(const struct now *now, const struct dom *d);
    } states[] = {
        { "stopped", is_stopped }, { "running", is_running },
        { "paused", is_paused }, { "restarted", is_restarted },
        { "gone", is_gone },
    };
    struct waker w;
    size_t i = 0;
    int rc = -ETIMEDOUT;

    while (i < sizeof(states) / sizeof(states[0]) &&
           strcmp(states[i].name, state) != 0) {
        i++;
    }
    if (i == sizeof(states) / sizeof(states[0])) {
        return err_set(e, -EINVAL, ERR_USAGE, "unknown state", state,
                       "one of stopped, running, paused, restarted, gone");
    }
    waker_open(&w, timeout_s);
    do {
        struct now now = look_at(c, d);

        rc = states[i].reached(&now, d) ? 0 : -ETIMEDOUT;
    } while (rc != 0 && waker_sleep(&w));
    waker_close(&w);
    if (rc == 0) {
        return 0;
    }
    return timed_out(d, "the domain did not reach the state", timeout_s, e);
}

int cmd_wait(struct ctl *c, int argc, char **argv, struct err *e)
{
    const char *state = c->want_state == NULL ? "stopped" : c->want_state;
    struct dom d;
    int rc = dom_find(c, argv[0], &d, e);

    if (rc != 0 && e->class == ERR_NOT_FOUND &&
        (strcmp(state, "stopped") == 0 || strcmp(state, "gone") == 0)) {
        memset(e, 0, sizeof(*e));
        return 0;                      /* a transient domain that has ended */
    }
    return rc != 0 ? rc : wait_for_state(c, &d, state, ctl_timeout(c, 0), e);
}

/* ---- requests to the guest ------------------------------------------------------- */

static bool can_listen(const struct dom *d)
{
    enum vm_state state = dom_state(d);

    return state == VM_RUNNING || state == VM_IDLE;
}

/* The orphan of a worker that died still gets its configured action. */
void dom_ensure_worker(const struct dom *d)
{
    struct worker_report report;
    struct rundir run;

    rundir_init(&run, d->uuid);
    if (rundir_exists(&run) && !rundir_has_worker(&run)) {
        worker_spawn(&run, d->name, WORKER_ADOPT, -1, &report);
    }
}

/* The worker tells apart what the guest did by itself. */
static void remember(const struct dom *d, const char *word)
{
    struct rundir run;

    rundir_init(&run, d->uuid);
    if (rundir_exists(&run)) {
        rundir_write(&run, "asked", word);
    }
}

/*
 * An HVM guest without such drivers has a power button.  Others refuse the
 * trigger: they find the request in the store when they look.
 */
static void press_button(struct ctl *c, const struct dom *d, const char *word)
{
    if ((d->info.flags & XEN_DOMINF_hvm_guest) != 0 &&
        strcmp(word, "poweroff") == 0 && !dom_listens(c, d, word)) {
        ctl_domain_trigger(c->h, d->domid, XEN_DOMCTL_SENDTRIGGER_POWER);
    }
}

static int ask(struct ctl *c, const char *domain, const char *word,
               struct dom *d, struct err *e)
{
    char path[64];
    int rc = dom_find_live(c, domain, d, e);

    if (rc == 0) {
        rc = dom_is_guest(d, e);
    }
    if (rc == 0 && !can_listen(d)) {
        rc = err_set(e, -EBUSY, ERR_STATE, "the guest cannot be asked",
                     d->name, "it is %s", state_name(dom_state(d)));
    }
    if (rc == 0 && strcmp(word, "reboot") == 0) {
        rc = dom_needs_drivers(c, d, "to be asked to reboot", e);
    }
    if (rc != 0) {
        return rc;
    }
    dom_ensure_worker(d);
    remember(d, word);
    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown",
             d->domid);
    rc = xs_write_string(c->xs, XS_TXN_NONE, path, word);
    if (rc == 0) {
        press_button(c, d, word);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot ask the guest", "%s",
                                   d->name);
}

int cmd_shutdown(struct ctl *c, const char *domain, struct err *e)
{
    struct dom d;
    int rc = ask(c, domain, "poweroff", &d, e);

    if (rc == 0 && c->wait) {
        rc = wait_for_state(c, &d, "stopped", ctl_timeout(c, SHUTDOWN_S), e);
    }
    if (rc == 0) {
        out_action(c, &d, "shutdown", c->wait ? "has shut down"
                                              : "is being shut down");
    }
    return rc;
}

int cmd_reboot(struct ctl *c, const char *domain, struct err *e)
{
    struct dom d;
    int rc = ask(c, domain, "reboot", &d, e);

    if (rc == 0 && c->wait) {
        rc = wait_for_state(c, &d, "restarted", ctl_timeout(c, SHUTDOWN_S), e);
    }
    if (rc == 0) {
        out_action(c, &d, "reboot", c->wait ? "has rebooted"
                                            : "is being rebooted");
    }
    return rc;
}

/* ---- destroy ------------------------------------------------------------------------ */

/* A domain of another toolstack: its entry goes, its devices follow. */
static int clean_foreign(struct ctl *c, const struct dom *d, struct err *e)
{
    int rc = wait_for_state(c, d, "gone", CLEANUP_S, e);

    if (rc == 0) {
        domain_entry_remove(c->xs, d->domid, d->uuid_text);
    }
    return rc;
}

static int clean_orphan(struct rundir *run, const struct dom *d,
                        struct err *e)
{
    struct vm vm = { .run = *run };
    int rc = rundir_lock(&vm.run), lock;

    def_init(&vm.def);
    if (rc == -ENOENT) {
        return 0;
    }
    lock = rundir_change_lock(run, CLEANUP_S * 1000);
    if (rc == 0) {
        rc = rundir_load(&vm.run, &vm.def, e);
    }
    if (rc == 0) {
        rc = vm_open(&vm, e);
    }
    if (rc == 0) {
        vm_adopt(&vm, NULL);           /* or what is left of it */
        vm_stop(&vm);
        rundir_remove(&vm.run, d->name);
        ctl_event(d, "destroyed");
    }
    if (lock >= 0) {
        close(lock);
    }
    vm_close(&vm);
    return rc;
}

static int clean_up(struct ctl *c, const struct dom *d, struct err *e)
{
    struct rundir run;

    rundir_init(&run, d->uuid);
    if (!rundir_exists(&run)) {
        return clean_foreign(c, d, e);
    }
    if (!rundir_has_worker(&run)) {
        return clean_orphan(&run, d, e);
    }
    return wait_for_state(c, d, "gone", ctl_timeout(c, CLEANUP_S), e);
}

/* Its worker, if there is one, is to end the VM and not to restart it. */
static void tell_worker(const struct dom *d)
{
    struct rundir run;
    char text[16];
    int pid;

    rundir_init(&run, d->uuid);
    if (rundir_read(&run, "worker.pid", text, sizeof(text)) == 0 &&
        sscanf(text, "%d", &pid) == 1 && pid > 1 && rundir_has_worker(&run)) {
        kill(pid, SIGUSR1);
    }
}

/* Between two lives there is nothing to destroy but the worker's plan. */
static int destroy_starting(struct ctl *c, const struct dom *d, struct err *e)
{
    tell_worker(d);
    return wait_for_state(c, d, "gone", ctl_timeout(c, CLEANUP_S), e);
}

int dom_destroy(struct ctl *c, const struct dom *d, struct err *e)
{
    int rc = dom_is_guest(d, e);

    if (rc != 0) {
        return rc;
    }
    tell_worker(d);
    rc = ctl_domain_destroy(c->h, d->domid);
    if (rc != 0 && rc != -ESRCH) {
        return err_errno(e, rc, "cannot destroy the domain", "%s", d->name);
    }
    xs_release(c->xs, d->domid);       /* so that every daemon lets go */
    return clean_up(c, d, e);
}

int cmd_destroy(struct ctl *c, const char *domain, struct err *e)
{
    struct dom d;
    int rc = dom_find(c, domain, &d, e);

    if (rc == 0 && d.starting) {
        rc = destroy_starting(c, &d, e);
    } else if (rc == 0) {
        rc = dom_find_live(c, domain, &d, e);
        rc = rc == 0 ? dom_destroy(c, &d, e) : rc;
    }
    if (rc == 0) {
        out_action(c, &d, "destroyed", "destroyed");
    }
    return rc;
}

/* ---- pause, resume -------------------------------------------------------------------- */

int cmd_pause(struct ctl *c, const char *domain, struct err *e)
{
    struct dom d;
    int rc = dom_find_live(c, domain, &d, e);

    if (rc == 0) {
        rc = dom_is_guest(&d, e);
    }
    if (rc == 0 && !can_listen(&d)) {
        rc = err_set(e, -EBUSY, ERR_STATE, "cannot pause the domain", d.name,
                     "it is %s", state_name(dom_state(&d)));
    }
    if (rc != 0) {
        return rc;
    }
    rc = ctl_domain_pause(c->h, d.domid);
    if (rc != 0) {
        return err_errno(e, rc, "cannot pause the domain", "%s", d.name);
    }
    ctl_event(&d, "paused");
    out_action(c, &d, "paused", "paused");
    return 0;
}

int cmd_resume(struct ctl *c, const char *domain, struct err *e)
{
    struct dom d;
    int rc = dom_find_live(c, domain, &d, e);

    if (rc == 0 && dom_state(&d) != VM_PAUSED) {
        rc = err_set(e, -EBUSY, ERR_STATE, "cannot resume the domain", d.name,
                     "it is %s", state_name(dom_state(&d)));
    }
    if (rc != 0) {
        return rc;
    }
    rc = ctl_domain_unpause(c->h, d.domid);
    if (rc != 0) {
        return err_errno(e, rc, "cannot resume the domain", "%s", d.name);
    }
    ctl_event(&d, "resumed");
    out_action(c, &d, "resumed", "resumed");
    return 0;
}

int cmd_supervise(struct ctl *c, int argc, char **argv, struct err *e)
{
    return worker_supervise(e);
}
