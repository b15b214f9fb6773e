/* SPDX-License-Identifier: MIT */
/*
 * See check_hvm.h.  Lists are walked by lengths that the file says: each is
 * held against what is left.  Tests: tests/unit/save/test_stream.c.
 */
#include <lib/xen_abi.h>
#include <save/check_hvm.h>
#include <save/format.h>
#include <stdbool.h>
#include <string.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>

const uint32_t save_params[] = {
    HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_PFN,
    HVM_PARAM_CONSOLE_EVTCHN, HVM_PARAM_IDENT_PT, HVM_PARAM_IOREQ_PFN,
    HVM_PARAM_BUFIOREQ_PFN, HVM_PARAM_IOREQ_SERVER_PFN,
    HVM_PARAM_NR_IOREQ_SERVER_PAGES, HVM_PARAM_HPET_ENABLED,
    HVM_PARAM_TIMER_MODE, HVM_PARAM_ACPI_IOPORTS_LOCATION,
};
const size_t save_nr_params = sizeof(save_params) / sizeof(save_params[0]);

static bool travels(uint32_t index)
{
    for (size_t i = 0; i < save_nr_params; i++) {
        if (save_params[i] == index) {
            return true;
        }
    }
    return false;
}

const char *save_check_params(const uint8_t *body, size_t len)
{
    uint64_t seen[HVM_NR_PARAMS / 64 + 1] = { 0 };

    if (len % sizeof(struct save_param) != 0) {
        return "its length is wrong";
    }
    for (size_t at = 0; at < len; at += sizeof(struct save_param)) {
        struct save_param p;

        memcpy(&p, body + at, sizeof(p));
        if (!travels(p.index) || p.reserved != 0) {
            return "it sets a parameter that is not saved";
        }
        if ((seen[p.index / 64] >> p.index % 64 & 1) != 0) {
            return "it sets a parameter twice";
        }
        seen[p.index / 64] |= 1ull << p.index % 64;
    }
    return NULL;
}

/* ---- the hypervisor's records -------------------------------------------------- */

#define NR_TYPES 64u

struct walk {
    uint32_t nr_vcpus;
    bool begun, first_cpu;
    uint64_t seen[NR_TYPES][SAVE_VCPUS_MAX / 64];
};

static bool is_of_vcpu(uint16_t type)
{
    return type == HVM_SAVE_CODE(CPU) || type == HVM_SAVE_CODE(LAPIC) ||
           type == HVM_SAVE_CODE(LAPIC_REGS) || type == HVM_SAVE_CODE(MTRR);
}

static const char *check_record(struct walk *w,
                                const struct hvm_save_descriptor *d)
{
    bool header = d->typecode == HVM_SAVE_CODE(HEADER);
    uint64_t *seen;

    if (header == w->begun) {
        return "its own header is not first";
    }
    w->begun = true;
    if (d->typecode >= NR_TYPES || d->instance >= SAVE_VCPUS_MAX ||
        (is_of_vcpu(d->typecode) && d->instance >= w->nr_vcpus)) {
        return "it tells of a vCPU or a device that cannot be";
    }
    seen = &w->seen[d->typecode][d->instance / 64];
    if ((*seen >> d->instance % 64 & 1) != 0) {
        return "it tells of a vCPU or a device twice";
    }
    *seen |= 1ull << d->instance % 64;
    w->first_cpu |= d->typecode == HVM_SAVE_CODE(CPU) && d->instance == 0;
    return NULL;
}

const char *save_check_context(const uint8_t *body, size_t len,
                               uint32_t nr_vcpus)
{
    struct walk w = { .nr_vcpus = nr_vcpus };
    struct hvm_save_descriptor d;
    const char *why = NULL;

    for (size_t at = 0; why == NULL; at += d.length) {
        if (len - at < sizeof(d)) {
            return "it has no end";
        }
        memcpy(&d, body + at, sizeof(d));
        at += sizeof(d);
        if (d.typecode == HVM_SAVE_CODE(END)) {
            return w.first_cpu ? NULL : "vCPU 0 is missing";
        }
        why = d.length > len - at ? "its own records are cut short"
                                  : check_record(&w, &d);
    }
    return why;
}
