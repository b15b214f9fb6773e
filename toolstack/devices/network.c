/* SPDX-License-Identifier: MIT */
/*
 * Names of networks.  The bridges themselves are the administrator's.
 * Tests: tests/unit/toolstack/test_devices.c.
 */
#include <devices/network.h>

#include <errno.h>
#include <lib/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORKS "/etc/vmctl/networks"

/* One line; false: it is not about @name or makes no sense. */
static bool read_line(const char *line, const char *name,
                      struct network_place *place)
{
    char word[64], kind[16], bridge[NIC_NAME_MAX + 2] = "";
    int n = sscanf(line, "%63s %15s %16s", word, kind, bridge);

    if (n < 2 || word[0] == '#' || strcmp(word, name) != 0) {
        return false;
    }
    place->user = n == 2 && strcmp(kind, "user") == 0;
    if (place->user) {
        return true;
    }
    if (n < 3 || strcmp(kind, "bridge") != 0 ||
        strlen(bridge) > NIC_NAME_MAX) {
        return false;
    }
    strcpy(place->bridge, bridge);
    return true;
}

static int look_up(const char *name, struct network_place *place,
                   struct err *e)
{
    const char *path = getenv("VMCTL_NETWORKS");
    char line[256];
    bool found = false;
    FILE *f;

    path = path == NULL ? NETWORKS : path;
    f = fopen(path, "re");
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = read_line(line, name, place);
    }
    if (f != NULL) {
        fclose(f);
    }
    if (!found && strcmp(name, "default") == 0) {
        place->user = found = true;
    }
    return found ? 0 : err_set(e, -ENOENT, ERR_CONFIG, "unknown network",
                               name, "%s has no line for it", path);
}

int network_of(const struct nic_def *nic, struct network_place *place,
               struct err *e)
{
    memset(place, 0, sizeof(*place));
    switch (nic->type) {
    case NIC_USER:
        place->user = true;
        return 0;
    case NIC_BRIDGE:
        snprintf(place->bridge, sizeof(place->bridge), "%s", nic->bridge);
        return 0;
    case NIC_ETHERNET:
        return 0;
    case NIC_NETWORK:
        return look_up(nic->network, place, e);
    }
    return -EINVAL;
}
