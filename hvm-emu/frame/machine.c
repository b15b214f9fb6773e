/* SPDX-License-Identifier: MIT */
/*
 * What every device may do to the machine as a whole.  Covered by
 * tests/unit/hvm-emu/frame/test_chipset.c.
 */
#include <frame/machine.h>

#include <lib/log.h>

void machine_shutdown(struct machine *m, unsigned int reason)
{
    int rc = m->hv->shutdown(m->hv_arg, reason);

    if (rc != 0) {
        log_err("d%u: cannot shut down: %d", m->domid, rc);
    }
}
