/* SPDX-License-Identifier: MIT */
/*
 * restart-emulator: the device model of an HVM domain is replaced while the
 * guest runs, for instance by a newer program.
 * Tests: tests/boot/dom0/hvm-replace.sh, tests/unit/toolstack/test_cli.sh.
 */
#include <errno.h>
#include <lifecycle/emulator.h>
#include <unistd.h>
#include <vmctl/cmd.h>

#define REPLACE_S 90u
#define LOCK_MS   60000u

static int check(const struct dom *d, struct err *e)
{
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = dom_def(d, &def, e);
    if (rc == 0 && !emulator_kind.needed(&def)) {
        rc = err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "it has no device model",
                     d->name, "only HVM domains have one");
    }
    def_fini(&def);
    return rc;
}

/* Devices do not change meanwhile. */
int cmd_restart_emulator(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct rundir run;
    struct dom d;
    int lock, rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0) {
        rc = check(&d, e);
    }
    if (rc != 0) {
        return rc;
    }
    dom_ensure_worker(&d);
    rundir_init(&run, d.uuid);
    lock = rundir_change_lock(&run, LOCK_MS);
    if (lock < 0) {
        return err_errno(e, lock, "cannot change the domain", "%s", d.name);
    }
    rc = emulator_replace(&run, c->xs, d.domid,
                          ctl_timeout(c, REPLACE_S) * 1000, e);
    close(lock);
    if (rc == 0) {
        out_action(c, &d, "emulator-replaced",
                   "has another device model process");
    }
    return rc;
}
