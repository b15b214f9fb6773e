/* SPDX-License-Identifier: MIT */
/*
 * The command line of the device model, and its start.
 * Tests: tests/unit/toolstack/test_emulator.c, tests/boot/dom0/hvm-kill.sh.
 */
#include <devices/network.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lib/netif.h>
#include <lifecycle/emulator.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/paths.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIOS     "/usr/share/seabios/bios-256k.bin"
#define VGABIOS  "/usr/share/seabios/vgabios-stdvga.bin"
#define READY_MS 60000u
#define STOP_MS  3000u
#define POLL_MS  20u
#define COPY_MS  20000u

static bool needed(const struct domain_def *def)
{
    return def->type == GUEST_HVM;
}

const struct backend_kind emulator_kind = {
    "device model", "paravane-hvm-emu", "VMCTL_HVM_EMU", "hvm-emu.pid",
    needed,
};

/* ---- the command line --------------------------------------------------------- */

struct args {
    char **at;
    unsigned int nr;
    bool full;
};

static void __attribute__((format(printf, 2, 3)))
add(struct args *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (a->nr + 1 >= EMULATOR_MAX_ARGS ||
        vasprintf(&a->at[a->nr], fmt, ap) < 0) {
        a->full = true;
    } else {
        a->nr++;
    }
    va_end(ap);
}

static void add_pair(struct args *a, const char *option, const char *value)
{
    add(a, "%s", option);
    add(a, "%s", value);
}

static void add_machine(struct args *a, const struct domain_def *def,
                        const struct rundir *run)
{
    bool direct = def->kernel != NULL && *def->kernel != '\0';

    add(a, "--memory");
    add(a, "%llu", (unsigned long long)def->memory_kib);
    add(a, "--vcpus");
    add(a, "%u", def->max_vcpus);
    add_pair(a, "--boot", def->boot_order);
    add_pair(a, "--control", run->path);
    add_pair(a, "--vga", "std");
    add_pair(a, "--vgabios", VGABIOS);
    if (!direct) {
        add_pair(a, "--bios", def_usual_loader(def) ? BIOS : def->loader);
    }
}

static void add_disks(struct args *a, const struct domain_def *def)
{
    for (size_t i = 0; i < def->nr_disks; i++) {
        const struct disk_def *d = &def->disks[i];
        int unit = def_disk_ide_unit(def, d);
        const char *source = d->source == NULL ? "" : d->source;

        if (unit < 0) {
            continue;
        }
        if (d->device == DISK_CDROM) {
            add(a, "--cdrom");
            add(a, "%d:%d,%s", unit / 2, unit % 2, source);
        } else {
            add(a, "--disk");
            add(a, "%d:%d,%s,%s,%s", unit / 2, unit % 2,
                strcmp(d->format, "qcow2") == 0 ? "qcow2" : "raw",
                d->readonly ? "ro" : "rw", source);
        }
    }
}

static void tap_name(char name[NETIF_NAME_ROOM], unsigned int domid,
                     const struct nic_def *nic)
{
    snprintf(name, NETIF_NAME_ROOM, "emu%u.%u", domid % 100000,
             nic->devid % 1000);
}

static int add_nics(struct args *a, const struct domain_def *def,
                    unsigned int domid, struct err *e)
{
    for (size_t i = 0; i < def->nr_nics; i++) {
        const struct nic_def *nic = &def->nics[i];
        const uint8_t *m = nic->mac;
        char tap[NETIF_NAME_ROOM];
        struct network_place place;
        int rc;

        if (!def_nic_is_emulated(def, nic)) {
            continue;
        }
        rc = network_of(nic, &place, e);
        if (rc != 0) {
            return rc;
        }
        tap_name(tap, domid, nic);
        add(a, "--nic");
        add(a, "mac=%02x:%02x:%02x:%02x:%02x:%02x,%s%s%s%s", m[0], m[1], m[2],
            m[3], m[4], m[5], place.user ? "user" : "tap=",
            place.user ? "" : tap,
            place.bridge[0] == '\0' ? "" : ",bridge=", place.bridge);
    }
    return 0;
}

static void add_state(struct args *a, const struct rundir *run)
{
    add(a, "--state");
    add(a, "%s/" EMULATOR_STATE, run->path);
}

static void add_serial(struct args *a, const struct domain_def *def)
{
    const struct serial_def *s = def->serials;

    if (def->nr_serials > 0 && strcmp(s->type, "null") != 0) {
        add_pair(a, "--serial", strcmp(s->type, "file") == 0 ? s->path
                                                            : "pty");
    }
}

/* The socket for vmctl and the password lie in the run directory. */
static void add_screen(struct args *a, const struct domain_def *def,
                       const struct rundir *run)
{
    const struct graphics_def *g = def_screen(def);

    if (g != NULL) {
        add(a, "--vnc");
        add(a, "listen=%s,port=%u,web=%d,web-port=%u,dir=%s,name=%s",
            g->listen, g->port, g->web, g->web_port, run->path, def->name);
    }
}

int emulator_args(const struct domain_def *def, const struct rundir *run,
                  unsigned int domid, char *args[EMULATOR_MAX_ARGS],
                  struct err *e)
{
    struct args a = { .at = args };
    int rc;

    memset(args, 0, EMULATOR_MAX_ARGS * sizeof(args[0]));
    add_machine(&a, def, run);
    add_disks(&a, def);
    rc = add_nics(&a, def, domid, e);
    add_serial(&a, def);
    add_screen(&a, def, run);
    add_state(&a, run);
    if (rc == 0 && a.full) {
        rc = err_errno(e, -E2BIG, "cannot start the device model", "%s",
                       def->name);
    }
    if (rc != 0) {
        emulator_free_args(args);
    }
    return rc;
}

void emulator_free_args(char *args[EMULATOR_MAX_ARGS])
{
    for (unsigned int i = 0; i < EMULATOR_MAX_ARGS; i++) {
        free(args[i]);
        args[i] = NULL;
    }
}

/* ---- start and stop -------------------------------------------------------------- */

static bool is_running(struct xs *xs, unsigned int domid)
{
    struct store_path key = store_path(PATH_EMULATOR "/state", domid);
    char *value = NULL;
    bool yes = xs_read(xs, XS_TXN_NONE, key.s, &value, NULL) == 0 &&
               strcmp(value, "running") == 0;

    free(value);
    return yes;
}

static int wait_ready(struct backend *b, struct xs *xs, struct err *e)
{
    struct pollfd p = { .fd = b->pidfd, .events = POLLIN };

    for (unsigned int ms = 0; ms < READY_MS; ms += POLL_MS) {
        if (is_running(xs, b->domid)) {
            return 0;
        }
        if (poll(&p, 1, POLL_MS) > 0) {
            return err_set(e, -EPIPE, ERR_FAILED, "the device model has "
                           "ended", b->kind->program,
                           "its reason is in the log of the domain");
        }
    }
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the device model does not "
                   "get ready", b->kind->program, "not within %u s",
                   READY_MS / 1000);
}

int emulator_start(struct backend *b, struct xs *xs,
                   const struct domain_def *def, bool again, struct err *e)
{
    char *args[EMULATOR_MAX_ARGS];
    int rc = emulator_args(def, b->run, b->domid, args, e);

    if (rc != 0) {
        return rc;
    }
    if (!again) {
        rundir_write(b->run, EMULATOR_STATE, NULL);
    }
    xs_rm(xs, XS_TXN_NONE, store_path(PATH_EMULATOR, b->domid).s);
    b->args = args;
    rc = backend_start(b, e);
    b->args = NULL;
    emulator_free_args(args);
    if (rc == 0) {
        rc = wait_ready(b, xs, e);
    }
    if (rc != 0) {
        emulator_stop(b, xs);
    }
    return rc;
}

bool emulator_left_state(const struct rundir *run)
{
    char byte[2];

    return rundir_read(run, EMULATOR_STATE, byte, sizeof(byte)) == 0 &&
           byte[0] != '\0';
}

static void state_path(const struct rundir *run, const char *suffix,
                       char path[200])
{
    snprintf(path, 200, "%s/" EMULATOR_STATE "%s", run->path, suffix);
}

int emulator_put_state(const struct rundir *run, const struct buf *state,
                       struct err *e)
{
    char path[200];
    int fd;
    bool ok;

    state_path(run, "", path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, state->data, state->len) ==
                    (ssize_t)state->len;
    if (fd >= 0) {
        close(fd);
    }
    return ok ? 0 : err_errno(e, -EIO, "cannot keep the device model's state",
                              "%s", path);
}

/* Its last section says that it is whole; a word means: not now. */
static int look_at_copy(int fd, struct buf *state)
{
    struct stat st;
    long n;

    if (fstat(fd, &st) != 0 || st.st_size == 0) {
        return -EINPROGRESS;
    }
    if (st.st_size < 32) {
        return -EAGAIN;
    }
    buf_reset(state);
    lseek(fd, 0, SEEK_SET);
    do {
        n = buf_read_fd(state, fd, 65536);
    } while (n > 0);
    return n == 0 && strcmp(state->data + state->len - 32, "end") == 0
               ? 0 : -EINPROGRESS;
}

static int tell(const struct rundir *run, unsigned int domid, int signo)
{
    struct backend b;
    int rc;

    backend_init(&b, &emulator_kind, run, domid);
    if (!backend_adopt(&b)) {
        return -ESRCH;
    }
    rc = kill(b.pid, signo) != 0 ? -errno : 0;
    close(b.pidfd);
    return rc;
}

void emulator_go_on(const struct rundir *run, unsigned int domid)
{
    (void)tell(run, domid, SIGUSR2);
}

static int ask_for_copy(const struct rundir *run, unsigned int domid,
                        int *fd)
{
    char path[200];

    state_path(run, ".copy", path);
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, 0) != 0) {
        return -errno;
    }
    return tell(run, domid, SIGUSR1);
}

int emulator_get_state(const struct rundir *run, unsigned int domid,
                       struct buf *state, struct err *e)
{
    int fd = -1, rc = ask_for_copy(run, domid, &fd);

    for (unsigned int ms = 0; rc == 0 && ms < COPY_MS; ms += POLL_MS) {
        rc = look_at_copy(fd, state);
        if (rc != -EINPROGRESS) {
            break;
        }
        rc = 0;
        poll(NULL, 0, POLL_MS);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (rc == 0 && state->len == 0) {
        rc = -ETIMEDOUT;
    }
    return rc == 0 || rc == -EAGAIN
               ? rc : err_errno(e, rc, "the device model does not tell its "
                                "state", "domain %u", domid);
}

/* Has the worker started another one than @old, and does it run? */
static bool replaced(const struct rundir *run, struct xs *xs,
                     unsigned int domid, pid_t old)
{
    struct backend now;
    bool yes;

    backend_init(&now, &emulator_kind, run, domid);
    yes = backend_adopt(&now) && now.pid != old;
    if (now.pidfd >= 0) {
        close(now.pidfd);
    }
    return yes && is_running(xs, domid);
}

int emulator_replace(const struct rundir *run, struct xs *xs,
                     unsigned int domid, unsigned int timeout_ms,
                     struct err *e)
{
    struct backend old;

    backend_init(&old, &emulator_kind, run, domid);
    if (!backend_adopt(&old)) {
        return err_set(e, -ESRCH, ERR_STATE, "there is no device model to "
                       "replace", NULL, "domain %u", domid);
    }
    kill(old.pid, SIGTERM);
    close(old.pidfd);
    for (unsigned int ms = 0; ms < timeout_ms; ms += POLL_MS) {
        if (replaced(run, xs, domid, old.pid)) {
            return 0;
        }
        if (!rundir_has_worker(run)) {
            return err_set(e, -ESRCH, ERR_FAILED, "the device model was not "
                           "replaced", NULL, "nobody watches domain %u",
                           domid);
        }
        poll(NULL, 0, POLL_MS);
    }
    return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the device model was not "
                   "replaced", NULL, "not within %u s", timeout_ms / 1000);
}

void emulator_stop(struct backend *b, struct xs *xs)
{
    backend_stop(b, STOP_MS);
    xs_rm(xs, XS_TXN_NONE, store_path(PATH_EMULATOR, b->domid).s);
}
