/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes lists of saved-state records.
 * Tests: tests/unit/toolstack/test_pvh.c, test_hvm.c.
 */
#include <build/hvm_context.h>
#include <cpuid.h>
#include <lib/hvm_map.h>
#include <lib/xen_abi.h>
#include <string.h>
#include <xen/hvm/save.h>

#define CR0_PE       0x1u
#define CR0_ET       0x10u
#define RFLAGS_ONE   0x2u              /* the bit that is always set */
#define DR6_RESET    0xffff0ff0u
#define DR7_RESET    0x400u
#define LIMIT_FLAT   0xffffffffu
#define LIMIT_REAL   0xffffu
#define LIMIT_TSS    0x67u
#define AR_CODE32    0xc9bu            /* present, 4 KiB units, accessed */
#define AR_DATA32    0xc93u
#define AR_CODE16    0x9bu
#define AR_DATA16    0x93u
#define AR_TSS32     0x8bu             /* busy */
#define AR_LDT       0x82u
#define LINUX_CS     0x10u
#define LINUX_DS     0x18u
#define RESET_CS     0xf000u
#define RESET_IP     0xfff0u

#define MTRR_ENABLE  (1u << 11)
#define MTRR_FIXED   (1u << 10)
#define MTRR_VALID   (1u << 11)        /* in a mask */
#define MTRR_WB      6u
#define MTRR_VGA     2                 /* the fixed register of a0000-bffff */
#define ALL_WB       0x0606060606060606ull

/* The local APIC's registers, and what lets the 8259s reach the CPU. */
#define LAPIC_SVR    0xf0
#define LAPIC_LINT0  0x350
#define LAPIC_LINT1  0x360
#define SVR_ON       0x1ffu
#define LVT_EXTINT   0x8700u           /* level triggered */
#define LVT_NMI      0x400u
#define IOAPIC_ID    1u                /* as the ACPI tables say */
#define ELCR_MASTER  0x20u             /* IRQ 5, 10 and 11: PCI, level */
#define ELCR_SLAVE   0x0cu

struct out {
    uint8_t *at;
    size_t used, size;
};

static const void *find(const uint8_t *rec, size_t size, uint16_t type,
                        uint16_t instance, size_t len)
{
    struct hvm_save_descriptor d;
    size_t at = 0;

    while (size - at >= sizeof(d)) {
        memcpy(&d, rec + at, sizeof(d));
        at += sizeof(d);
        if (d.length > size - at || d.typecode == HVM_SAVE_CODE(END)) {
            return NULL;
        }
        if (d.typecode == type && d.instance == instance) {
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

/* ---- the first vCPU --------------------------------------------------------- */

static void flat(struct hvm_hw_cpu *c, const struct hvm_start *s)
{
    c->cr0 = CR0_PE | CR0_ET;
    c->rip = s->entry;
    c->rbx = s->start_info;
    c->rsi = s->boot_params;
    c->cs_limit = c->ds_limit = c->es_limit = c->ss_limit = LIMIT_FLAT;
    c->tr_limit = LIMIT_TSS;
    c->cs_arbytes = AR_CODE32;
    c->ds_arbytes = c->es_arbytes = c->ss_arbytes = AR_DATA32;
    if (s->gdt != 0) {
        c->gdtr_base = s->gdt;
        c->gdtr_limit = HVM_GDT_BYTES - 1;
        c->cs_sel = LINUX_CS;
        c->ds_sel = c->es_sel = c->ss_sel = LINUX_DS;
    }
}

static void reset(struct hvm_hw_cpu *c)
{
    c->cr0 = CR0_ET;
    c->rip = RESET_IP;
    c->cs_sel = RESET_CS;
    c->cs_base = RESET_CS << 4;        /* the BIOS is below 1 MiB only */
    c->cs_limit = c->ds_limit = c->es_limit = c->fs_limit = c->gs_limit =
        c->ss_limit = c->tr_limit = c->ldtr_limit = c->gdtr_limit =
        c->idtr_limit = LIMIT_REAL;
    c->cs_arbytes = AR_CODE16;
    c->ds_arbytes = c->es_arbytes = c->fs_arbytes = c->gs_arbytes =
        c->ss_arbytes = AR_DATA16;
    c->ldtr_arbytes = AR_LDT;
}

static void put_cpu(struct out *o, const struct hvm_start *s)
{
    struct hvm_hw_cpu c;

    memset(&c, 0, sizeof(c));
    c.rflags = RFLAGS_ONE;
    c.dr6 = DR6_RESET;
    c.dr7 = DR7_RESET;
    c.tr_arbytes = AR_TSS32;
    if (s->entry != 0) {
        flat(&c, s);
    } else {
        reset(&c);
    }
    put(o, HVM_SAVE_CODE(CPU), 0, &c, sizeof(c));
}

/* ---- memory types ------------------------------------------------------------- */

static uint64_t physical_mask(void)
{
    unsigned int a = 0, b, c, d, bits = 36;

    if (__get_cpuid(0x80000008, &a, &b, &c, &d) != 0 && (a & 0xff) > bits) {
        bits = a & 0xff;
    }
    return (1ull << (bits < 52 ? bits : 52)) - 1;
}

/* Devices are not cached: the VGA's window, and 3.75 to 4 GiB. */
static void windows_uncached(struct hvm_hw_mtrr *m)
{
    const size_t nr = sizeof(m->msr_mtrr_fixed) / sizeof(m->msr_mtrr_fixed[0]);

    for (size_t i = 0; i < nr; i++) {
        m->msr_mtrr_fixed[i] = i == MTRR_VGA ? 0 : ALL_WB;
    }
    m->msr_mtrr_var[0] = HVM_LOW_MAX;
    m->msr_mtrr_var[1] = (physical_mask() & ~(HVM_4G - HVM_LOW_MAX - 1)) |
                         MTRR_VALID;
    m->msr_mtrr_def_type |= MTRR_FIXED;
}

/* No firmware that we start turns the caches on, on all vCPUs. */
static void put_mtrr(struct out *o, const struct hvm_start *s,
                     const uint8_t *old, size_t old_size)
{
    struct hvm_hw_mtrr m;
    const void *was = find(old, old_size, HVM_SAVE_CODE(MTRR), 0, sizeof(m));

    if (was == NULL) {
        return;                        /* such a guest has no such registers */
    }
    memcpy(&m, was, sizeof(m));
    m.msr_mtrr_def_type = MTRR_WB | MTRR_ENABLE;
    if (s->hvm) {
        windows_uncached(&m);
    }
    for (unsigned int i = 0; i < s->nr_vcpus; i++) {
        put(o, HVM_SAVE_CODE(MTRR), (uint16_t)i, &m, sizeof(m));
    }
}

/* ---- interrupt controllers ------------------------------------------------------ */

static void pic(void *record, uint16_t instance)
{
    struct hvm_hw_vpic *p = record;

    p->elcr = instance == 0 ? ELCR_MASTER : ELCR_SLAVE;
}

static void ioapic(void *record, uint16_t instance)
{
    struct hvm_hw_vioapic *p = record;

    (void)instance;
    p->id = IOAPIC_ID;
}

static void set32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void lapic(void *record, uint16_t instance)
{
    struct hvm_hw_lapic_regs *p = record;

    (void)instance;
    set32(p->data + LAPIC_SVR, SVR_ON);
    set32(p->data + LAPIC_LINT0, LVT_EXTINT);
    set32(p->data + LAPIC_LINT1, LVT_NMI);
}

static const struct change {
    uint16_t type, instance;
    size_t len;
    void (*apply)(void *record, uint16_t instance);
} changes[] = {
    { HVM_SAVE_CODE(PIC), 0, sizeof(struct hvm_hw_vpic), pic },
    { HVM_SAVE_CODE(PIC), 1, sizeof(struct hvm_hw_vpic), pic },
    { HVM_SAVE_CODE(IOAPIC), 0, sizeof(struct hvm_hw_vioapic), ioapic },
    { HVM_SAVE_CODE(LAPIC_REGS), 0, sizeof(struct hvm_hw_lapic_regs), lapic },
};

static void put_controllers(struct out *o, const uint8_t *old, size_t old_size)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct change *c = &changes[i];
        const void *was = find(old, old_size, c->type, c->instance, c->len);
        uint8_t record[sizeof(struct hvm_hw_lapic_regs)]
            __attribute__((aligned(8)));

        if (was != NULL) {
            memcpy(record, was, c->len);
            c->apply(record, c->instance);
            put(o, c->type, c->instance, record, c->len);
        }
    }
}

size_t hvm_context_start(const uint8_t *old, size_t old_size,
                         const struct hvm_start *s, uint8_t *out, size_t size)
{
    const size_t header_len = sizeof(struct hvm_save_header);
    const void *header = find(old, old_size, HVM_SAVE_CODE(HEADER), 0,
                              header_len);
    struct out o = { out, 0, size };

    if (header == NULL) {
        return 0;
    }
    put(&o, HVM_SAVE_CODE(HEADER), 0, header, header_len);
    put_cpu(&o, s);
    if (s->hvm) {
        put_controllers(&o, old, old_size);
    }
    put_mtrr(&o, s, old, old_size);
    put(&o, HVM_SAVE_CODE(END), 0, NULL, 0);
    return o.used <= size ? o.used : 0;
}
