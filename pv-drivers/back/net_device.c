/* SPDX-License-Identifier: MIT */
/*
 * The class of network cards: toolstack keys, features, the frontend's keys.
 * The tap (net_tap.c) and user-mode networking (net_user.c) live as long as
 * the card, whatever serving process dies: frames are lost then and nothing
 * else.  Serving is left to net_serve.c.  Exercised by the nested boots.
 */
#include <back/net_device.h>

#include <back/device_child.h>
#include <back/net_serve.h>
#include <back/net_tap.h>
#include <back/net_user.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MTU_MAX 65521u

/* ---- the toolstack's keys ----------------------------------------------------------- */

static bool flag(struct device *d, const char *dir, const char *key)
{
    uint32_t value = 0;

    return keys_read_u32_or(d->back->xs, dir, key, 1, 0, &value) == 0 &&
           value == 1;
}

static void read_text(struct device *d, const char *key, char *text,
                      size_t size)
{
    if (keys_read_text(d->back->xs, d->path, key, text, size) != 0) {
        text[0] = '\0';
    }
}

static void read_mac(struct device *d)
{
    unsigned int m[6];
    char text[20];

    read_text(d, "mac", text, sizeof(text));
    memset(d->net.mac, 0, sizeof(d->net.mac));
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &m[0], &m[1], &m[2], &m[3],
               &m[4], &m[5]) == 6) {
        for (int i = 0; i < 6; i++) {
            d->net.mac[i] = (uint8_t)m[i];
        }
    }
}

static int check_keys(struct device *d, struct err *e)
{
    static const uint8_t none[6];
    struct net_credit credit;

    if (d->net.check_mac && memcmp(d->net.mac, none, 6) == 0) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot check senders", d->path,
                       "the card has no mac");
    }
    if (d->net.rate[0] != '\0' && !net_credit_parse(d->net.rate, &credit)) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot limit the card",
                       d->path, "its rate '%s' is not 'bytes,microseconds'",
                       d->net.rate);
    }
    return 0;
}

static int read_keys(struct device *d, struct err *e)
{
    uint32_t queues = 1;
    int rc;

    read_text(d, "vifname", d->net.name, sizeof(d->net.name));
    if (d->net.name[0] == '\0') {
        snprintf(d->net.name, sizeof(d->net.name), "vif%u.%u",
                 d->back->domid % 100000, d->id % 10000);
    }
    read_text(d, "bridge", d->net.bridge, sizeof(d->net.bridge));
    read_text(d, "rate", d->net.rate, sizeof(d->net.rate));
    read_mac(d);
    d->net.check_mac = flag(d, d->path, "mac-filter");
    d->net.user = flag(d, d->path, "user");
    rc = keys_read_u32_or(d->back->xs, d->path, "mtu", MTU_MAX, 0,
                          &d->net.mtu);
    if (rc == 0) {
        rc = keys_read_u32_or(d->back->xs, d->path, "queues", NET_QUEUES_MAX,
                              1, &queues);
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot read the card's keys", "%s", d->path);
    }
    rc = check_keys(d, e);
    if (rc != 0 || d->net.user || d->net.nr_fds != 0) {
        return rc;
    }
    return net_tap_open(d, queues == 0 ? 1 : queues, e);
}

static int offer(struct device *d, struct err *e)
{
    bool tap = !d->net.user;       /* libslirp has no IPv6 here */
    const struct { const char *key; uint64_t value; } features[] = {
        { "feature-rx-copy", 1 },
        { "feature-rx-flip", 0 },
        { "feature-sg", 1 },
        { "feature-gso-tcpv4", 1 },
        { "feature-gso-tcpv6", tap },
        { "feature-ipv6-csum-offload", 1 },
        { "feature-split-event-channels", 0 },
        { "multi-queue-max-queues", tap ? d->net.nr_fds : 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        keys_write_u64(d->back->xs, d->path, features[i].key,
                       features[i].value);
    }
    keys_write_text(d->back->xs, d->path, "hotplug-status", "connected");
    return 0;
}

/* ---- the frontend's keys -------------------------------------------------------------- */

static int read_queue(struct device *d, const char *dir,
                      struct net_serve_queue *q)
{
    struct xs *xs = d->back->xs;
    int rc = keys_read_u32(xs, dir, "tx-ring-ref", UINT32_MAX,
                           &q->config.tx_ref);

    if (rc == 0) {
        rc = keys_read_u32(xs, dir, "rx-ring-ref", UINT32_MAX,
                           &q->config.rx_ref);
    }
    return rc != 0 ? rc : keys_read_u32(xs, dir, "event-channel", UINT32_MAX,
                                        &q->remote_port);
}

/* One queue has its keys in the directory itself, several in queue-N. */
static int read_queues(struct device *d, struct net_serve *s)
{
    char dir[KEYS_PATH_MAX + 32];
    unsigned int most = d->net.user ? 1 : d->net.nr_fds, i;
    uint32_t nr = 1;
    int rc = keys_read_u32_or(d->back->xs, d->front, "multi-queue-num-queues",
                              most, 1, &nr);

    if (rc != 0 || nr == 0) {
        return rc != 0 ? rc : -EINVAL;
    }
    s->nr_queues = nr;
    if (nr == 1) {
        return read_queue(d, d->front, &s->queues[0]);
    }
    for (i = 0; i < nr && rc == 0; i++) {
        snprintf(dir, sizeof(dir), "%s/queue-%u", d->front, i);
        rc = read_queue(d, dir, &s->queues[i]);
    }
    return rc;
}

static int read_front(struct device *d, struct net_serve *s, struct err *e)
{
    uint32_t copy = 0;
    int rc = read_queues(d, s);

    if (rc == 0) {
        rc = keys_read_u32(d->back->xs, d->front, "request-rx-copy", 1, &copy);
    }
    if (rc == 0 && copy != 1) {
        rc = -EOPNOTSUPP;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the frontend's keys",
                                   "%s", d->front);
}

/* What the guest says that it takes. */
static unsigned int front_offloads(struct device *d)
{
    static const struct { const char *key; unsigned int offload; } gso[] = {
        { "feature-gso-tcpv4", NET_TAP_TSO4 },
        { "feature-gso-tcpv6", NET_TAP_TSO6 },
    };
    unsigned int all = NET_TAP_CSUM;
    size_t i;

    if (flag(d, d->front, "feature-no-csum-offload") ||
        !flag(d, d->front, "feature-ipv6-csum-offload")) {
        return 0;
    }
    for (i = 0; i < 2 && flag(d, d->front, "feature-sg"); i++) {
        all |= flag(d, d->front, gso[i].key) ? gso[i].offload : 0;
    }
    return all;
}

/* ---- connect ---------------------------------------------------------------------------- */

static void run(void *arg, int control_fd)
{
    struct net_serve *s = arg;

    s->control_fd = control_fd;
    net_serve(s);
}

static int prepare(struct device *d, struct net_serve *s, struct err *e)
{
    int rc = read_front(d, s, e);

    if (rc != 0) {
        return rc;
    }
    if (d->net.user) {
        rc = net_user_start(d, e);
    } else {
        rc = net_tap_set(d, s->nr_queues, front_offloads(d), e);
    }
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        s->queues[i].fd = d->net.fds[i];
    }
    return rc;
}

static int start(struct device *d, struct err *e)
{
    struct net_serve s = { .domid = d->back->domid, .id = d->id,
                           .empty_dir = d->back->empty_dir,
                           .card.check_mac = d->net.check_mac };
    int rc = prepare(d, &s, e);

    memcpy(s.card.mac, d->net.mac, sizeof(s.card.mac));
    s.card.one_page = !flag(d, d->front, "feature-sg");
    if (d->net.rate[0] != '\0') {
        net_credit_parse(d->net.rate, &s.card.credit);
    }
    return rc != 0 ? rc : device_child_spawn(d, run, &s, e);
}

static void end(struct device *d)
{
}

static void release(struct device *d, bool gone)
{
    if (d->net.user) {
        net_user_stop(d);
    } else if (d->net.nr_fds != 0) {
        net_tap_close(d, gone);
    }
}

const struct device_class net_device_class = {
    .program = "paravane-netd", .type = "tapnet", .noun = "card",
    .read = read_keys, .offer = offer, .start = start, .end = end,
    .sandbox = &net_sandbox, .release = release,
};
