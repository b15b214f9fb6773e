/* SPDX-License-Identifier: MIT */
/*
 * A verb that changes both does the running domain first: that can fail for
 * reasons of the guest's.  The definition is a file and follows.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <config/device_edit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>
#include <vmctl/scope.h>

/* Definitions are files: no hypervisor is needed to change one. */
static int definition(const char *domain, struct scope *s, struct err *e)
{
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = defined_load(domain, &def, e);
    if (rc == 0) {
        memcpy(s->d.uuid, def.uuid, sizeof(s->d.uuid));
        uuid_unparse_lower(def.uuid, s->d.uuid_text);
        snprintf(s->d.name, sizeof(s->d.name), "%s", def.name);
        s->d.defined = s->config = true;
    }
    def_fini(&def);
    return rc;
}

int scope_find(struct ctl *c, const char *domain, struct scope *s,
               struct err *e)
{
    bool neither = !c->live && !c->config;
    int rc;

    if (c->config && !c->live && !c->current) {
        return definition(domain, s, e);
    }
    rc = dom_find(c, domain, &s->d, e);
    if (rc != 0) {
        return rc;
    }
    s->live = c->live || ((c->current || neither) && s->d.live);
    s->config = c->config || !s->live;
    if (s->live && !s->d.live) {
        return dom_find_live(c, domain, &s->d, e);
    }
    if (s->config && !s->d.defined) {
        return err_set(e, -ENOENT, ERR_STATE, "the domain is not defined",
                       s->d.name, "--config changes a definition; see: vmctl "
                       "define");
    }
    return 0;
}

/* ---- a definition ------------------------------------------------------------- */

static int config_add(const char *name, const char *element,
                      const struct domain_def *piece, struct err *e)
{
    char word[DEVICE_NAME];
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = defined_load(name, &def, e);
    if (rc == 0 && device_name(piece, element, 0, word) &&
        device_find(&def, element, word) >= 0) {
        rc = err_set(e, -EEXIST, ERR_STATE, "the device is there already",
                     word, "in the definition of %s", name);
    }
    if (rc == 0) {
        rc = device_copy(&def, piece, element, 0);
        rc = rc >= 0 ? defined_save(&def, e)
                     : err_errno(e, rc, "cannot add the device", "%s", name);
    }
    def_fini(&def);
    return rc;
}

static int config_find(const char *name, const char *element,
                       const char *word, struct domain_def *def,
                       struct err *e)
{
    int rc = defined_load(name, def, e), i;

    if (rc != 0) {
        return rc;
    }
    i = device_find(def, element, word);
    return i >= 0 ? i : err_set(e, -ENOENT, ERR_NOT_FOUND, "no such device",
                                word, "the definition of %s has no %s of "
                                "that name", name, element);
}

static int config_remove(const char *name, const char *element,
                         const char *word, struct err *e)
{
    struct domain_def def;
    int i;

    def_init(&def);
    i = config_find(name, element, word, &def, e);
    if (i >= 0) {
        device_remove(&def, element, (size_t)i);
        i = defined_save(&def, e);
    }
    def_fini(&def);
    return i;
}

/* ---- a running domain ------------------------------------------------------------ */

static int begin(struct ctl *c, const struct dom *d, struct change *ch,
                 struct err *e)
{
    int rc = change_begin(ch, c->h, c->xs, d->uuid, e);

    if (rc == 0) {
        ch->wait.timeout_ms = ctl_timeout(c, 30) * 1000;
    }
    return rc;
}

static int live_add(struct ctl *c, const struct dom *d, const char *element,
                    const struct domain_def *piece, struct err *e)
{
    struct change ch;
    int rc = dom_needs_drivers(c, d, "a device that comes while it runs", e);

    if (rc == 0) {
        rc = begin(c, d, &ch, e);
    }
    if (rc == 0) {
        rc = change_attach(&ch, element, piece, e);
        change_end(&ch);
    }
    return rc;
}

static int live_remove(struct ctl *c, const struct dom *d,
                       const char *element, const char *word, struct err *e)
{
    struct change ch;
    int rc = begin(c, d, &ch, e);

    if (rc == 0) {
        rc = change_detach(&ch, element, word, e);
        change_end(&ch);
    }
    return rc;
}

/* ---- the verbs' side ---------------------------------------------------------------- */

static int check_piece(struct ctl *c, const char *element,
                       struct domain_def *piece, bool files, struct err *e)
{
    struct diag dg;
    int rc;

    diag_init(&dg, element, c->strict);
    rc = device_check(piece, element, 0, files, &dg);
    out_diag(c, &dg);
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc;
}

static void say(struct ctl *c, const struct dom *d, const char *action,
                const char *element, const char *word, const char *verb)
{
    char words[160];

    snprintf(words, sizeof(words), "%s %s %.64s", verb, element, word);
    out_action(c, d, action, words);
}

int scope_attach(struct ctl *c, const char *domain, const char *element,
                 struct domain_def *piece, struct err *e)
{
    struct scope s = { .live = false };
    int rc = scope_find(c, domain, &s, e);
    char name[DEVICE_NAME];

    if (rc == 0) {
        rc = check_piece(c, element, piece, s.live, e);
    }
    if (rc == 0 && s.live) {
        rc = live_add(c, &s.d, element, piece, e);
    }
    if (rc == 0 && s.config) {
        rc = config_add(s.d.name, element, piece, e);
    }
    if (rc == 0) {
        device_name(piece, element, 0, name);
        say(c, &s.d, "attached", element, name, "has a new");
    }
    return rc;
}

int scope_detach(struct ctl *c, const char *domain, const char *element,
                 const char *name, struct err *e)
{
    struct scope s = { .live = false };
    int rc = scope_find(c, domain, &s, e);

    if (rc == 0 && s.live) {
        rc = live_remove(c, &s.d, element, name, e);
    }
    if (rc == 0 && s.config) {
        rc = config_remove(s.d.name, element, name, e);
    }
    if (rc == 0) {
        say(c, &s.d, "detached", element, name, "has no more");
    }
    return rc;
}

static int live_change(struct ctl *c, const struct dom *d,
                       const struct scope_edit *edit, struct err *e)
{
    struct change ch;
    int rc = begin(c, d, &ch, e), i;

    if (rc != 0) {
        return rc;
    }
    i = device_find(&ch.def, edit->element, edit->name);
    rc = i < 0 ? err_set(e, -ENOENT, ERR_NOT_FOUND, "no such device",
                         edit->name, "domain %s has no %s of that name",
                         d->name, edit->element)
               : edit->fn(&ch, &ch.def, (size_t)i, edit->arg, e);
    if (rc == 0) {
        rc = change_save(&ch, e);
    }
    if (rc == 0 && edit->event != NULL) {
        change_event(&ch, edit->event, edit->element, edit->name);
    }
    change_end(&ch);
    return rc;
}

static int config_change(const char *name, const struct scope_edit *edit,
                         struct err *e)
{
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = config_find(name, edit->element, edit->name, &def, e);
    if (rc >= 0) {
        rc = edit->fn(NULL, &def, (size_t)rc, edit->arg, e);
    }
    if (rc == 0) {
        rc = defined_save(&def, e);
    }
    def_fini(&def);
    return rc;
}

int scope_change(struct ctl *c, const char *domain,
                 const struct scope_edit *edit, struct err *e)
{
    struct scope s = { .live = false };
    int rc = scope_find(c, domain, &s, e);

    if (rc == 0 && s.live) {
        rc = live_change(c, &s.d, edit, e);
    }
    if (rc == 0 && s.config) {
        rc = config_change(s.d.name, edit, e);
    }
    if (rc == 0) {
        out_action(c, &s.d, edit->action, edit->words);
    }
    return rc;
}

/* ---- settings ------------------------------------------------------------------------- */

static int set_live(struct ctl *c, const struct dom *d,
                    const struct scope_setting *set, struct err *e)
{
    struct change ch;
    int rc = begin(c, d, &ch, e);

    if (rc != 0 && e->class == ERR_UNSUPPORTED) {
        memset(e, 0, sizeof(*e));
        return set->live(c, d, set->arg, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = set->def(&ch.def, true, set->arg, e);
    if (rc == 0) {
        rc = set->live(c, d, set->arg, e);
    }
    if (rc == 0) {
        rc = change_save(&ch, e);
    }
    change_end(&ch);
    return rc;
}

static int set_config(const char *name, const struct scope_setting *set,
                      struct err *e)
{
    struct domain_def def;
    int rc;

    def_init(&def);
    rc = defined_load(name, &def, e);
    if (rc == 0) {
        rc = set->def(&def, false, set->arg, e);
    }
    if (rc == 0) {
        rc = defined_save(&def, e);
    }
    def_fini(&def);
    return rc;
}

int scope_set(struct ctl *c, const char *domain,
              const struct scope_setting *set, struct scope *s,
              struct err *e)
{
    int rc = scope_find(c, domain, s, e);

    if (rc == 0 && s->live && s->d.domid == 0) {
        rc = err_set(e, -EPERM, ERR_PERMISSION, "refused", s->d.name,
                     "this is the control domain");
    }
    if (rc == 0 && s->live) {
        rc = set_live(c, &s->d, set, e);
    }
    if (rc == 0 && s->config) {
        rc = set_config(s->d.name, set, e);
    }
    return rc;
}
