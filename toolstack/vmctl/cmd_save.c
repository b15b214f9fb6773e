/* SPDX-License-Identifier: MIT */
/*
 * save.  This process saves; the guest's worker looks on and ends what it
 * began should it be killed.
 * Tests: tests/boot/dom0/save.sh, tests/unit/toolstack/test_cli.sh.
 */
#include <config/xml_format.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lifecycle/emulator.h>
#include <lifecycle/saver.h>
#include <save/check.h>
#include <save/file.h>
#include <save/save_hvm.h>
#include <save/save_pv.h>
#include <save/suspend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vmctl/cmd.h>
#include <vmctl/saved.h>

#define SUSPEND_S 60u
#define CHANGE_MS 5000u
#define PAUSE_NS  5000000
#define PAUSE_TRIES 400u
#define PROGRAM   "vmctl 0.1 (Paravane)"

static volatile sig_atomic_t cancelled;

static void on_signal(int signo)
{
    cancelled = signo;
}

static void take_signals(void)
{
    static const int signos[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction act = { .sa_handler = on_signal };

    for (size_t i = 0; i < sizeof(signos) / sizeof(signos[0]); i++) {
        sigaction(signos[i], &act, NULL);
    }
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    sigaction(SIGXFSZ, &act, NULL);
}

struct saving {
    struct ctl *c;
    struct dom *d;
    struct rundir run;
    struct domain_def def;
    struct save_file file;
    struct saver saver;
    int lock;                  /* nobody changes its devices meanwhile */
    char *xml;
    struct buf store, disks, emulator;
    bool asked;                /* it suspends itself; or else it is stopped */
    uint64_t bytes;
};

/* ---- what goes with the guest -------------------------------------------------- */

static int make_xml(struct saving *s)
{
    size_t len = 0;
    FILE *f = open_memstream(&s->xml, &len);

    if (f == NULL) {
        return -ENOMEM;
    }
    xml_format(&s->def, -1, f);
    return fclose(f) == 0 ? 0 : -ENOMEM;
}

static int make_disks(struct saving *s)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->def.nr_disks; i++) {
        const struct disk_def *disk = &s->def.disks[i];
        struct stat st;

        if (disk->source == NULL || disk->readonly ||
            stat(disk->source, &st) != 0 || !S_ISREG(st.st_mode)) {
            continue;
        }
        rc = buf_add(&s->disks, disk->target, strlen(disk->target) + 1);
        rc = rc == 0 ? buf_addf(&s->disks, "%" PRId64, (int64_t)st.st_size)
                     : rc;
        rc = rc == 0 ? buf_add(&s->disks, "", 1) : rc;
        rc = rc == 0 ? buf_add(&s->disks, disk->source,
                               strlen(disk->source) + 1) : rc;
    }
    return rc;
}

static int gather(struct saving *s, struct err *e)
{
    int rc = make_xml(s);

    rc = rc == 0 ? make_disks(s) : rc;
    rc = rc == 0 ? suspend_read_store(s->c->xs, s->d->domid, &s->store) : rc;
    return rc == 0 ? 0 : err_errno(e, rc, "cannot save the domain", "%s",
                                   s->d->name);
}

/* ---- while it is suspended -------------------------------------------------------- */

static int write_file(struct saving *s, struct err *e)
{
    struct save_writer w;
    static const uint32_t kinds[] = {
        [GUEST_PV] = SAVE_KIND_PV64, [GUEST_PVH] = SAVE_KIND_PVH,
        [GUEST_HVM] = SAVE_KIND_HVM,
    };
    struct save_job job = {
        .h = s->c->h, .domid = s->d->domid, .xml = s->xml,
        .kind = kinds[s->def.type], .memory_kib = s->def.memory_kib,
        .emulator = s->emulator.data, .emulator_len = s->emulator.len,
        .store = s->store.data, .store_len = s->store.len,
        .disks = s->disks.data, .disks_len = s->disks.len,
        .pack = s->c->compress, .verify = s->c->verify,
        .cancel = &cancelled, .w = &w,
    };
    int rc = save_file_open(&s->file, e);

    if (rc != 0) {
        return rc;
    }
    rc = save_writer_init(&w, save_file_put, &s->file, PROGRAM);
    rc = rc != 0 ? err_errno(e, rc, "cannot write the save file", "%s",
                             s->file.final)
         : s->def.type == GUEST_PV ? save_pv(&job, e) : save_hvm(&job, e);
    s->bytes = w.bytes;
    save_writer_fini(&w);
    return rc == 0 ? save_file_sync(&s->file, e) : rc;
}

static int finish_file(struct saving *s, struct err *e)
{
    /* After a checkpoint the guest runs on, whoever is killed. */
    int rc = s->c->checkpoint ? 0 : saver_commit(&s->saver, s->file.inode);

    return rc == 0 ? save_file_rename(&s->file, e)
                   : err_errno(e, rc, "cannot save the domain", "%s",
                               s->d->name);
}

/* The error that counts is the first one; a guest that stays down is worse. */
static void wake(struct saving *s, struct err *e)
{
    struct err why = ERR_INIT;

    if (s->def.type == GUEST_HVM) {
        emulator_go_on(&s->run, s->d->domid);
    }
    if (suspend_cancel(s->c->h, s->c->xs, s->d->domid, &why) != 0) {
        *e = why;
    }
    saver_end(&s->saver);
}

static void let_in(struct saving *s)
{
    if (s->lock >= 0) {
        close(s->lock);
    }
    s->lock = -1;
}

/*
 * A guest without PV drivers is stopped between two instructions.  One that
 * waits for its device model is let go on until it does not.
 */
static int stop_guest(struct saving *s, struct err *e)
{
    struct timespec t = { .tv_nsec = PAUSE_NS };
    unsigned int tries = 0;
    int rc;

    do {
        rc = suspend_hold(s->c->h, s->d->domid, e);
        if (rc != 0) {
            return rc;
        }
        rc = emulator_get_state(&s->run, s->d->domid, &s->emulator, e);
        if (rc != 0) {
            suspend_cancel(s->c->h, s->c->xs, s->d->domid, NULL);
            nanosleep(&t, NULL);
        }
    } while (rc == -EAGAIN && ++tries < PAUSE_TRIES && !cancelled);
    return rc != -EAGAIN ? rc
               : err_set(e, rc, ERR_TIMEOUT, "cannot save the domain",
                         s->d->name, "it never stops waiting for a device");
}

static int stand_still(struct saving *s, struct err *e)
{
    int rc;

    if (!s->asked) {
        return stop_guest(s, e);
    }
    rc = suspend_guest(s->c->h, s->c->xs, s->d->domid,
                       ctl_timeout(s->c, SUSPEND_S), &cancelled, e);
    if (rc == 0 && s->def.type == GUEST_HVM) {
        rc = emulator_get_state(&s->run, s->d->domid, &s->emulator, e);
        if (rc != 0) {
            suspend_cancel(s->c->h, s->c->xs, s->d->domid, NULL);
        }
    }
    return rc;
}

static int save_suspended(struct saving *s, struct err *e)
{
    int rc = write_file(s, e);

    rc = rc == 0 ? finish_file(s, e) : rc;
    save_file_close(&s->file);
    if (rc != 0 || s->c->checkpoint) {
        wake(s, e);
        return rc;
    }
    let_in(s);
    rc = dom_destroy(s->c, s->d, e);
    saver_leave(&s->saver);            /* its directory is gone */
    /* Disks written before this moment are those the guest has seen. */
    utimensat(AT_FDCWD, s->file.final, NULL, 0);
    return rc;
}

static int suspend_and_save(struct saving *s, struct err *e)
{
    int rc = saver_begin(&s->saver, &s->run, s->file.partial, s->file.final,
                         e);

    if (rc != 0) {
        return rc;
    }
    take_signals();
    rc = stand_still(s, e);
    if (rc == -ETIMEDOUT && s->asked) {
        saver_leave(&s->saver);        /* should it suspend yet */
    } else if (rc != 0) {
        saver_end(&s->saver);
    } else {
        rc = save_suspended(s, e);
    }
    return rc;
}

static int check_state(const struct dom *d, struct err *e)
{
    enum vm_state state = dom_state(d);

    if (d->domid == 0) {
        return err_set(e, -EPERM, ERR_PERMISSION, "refused", d->name,
                       "this is the control domain");
    }
    return state == VM_RUNNING || state == VM_IDLE
               ? 0 : err_set(e, -EBUSY, ERR_STATE, "cannot save the domain",
                             d->name, "it is %s", state_name(state));
}

static void report(struct saving *s)
{
    char words[PATH_MAX + 64];

    snprintf(words, sizeof(words), "saved to %s, %" PRIu64 " MiB%s",
             s->file.final, s->bytes >> 20,
             s->c->checkpoint ? "; it runs on" : "");
    out_action(s->c, s->d, "saved", words);
}

static int lock_out(struct saving *s, struct err *e)
{
    s->lock = rundir_change_lock(&s->run, CHANGE_MS);
    if (s->lock >= 0) {
        return 0;
    }
    return s->lock == -ENOENT
               ? err_set(e, -ENOENT, ERR_UNSUPPORTED, "cannot save the domain",
                         s->d->name, "it was not started by vmctl")
               : err_set(e, s->lock, ERR_STATE, "cannot save the domain",
                         s->d->name, "its devices are being changed");
}

static int save_to(struct ctl *c, struct dom *d, const char *path,
                   struct err *e)
{
    struct saving s = { .c = c, .d = d, .saver.fd = -1,
                        .lock = -1 };
    int rc = check_state(d, e);

    buf_init(&s.emulator, 8u << 20);
    rundir_init(&s.run, d->uuid);
    def_init(&s.def);
    if (rc == 0) {
        rc = save_file_name(&s.file, path, e);
    }
    if (rc == 0) {
        rc = lock_out(&s, e);
    }
    if (rc == 0) {
        rc = dom_def(d, &s.def, e);
    }
    if (rc == 0) {
        s.asked = s.def.type != GUEST_HVM || suspend_is_offered(c->xs,
                                                                d->domid);
        dom_ensure_worker(d);          /* it looks after the guest */
        rc = gather(&s, e);
    }
    if (rc == 0) {
        rc = suspend_and_save(&s, e);
    }
    if (rc == 0) {
        report(&s);
    }
    let_in(&s);
    def_fini(&s.def);
    buf_free(&s.store);
    buf_free(&s.disks);
    buf_free(&s.emulator);
    free(s.xml);
    return rc;
}

int cmd_save(struct ctl *c, int argc, char **argv, struct err *e)
{
    char path[PATH_MAX];
    struct dom d;
    int rc;

    if (c->managed != (argc == 1)) {
        return err_set(e, -EINVAL, ERR_USAGE, "wrong number of arguments",
                       "save", "usage: vmctl save DOMAIN FILE, or vmctl save "
                       "--managed DOMAIN");
    }
    rc = dom_find_live(c, argv[0], &d, e);
    if (rc == 0 && c->managed) {
        rc = saved_path(&d, path, e);
    }
    return rc != 0 ? rc : save_to(c, &d, c->managed ? path : argv[1], e);
}
