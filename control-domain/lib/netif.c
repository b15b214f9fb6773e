/* SPDX-License-Identifier: MIT */
/*
 * Interfaces of the control domain, by ioctl.  Which names there are and why
 * is left to the callers.  Exercised by the nested boots with network cards.
 */
#include <lib/netif.h>

#include <lib/err.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int ask(unsigned long request, void *arg)
{
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

    if (s < 0) {
        return -errno;
    }
    rc = ioctl(s, request, arg) == 0 ? 0 : -errno;
    close(s);
    return rc;
}

static void set_name(char field[IFNAMSIZ], const char *name)
{
    memset(field, 0, IFNAMSIZ);
    snprintf(field, IFNAMSIZ, "%s", name);
}

bool netif_exists(const char *name)
{
    struct ifreq r = { .ifr_ifindex = 0 };

    set_name(r.ifr_name, name);
    return ask(SIOCGIFINDEX, &r) == 0;
}

static bool is_bridge(const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/class/net/%.15s/bridge", name);
    return access(path, F_OK) == 0;
}

int netif_rename(const char *name, const char *new_name, struct err *e)
{
    struct ifreq r = { .ifr_ifindex = 0 };
    int rc;

    set_name(r.ifr_name, name);
    set_name(r.ifr_newname, new_name);
    rc = ask(SIOCSIFNAME, &r);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot name the interface", "%s",
                                   new_name);
}

int netif_up(const char *name, unsigned int mtu, struct err *e)
{
    struct ifreq r = { .ifr_ifindex = 0 };
    int rc = 0;

    set_name(r.ifr_name, name);
    if (mtu != 0) {
        r.ifr_mtu = (int)mtu;
        rc = ask(SIOCSIFMTU, &r);
    }
    if (rc == 0) {
        rc = ask(SIOCGIFFLAGS, &r);
    }
    if (rc == 0) {
        r.ifr_flags |= IFF_UP;
        rc = ask(SIOCSIFFLAGS, &r);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot set up the interface", "%s",
                                   name);
}

int netif_join(const char *bridge, const char *name, struct err *e)
{
    struct ifreq r = { .ifr_ifindex = 0 };
    int rc, index;

    set_name(r.ifr_name, name);
    rc = ask(SIOCGIFINDEX, &r);
    if (rc == 0) {
        index = r.ifr_ifindex;
        memset(&r, 0, sizeof(r));
        set_name(r.ifr_name, bridge);
        r.ifr_ifindex = index;
        rc = ask(SIOCBRADDIF, &r);
    }
    return rc == 0 || rc == -EBUSY
               ? 0 : err_errno(e, rc, "cannot plug the card into the bridge",
                               "%s", bridge);
}

static bool parse_address(const char *text, struct in_addr *addr,
                          struct in_addr *mask)
{
    char host[32];
    unsigned int len;
    int end = 0;

    if (sscanf(text, "%31[0-9.]/%u%n", host, &len, &end) != 2 ||
        text[end] != '\0' || len > 32 ||
        inet_pton(AF_INET, host, addr) != 1) {
        return false;
    }
    mask->s_addr = htonl(len == 0 ? 0 : ~0u << (32 - len));
    return true;
}

static int set_addr(const char *name, unsigned long request,
                    struct in_addr addr)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = addr };
    struct ifreq r = { .ifr_ifindex = 0 };

    set_name(r.ifr_name, name);
    memcpy(&r.ifr_addr, &in, sizeof(in));
    return ask(request, &r);
}

int netif_address(const char *name, const char *address, struct err *e)
{
    struct in_addr addr, mask;
    int rc;

    if (!parse_address(address, &addr, &mask)) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot give the interface an "
                       "address", name, "'%s' is not like 10.0.0.1/24",
                       address);
    }
    rc = set_addr(name, SIOCSIFADDR, addr);
    if (rc == 0) {
        rc = set_addr(name, SIOCSIFNETMASK, mask);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot give the interface an "
                                   "address", "%s", name);
}

int netif_make_bridge(const char *bridge, struct err *e)
{
    char name[IFNAMSIZ];
    int rc;

    set_name(name, bridge);
    rc = ask(SIOCBRADDBR, name);
    if (rc != 0 && (rc != -EEXIST || !is_bridge(bridge))) {
        return err_errno(e, rc, "cannot make the bridge", "%s", bridge);
    }
    return netif_up(bridge, 0, e);
}
