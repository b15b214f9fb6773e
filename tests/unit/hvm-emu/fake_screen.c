/* SPDX-License-Identifier: MIT */
/* A machine without a screen: linked instead of hvm-emu/host/screen*.c. */
#include <host/screen.h>

#include <stddef.h>

int host_screen_get(struct machine *m, struct host_screen **s, struct err *e)
{
    *s = NULL;
    return 0;
}

void host_screen_source(struct host_screen *s,
                        const struct host_screen_ops *ops, void *arg)
{
}

void host_screen_sink(struct host_screen *s,
                      void (*input)(void *arg, const struct screen_msg *m),
                      void *arg)
{
}
