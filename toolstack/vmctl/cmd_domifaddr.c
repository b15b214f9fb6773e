/* SPDX-License-Identifier: MIT */
/*
 * domifaddr: what is known of a guest's addresses without asking it.  The
 * control domain's neighbour table has those that talked to it over a bridge;
 * the store has what an agent in the guest wrote, which may be anything.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <arpa/inet.h>
#include <config/device_edit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>

struct addresses {
    struct ctl *c;
    const struct dom *d;
    json_object *items;                /* NULL: a table */
};

static void print_address(struct addresses *a, const char *mac,
                          const char *address, const char *source)
{
    json_object *o;

    if (a->items == NULL) {
        printf("%-17s  %-39s  %s\n", mac, address, source);
        return;
    }
    o = json_object_new_object();
    out_add(o, "mac", mac);
    out_add(o, "address", address);
    out_add(o, "source", source);
    json_object_array_add(a->items, o);
}

/* /proc/net/arp: ADDRESS TYPE FLAGS MAC MASK DEVICE */
static void from_neighbours(struct addresses *a, const char *mac)
{
    char line[256], address[64], hw[64];
    FILE *f = fopen("/proc/net/arp", "re");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (sscanf(line, "%63s %*s %*s %63s", address, hw) == 2 &&
            strcasecmp(hw, mac) == 0) {
            print_address(a, mac, address, "arp");
        }
    }
    if (f != NULL) {
        fclose(f);
    }
}

static bool is_address(const char *text)
{
    unsigned char raw[16];

    return inet_pton(AF_INET, text, raw) == 1 ||
           inet_pton(AF_INET6, text, raw) == 1;
}

/* The keys that guest agents use; the guest's word, so it must be one. */
static void from_store(struct addresses *a, const char *mac,
                       unsigned int devid)
{
    static const struct {
        const char *before, *after;
    } keys[] = {
        { "attr/vif/", "/ipv4/0" }, { "attr/vif/", "/ipv6/0" },
        { "attr/eth", "/ip" },
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char path[128], *value = NULL;

        snprintf(path, sizeof(path), "/local/domain/%u/%s%u%s", a->d->domid,
                 keys[i].before, devid, keys[i].after);
        if (xs_read(a->c->xs, XS_TXN_NONE, path, &value, NULL) == 0 &&
            is_address(value)) {
            print_address(a, mac, value, "store");
        }
        free(value);
    }
}

int cmd_domifaddr(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct addresses a = { .c = c };
    struct domain_def def;
    struct dom d;
    json_object *o;
    int rc = dom_find_live(c, argv[0], &d, e);

    def_init(&def);
    a.d = &d;
    a.items = c->json ? json_object_new_array() : NULL;
    if (rc == 0) {
        rc = dom_def(&d, &def, e);
    }
    if (rc == 0 && !c->json && !c->no_header) {
        printf("%-17s  %-39s  %s\n", "MAC", "ADDRESS", "SOURCE");
    }
    for (size_t i = 0; rc == 0 && i < def.nr_nics; i++) {
        char mac[DEVICE_NAME];

        device_name(&def, "interface", i, mac);
        from_neighbours(&a, mac);
        from_store(&a, mac, def.nics[i].devid);
    }
    if (rc == 0 && c->json) {
        o = out_object("AddressList");
        out_add(o, "name", d.name);
        json_object_object_add(o, "items", a.items);
        out_json(o);
    }
    def_fini(&def);
    return rc;
}
