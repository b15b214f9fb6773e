/* SPDX-License-Identifier: MIT */
/*
 * control/control_domain.c - see control_domain.h.
 */
#include <control/control_domain.h>
#include <hv/errno.h>
#include <mm/heap.h>

int control_domain_init(struct domain *d)
{
    d->control = heap_new(struct control_domain);
    if (d->control == NULL) {
        return -ENOMEM;
    }
    d->control->node_affinity = 1;
    return 0;
}

void control_domain_free(struct domain *d)
{
    if (d->control != NULL) {
        heap_free(d->control->e820);
        heap_free(d->control);
        d->control = NULL;
    }
}
