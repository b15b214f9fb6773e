/* SPDX-License-Identifier: MIT */
/*
 * toolstack/build: layout, firmware tables and first state of a PVH guest.
 */
#include <build/acpi.h>
#include <build/hvm_context.h>
#include <build/pvh_layout.h>
#include <elf.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/elfnote.h>
#include <xen/hvm/save.h>
#include <cmocka.h>

/* ---- kernel ---------------------------------------------------------------- */

/* One segment at 16 MiB and one note in front of it. */
struct small_elf {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[2];
    struct {
        Elf64_Nhdr n;
        char name[4];
        uint32_t value;
    } note;
    uint8_t text[256];
};

static void small_elf(struct small_elf *s)
{
    memset(s, 0, sizeof(*s));
    s->eh = (Elf64_Ehdr){
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1,
        .e_phoff = offsetof(struct small_elf, ph),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    s->ph[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_offset = offsetof(struct small_elf, text),
        .p_paddr = 0x1000010, .p_filesz = sizeof(s->text), .p_memsz = 0x2000,
    };
    s->ph[1] = (Elf64_Phdr){
        .p_type = PT_NOTE, .p_offset = offsetof(struct small_elf, note),
        .p_filesz = sizeof(s->note),
    };
    s->note.n = (Elf64_Nhdr){ 4, 4, XEN_ELFNOTE_PHYS32_ENTRY };
    memcpy(s->note.name, "Xen", 4);
    s->note.value = 0x1000020;
}

static int parse(struct small_elf *s, struct pvh_kernel *k, struct err *e)
{
    struct bytes image = { .data = (uint8_t *)s, .len = sizeof(*s) };

    return pvh_kernel_parse(&image, k, e);
}

static void kernel_is_read(void **state)
{
    struct small_elf s;
    struct pvh_kernel k;
    struct err e = ERR_INIT;

    (void)state;
    small_elf(&s);
    assert_int_equal(parse(&s, &k, &e), 0);
    assert_int_equal(k.entry, 0x1000020);
    assert_int_equal(k.nr_segs, 1);
    assert_int_equal(k.seg[0].pfn, 0x1000);
    assert_int_equal(k.seg[0].offset, 0x10);
    assert_int_equal(k.seg[0].file_bytes, 256);
    assert_ptr_equal(k.seg[0].data, s.text);
    assert_int_equal(k.end, 0x1002010);
}

static void expect_refused(struct small_elf *s, const char *why)
{
    struct pvh_kernel k;
    struct err e = ERR_INIT;

    assert_int_equal(parse(s, &k, &e), -EINVAL);
    assert_non_null(strstr(e.why, why));
}

static void bad_kernels_are_refused(void **state)
{
    struct small_elf s;

    (void)state;
    small_elf(&s);
    s.note.n.n_type = XEN_ELFNOTE_ENTRY;
    expect_refused(&s, "PHYS32_ENTRY");
    small_elf(&s);
    s.note.value = 0x2000000;
    expect_refused(&s, "entry point");
    small_elf(&s);
    s.ph[0].p_paddr = 0xf0000000;
    expect_refused(&s, "outside");
    small_elf(&s);
    s.ph[0].p_memsz = UINT64_MAX - 0x1000000;
    expect_refused(&s, "outside");
    small_elf(&s);
    s.ph[0].p_filesz = sizeof(s);
    expect_refused(&s, "truncated");
}

/* ---- layout ----------------------------------------------------------------- */

#define MIB (1ull << 20)

static void small_guest_is_below_the_hole(void **state)
{
    struct pvh_layout l;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(pvh_layout_compute(0x1800001, 256 * 256, 5000, 10, &l,
                                        &e), 0);
    assert_int_equal(l.low_pages, 256 * 256);
    assert_int_equal(l.initrd, 0x1801000);
    assert_int_equal(l.start_info, 0x1803000);
    assert_int_equal(l.acpi, 256 * MIB - PVH_ACPI_PAGES * 4096);
    assert_int_equal(l.nr_map, 3);
    assert_int_equal(l.map[0].addr, 0);
    assert_int_equal(l.map[0].size, l.acpi);
    assert_int_equal(l.map[1].addr, l.acpi);
    assert_int_equal(l.map[1].type, XEN_HVM_MEMMAP_TYPE_ACPI);
    assert_int_equal(l.map[2].addr, 0xfeff8000);
    assert_int_equal(l.map[2].size, 8 * 4096);
    assert_int_equal(l.map[2].type, XEN_HVM_MEMMAP_TYPE_RESERVED);
}

static void large_guest_goes_on_above_4g(void **state)
{
    struct pvh_layout l;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(pvh_layout_compute(0x1800000, 5120 * 256, 0, 0, &l, &e),
                     0);
    assert_int_equal(l.low_pages, 3840 * 256);
    assert_int_equal(l.nr_map, 4);
    assert_int_equal(l.map[3].addr, 4096 * MIB);
    assert_int_equal(l.map[3].size, 1280 * MIB);
    assert_int_equal(l.map[3].type, XEN_HVM_MEMMAP_TYPE_RAM);
}

static void too_little_memory_is_said(void **state)
{
    struct pvh_layout l;
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(pvh_layout_compute(0x1800000, 64 * 256, 40 * MIB, 0, &l,
                                        &e), -ENOMEM);
    assert_non_null(strstr(e.why, "need 65 MiB"));
}

/* ---- firmware tables ----------------------------------------------------------- */

static unsigned int sum(const uint8_t *p, size_t len)
{
    unsigned int s = 0;

    while (len-- > 0) {
        s += *p++;
    }
    return s & 0xff;
}

static uint64_t get(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;

    memcpy(&v, p, bytes);
    return v;
}

static const uint8_t *table(const uint8_t *acpi, uint64_t addr,
                            const char *signature)
{
    const uint8_t *t = acpi + (addr - 0x7000);

    assert_memory_equal(t, signature, 4);
    assert_int_equal(sum(t, get(t + 4, 4)), 0);
    return t;
}

static void tables_name_every_cpu(void **state)
{
    uint8_t acpi[4096];
    const uint8_t *x, *fadt, *madt;

    (void)state;
    memset(acpi, 0xaa, sizeof(acpi));
    assert_true(acpi_build(acpi, sizeof(acpi), 0x7000, 3, 2) > 0);
    assert_memory_equal(acpi, "RSD PTR ", 8);
    assert_int_equal(sum(acpi, 20), 0);
    assert_int_equal(sum(acpi, 36), 0);
    x = table(acpi, get(acpi + 24, 8), "XSDT");
    fadt = table(acpi, get(x + 36, 8), "FACP");
    madt = table(acpi, get(x + 44, 8), "APIC");
    table(acpi, get(fadt + 140, 8), "DSDT");
    assert_int_equal(get(fadt + 112, 4) >> 20 & 1, 1);
    assert_int_equal(get(madt + 4, 4), 44 + 3 * 8);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(madt[44 + 8 * i + 3], 2 * i);
        assert_int_equal(madt[44 + 8 * i + 4], i < 2);
    }
}

static void tables_that_do_not_fit_are_refused(void **state)
{
    uint8_t acpi[4096];

    (void)state;
    assert_int_equal(acpi_build(acpi, 400, 0, 1, 1), 0);
    assert_int_equal(acpi_build(acpi, sizeof(acpi), 0, ACPI_MAX_VCPUS + 1, 1),
                     0);
    assert_true(acpi_build(acpi, sizeof(acpi), 0, ACPI_MAX_VCPUS, 1) != 0);
}

/* ---- first state ------------------------------------------------------------------ */

struct fresh {
    struct hvm_save_descriptor hd;
    struct hvm_save_header h;
    struct hvm_save_descriptor md;
    struct hvm_hw_mtrr m;
    struct hvm_save_descriptor end;
} __attribute__((packed));

static struct fresh fresh_records(void)
{
    struct fresh f;

    memset(&f, 0, sizeof(f));
    f.hd = (struct hvm_save_descriptor){ HVM_SAVE_CODE(HEADER), 0,
                                         sizeof(f.h) };
    f.h.magic = HVM_FILE_MAGIC;
    f.md = (struct hvm_save_descriptor){ HVM_SAVE_CODE(MTRR), 0,
                                         sizeof(f.m) };
    f.m.msr_pat_cr = 0x0007040600070406;
    return f;
}

static void first_state_is_flat_protected_mode(void **state)
{
    const struct hvm_start s = { .entry = 0x1000020, .start_info = 0x5000,
                                 .nr_vcpus = 2 };
    struct fresh f = fresh_records();
    uint8_t out[8192];
    struct hvm_hw_cpu cpu;
    struct hvm_hw_mtrr m;
    size_t at = 8 + sizeof(f.h) + 8, second;
    size_t len = hvm_context_start((uint8_t *)&f, sizeof(f), &s, out,
                                  sizeof(out));

    (void)state;
    assert_int_equal(len, 8 + sizeof(f.h) + 8 + sizeof(cpu) +
                          2 * (8 + sizeof(m)) + 8);
    assert_memory_equal(out, &f, 8 + sizeof(f.h));
    memcpy(&cpu, out + at, sizeof(cpu));
    assert_int_equal(cpu.rip, 0x1000020);
    assert_int_equal(cpu.rbx, 0x5000);
    assert_int_equal(cpu.cr0, 0x11);
    assert_int_equal(cpu.cs_arbytes, 0xc9b);
    assert_int_equal(cpu.cr3 | cpu.cr4 | cpu.msr_efer, 0);
    second = at + sizeof(cpu) + 8 + sizeof(m);
    assert_int_equal(get(out + second, 2), HVM_SAVE_CODE(MTRR));
    assert_int_equal(get(out + second + 2, 2), 1);
    memcpy(&m, out + second + 8, sizeof(m));
    assert_int_equal(m.msr_mtrr_def_type, 0x806);
    assert_int_equal(m.msr_pat_cr, 0x0007040600070406);
}

static void bad_records_are_refused(void **state)
{
    const struct hvm_start s = { .entry = 0x1000020, .start_info = 0x5000,
                                 .nr_vcpus = 1 };
    struct fresh f = fresh_records();
    uint8_t out[8192];

    (void)state;
    assert_int_equal(hvm_context_start((uint8_t *)&f, sizeof(f), &s, out, 100),
                     0);
    f.hd.length = 0x7fffffff;
    assert_int_equal(hvm_context_start((uint8_t *)&f, sizeof(f), &s, out,
                                      sizeof(out)), 0);
    assert_int_equal(hvm_context_start((uint8_t *)&f, 5, &s, out, sizeof(out)),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_is_read),
        cmocka_unit_test(bad_kernels_are_refused),
        cmocka_unit_test(small_guest_is_below_the_hole),
        cmocka_unit_test(large_guest_goes_on_above_4g),
        cmocka_unit_test(too_little_memory_is_said),
        cmocka_unit_test(tables_name_every_cpu),
        cmocka_unit_test(tables_that_do_not_fit_are_refused),
        cmocka_unit_test(first_state_is_flat_protected_mode),
        cmocka_unit_test(bad_records_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
