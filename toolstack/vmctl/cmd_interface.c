/* SPDX-License-Identifier: MIT */
/*
 * attach-interface, detach-interface, domiflist.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <config/device_edit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/scope.h>

#define ELEMENT "interface"

static const struct {
    const char *name;
    enum nic_type type;
} types[] = {
    { "bridge", NIC_BRIDGE }, { "user", NIC_USER },
    { "network", NIC_NETWORK }, { "ethernet", NIC_ETHERNET },
};
#define NR_TYPES (sizeof(types) / sizeof(types[0]))

static int parse_mac(const char *text, struct nic_def *nic, struct err *e)
{
    unsigned int b[6];
    char rest;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3],
               &b[4], &b[5], &rest) != 6) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a MAC address", text,
                       "such as 00:16:3e:12:34:56");
    }
    for (int i = 0; i < 6; i++) {
        nic->mac[i] = (uint8_t)b[i];
    }
    nic->has_mac = true;
    return 0;
}

static int parse_type(const char *word, struct nic_def *nic, struct err *e)
{
    for (size_t i = 0; i < NR_TYPES; i++) {
        if (strcmp(types[i].name, word) == 0) {
            nic->type = types[i].type;
            return 0;
        }
    }
    return err_set(e, -EINVAL, ERR_USAGE, "not a type of interface", word,
                   "one of bridge, user, network, ethernet");
}

/* TYPE [SOURCE] and the options. */
static int parse_nic(struct ctl *c, int argc, char **argv,
                     struct nic_def *nic, struct err *e)
{
    int rc = parse_type(argv[0], nic, e);
    bool named = nic->type == NIC_BRIDGE || nic->type == NIC_NETWORK;

    if (rc == 0 && named != (argc > 1)) {
        rc = err_set(e, -EINVAL, ERR_USAGE,
                     named ? "a source is missing" : "there is no source",
                     argv[0], "bridge and network are named, the others not");
    }
    if (rc == 0 && named) {
        *(nic->type == NIC_BRIDGE ? &nic->bridge : &nic->network) =
            strdup(argv[1]);
    }
    nic->model = c->model == NULL ? NULL : strdup(c->model);
    nic->target = c->target == NULL ? NULL : strdup(c->target);
    return rc == 0 && c->mac != NULL ? parse_mac(c->mac, nic, e) : rc;
}

int cmd_attach_interface(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def piece;
    struct nic_def *nic;
    int rc = -ENOMEM;

    def_init(&piece);
    nic = DEF_GROW(piece.nics, piece.nr_nics);
    if (nic != NULL) {
        rc = parse_nic(c, argc - 1, argv + 1, nic, e);
    }
    if (rc == 0) {
        rc = scope_attach(c, argv[0], ELEMENT, &piece, e);
    }
    def_fini(&piece);
    return rc;
}

/* Which card: the one of --mac, or the only one. */
static int only_card(struct ctl *c, const char *domain, char mac[DEVICE_NAME],
                     struct err *e)
{
    struct domain_def def;
    struct dom d;
    int rc = dom_find(c, domain, &d, e);

    def_init(&def);
    if (rc == 0) {
        rc = dom_def(&d, &def, e);
    }
    if (rc == 0 && def.nr_nics != 1) {
        rc = err_set(e, -EINVAL, def.nr_nics == 0 ? ERR_NOT_FOUND : ERR_USAGE,
                     def.nr_nics == 0 ? "no such device" : "which card?",
                     d.name, "it has %zu; --mac names one", def.nr_nics);
    }
    if (rc == 0) {
        device_name(&def, ELEMENT, 0, mac);
    }
    def_fini(&def);
    return rc;
}

int cmd_detach_interface(struct ctl *c, int argc, char **argv, struct err *e)
{
    char mac[DEVICE_NAME];
    int rc = 0;

    if (c->mac == NULL) {
        rc = only_card(c, argv[0], mac, e);
    } else {
        snprintf(mac, sizeof(mac), "%s", c->mac);
    }
    return rc != 0 ? rc : scope_detach(c, argv[0], ELEMENT, mac, e);
}

/* ---- domiflist -------------------------------------------------------------------- */

static const char *source_of(const struct nic_def *nic)
{
    return nic->bridge != NULL ? nic->bridge
           : nic->network != NULL ? nic->network : "-";
}

/* What the host calls it. */
static void host_name(const struct dom *d, const struct nic_def *nic,
                      char name[32])
{
    if (nic->target != NULL) {
        snprintf(name, 32, "%.31s", nic->target);
    } else if (d->live && nic->type != NIC_USER) {
        snprintf(name, 32, "vif%u.%u", d->domid, nic->devid);
    } else {
        strcpy(name, "-");
    }
}

static void row(struct ctl *c, const struct dom *d,
                const struct domain_def *def, size_t i, json_object *items)
{
    const struct nic_def *nic = &def->nics[i];
    const char *model = nic->model == NULL ? "netfront" : nic->model;
    char mac[DEVICE_NAME], name[32];
    json_object *o;

    device_name(def, ELEMENT, i, mac);
    host_name(d, nic, name);
    if (items == NULL) {
        printf("%-12s  %-8s  %-12s  %-8s  %s\n", name, types[nic->type].name,
               source_of(nic), model, mac);
        return;
    }
    o = json_object_new_object();
    out_add(o, "interface", name);
    out_add(o, "type", types[nic->type].name);
    out_add(o, "source", source_of(nic));
    out_add(o, "model", model);
    out_add(o, "mac", mac);
    out_add_u64(o, "devid", nic->devid);
    json_object_array_add(items, o);
}

int cmd_domiflist(struct ctl *c, int argc, char **argv, struct err *e)
{
    json_object *items = c->json ? json_object_new_array() : NULL, *o;
    struct domain_def def;
    struct dom d;
    int rc = dom_find(c, argv[0], &d, e);

    def_init(&def);
    if (rc == 0) {
        rc = dom_def(&d, &def, e);
    }
    if (rc == 0 && !c->json && !c->no_header) {
        printf("%-12s  %-8s  %-12s  %-8s  %s\n", "INTERFACE", "TYPE", "SOURCE",
               "MODEL", "MAC");
    }
    for (size_t i = 0; rc == 0 && i < def.nr_nics; i++) {
        row(c, &d, &def, i, items);
    }
    if (rc == 0 && c->json) {
        o = out_object("InterfaceList");
        out_add(o, "name", d.name);
        json_object_object_add(o, "items", items);
        out_json(o);
    }
    def_fini(&def);
    return rc;
}
