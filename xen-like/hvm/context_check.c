/* SPDX-License-Identifier: MIT */
/*
 * An HVM context before any of it is loaded: whole, each record once and as
 * long as it must be, for a vcpu there is, with nothing in it that the CPU
 * would not take from us.  What is wrong is said once, and nothing changes.
 * A state that the CPU does not accept ends the guest at its first entry;
 * numbers of devices are made legal as they are loaded (vdev/).
 * Tested by tests/unit/hvm/test_context.c.
 */
#include <abi/public.h>
#include <arch/paging.h>
#include <core/log.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <vdev/front.h>
#include <xen/hvm/save.h>

ABI_ASSERT(sizeof(struct hvm_save_descriptor) == 8);

#define NR_TYPES 32u

struct seen {
    uint64_t of[NR_TYPES][2];        /* by type: a bit for each instance */
};

static bool cpu_ok(const struct hvm_hw_cpu *c)
{
    const uint64_t addresses[] = {
        c->sysenter_esp, c->sysenter_eip, c->shadow_gs, c->msr_lstar,
        c->msr_cstar, c->cs_base, c->ds_base, c->es_base, c->fs_base,
        c->gs_base, c->ss_base, c->tr_base, c->ldtr_base, c->idtr_base,
        c->gdtr_base,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
        if (!is_canonical(addresses[i])) {
            return false;
        }
    }
    return (c->msr_efer & ~hvm_efer_known()) == 0 && c->dr6 >> 32 == 0 &&
           c->dr7 >> 32 == 0 && c->msr_tsc_aux >> 32 == 0;
}

/* APM vol. 2, 7.8.1: types 2 and 3 are reserved. */
static bool pat_ok(uint64_t pat)
{
    for (unsigned int i = 0; i < 64; i += 8) {
        unsigned int type = (pat >> i) & 0xff;

        if (type > 7 || type == 2 || type == 3) {
            return false;
        }
    }
    return true;
}

static const char *check_header(const struct hvm_save_descriptor *desc)
{
    const struct hvm_save_header *h = (const void *)(desc + 1);

    return desc->length < sizeof(*h) || h->magic != HVM_FILE_MAGIC
           ? "no header of ours" : NULL;
}

static const char *check_vcpu(const struct domain *d,
                              const struct hvm_save_descriptor *desc)
{
    const void *rec = desc + 1;
    bool cpu = desc->typecode == HVM_SAVE_CODE(CPU);

    if (domain_vcpu(d, desc->instance) == NULL) {
        return "no such vCPU";
    }
    if (desc->length != (cpu ? sizeof(struct hvm_hw_cpu)
                             : sizeof(struct hvm_hw_mtrr))) {
        return "wrong length";
    }
    return (cpu ? cpu_ok(rec)
                : pat_ok(((const struct hvm_hw_mtrr *)rec)->msr_pat_cr))
           ? NULL : "a value that cannot be";
}

/* Types that are not ours, and devices that @d does not have, are passed
 * over. */
static const char *check_device(const struct domain *d,
                                const struct hvm_save_descriptor *desc)
{
    switch (vdev_load_check(d, desc->typecode, desc->instance, desc + 1,
                            desc->length)) {
    case -ESRCH:
        return "no such vCPU";
    case -EINVAL:
        return "wrong length, or a value that cannot be";
    default:
        return NULL;
    }
}

static bool comes_twice(struct seen *seen,
                        const struct hvm_save_descriptor *desc)
{
    uint64_t bit = 1ull << (desc->instance % 64), *at;

    if (desc->typecode >= NR_TYPES || desc->instance >= 128) {
        return false;                /* not ours: it is not loaded */
    }
    at = &seen->of[desc->typecode][desc->instance / 64];
    if (*at & bit) {
        return true;
    }
    *at |= bit;
    return false;
}

static const char *check_record(const struct domain *d,
                                const struct hvm_save_descriptor *desc,
                                struct seen *seen)
{
    bool first = seen->of[HVM_SAVE_CODE(HEADER)][0] == 0;

    if (first != (desc->typecode == HVM_SAVE_CODE(HEADER))) {
        return "the header is not the first";
    }
    if (comes_twice(seen, desc)) {
        return "it comes twice";
    }
    if (desc->length % sizeof(uint64_t) != 0) {
        return "wrong length";       /* the next would not be aligned */
    }
    switch (desc->typecode) {
    case HVM_SAVE_CODE(HEADER):
        return check_header(desc);
    case HVM_SAVE_CODE(CPU):
    case HVM_SAVE_CODE(MTRR):
        return check_vcpu(d, desc);
    default:
        return check_device(d, desc);
    }
}

/* An instruction that waits for its device model belongs to the old state. */
static bool is_amid_io(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (v->hvm->io.resume != HVM_RESUME_NONE) {
            return true;
        }
    }
    return false;
}

int hvm_context_check(const struct domain *d, const void *buf, uint32_t len)
{
    const char *at = buf, *end = at + len, *why;
    struct seen seen = { 0 };

    if (is_amid_io(d)) {
        return -EBUSY;
    }
    while ((size_t)(end - at) >= sizeof(struct hvm_save_descriptor)) {
        const struct hvm_save_descriptor *desc = (const void *)at;

        at += sizeof(*desc);
        if (desc->typecode == HVM_SAVE_CODE(END)) {
            return 0;
        }
        why = desc->length > (size_t)(end - at) ? "cut short"
              : check_record(d, desc, &seen);
        if (why != NULL) {
            log_warn("d%u: context refused: type %u, instance %u: %s",
                     d->domid, desc->typecode, desc->instance, why);
            return -EINVAL;
        }
        at += desc->length;
    }
    log_warn("d%u: context refused: it has no end", d->domid);
    return -EINVAL;
}
