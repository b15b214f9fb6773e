/* SPDX-License-Identifier: MIT */
/*
 * Verbs about a device that is an XML file: attach-device, detach-device,
 * update-device.  Tests: tests/unit/toolstack/test_cli.sh,
 * tests/boot/dom0/hotplug.sh.
 */
#include <config/device_edit.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <string.h>
#include <vmctl/scope.h>

/* Reads the file and prints its messages; @element is the device's kind. */
static int load_piece(struct ctl *c, const char *file, bool check,
                      struct domain_def *piece, char element[DEVICE_WORD],
                      struct err *e)
{
    struct diag dg;
    int rc;

    diag_init(&dg, strcmp(file, "-") == 0 ? "<stdin>" : file, c->strict);
    rc = xml_parse_device_file(file, piece, element, &dg);
    if (rc == 0 && check) {
        rc = device_check(piece, element, 0, false, &dg);
    }
    out_diag(c, &dg);
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc;
}

int cmd_attach_device(struct ctl *c, int argc, char **argv, struct err *e)
{
    char element[DEVICE_WORD];
    struct domain_def piece;
    int rc;

    def_init(&piece);
    rc = load_piece(c, argv[1], false, &piece, element, e);
    if (rc == 0) {
        rc = scope_attach(c, argv[0], element, &piece, e);
    }
    def_fini(&piece);
    return rc;
}

static int no_name(const char *element, struct err *e)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "cannot tell which device",
                   element, "the file does not say its name");
}

int cmd_detach_device(struct ctl *c, int argc, char **argv, struct err *e)
{
    char element[DEVICE_WORD];
    struct domain_def piece;
    char name[DEVICE_NAME];
    int rc;

    def_init(&piece);
    rc = load_piece(c, argv[1], false, &piece, element, e);
    if (rc == 0) {
        rc = !device_name(&piece, element, 0, name)
                 ? no_name(element, e)
                 : scope_detach(c, argv[0], element, name, e);
    }
    def_fini(&piece);
    return rc;
}

struct update {
    struct domain_def piece;
    char element[DEVICE_WORD];
};

/* The device that runs keeps what it was built with. */
static int update(struct change *live, struct domain_def *def, size_t i,
                  void *arg, struct err *e)
{
    struct update *u = arg;

    if (live != NULL) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "cannot change a "
                       "device that runs", live->def.name, "change-media "
                       "changes a medium; otherwise detach and attach it, or "
                       "use --config");
    }
    device_swap(def, i, &u->piece, 0, u->element);
    return 0;
}

int cmd_update_device(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct update u;
    char name[DEVICE_NAME];
    struct scope_edit edit = {
        .element = u.element, .name = name, .action = "updated",
        .words = "has a device updated", .fn = update, .arg = &u,
    };
    int rc;

    def_init(&u.piece);
    rc = load_piece(c, argv[1], true, &u.piece, u.element, e);
    if (rc == 0) {
        rc = !device_name(&u.piece, u.element, 0, name)
                 ? no_name(u.element, e)
                 : scope_change(c, argv[0], &edit, e);
    }
    def_fini(&u.piece);
    return rc;
}
