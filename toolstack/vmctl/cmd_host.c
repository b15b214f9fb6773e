/* SPDX-License-Identifier: MIT */
/*
 * Verbs about the hypervisor itself: dmesg, debug-keys.
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>

#define CHUNK (16u << 10)

int cmd_dmesg(struct ctl *c, int argc, char **argv, struct err *e)
{
    char *text = calloc(1, 1);
    size_t len = 0;
    uint32_t index = 0;
    json_object *o;
    int got, rc = ctl_connect(c, e);

    while (rc == 0 && text != NULL) {
        char *bigger = realloc(text, len + CHUNK + 1);

        if (bigger == NULL) {
            break;
        }
        text = bigger;
        got = ctl_host_readconsole(c->h, text + len, CHUNK, &index, c->clear);
        if (got <= 0) {
            rc = got < 0 ? err_errno(e, got, "cannot read the hypervisor's "
                                     "log", NULL) : 0;
            break;
        }
        len += (size_t)got;
    }
    if (rc == 0 && text != NULL && c->json) {
        o = out_object("HypervisorLog");
        text[len] = '\0';
        out_add(o, "text", text);
        out_json(o);
    } else if (rc == 0 && text != NULL) {
        fwrite(text, 1, len, stdout);
    }
    free(text);
    return rc;
}

int cmd_debug_keys(struct ctl *c, int argc, char **argv, struct err *e)
{
    int rc = ctl_connect(c, e);

    if (rc == 0) {
        rc = ctl_host_debug_keys(c->h, argv[0]);
        rc = rc == 0 ? 0 : err_errno(e, rc, "cannot send debug keys", "%s",
                                     argv[0]);
    }
    return rc;
}
