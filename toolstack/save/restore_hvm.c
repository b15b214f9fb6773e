/* SPDX-License-Identifier: MIT */
/*
 * The end of restoring a PVH or HVM guest, when its memory is there:
 * parameters with the event channels of now, the hypervisor's state of it,
 * floating point state, first grants.
 * Tests: tests/boot/dom0/hvm-save.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/hvm_map.h>
#include <save/restoring.h>
#include <stdlib.h>
#include <string.h>

static int keep(struct restoring *s, struct buf *to)
{
    return restoring_failed(s, buf_add(to, s->r->body, s->r->len),
                            "cannot keep the guest's state");
}

int restore_take_context(struct restoring *s)
{
    return keep(s, &s->context);
}

int restore_take_params(struct restoring *s)
{
    return keep(s, &s->params);
}

int restore_take_emulator(struct restoring *s)
{
    return keep(s, s->emulator);
}

/* The guest has its map; this one is for a kernel that it starts later. */
static int set_map(struct restoring *s)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[HVM_MAP_MAX];
    struct hvm_range range[HVM_MAP_MAX];
    unsigned int nr = hvm_map_fill(range, hvm_low_end(s->def->memory_kib),
                                   hvm_high_end(s->def->memory_kib));

    if (s->s.guest.kind != SAVE_KIND_HVM) {
        return 0;
    }
    for (unsigned int i = 0; i < nr; i++) {
        map[i].addr = range[i].addr;
        map[i].size = range[i].size;
        map[i].type = range[i].type;
    }
    return restoring_failed(s, ctl_memory_set_map(s->h, s->domid, map, nr),
                            "cannot set the memory map");
}

static int set_param(struct restoring *s, const struct save_param *p)
{
    uint64_t value = p->value;

    switch (p->index) {
    case HVM_PARAM_STORE_EVTCHN:
        value = s->g->store_port;
        break;
    case HVM_PARAM_CONSOLE_EVTCHN:
        value = s->g->console_port;
        break;
    case HVM_PARAM_STORE_PFN:
        s->g->store_mfn = value;
        break;
    case HVM_PARAM_CONSOLE_PFN:
        s->g->console_mfn = value;
        break;
    default:
        break;
    }
    return ctl_hvm_set_param(s->h, s->domid, p->index, value);
}

static int set_params(struct restoring *s)
{
    int rc = 0;

    for (size_t at = 0; rc == 0 && at < s->params.len;
         at += sizeof(struct save_param)) {
        struct save_param p;

        memcpy(&p, s->params.data + at, sizeof(p));
        rc = set_param(s, &p);
    }
    return restoring_failed(s, rc, "cannot set the guest's parameters");
}

static int set_context(struct restoring *s)
{
    return restoring_failed(s, ctl_hvm_set_context(s->h, s->domid,
                                                   s->context.data,
                                                   (uint32_t)s->context.len),
                            "the hypervisor refuses the guest's state");
}

static int set_xstates(struct restoring *s)
{
    int rc = 0;

    for (uint32_t id = 0; rc == 0 && id < s->s.guest.nr_vcpus; id++) {
        rc = restore_set_xstate(s, id);
    }
    return rc;
}

int restore_hvm_finish(struct restoring *s)
{
    static int (*const steps[])(struct restoring *s) = {
        restoring_channels, set_map, set_params, set_context, set_xstates,
        restoring_set_tsc, restoring_seed_grants,
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](s);
    }
    return rc;
}
