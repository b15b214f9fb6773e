/* SPDX-License-Identifier: MIT */
/*
 * paravane-hvm-emu: one process, one guest.  The order of things: options,
 * the hypervisor, the machine and its devices (everything that needs rights),
 * firmware or saved state, rights away, "running" in the store, the loop.
 * SIGTERM ends it; with --state FILE the devices' state is left there for a
 * successor, and on SIGUSR1 in FILE.copy while it goes on, frozen until
 * SIGUSR2 or the guest's next request.
 * Exercised by the nested boots; its parts by tests/unit/hvm-emu.
 */
#include <bus/irq.h>
#include <bus/pci.h>
#include <bus/range.h>
#include <client/xs.h>
#include <dev/chipset.h>
#include <dev/devices.h>
#include <frame/timer.h>
#include <guest/guest_mem.h>
#include <lib/buf.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/hvm_map.h>
#include <lib/log.h>
#include <run/firmware.h>
#include <run/options.h>
#include <run/sandbox.h>
#include <run/snapshot.h>
#include <run/xen_hv.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct emu {
    struct emu_config config;
    struct machine m;
    struct xen_hv hv;
    struct devices devices;
    int state_fd;                      /* for a successor, or -1 */
    int copy_fd;                       /* for whoever saves the guest, or -1 */
    struct buf state;                  /* room for it, got early */
    int signo;                         /* that came: acted on between events */
    unsigned long frozen_at;           /* requests answered by then */
    bool keep_server, stop;
};

/* ---- the machine --------------------------------------------------------------- */

/* A machine that resets is built anew by whoever started it. */
static void reset_machine(struct machine *m, const char *by)
{
    log_info("d%u: reset by %s", m->domid, by);
    machine_shutdown(m, SHUTDOWN_reboot);
}

static int make_machine(struct emu *u, struct err *e)
{
    struct machine *m = &u->m;

    m->domid = u->config.domid;
    m->nr_vcpus = u->config.nr_vcpus;
    m->config = &u->config;
    m->low_end = hvm_low_end(u->config.memory_kib);
    m->high_end = hvm_high_end(u->config.memory_kib);
    m->next_park = m->high_end;
    m->reset = reset_machine;
    m->hv = &xen_hv_ops;
    m->hv_arg = &u->hv;
    u->hv.server.m = m;
    m->loop = evloop_new();
    if (m->loop != NULL) {
        m->timers = timers_new(m);
        m->mem = guest_mem_new(m);
        m->ranges = range_table_new();
        m->irq = irq_lines_new();
    }
    if (m->timers == NULL || m->mem == NULL || m->ranges == NULL ||
        m->irq == NULL) {
        return err_errno(e, -ENOMEM, "cannot make a machine", NULL);
    }
    return 0;
}

static int ask_domain(struct emu *u, struct err *e)
{
    struct xen_domctl_getdomaininfo info;
    int rc = ctl_domain_info(u->hv.h, u->config.domid, &info);

    if (rc != 0) {
        return err_errno(e, rc, "cannot serve the domain", "%u",
                         u->config.domid);
    }
    memcpy(u->config.uuid, info.handle, sizeof(u->config.uuid));
    return 0;
}

/* ---- state ----------------------------------------------------------------------- */

/* A file with something in it is a predecessor's. */
static int open_state(struct emu *u, struct snapshot *s, struct err *e)
{
    char copy[PATH_MAX];
    int rc;

    u->state_fd = u->copy_fd = -1;
    if (u->config.state == NULL) {
        return 0;
    }
    snprintf(copy, sizeof(copy), "%s.copy", u->config.state);
    u->state_fd = open(u->config.state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    u->copy_fd = open(copy, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (u->state_fd < 0 || u->copy_fd < 0) {
        return err_errno(e, -errno, "cannot open the state file", "%s",
                         u->config.state);
    }
    rc = snapshot_read_fd(u->state_fd, &u->state);
    if (rc == 0 && u->state.len > 0) {
        rc = snapshot_head(&u->state, s);
        u->m.restored = rc == 0;
        u->m.unplugged = s->unplugged;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the state file", "%s",
                                   u->config.state);
}

static int save_state(struct emu *u, int fd)
{
    const struct snapshot s = { .domid = u->config.domid,
                                .server_id = u->hv.server_id,
                                .unplugged = u->m.unplugged };
    int rc;

    devices_quiesce(&u->devices);
    buf_reset(&u->state);
    rc = snapshot_save(&u->state, &s, &u->devices);
    if (rc == 0) {
        rc = snapshot_write_fd(fd, &u->state);
    }
    log_info("d%u: state saved: %d, %zu bytes", u->config.domid, rc,
             u->state.len);
    return rc;
}

static int begin_guest(struct emu *u, struct err *e)
{
    int rc = u->m.restored ? snapshot_load(&u->state, &u->devices, e) : 0;

    if (rc == 0) {
        rc = firmware_load(&u->m, e);
    }
    /*
     * Taken over: it is of no use any more, and should we die there is no
     * state.  A later save finds room and an allocator that needs none.
     */
    buf_reset(&u->state);
    if (rc == 0 && u->state_fd >= 0) {
        rc = ftruncate(u->state_fd, 0) != 0 ? -errno
             : buf_reserve(&u->state, 1u << 20);
    }
    return rc;
}

/* ---- events ----------------------------------------------------------------------- */

static void on_event(void *arg, uint32_t events)
{
    xen_hv_run(&((struct emu *)arg)->hv);
}

/*
 * Other events of the same round may yet change devices, so what a signal
 * asks for is done after the round.
 */
static void on_signal(void *arg, int signo)
{
    struct emu *u = arg;

    u->signo = u->signo == SIGINT || u->signo == SIGTERM ? u->signo : signo;
}

/* With an answer that was not taken yet there is nothing to be saved. */
static void copy_state(struct emu *u)
{
    static const char busy[] = "busy\n";

    xen_hv_run(&u->hv);
    if (server_idle(&u->hv.server, u->hv.nr_vcpus)) {
        devices_freeze(&u->devices);   /* until we are told, or asked again */
        u->frozen_at = u->hv.server.requests;
        (void)save_state(u, u->copy_fd);
    } else if (pwrite(u->copy_fd, busy, 5, 0) != 5) {
        log_err("d%u: cannot write the state: %d", u->config.domid, errno);
    }
}

/* Requests that came after the state was saved are a successor's. */
static void act_on_signal(struct emu *u)
{
    int signo = u->signo;

    u->signo = 0;
    if (signo == SIGUSR2) {
        devices_thaw(&u->devices);
    } else if (signo == SIGUSR1 && u->copy_fd >= 0) {
        copy_state(u);
    } else if (signo == SIGTERM && u->state_fd >= 0) {
        u->keep_server = save_state(u, u->state_fd) == 0;
    }
    u->stop = signo == SIGTERM || signo == SIGINT;
}

static int watch(struct emu *u, struct err *e)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2, 0 };

    if (evloop_add(u->m.loop, u->hv.evtchn_fd, EPOLLIN, on_event, u) == NULL ||
        evloop_signal(u->m.loop, signals, on_signal, u) == NULL) {
        return err_errno(e, -ENOMEM, "cannot wait for the guest", NULL);
    }
    return 0;
}

/* ---- the store -------------------------------------------------------------------- */

/*
 * The guest may run now: nothing that it does is looked at before the loop
 * begins, without rights.
 */
static int say_running(struct emu *u, struct err *e)
{
    const char *pty = uart_pty(devices_find(&u->devices, "uart"));
    struct xs *xs = NULL;
    char path[80];
    int rc = xs_open(&xs, 10000);

    if (rc == 0 && pty != NULL) {
        snprintf(path, sizeof(path), "/local/domain/%u/serial/0/tty",
                 u->config.domid);
        rc = xs_write_string(xs, XS_TXN_NONE, path, pty);
    }
    snprintf(path, sizeof(path), "/local/domain/0/device-model/%u/state",
             u->config.domid);
    if (rc == 0) {
        rc = xs_write_string(xs, XS_TXN_NONE, path, "running");
    }
    if (xs != NULL) {
        xs_close(xs);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot write to the store", NULL);
}

/* ---- the order of things ---------------------------------------------------------- */

static int set_up(struct emu *u, struct err *e)
{
    struct snapshot s = { 0 };
    bool same;
    int rc = xen_hv_open(&u->hv, u->config.domid, u->config.nr_vcpus, e);

    if (rc == 0) {
        rc = ask_domain(u, e);
    }
    if (rc == 0) {
        rc = make_machine(u, e);
    }
    if (rc == 0) {
        rc = open_state(u, &s, e);
    }
    same = u->m.restored && s.domid == u->config.domid;
    if (rc == 0) {
        rc = xen_hv_serve(&u->hv, same ? (int)s.server_id : -1, e);
    }
    if (rc == 0) {
        u->m.pci = pci_bus_new(&u->m);
        rc = u->m.pci == NULL ? err_errno(e, -EIO, "cannot make a bus", NULL)
                              : 0;
    }
    if (rc == 0) {
        u->config.uefi = firmware_is_uefi(u->config.bios);
        rc = devices_create(&u->devices, &u->m, e);
    }
    return rc == 0 ? begin_guest(u, e) : rc;
}

static int give_up_rights(struct emu *u, struct err *e)
{
    struct confine c = hvm_emu_sandbox;
    int rc = xen_hv_restrict(&u->hv);

    if (rc != 0) {
        return err_errno(e, rc, "cannot give up rights", "hypercalls");
    }
    c.domid = u->config.domid;
    c.empty_dir = u->config.empty;
    return confine_now(&c, e);
}

static void run_loop(struct emu *u)
{
    while (!u->stop) {
        bool holding = xen_hv_holding(&u->hv);

        evloop_once(u->m.loop, holding ? 0 : -1);
        if (u->signo != 0) {
            act_on_signal(u);
        } else if (holding) {
            xen_hv_poll(&u->hv);
        }
        if (u->m.frozen && u->hv.server.requests != u->frozen_at) {
            devices_thaw(&u->devices); /* the guest runs: nobody copies */
        }
    }
}

static int serve(struct emu *u, struct err *e)
{
    int rc;

    signal(SIGPIPE, SIG_IGN);          /* viewers and networks may vanish */
    rc = set_up(u, e);
    if (rc == 0) {
        rc = watch(u, e);
    }
    if (rc == 0) {
        rc = say_running(u, e);
    }
    if (rc == 0) {
        rc = give_up_rights(u, e);
    }
    if (rc == 0) {
        log_info("d%u: running", u->config.domid);
        xen_hv_run(&u->hv);            /* what a predecessor left */
        run_loop(u);
    }
    log_info("d%u: ends after %lu requests, %lu to nobody", u->config.domid,
             u->hv.server.requests, u->m.faults);
    xen_hv_close(&u->hv, u->keep_server);
    return rc;
}

int main(int argc, char **argv)
{
    static struct emu u;
    struct err e = ERR_INIT;
    char text[1024];
    int rc = options_parse(&u.config, argc, argv, &e);

    if (rc == 0 && u.config.sandbox) {
        confine_describe(&hvm_emu_sandbox, text, sizeof(text));
        return puts(text) < 0;
    }
    log_init("hvm-emu", LOG_LVL_INFO, 0);
    if (rc == 0) {
        rc = serve(&u, &e);
    }
    if (e.class != ERR_NONE) {
        log_errval(&e);
    }
    return e.class != ERR_NONE ? err_exit_status(&e) : rc != 0;
}
