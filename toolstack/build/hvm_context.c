/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes lists of saved-state records.
 * Tests: tests/unit/toolstack/test_pvh.c.
 */
#include <build/hvm_context.h>
#include <lib/xen_abi.h>
#include <string.h>
#include <xen/hvm/save.h>

#define CR0_PE       0x1u
#define CR0_ET       0x10u
#define RFLAGS_ONE   0x2u              /* the bit that is always set */
#define DR6_RESET    0xffff0ff0u
#define DR7_RESET    0x400u
#define LIMIT_FLAT   0xffffffffu
#define LIMIT_TSS    0x67u
#define AR_CODE32    0xc9bu            /* present, 4 KiB units, accessed */
#define AR_DATA32    0xc93u
#define AR_TSS32     0x8bu             /* busy */
#define MTRR_ENABLE  (1u << 11)
#define MTRR_WB      6u

struct out {
    uint8_t *at;
    size_t used, size;
};

static const void *find(const uint8_t *rec, size_t size, uint16_t type,
                        size_t len)
{
    struct hvm_save_descriptor d;
    size_t at = 0;

    while (size - at >= sizeof(d)) {
        memcpy(&d, rec + at, sizeof(d));
        at += sizeof(d);
        if (d.length > size - at || d.typecode == HVM_SAVE_CODE(END)) {
            return NULL;
        }
        if (d.typecode == type && d.instance == 0) {
            return d.length == len ? rec + at : NULL;
        }
        at += d.length;
    }
    return NULL;
}

static void put(struct out *o, uint16_t type, uint16_t instance,
                const void *data, size_t len)
{
    struct hvm_save_descriptor d = { type, instance, (uint32_t)len };

    if (o->used + sizeof(d) + len <= o->size) {
        memcpy(o->at + o->used, &d, sizeof(d));
        if (len != 0) {
            memcpy(o->at + o->used + sizeof(d), data, len);
        }
    }
    o->used += sizeof(d) + len;
}

static void put_cpu(struct out *o, const struct hvm_start *s)
{
    struct hvm_hw_cpu c;

    memset(&c, 0, sizeof(c));
    c.cr0 = CR0_PE | CR0_ET;
    c.rip = s->entry;
    c.rbx = s->start_info;
    c.rflags = RFLAGS_ONE;
    c.dr6 = DR6_RESET;
    c.dr7 = DR7_RESET;
    c.cs_limit = c.ds_limit = c.es_limit = c.ss_limit = LIMIT_FLAT;
    c.tr_limit = LIMIT_TSS;
    c.cs_arbytes = AR_CODE32;
    c.ds_arbytes = c.es_arbytes = c.ss_arbytes = AR_DATA32;
    c.tr_arbytes = AR_TSS32;
    put(o, HVM_SAVE_CODE(CPU), 0, &c, sizeof(c));
}

/* Without firmware nobody else turns the caches on. */
static void put_mtrr(struct out *o, const struct hvm_start *s,
                     const uint8_t *old, size_t old_size)
{
    struct hvm_hw_mtrr m;
    const void *was = find(old, old_size, HVM_SAVE_CODE(MTRR), sizeof(m));

    if (was == NULL) {
        return;                        /* such a guest has no such registers */
    }
    memcpy(&m, was, sizeof(m));
    m.msr_mtrr_def_type = MTRR_WB | MTRR_ENABLE;
    for (unsigned int i = 0; i < s->nr_vcpus; i++) {
        put(o, HVM_SAVE_CODE(MTRR), (uint16_t)i, &m, sizeof(m));
    }
}

size_t hvm_context_flat(const uint8_t *old, size_t old_size,
                        const struct hvm_start *s, uint8_t *out, size_t size)
{
    const size_t header_len = sizeof(struct hvm_save_header);
    const void *header = find(old, old_size, HVM_SAVE_CODE(HEADER),
                              header_len);
    struct out o = { out, 0, size };

    if (header == NULL) {
        return 0;
    }
    put(&o, HVM_SAVE_CODE(HEADER), 0, header, header_len);
    put_cpu(&o, s);
    put_mtrr(&o, s, old, old_size);
    put(&o, HVM_SAVE_CODE(END), 0, NULL, 0);
    return o.used <= size ? o.used : 0;
}
