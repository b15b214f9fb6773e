/* SPDX-License-Identifier: MIT */
/*
 * The first state of a guest, from its records to the hypervisor.
 * Tested by the nested boots.
 */
#include <build/boot.h>
#include <build/hvm_state.h>
#include <build/pvh_layout.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <stdlib.h>
#include <xen/hvm/params.h>

#define PDE_4M_FLAGS 0xe7u     /* present, write, user, accessed, dirty, 4M */

static int put(struct hyp *h, unsigned int domid, const struct hvm_start *s,
               const uint8_t *old, size_t old_size)
{
    size_t room = old_size + XEN_PAGE_SIZE, len;
    uint8_t *new = malloc(room);
    int rc;

    if (new == NULL) {
        return -ENOMEM;
    }
    len = hvm_context_start(old, old_size, s, new, room);
    rc = len == 0 ? -EPROTO : ctl_hvm_set_context(h, domid, new,
                                                  (uint32_t)len);
    free(new);
    return rc;
}

int hvm_state_set(struct hyp *h, unsigned int domid, const char *name,
                  const struct hvm_start *s, struct err *e)
{
    int size = ctl_hvm_get_context(h, domid, NULL, 0);
    uint8_t *old = size > 0 ? malloc((size_t)size) : NULL;
    int rc = size == 0 ? -EPROTO : size;

    if (size > 0) {
        rc = old == NULL ? -ENOMEM : ctl_hvm_get_context(h, domid, old,
                                                         (uint32_t)size);
    }
    if (rc > 0) {
        rc = put(h, domid, s, old, (size_t)rc);
    }
    free(old);
    return rc == 0 ? 0 : err_errno(e, rc, "the hypervisor refuses the state "
                                   "of vCPU 0", "domain %u (%s)", domid,
                                   name);
}

int hvm_state_ident_pt(const struct guest_memory *special, uint64_t page,
                       struct err *e)
{
    uint32_t pde[XEN_PAGE_SIZE / sizeof(uint32_t)];

    for (uint32_t i = 0; i < XEN_PAGE_SIZE / sizeof(uint32_t); i++) {
        pde[i] = i << 22 | PDE_4M_FLAGS;
    }
    return memory_write(special, page, 0, pde, sizeof(pde), e);
}

static int set_all(struct hyp *h, unsigned int domid,
                   const struct hvm_param *rows, size_t nr)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        rc = ctl_hvm_set_param(h, domid, rows[i].index, rows[i].value);
    }
    return rc;
}

int hvm_state_params(struct hyp *h, unsigned int domid, const char *name,
                     struct guest_ends *g, const struct hvm_param *more,
                     size_t nr, struct err *e)
{
    const uint64_t at = PVH_SPECIAL_PFN;
    const struct hvm_param both[] = {
        { HVM_PARAM_STORE_PFN, at + PVH_XENSTORE },
        { HVM_PARAM_STORE_EVTCHN, g->store_port },
        { HVM_PARAM_CONSOLE_PFN, at + PVH_CONSOLE },
        { HVM_PARAM_CONSOLE_EVTCHN, g->console_port },
        { HVM_PARAM_IDENT_PT, (at + PVH_IDENT_PT) << XEN_PAGE_SHIFT },
    };
    int rc = set_all(h, domid, both, sizeof(both) / sizeof(both[0]));

    g->store_mfn = at + PVH_XENSTORE;
    g->console_mfn = at + PVH_CONSOLE;
    if (rc == 0) {
        rc = set_all(h, domid, more, nr);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot set the guest's parameters",
                                   "domain %u (%s)", domid, name);
}
