/* SPDX-License-Identifier: MIT */
/*
 * Verbs about configurations: create, start, define, undefine, validate,
 * dumpxml.  Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/vmctl.sh,
 * tests/boot/dom0/bad-input.sh.
 */
#include <config/defaults.h>
#include <config/validate.h>
#include <config/xml_format.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <lifecycle/vm.h>
#include <lifecycle/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmctl/saved.h>

/* Read, fill and check @file; its messages are printed. */
static int load_file(struct ctl *c, const char *file, bool files,
                     struct domain_def *def, struct err *e)
{
    struct diag dg;
    int rc;

    diag_init(&dg, strcmp(file, "-") == 0 ? "<stdin>" : file, c->strict);
    rc = xml_parse_file(file, def, &dg);
    if (rc == 0) {
        rc = defaults_fill(def);
    }
    if (rc == 0) {
        rc = validate_def(def, files, &dg);
    }
    out_diag(c, &dg);
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc;
}

int cmd_validate(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def def;
    json_object *o;
    int rc;

    def_init(&def);
    rc = load_file(c, argv[0], true, &def, e);
    if (rc == 0 && c->json) {
        o = out_object("Validation");
        out_add_bool(o, "valid", true);
        out_add(o, "name", def.name);
        out_json(o);
    } else if (rc == 0 && !c->quiet) {
        printf("%s: valid\n", argv[0]);
    }
    def_fini(&def);
    return rc;
}

/* ---- create, start -------------------------------------------------------------- */

/* A foreign tool may have started a domain of that name. */
static int check_unique(struct ctl *c, const struct domain_def *def,
                        struct err *e)
{
    struct dom *list;
    size_t nr;
    int rc = dom_list(c, false, &list, &nr, e);

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        if (strcmp(list[i].name, def->name) == 0 ||
            memcmp(list[i].uuid, def->uuid, 16) == 0) {
            rc = list[i].live
                     ? err_set(e, -EEXIST, ERR_STATE, "the domain runs "
                               "already", def->name, "it has id %u",
                               list[i].domid)
                     : err_set(e, -EEXIST, ERR_STATE, "the domain is being "
                               "started", def->name, "try again");
        }
    }
    free(list);
    return rc;
}

/* The worker died before it could clean up: do it in its place. */
static void clean_after(struct rundir *run, const struct domain_def *def)
{
    struct vm vm = { .run = *run };

    def_init(&vm.def);
    if (rundir_load(run, &vm.def, NULL) == 0 && vm_open(&vm, NULL) == 0) {
        vm_adopt(&vm, NULL);
        vm_stop(&vm);
    }
    vm_close(&vm);
    rundir_remove(run, def->name);
}

static int launch(struct ctl *c, const struct domain_def *def, int stream_fd,
                  struct dom *d, struct err *e)
{
    struct worker_report report;
    struct rundir run;
    int rc = rundir_create(&run, def, e);

    if (rc != 0) {
        return rc;
    }
    rc = rundir_save(&run, def, -1, e);
    if (rc != 0) {
        rundir_remove(&run, def->name);
        return rc;
    }
    rc = worker_spawn(&run, def->name,
                      c->paused ? WORKER_START_PAUSED : WORKER_START,
                      stream_fd, &report);
    if (rc != 0) {
        *e = report.e;
        if (rundir_exists(&run)) {
            clean_after(&run, def);
        }
    }
    rundir_unlock(&run);
    memset(d, 0, sizeof(*d));
    d->live = true;
    d->domid = report.domid;
    memcpy(d->uuid, def->uuid, 16);
    memcpy(d->uuid_text, run.uuid, sizeof(d->uuid_text));
    snprintf(d->name, sizeof(d->name), "%s", def->name);
    return rc;
}

int start_def(struct ctl *c, const struct domain_def *def, int stream_fd,
              struct err *e)
{
    char words[64];
    struct dom d;
    int rc = check_unique(c, def, e);

    if (rc == 0) {
        rc = launch(c, def, stream_fd, &d, e);
    }
    if (rc != 0) {
        return rc;
    }
    snprintf(words, sizeof(words), "%s with id %u%s",
             stream_fd >= 0 ? "restored" : "started", d.domid,
             c->paused ? ", paused" : "");
    out_action(c, &d, stream_fd >= 0 ? "restored" : "started", words);
    fflush(stdout);
    if (c->console) {
        return console_attach(c, &d, e);
    }
    return c->wait ? wait_for_state(c, &d, "stopped", ctl_timeout(c, 0), e)
                   : 0;
}

int cmd_create(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = load_file(c, argv[0], true, &def, e);
    if (rc == 0) {
        rc = start_def(c, &def, -1, e);
    }
    def_fini(&def);
    return rc;
}

/* Saved by us, used once.  --force: start afresh, the saved state is lost. */
static int start_saved(struct ctl *c, const struct dom *d, const char *path,
                       struct err *e)
{
    int rc = restore_from(c, path, d->uuid, e);

    if (rc == 0) {
        unlink(path);
    }
    return rc;
}

int cmd_start(struct ctl *c, int argc, char **argv, struct err *e)
{
    char saved[PATH_MAX];
    struct domain_def def;
    struct diag dg;
    struct dom d;
    int rc = dom_find(c, argv[0], &d, e);

    if (rc != 0) {
        return rc;
    }
    if (d.live) {
        return err_set(e, -EEXIST, ERR_STATE, "the domain runs already",
                       d.name, "it has id %u", d.domid);
    }
    if (saved_find(d.name, saved) && c->force) {
        unlink(saved);
    } else if (saved_find(d.name, saved)) {
        return start_saved(c, &d, saved, e);
    }
    def_init(&def);
    diag_init(&dg, d.name, c->strict);
    rc = defined_load(d.name, &def, e);
    if (rc == 0) {
        rc = validate_def(&def, true, &dg);
        out_diag(c, &dg);
        diag_to_err(&dg, e);
    }
    if (rc == 0) {
        rc = start_def(c, &def, -1, e);
    }
    diag_fini(&dg);
    def_fini(&def);
    return rc;
}

/* ---- define, undefine, dumpxml ---------------------------------------------------- */

struct clash {
    const struct domain_def *def;
    bool name, uuid;
};

static void find_clash(const struct domain_def *other, void *arg)
{
    struct clash *clash = arg;
    bool name = strcmp(other->name, clash->def->name) == 0;
    bool uuid = memcmp(other->uuid, clash->def->uuid, 16) == 0;

    clash->name = clash->name || (name && !uuid);
    clash->uuid = clash->uuid || (uuid && !name);
}

int cmd_define(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def def;
    struct clash clash = { .def = &def };
    struct dom d = { .defined = true };
    int rc;

    def_init(&def);
    rc = load_file(c, argv[0], false, &def, e);
    if (rc == 0) {
        defined_each(find_clash, &clash);
        if (clash.name || clash.uuid) {
            rc = err_set(e, -EEXIST, ERR_STATE, clash.name
                         ? "the name is defined with another UUID"
                         : "the UUID is defined with another name", def.name,
                         "undefine that one first");
        }
    }
    if (rc == 0) {
        rc = defined_save(&def, e);
    }
    if (rc == 0) {
        struct rundir run;

        rundir_init(&run, def.uuid);
        memcpy(d.uuid_text, run.uuid, sizeof(d.uuid_text));
        snprintf(d.name, sizeof(d.name), "%s", def.name);
        out_action(c, &d, "defined", "defined");
    }
    def_fini(&def);
    return rc;
}

int cmd_undefine(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct dom d = { .defined = true };
    char saved[PATH_MAX];
    int rc;

    if (saved_find(argv[0], saved)) {
        return err_set(e, -EBUSY, ERR_STATE, "the domain has a saved state",
                       argv[0], "start it, or remove %s", saved);
    }
    rc = defined_remove(argv[0], e);

    if (rc == 0) {
        snprintf(d.name, sizeof(d.name), "%s", argv[0]);
        out_action(c, &d, "undefined", "undefined");
    }
    return rc;
}

int cmd_dumpxml(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def def;
    struct dom d;
    int rc = dom_find(c, argv[0], &d, e);

    if (rc != 0) {
        return rc;
    }
    def_init(&def);
    rc = dom_def(&d, &def, e);
    if (rc == 0 && c->json) {
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);
        json_object *o = out_object("DomainXML");

        xml_format(&def, d.live ? (int)d.domid : -1, f);
        fclose(f);
        out_add(o, "name", d.name);
        out_add(o, "xml", text);
        out_json(o);
        free(text);
    } else if (rc == 0) {
        xml_format(&def, d.live ? (int)d.domid : -1, stdout);
    }
    def_fini(&def);
    return rc;
}
