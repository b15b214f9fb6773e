/* SPDX-License-Identifier: MIT */
/* No tap and no user mode: the card's descriptor is a test's. */
#include <back/net_tap.h>
#include <back/net_user.h>

#include <errno.h>

int net_tap_open(struct device *d, unsigned int nr_queues, struct err *e)
{
    return -ENODEV;
}

int net_tap_set(struct device *d, unsigned int nr, unsigned int offloads,
                struct err *e)
{
    return -ENODEV;
}

void net_tap_close(struct device *d, bool gone)
{
}

int net_user_start(struct device *d, struct err *e)
{
    return -ENODEV;
}

void net_user_stop(struct device *d)
{
}
