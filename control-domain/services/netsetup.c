/* SPDX-License-Identifier: MIT */
/*
 * netsetup: brings up the loopback interface, over which the control domain
 * reaches its own addresses, and makes the bridges that /etc/paravane/network
 * asks for, once, before any guest is started.  A line is
 *
 *   bridge NAME [ADDRESS/LENGTH] [PORT]     bridge xenbr0 10.0.0.1/24 eth0
 *
 * with "-" for no address.  Distributions have better means; this one is for a
 * control domain without any.  Tests: tests/boot/dom0/net-pair.sh.
 */
#include <lib/err.h>
#include <lib/log.h>
#include <lib/netif.h>

#include <stdio.h>
#include <string.h>

#define DEFAULT_FILE "/etc/paravane/network"

static int make(const char *bridge, const char *address, const char *port,
                struct err *e)
{
    int rc = netif_make_bridge(bridge, e);

    if (rc == 0 && port[0] != '\0') {
        rc = netif_join(bridge, port, e);
        if (rc == 0) {
            rc = netif_up(port, 0, e);
        }
    }
    if (rc == 0 && address[0] != '\0' && strcmp(address, "-") != 0) {
        rc = netif_address(bridge, address, e);
    }
    return rc;
}

/* 0, 1: it failed, and the log says why. */
static int take_line(const char *line, const char *file, unsigned int nr)
{
    char word[16] = "", bridge[17] = "", address[40] = "", port[17] = "";
    int n = sscanf(line, "%15s %16s %39s %16s", word, bridge, address, port);
    struct err e = ERR_INIT;

    if (n <= 0 || word[0] == '#') {
        return 0;
    }
    if (n < 2 || strcmp(word, "bridge") != 0 ||
        strlen(bridge) >= NETIF_NAME_ROOM || strlen(port) >= NETIF_NAME_ROOM) {
        log_err("%s:%u: not like 'bridge NAME [ADDRESS/LENGTH] [PORT]'", file,
                nr);
        return 1;
    }
    if (make(bridge, address, port, &e) != 0) {
        log_errval(&e);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : DEFAULT_FILE;
    unsigned int nr = 0;
    char line[256];
    struct err e = ERR_INIT;
    int failed = 0;
    FILE *f = fopen(path, "re");

    log_init("netsetup", LOG_LVL_INFO, 0);
    if (netif_up("lo", 0, &e) != 0) {
        log_errval(&e);
        failed = 1;
    }
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        failed |= take_line(line, path, ++nr);
    }
    if (f != NULL) {
        fclose(f);
    }
    return failed;
}
