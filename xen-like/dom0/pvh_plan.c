/* SPDX-License-Identifier: MIT */
/*
 * dom0/pvh_plan.c - see pvh_plan.h.  Leaves frames to dom0/pvh_build.
 */
#include <abi/public.h>
#include <acpi/tables.h>
#include <dom0/pvh_plan.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <xen/arch-x86/hvm/start_info.h>

#define LIMIT_4G  0x100000000ull
#define LOW_END   0x100000ull

/* ---- places --------------------------------------------------------------- */

static bool place(const struct early_range *r, uint64_t start, uint64_t end,
                  uint64_t initrd_bytes, struct pvh_plan *p)
{
    uint64_t top = ROUND_DOWN(min(r->end, LIMIT_4G), PAGE_SIZE);
    uint64_t need = PVH_ACPI_BYTES + PVH_INFO_BYTES +
                    ROUND_UP(initrd_bytes, PAGE_SIZE);

    if (start < r->start || end > top || top - end < need) {
        return false;
    }
    p->acpi = top - PVH_ACPI_BYTES;
    p->info = p->acpi - PVH_INFO_BYTES;
    p->initrd = initrd_bytes == 0 ? 0
              : ROUND_DOWN(p->info - initrd_bytes, PAGE_SIZE);
    return true;
}

/*
 * RAM that is not the domain's is no entry at all: it is where kernels look
 * for room to map what is not theirs.  The rest is as the machine has it.
 */
static bool describe(const struct early_range *ram, unsigned int nr,
                     const struct e820_map *host, struct pvh_plan *p)
{
    bool ok = true;

    for (uint32_t i = 0; i < host->nr; i++) {
        const struct e820_entry *e = &host->e[i];
        uint64_t end = e->addr + e->size;

        if (e->type == E820_RAM) {
            end = min(end, LOW_END);
        }
        if (e->addr < end) {
            ok = ok && e820_add(&p->map, e->addr, end - e->addr, e->type);
        }
    }
    for (unsigned int i = 0; i < nr; i++) {
        ok = ok && e820_add(&p->map, ram[i].start, ram[i].end - ram[i].start,
                            E820_RAM);
    }
    return ok && e820_add(&p->map, p->info, PVH_INFO_BYTES + PVH_ACPI_BYTES,
                          E820_ACPI) && e820_sanitize(&p->map);
}

int pvh_plan(const struct early_range *ram, unsigned int nr,
             const struct e820_map *host, uint64_t kernel_start,
             uint64_t kernel_end, uint64_t initrd_bytes, struct pvh_plan *out)
{
    for (unsigned int i = 0; i < nr; i++) {
        if (place(&ram[i], kernel_start, kernel_end, initrd_bytes, out)) {
            out->map.nr = 0;
            return describe(ram, nr, host, out) ? 0 : -ENOSPC;
        }
    }
    return -ENOMEM;
}

/* ---- start info ----------------------------------------------------------- */

struct info {
    struct hvm_start_info start;
    struct hvm_modlist_entry initrd;
    struct hvm_memmap_table_entry map[E820_MAX];
    char cmdline[2048];
};
_Static_assert(sizeof(struct info) <= PVH_INFO_BYTES, "it fits");

/*
 * Without an IOMMU a device would find somebody else's RAM where the kernel
 * has mapped a guest's frame.  So all DMA goes through buffers of the
 * kernel's own, unless the administrator says whether they do ("swiotlb=force"
 * or "noforce"; a number alone says how large the buffers are).
 */
static bool says_force(const char *line)
{
    static const char key[] = "swiotlb=";

    for (const char *w = strstr(line, key); w != NULL; w = strstr(w, key)) {
        for (w += sizeof(key) - 1; *w != '\0' && *w != ' '; w++) {
            if (str_after(w, "force") != NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool bounce(char *line, size_t room)
{
    static const char words[] = " swiotlb=force";
    size_t n = strlen(line);

    if (says_force(line)) {
        return true;
    }
    if (room - n < sizeof(words)) {
        return false;
    }
    memcpy(line + n, words, sizeof(words));
    return true;
}

int pvh_fill_info(void *info, const struct pvh_plan *p, const char *cmdline,
                   uint64_t initrd_bytes)
{
    struct info *i = info;

    i->start = (struct hvm_start_info){
        .magic = XEN_HVM_START_MAGIC_VALUE, .version = 1,
        .flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
        .nr_modules = initrd_bytes != 0,
        .modlist_paddr = p->info + offsetof(struct info, initrd),
        .cmdline_paddr = p->info + offsetof(struct info, cmdline),
        .rsdp_paddr = p->acpi,
        .memmap_paddr = p->info + offsetof(struct info, map),
        .memmap_entries = p->map.nr,
    };
    i->initrd = (struct hvm_modlist_entry){ .paddr = p->initrd,
                                            .size = initrd_bytes };
    for (uint32_t n = 0; n < p->map.nr; n++) {
        i->map[n] = (struct hvm_memmap_table_entry){
            .addr = p->map.e[n].addr, .size = p->map.e[n].size,
            .type = p->map.e[n].type,
        };
    }
    str_copy(i->cmdline, cmdline, sizeof(i->cmdline));
    return bounce(i->cmdline, sizeof(i->cmdline)) ? 0 : -E2BIG;
}

/* ---- ACPI ------------------------------------------------------------------ */

#define XSDT_AT     64u
#define MADT_AT     1024u
#define MAX_TABLES  64u
#define IOAPIC_ADDR 0xfec00000u
#define LAPIC_ADDR  0xfee00000u

struct packed rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint8_t long_checksum, reserved[3];
};

struct packed xsdt {
    struct acpi_header h;
    uint64_t entry[MAX_TABLES + 1];
};
_Static_assert(XSDT_AT + sizeof(struct xsdt) <= MADT_AT, "they fit");

struct packed madt_lapic {
    uint8_t type, length, acpi_id, apic_id;
    uint32_t flags;
};
struct packed madt_ioapic_entry {
    uint8_t type, length, id, reserved;
    uint32_t maddr, gsi_base;
};
struct packed madt_isa {
    uint8_t type, length, bus, irq;
    uint32_t gsi;
    uint16_t flags;
};
struct packed own_madt {
    struct acpi_header h;
    uint32_t lapic, flags;
    struct madt_ioapic_entry ioapic;
    struct madt_isa isa[16];
    struct madt_lapic cpu[MAX_VCPUS];
};
_Static_assert(MADT_AT + sizeof(struct own_madt) <= PVH_ACPI_BYTES, "and fit");

/* What describes devices and code; not what counts processors, timers,
 * nodes or remapping hardware of the machine. */
bool pvh_table_allowed(const char signature[4])
{
    static const char allowed[][5] = {
        "DSDT", "FACP", "FACS", "PSDT", "SSDT", "SBST", "SLIC", "MSDM",
        "WDAT", "FPDT", "S3PT", "VFCT",
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(allowed); i++) {
        if (memcmp(allowed[i], signature, 4) == 0) {
            return true;
        }
    }
    return false;
}

static uint8_t checksum(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    while (n-- > 0) {
        sum = (uint8_t)(sum + *b++);
    }
    return (uint8_t)-sum;
}

static void head(struct acpi_header *h, const char *signature, uint8_t revision,
                 size_t length)
{
    memcpy(h->signature, signature, 4);
    h->length = (uint32_t)length;
    h->revision = revision;
    memcpy(h->oem_id, "PVANE ", 6);
    memcpy(h->oem_table_id, "PVHDOM0 ", 8);
    h->checksum = 0;
    h->checksum = checksum(h, length);
}

/* ISA lines whose pin or signal is not what ISA says; flags 1 is high, edge;
 * 2 and 3 of each field: low, level (ACPI 6.4, 5.2.12.5). */
static void fill_madt(struct own_madt *t, unsigned int vcpus,
                      const struct madt *m)
{
    t->lapic = LAPIC_ADDR;
    t->ioapic = (struct madt_ioapic_entry){
        .type = 1, .length = sizeof(t->ioapic), .maddr = IOAPIC_ADDR };
    for (unsigned int i = 0; i < 16; i++) {
        t->isa[i] = (struct madt_isa){
            .type = 2, .length = sizeof(t->isa[i]), .irq = (uint8_t)i,
            .gsi = m->isa[i].gsi,
            .flags = (uint16_t)((m->isa[i].low ? 3 : 1) |
                                (m->isa[i].level ? 3 : 1) << 2) };
    }
    for (unsigned int i = 0; i < vcpus; i++) {
        t->cpu[i] = (struct madt_lapic){
            .length = sizeof(t->cpu[i]), .acpi_id = (uint8_t)i,
            .apic_id = (uint8_t)(2 * i), .flags = 1 };
    }
    head(&t->h, "APIC", 3, offsetof(struct own_madt, cpu) +
                           vcpus * sizeof(t->cpu[0]));
}

int pvh_fill_acpi(void *page, uint64_t at, const uint64_t *tables,
                  unsigned int nr, unsigned int vcpus, const struct madt *m)
{
    struct rsdp *r = page;
    struct xsdt *x = (struct xsdt *)((char *)page + XSDT_AT);

    if (nr > MAX_TABLES || vcpus > MAX_VCPUS) {
        return -ENOSPC;
    }
    memcpy(x->entry, tables, nr * sizeof(x->entry[0]));
    x->entry[nr] = at + MADT_AT;
    head(&x->h, "XSDT", 1, offsetof(struct xsdt, entry) +
                           (nr + 1) * sizeof(x->entry[0]));
    fill_madt((struct own_madt *)((char *)page + MADT_AT), vcpus, m);
    memcpy(r->signature, "RSD PTR ", 8);
    memcpy(r->oem_id, "PVANE ", 6);
    r->revision = 2;
    r->length = sizeof(*r);
    r->xsdt = at + XSDT_AT;
    r->checksum = checksum(r, 20);
    r->long_checksum = checksum(r, sizeof(*r));
    return 0;
}
