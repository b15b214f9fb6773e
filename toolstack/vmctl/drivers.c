/* SPDX-License-Identifier: MIT */
/*
 * Has an HVM guest PV drivers?  What is asked through the store is heard by
 * them alone; without them it would be asked in vain.
 * Tests: tests/unit/toolstack/test_drivers.c, tests/boot/dom0/hvm-life.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>
#include <xen/io/xenbus.h>

#define PATH_ROOM 160u

bool dom_is_hvm(const struct dom *d)
{
    return (d->info.arch_config.emulation_flags & ~XEN_X86_EMU_LAPIC) != 0;
}

static int read_number(struct ctl *c, const char *path)
{
    char *value = NULL;
    int n = -1;

    if (xs_read(c->xs, XS_TXN_NONE, path, &value, NULL) == 0) {
        n = atoi(value);
    }
    free(value);
    return n;
}

bool dom_listens(struct ctl *c, const struct dom *d, const char *word)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof(path), "/local/domain/%u/control/feature-%s",
             d->domid, word);
    return read_number(c, path) == 1;
}

static bool uses_one_of(struct ctl *c, const struct dom *d, const char *kind)
{
    char path[PATH_ROOM], **names;
    bool yes = false;
    size_t nr;

    snprintf(path, sizeof(path), "/local/domain/%u/device/%s", d->domid, kind);
    if (xs_list(c->xs, XS_TXN_NONE, path, &names, &nr) != 0) {
        return false;
    }
    for (size_t i = 0; i < nr && !yes; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/device/%s/%.32s/state",
                 d->domid, kind, names[i]);
        yes = read_number(c, path) == XenbusStateConnected;
    }
    free(names);
    return yes;
}

int dom_needs_drivers(struct ctl *c, const struct dom *d, const char *what,
                      struct err *e)
{
    if (!dom_is_hvm(d) || dom_listens(c, d, "poweroff") ||
        dom_listens(c, d, "reboot") || uses_one_of(c, d, "vbd") ||
        uses_one_of(c, d, "vif")) {
        return 0;
    }
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "the guest has no PV "
                   "drivers", d->name, "%s needs them in an HVM guest", what);
}
