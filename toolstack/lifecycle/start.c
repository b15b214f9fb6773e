/* SPDX-License-Identifier: MIT */
/*
 * The steps from a configuration to a running guest, each with its undo.
 * Stopping a guest is undoing all of them.  The domain's undo also removes its
 * store entry, after the domain has gone: until then nobody else gets its id.
 * Tests: tests/boot/dom0/vmctl.sh, badinput.sh, leak.sh.
 */
#include <build/create.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/log.h>
#include <devices/screen.h>
#include <lifecycle/emulator.h>
#include <lifecycle/userdata.h>
#include <lifecycle/vm.h>
#include <save/restore_pv.h>
#include <save/suspend.h>
#include <stdio.h>
#include <store/domain_entry.h>
#include <string.h>
#include <time.h>

#define DEVICE_CLOSE_MS 5000u
#define BACKEND_STOP_MS 3000u
#define OFFER_MS        60000u
#define DYING_MS        20000u

int vm_find_domid(struct hyp *h, const uint8_t uuid[16], unsigned int *domid,
                  uint32_t *flags)
{
    struct xen_domctl_getdomaininfo list[64];
    unsigned int first = 1;
    int nr;

    while ((nr = ctl_domain_list(h, first, list, 64)) > 0) {
        for (int i = 0; i < nr; i++) {
            if (memcmp(list[i].handle, uuid, 16) == 0) {
                *domid = list[i].domain;
                *flags = list[i].flags;
                return 0;
            }
        }
        first = list[nr - 1].domain + 1u;
    }
    return nr < 0 ? nr : -ESRCH;
}

/* ---- steps ---------------------------------------------------------------- */

static int load_files(struct vm *vm, struct err *e)
{
    if (vm->stream.given) {
        return stream_open(&vm->stream, e);
    }
    return boot_files_load(&vm->def, &vm->files, e);
}

static void drop_files(struct vm *vm)
{
    stream_close(&vm->stream);
    boot_files_free(&vm->files);
}

static int make_domain(struct vm *vm, struct err *e)
{
    return create_domain(vm->h, &vm->def, &vm->domid, e);
}

/* An id may be used again: the domain is ours if it bears our UUID. */
static bool is_ours(struct vm *vm)
{
    struct xen_domctl_getdomaininfo info;

    return ctl_domain_info(vm->h, vm->domid, &info) == 0 &&
           memcmp(info.handle, vm->def.uuid, sizeof(info.handle)) == 0;
}

static bool wait_gone(struct vm *vm)
{
    struct timespec t = { .tv_nsec = 10 * 1000000 };

    for (unsigned int ms = 0; ms < DYING_MS; ms += 10) {
        if (!is_ours(vm)) {
            return true;
        }
        nanosleep(&t, NULL);
    }
    return false;
}

static void drop_domain(struct vm *vm)
{
    int rc = is_ours(vm) ? ctl_domain_destroy(vm->h, vm->domid) : -ESRCH;

    if (rc != 0 && rc != -ESRCH) {
        log_err("domain %u: cannot destroy: %s", vm->domid, strerror(-rc));
    }
    if (rc == 0) {
        xs_release(vm->xs, vm->domid); /* the store may know already */
    }
    if (!wait_gone(vm)) {
        log_err("domain %u: still there after %u s: a process holds its "
                "pages", vm->domid, DYING_MS / 1000);
    }
    userdata_remove(&vm->def, vm->domid);
    domain_entry_remove(vm->xs, vm->domid, vm->run.uuid);
}

static int boot(struct vm *vm, struct err *e)
{
    int rc;

    if (vm->stream.given) {
        rc = restore_pv(vm->h, vm->domid, &vm->def, &vm->stream.reader,
                        &vm->guest, &vm->stream.store, &vm->stream.emulator,
                        vm->cancel, e);
        vm->emulator_again = rc == 0 && vm->stream.emulator.len > 0;
        return rc != 0 || !vm->emulator_again ? rc
               : emulator_put_state(&vm->run, &vm->stream.emulator, e);
    }
    vm->emulator_again = false;
    rc = boot_guest(vm->h, vm->domid, &vm->def, &vm->files, &vm->guest, e);
    boot_files_free(&vm->files);       /* tens of MiB: not needed again */
    return rc;
}

static int make_entry(struct vm *vm, struct err *e)
{
    struct domain_entry entry = {
        .domid = vm->domid, .def = &vm->def,
        .store_mfn = vm->guest.store_mfn,
        .store_port = vm->guest.store_port,
        .console_mfn = vm->guest.console_mfn,
        .console_port = vm->guest.console_port,
    };

    return domain_entry_create(vm->xs, &entry, e);
}

/* What a restored guest will not write again. */
static int restore_entry(struct vm *vm, struct err *e)
{
    int rc = suspend_write_store(vm->xs, vm->domid, vm->stream.store.data,
                                 vm->stream.store.len);

    stream_close(&vm->stream);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot write the store",
                                   "domain %u (%s)", vm->domid, vm->def.name);
}

static int introduce(struct vm *vm, struct err *e)
{
    int rc = xs_introduce(vm->xs, vm->domid, vm->guest.store_mfn,
                          vm->guest.store_port);

    return rc == 0 ? 0 : err_errno(e, rc, "the store refuses the domain",
                                   "domain %u (%s)", vm->domid, vm->def.name);
}

static void init_backends(struct vm *vm)
{
    for (size_t i = 0; i < NR_BACKENDS; i++) {
        backend_init(&vm->backends[i], &backend_kinds[i], &vm->run,
                     vm->domid);
    }
    backend_init(&vm->emulator, &emulator_kind, &vm->run, vm->domid);
}

static int start_backends(struct vm *vm, struct err *e)
{
    init_backends(vm);
    return backends_start(vm->backends, &vm->def, e);
}

static void stop_backends(struct vm *vm)
{
    backends_stop(vm->backends, BACKEND_STOP_MS);
}

static int attach_devices(struct vm *vm, struct err *e)
{
    devices_init(&vm->devices, vm->xs, vm->domid, &vm->def);
    vm->devices.run_dir = vm->run.path;
    return devices_attach(&vm->devices, e);
}

static void detach_devices(struct vm *vm)
{
    /* The guest is not to run on disks that go away under it. */
    if (is_ours(vm)) {
        ctl_domain_pause(vm->h, vm->domid);
    }
    devices_detach(&vm->devices, DEVICE_CLOSE_MS);
}

/* After the devices: those who claim images must not find its locks. */
static int start_emulator(struct vm *vm, struct err *e)
{
    const struct graphics_def *g = def_screen(&vm->def);
    int rc;

    if (!emulator_kind.needed(&vm->def)) {
        return 0;
    }
    rc = screen_write_password(&vm->devices, g == NULL ? NULL : g->passwd, e);
    return rc == 0 ? emulator_start(&vm->emulator, vm->xs, &vm->def,
                                     vm->emulator_again, e) : rc;
}

static void stop_emulator(struct vm *vm)
{
    if (emulator_kind.needed(&vm->def)) {
        if (is_ours(vm)) {
            ctl_domain_pause(vm->h, vm->domid);
        }
        emulator_stop(&vm->emulator, vm->xs);
    }
}

static bool wanted(void *arg)
{
    const struct vm *vm = arg;

    return vm->cancel == NULL || !*vm->cancel;
}

static int wait_for_disks(struct vm *vm, struct err *e)
{
    struct device_wait wait = { OFFER_MS, wanted, vm };
    int rc = devices_wait_disks(&vm->devices, &wait, e);

    return wanted(vm) ? rc : 0;        /* run_steps() says "interrupted" */
}

static int save(struct vm *vm, struct err *e)
{
    int rc = userdata_write(&vm->def, vm->domid);

    if (rc != 0) {                     /* of use to stock tools only */
        log_warn("no record for stock tools: %s", strerror(-rc));
    }
    return rundir_save(&vm->run, &vm->def, (int)vm->domid, e);
}

static const struct step {
    const char *name;
    int (*run)(struct vm *vm, struct err *e);
    void (*undo)(struct vm *vm);
} steps[] = {
    { "files",     load_files,     drop_files },
    { "domain",    make_domain,    drop_domain },
    { "boot",      boot,           NULL },
    { "entry",     make_entry,     NULL },             /* domain's undo */
    { "restored",  restore_entry,  NULL },             /* likewise */
    { "introduce", introduce,      NULL },             /* likewise */
    { "backends",  start_backends, stop_backends },
    { "devices",   attach_devices, detach_devices },
    { "emulator",  start_emulator, stop_emulator },
    { "disks",     wait_for_disks, NULL },
    { "record",    save,           NULL },
};
#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

/* ---- start, adopt, stop ----------------------------------------------------- */

void vm_stop(struct vm *vm)
{
    for (size_t i = NR_STEPS; i-- > 0;) {
        if ((vm->done & 1u << i) != 0 && steps[i].undo != NULL) {
            steps[i].undo(vm);
        }
    }
    vm->done = 0;
}

static int run_steps(struct vm *vm, struct err *e)
{
    for (size_t i = 0; i < NR_STEPS; i++) {
        int rc = steps[i].run(vm, e);

        if (rc == 0) {
            vm->done |= 1u << i;
        }
        if (rc == 0 && vm->cancel != NULL && *vm->cancel) {
            rc = err_set(e, -EINTR, ERR_FAILED, "interrupted", vm->def.name,
                         "the state is as before");
        }
        if (rc != 0) {
            log_info("%s: step %s: %s", vm->def.name, steps[i].name,
                     strerror(-rc));
            return rc;
        }
    }
    return 0;
}

int vm_start(struct vm *vm, bool paused, struct err *e)
{
    int rc = run_steps(vm, e);

    if (rc == 0 && !paused) {
        rc = ctl_domain_unpause(vm->h, vm->domid);
        if (rc != 0) {
            err_errno(e, rc, "cannot start the vCPUs", "domain %u",
                      vm->domid);
        }
    }
    if (rc != 0) {
        vm_stop(vm);
    }
    return rc;
}

int vm_adopt(struct vm *vm, struct err *e)
{
    uint32_t flags;
    int rc = vm_find_domid(vm->h, vm->def.uuid, &vm->domid, &flags);

    if (rc == -ESRCH && !rundir_domid(&vm->run, &vm->domid)) {
        return err_errno(e, -ENOENT, "there is no domain to take over", "%s",
                         vm->def.name);
    }
    if (rc == 0 || rc == -ESRCH) {
        init_backends(vm);
        for (size_t i = 0; i < NR_BACKENDS; i++) {
            backend_adopt(&vm->backends[i]);
        }
        backend_adopt(&vm->emulator);
        devices_init(&vm->devices, vm->xs, vm->domid, &vm->def);
        vm->devices.run_dir = vm->run.path;
        vm->done = (1u << NR_STEPS) - 1;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "there is no domain to take over",
                                   "%s", vm->def.name);
}

int vm_open(struct vm *vm, struct err *e)
{
    int rc;

    vm->h = hyp_open(e);
    if (vm->h == NULL) {
        return -EPERM;
    }
    rc = ctl_version_check(vm->h);
    if (rc != 0) {
        return err_set(e, rc, rc == -EPROTO ? ERR_VERSION : ERR_PERMISSION,
                       "cannot control this hypervisor", NULL, "%s",
                       rc == -EPROTO ? "it speaks another interface version"
                                     : strerror(-rc));
    }
    rc = xs_open(&vm->xs, 5000);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot reach the store",
                                   "/run/xenstored/socket");
}

void vm_close(struct vm *vm)
{
    if (vm->xs != NULL) {
        xs_close(vm->xs);
    }
    if (vm->h != NULL) {
        hyp_close(vm->h);
    }
    boot_files_free(&vm->files);
    stream_close(&vm->stream);
    def_fini(&vm->def);
    vm->xs = NULL;
    vm->h = NULL;
}
