/* SPDX-License-Identifier: MIT */
/*
 * vmctl/scope.h - the frame of verbs that change devices.
 *
 * Owns    --live, --config, --current: which of the running domain and the
 *         definition changes; messages and events.
 * Leaves  the change of the running domain to lifecycle/change.h; reading
 *         arguments into a device to the verbs.
 * Tests   tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh
 */
#ifndef VMCTL_SCOPE_H
#define VMCTL_SCOPE_H

#include <lifecycle/change.h>
#include <vmctl/cmd.h>

struct scope {
    struct dom d;
    bool live, config;
};

/* -errno: no such domain, or --live is given and it does not run. */
int scope_find(struct ctl *c, const char *domain, struct scope *s,
               struct err *e);

/*
 * The only device of @piece (kind @element, an XML element such as "disk")
 * becomes one of @domain, as the options say.
 */
int scope_attach(struct ctl *c, const char *domain, const char *element,
                 struct domain_def *piece, struct err *e);

/* The device that device_name() calls @name (device_edit.h) goes. */
int scope_detach(struct ctl *c, const char *domain, const char *element,
                 const char *name, struct err *e);

/*
 * For anything else that changes a device: @fn is called with the locked
 * running domain, or with NULL and the definition.  What it did to the
 * configuration is saved when it returns 0; @event is published, if any.
 */
struct scope_edit {
    const char *element, *name;        /* which device */
    const char *event;                 /* such as "media-changed", or NULL */
    const char *action, *words;        /* for out_action() */
    int (*fn)(struct change *live, struct domain_def *def, size_t i,
              void *arg, struct err *e);
    void *arg;
};
int scope_change(struct ctl *c, const char *domain,
                 const struct scope_edit *edit, struct err *e);

/*
 * A setting of the whole domain.  @def checks it against a configuration and
 * enters it; @live carries it out, also on domains of other tools, which have
 * no configuration here.
 */
struct scope_setting {
    int (*def)(struct domain_def *def, bool live, void *arg, struct err *e);
    int (*live)(struct ctl *c, const struct dom *d, void *arg, struct err *e);
    void *arg;
};
int scope_set(struct ctl *c, const char *domain,
              const struct scope_setting *set, struct scope *s,
              struct err *e);

#endif
