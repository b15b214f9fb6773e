/* SPDX-License-Identifier: MIT */
/*
 * Writes the tables that depend on the guest, and copies the DSDT.
 * Tests: tests/unit/hvm-emu/fw/test_firmware.c.
 */
#include <run/fw_acpi.h>

#include <lib/acpi_table.h>

#include <assert.h>
#include <string.h>

/* run/dsdt.sh, compiled. */
extern const unsigned char fw_dsdt[];
extern const unsigned int fw_dsdt_bytes;

#define NR_TABLES 4u                   /* named by RSDT and XSDT */

/* ---- fixed hardware ------------------------------------------------------------ */

struct gas {
    uint8_t space, bits, offset, access;
    uint64_t address;
} __attribute__((packed));

struct fadt {
    struct acpi_header h;
    uint32_t facs, dsdt;
    uint8_t reserved0, profile;
    uint16_t sci;
    uint32_t smi_cmd;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr;
    uint32_t gpe0, gpe1;
    uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
    uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_arch;
    uint8_t reserved1;
    uint32_t flags;
    struct gas reset;
    uint8_t reset_value, reserved2[3];
    uint64_t x_facs, x_dsdt;
    struct gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt,
               x_pm_tmr, x_gpe0, x_gpe1;
} __attribute__((packed));
static_assert(sizeof(struct fadt) == 244, "ACPI 4.0, 5.2.9");
static_assert(offsetof(struct fadt, flags) == 112, "ACPI 4.0, 5.2.9");

struct facs {
    char signature[4];
    uint32_t length, hardware, waking, lock, flags;
    uint64_t x_waking;
    uint8_t version, reserved[31];
} __attribute__((packed));
static_assert(sizeof(struct facs) == 64, "ACPI 4.0, 5.2.10");

#define SCI_IRQ        9
#define PM1_EVT        0xb000u
#define PM1_CNT        0xb004u
#define PM_TMR         0xb008u
#define GPE0           0xafe0u
#define SMI_CMD        0xb2u
#define ACPI_ON        0xf1u
#define ACPI_OFF       0xf0u
#define RESET_PORT     0xcf9u
#define RESET_HARD     0x06u
#define NO_C2          0x0fffu
#define NO_C3          0x0fffu
#define CMOS_CENTURY   0x32u

#define FADT_WBINVD    (1u << 0)
#define FADT_PROC_C1   (1u << 2)
#define FADT_NO_SLEEP  (1u << 5)       /* the power button is fixed hardware */
#define FADT_NO_FIXRTC (1u << 6)
#define FADT_TIMER32   (1u << 8)
#define FADT_RESET     (1u << 10)
#define ARCH_LEGACY    (1u << 0)
#define ARCH_8042      (1u << 1)

static struct gas port(uint16_t address, uint8_t bits)
{
    return (struct gas){ .space = 1, .bits = bits, .address = address };
}

static struct acpi_header *fadt(struct fw_blob *b, uint32_t facs_at,
                                uint32_t dsdt_at)
{
    struct fadt *f = fw_blob_take(b, sizeof(*f), 16);

    if (f == NULL) {
        return NULL;
    }
    f->facs = facs_at;
    f->dsdt = dsdt_at;
    f->x_dsdt = dsdt_at;
    f->sci = SCI_IRQ;
    f->smi_cmd = SMI_CMD;
    f->acpi_enable = ACPI_ON;
    f->acpi_disable = ACPI_OFF;
    f->pm1a_evt = PM1_EVT;
    f->pm1a_cnt = PM1_CNT;
    f->pm_tmr = PM_TMR;
    f->gpe0 = GPE0;
    f->pm1_evt_len = 4;
    f->pm1_cnt_len = 2;
    f->pm_tmr_len = 4;
    f->gpe0_len = 4;
    f->c2_latency = NO_C2;
    f->c3_latency = NO_C3;
    f->century = CMOS_CENTURY;
    f->boot_arch = ARCH_LEGACY | ARCH_8042;
    f->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP | FADT_NO_FIXRTC |
               FADT_TIMER32 | FADT_RESET;
    f->reset = port(RESET_PORT, 8);
    f->reset_value = RESET_HARD;
    f->x_pm1a_evt = port(PM1_EVT, 32);
    f->x_pm1a_cnt = port(PM1_CNT, 16);
    f->x_pm_tmr = port(PM_TMR, 32);
    f->x_gpe0 = port(GPE0, 32);
    acpi_finish(&f->h, "FACP", sizeof(*f), 4);
    return &f->h;
}

static uint32_t facs(struct fw_blob *b)
{
    struct facs *f = fw_blob_take(b, sizeof(*f), 64);

    if (f == NULL) {
        return 0;
    }
    memcpy(f->signature, "FACS", 4);
    f->length = sizeof(*f);
    f->version = 1;
    return fw_blob_addr(b, f);
}

/*
 * The host bridge's window of memory, as the DSDT has it (a DWordMemory
 * resource from its minimum on), and as it shall be.
 */
static void set_windows(uint8_t *aml, size_t len, uint32_t windows)
{
    const uint32_t last = (uint32_t)HVM_WINDOWS_END - 1;
    const uint32_t old[4] = { (uint32_t)HVM_LOW_MAX, last, 0,
                              last - (uint32_t)HVM_LOW_MAX + 1 };
    const uint32_t new[4] = { windows, last, 0, last - windows + 1 };
    struct acpi_header *h = (struct acpi_header *)aml;
    uint8_t *at = memmem(aml, len, old, sizeof(old));

    if (at != NULL) {
        memcpy(at, new, sizeof(new));
        h->checksum = 0;
        h->checksum = acpi_checksum(aml, len);
    }
}

static uint32_t dsdt(struct fw_blob *b, uint32_t windows)
{
    void *at = fw_blob_take(b, fw_dsdt_bytes, 16);

    if (at == NULL) {
        return 0;
    }
    memcpy(at, fw_dsdt, fw_dsdt_bytes);
    set_windows(at, fw_dsdt_bytes, windows);
    return fw_blob_addr(b, at);
}

/* ---- interrupt controllers, timer ---------------------------------------------- */

struct ioapic {
    uint8_t type, length, id, reserved;
    uint32_t address, first;
} __attribute__((packed));

struct override {
    uint8_t type, length, bus, irq;
    uint32_t gsi;
    uint16_t flags;
} __attribute__((packed));

#define MADT_PCAT    1u                /* there are 8259s too */
#define IOAPIC_BASE  0xfec00000u
#define IOAPIC_ID    1u                /* toolstack/build/hvm_context.c */
#define AS_THE_BUS   0x0u
#define LEVEL_LOW    0xfu

/* The timer's input, and those that PCI devices may share. */
static const struct { uint8_t irq, gsi; uint16_t flags; } overrides[] = {
    { 0, 2, AS_THE_BUS }, { 5, 5, LEVEL_LOW }, { SCI_IRQ, SCI_IRQ, LEVEL_LOW },
    { 10, 10, LEVEL_LOW }, { 11, 11, LEVEL_LOW },
};
#define NR_OVERRIDES (sizeof(overrides) / sizeof(overrides[0]))

struct madt {
    struct acpi_madt m;
    struct ioapic ioapic;
    struct override override[NR_OVERRIDES];
    struct acpi_lapic cpu[];
} __attribute__((packed));

static struct acpi_header *madt(struct fw_blob *b, unsigned int nr_vcpus)
{
    size_t len = sizeof(struct madt) + nr_vcpus * sizeof(struct acpi_lapic);
    struct madt *m = fw_blob_take(b, len, 16);

    if (m == NULL) {
        return NULL;
    }
    m->m.lapic_base = ACPI_LAPIC_BASE;
    m->m.flags = MADT_PCAT;
    m->ioapic = (struct ioapic){ 1, sizeof(m->ioapic), IOAPIC_ID, 0,
                                 IOAPIC_BASE, 0 };
    for (size_t i = 0; i < NR_OVERRIDES; i++) {
        m->override[i] = (struct override){
            2, sizeof(m->override[i]), 0, overrides[i].irq, overrides[i].gsi,
            overrides[i].flags };
    }
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        m->cpu[i] = acpi_lapic_of(i, nr_vcpus);
    }
    acpi_finish(&m->m.h, "APIC", len, 2);
    return &m->m.h;
}

struct hpet {
    struct acpi_header h;
    uint32_t id;
    struct gas base;
    uint8_t number;
    uint16_t min_tick;
    uint8_t protection;
} __attribute__((packed));
static_assert(sizeof(struct hpet) == 56, "HPET 1.0a, 3.2.4");

static struct acpi_header *hpet(struct fw_blob *b)
{
    struct hpet *t = fw_blob_take(b, sizeof(*t), 16);

    if (t == NULL) {
        return NULL;
    }
    t->id = 0x8086a201;                /* as the hypervisor's HPET says */
    t->base = (struct gas){ .bits = 64, .address = 0xfed00000 };
    acpi_finish(&t->h, "HPET", sizeof(*t), 1);
    return &t->h;
}

/* ---- processors ------------------------------------------------------------------- */

/* ACPI 4.0, 19.1.5.2 and 19.2: Scope (\_SB) { Processor (CPnn, n, 0, 0) {} } */
#define AML_SCOPE      0x10
#define AML_EXT        0x5b
#define AML_PROCESSOR  0x83
#define PROCESSOR_LEN  13u

static char hex(unsigned int digit)
{
    return (char)(digit < 10 ? '0' + digit : 'A' + digit - 10);
}

static uint8_t *processor(uint8_t *at, unsigned int n)
{
    const uint8_t aml[PROCESSOR_LEN] = {
        AML_EXT, AML_PROCESSOR, PROCESSOR_LEN - 2, 'C', 'P',
        (uint8_t)hex(n / 16), (uint8_t)hex(n % 16), (uint8_t)n,
    };

    memcpy(at, aml, sizeof(aml));
    return at + sizeof(aml);
}

static struct acpi_header *ssdt(struct fw_blob *b, unsigned int nr_vcpus)
{
    /* Length (two bytes, itself included), "\_SB_", the processors. */
    size_t body = 2 + 5 + nr_vcpus * PROCESSOR_LEN;
    size_t len = sizeof(struct acpi_header) + 1 + body;
    struct acpi_header *h = fw_blob_take(b, len, 16);
    uint8_t *at;

    if (h == NULL) {
        return NULL;
    }
    at = (uint8_t *)(h + 1);
    *at++ = AML_SCOPE;
    *at++ = (uint8_t)(0x40 | (body & 0xf));
    *at++ = (uint8_t)(body >> 4);
    memcpy(at, "\\_SB_", 5);
    at += 5;
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        at = processor(at, i);
    }
    acpi_finish(h, "SSDT", len, 2);
    return h;
}

/* ---- roots ---------------------------------------------------------------------- */

struct rsdt {
    struct acpi_header h;
    uint32_t table[NR_TABLES];
} __attribute__((packed));

struct xsdt {
    struct acpi_header h;
    uint64_t table[NR_TABLES];
} __attribute__((packed));

uint32_t fw_acpi_build(struct fw_blob *b, unsigned int nr_vcpus,
                       uint32_t windows)
{
    struct acpi_rsdp *rsdp = fw_blob_take(b, sizeof(*rsdp), 16);
    struct rsdt *r = fw_blob_take(b, sizeof(*r), 16);
    struct xsdt *x = fw_blob_take(b, sizeof(*x), 16);
    uint32_t facs_at = facs(b), dsdt_at = dsdt(b, windows);
    struct acpi_header *tables[NR_TABLES] = {
        fadt(b, facs_at, dsdt_at),
        nr_vcpus <= FW_ACPI_MAX_VCPUS ? madt(b, nr_vcpus) : NULL,
        hpet(b), ssdt(b, nr_vcpus),
    };

    if (rsdp == NULL || r == NULL || x == NULL || facs_at == 0 ||
        dsdt_at == 0) {
        return 0;
    }
    for (unsigned int i = 0; i < NR_TABLES; i++) {
        if (tables[i] == NULL) {
            return 0;
        }
        r->table[i] = fw_blob_addr(b, tables[i]);
        x->table[i] = r->table[i];
    }
    acpi_finish(&r->h, "RSDT", sizeof(*r), 1);
    acpi_finish(&x->h, "XSDT", sizeof(*x), 1);
    acpi_write_rsdp(rsdp, fw_blob_addr(b, r), fw_blob_addr(b, x));
    return fw_blob_addr(b, rsdp);
}
