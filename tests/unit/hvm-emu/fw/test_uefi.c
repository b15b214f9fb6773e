/* SPDX-License-Identifier: MIT */
/*
 * UEFI firmware: its image below 4 GiB, and what it reads from dev/fwcfg.
 * The script for the ACPI tables is carried out as firmware does; then every
 * table is found and every sum is right.
 */
#include <bus/range.h>
#include <dev/devices.h>
#include <dev/fwcfg.h>
#include <errno.h>
#include <frame/config.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>
#include <lib/acpi_table.h>
#include <lib/err.h>
#include <run/fw_acpi.h>
#include <run/fw_smbios.h>
#include <run/fw_uefi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define IMAGE (1u << 20)
#define ROOM  0x40000u

static struct machine m;
static struct emu_config config = {
    .uefi = true, .boot = "dc",
    .disk = { { .present = true }, { .present = true },
              { .present = true, .cdrom = true } },
};
static const struct range_ops *port;
static void *device;
static uint64_t populated, nr_populated;
static uint8_t low[1u << 20], top[IMAGE];

/* ---- the machine ------------------------------------------------------------- */

int range_add(struct machine *mm, enum range_space s, uint64_t base,
              uint64_t len, const struct range_ops *ops, void *dev)
{
    assert_int_equal(base, 0x510);
    port = ops;
    device = dev;
    return 0;
}

void range_del(struct machine *mm, enum range_space s, uint64_t base,
               void *dev)
{
    port = NULL;
}

int guest_write(struct machine *mm, uint64_t gpa, const void *buf, size_t len)
{
    if (gpa + len <= sizeof(low)) {
        memcpy(low + gpa, buf, len);
        return 0;
    }
    if (gpa >= MACHINE_4G - IMAGE && gpa + len <= MACHINE_4G) {
        memcpy(top + (gpa - (MACHINE_4G - IMAGE)), buf, len);
        return 0;
    }
    return -1;
}

static int fake_populate(void *arg, uint64_t gfn, uint32_t nr)
{
    populated = gfn;
    nr_populated = nr;
    return 0;
}

static const struct hv_ops hv = { .populate = fake_populate };

static int start(void **state)
{
    struct err e = ERR_INIT;

    memset(&m, 0, sizeof(m));
    m.config = &config;
    m.hv = &hv;
    m.nr_vcpus = 3;
    m.low_end = 64u << 20;
    m.high_end = MACHINE_4G;
    return fwcfg_class.create(&m, &e) == NULL ? -1 : 0;
}

static int stop(void **state)
{
    fwcfg_class.destroy(m.fwcfg);
    return 0;
}

static void read_key(uint16_t key, void *to, size_t len)
{
    uint8_t *bytes = to;

    port->write(device, 0, 2, key);
    while (len-- > 0) {
        *bytes++ = (uint8_t)port->read(device, 1, 1);
    }
}

static uint32_t be(const uint8_t *at, unsigned int bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0) {
        v = v << 8 | *at++;
    }
    return v;
}

/* How long it is, or 0; its bytes at @to. */
static uint32_t read_file(const char *name, uint8_t *to)
{
    uint8_t dir[4 + 16 * 64];
    uint32_t i;

    read_key(FWCFG_DIRECTORY, dir, sizeof(dir));
    for (i = 0; i < be(dir, 4); i++) {
        const uint8_t *row = dir + 4 + i * 64;

        if (strcmp((const char *)row + 8, name) == 0) {
            assert_in_range(be(row, 4), 1, ROOM);
            read_key((uint16_t)be(row + 4, 2), to, be(row, 4));
            return be(row, 4);
        }
    }
    return 0;
}

/* ---- the script, as firmware carries it out -------------------------------------- */

struct file {
    char name[56];
    uint8_t bytes[ROOM];
    uint32_t len;
    uint64_t at;                       /* where it was put */
};

static struct file files[2];

static struct file *file_of(const uint8_t *name)
{
    unsigned int i;

    for (i = 0; i < 2; i++) {
        if (strcmp(files[i].name, (const char *)name) == 0) {
            return &files[i];
        }
    }
    fail_msg("no file %s", (const char *)name);
    return NULL;
}

static uint32_t le32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, 4);
    return v;
}

static void carry_out(const uint8_t *l, unsigned int *nr_files)
{
    static const uint64_t places[] = { 0xf0010, 0x3000040 };
    struct file *f;
    uint64_t val = 0;

    switch (le32(l)) {
    case 1:
        f = &files[*nr_files];
        strcpy(f->name, (const char *)l + 4);
        f->len = read_file(f->name, f->bytes);
        assert_int_not_equal(f->len, 0);
        f->at = places[(*nr_files)++];
        assert_int_equal(l[64], f->at < 0x100000 ? 2 : 1);
        break;
    case 2:
        f = file_of(l + 4);
        assert_true(le32(l + 116) + l[120] <= f->len);
        memcpy(&val, f->bytes + le32(l + 116), l[120]);
        val += file_of(l + 60)->at;
        memcpy(f->bytes + le32(l + 116), &val, l[120]);
        break;
    case 3:
        f = file_of(l + 4);
        assert_true(le32(l + 64) + le32(l + 68) <= f->len);
        f->bytes[le32(l + 60)] = acpi_checksum(f->bytes + le32(l + 64),
                                               le32(l + 68));
        break;
    default:
        fail_msg("command %u", le32(l));
    }
}

static const uint8_t *at_address(uint64_t addr)
{
    assert_true(addr >= files[1].at && addr < files[1].at + files[1].len);
    return files[1].bytes + (addr - files[1].at);
}

static void check_table(const uint8_t *t, const char *signature)
{
    struct acpi_header h;

    memcpy(&h, t, sizeof(h));
    assert_memory_equal(h.signature, signature, 4);
    assert_int_equal(acpi_checksum(t, h.length), 0);
}

/* The blob as run/firmware makes it, in a machine of 64 MiB. */
static struct fw_blob blob;

static uint32_t build(unsigned int nr_vcpus)
{
    static const uint8_t uuid[16] = { 0xab };

    memset(&blob, 0, sizeof(blob));
    blob.base = 0x3ff0000;
    assert_int_equal(fw_acpi_build(&blob, nr_vcpus, 0x80000000), blob.base);
    return fw_smbios_build(&blob, uuid, nr_vcpus, 65536, true);
}

static void describe(void)
{
    assert_int_equal(fw_uefi_describe(&m, &blob, build(3)), 0);
}

static void tables_are_found_where_firmware_puts_them(void **state)
{
    static uint8_t script[ROOM];
    struct acpi_rsdp rsdp;
    unsigned int nr = 0, seen = 0;
    const uint8_t *xsdt;
    uint32_t len, at;

    describe();
    len = read_file("etc/table-loader", script);
    assert_true(len > 0 && len % 128 == 0);
    for (at = 0; at < len; at += 128) {
        carry_out(script + at, &nr);
    }
    memcpy(&rsdp, files[0].bytes, sizeof(rsdp));
    assert_memory_equal(rsdp.signature, "RSD PTR ", 8);
    assert_int_equal(acpi_checksum(&rsdp, 20), 0);
    assert_int_equal(acpi_checksum(&rsdp, 36), 0);
    check_table(at_address(rsdp.rsdt), "RSDT");
    xsdt = at_address(rsdp.xsdt);
    check_table(xsdt, "XSDT");
    for (at = 36; at < le32(xsdt + 4); at += 8) {
        const uint8_t *t;
        uint64_t addr;

        memcpy(&addr, xsdt + at, 8);
        t = at_address(addr);
        check_table(t, (const char *)t);
        if (memcmp(t, "FACP", 4) == 0) {
            check_table(at_address(le32(t + 40)), "DSDT");
            assert_memory_equal(at_address(le32(t + 36)), "FACS", 4);
            seen++;
        }
        seen += memcmp(t, "APIC", 4) == 0;
    }
    assert_int_equal(seen, 2);
}

static void memory_and_cpus_are_told(void **state)
{
    struct { uint64_t addr, size; uint32_t type; }
        __attribute__((packed)) map[2];
    uint8_t text[5] = { 0 }, cpus[2];

    m.high_end = MACHINE_4G + (1u << 30);
    describe();
    read_key(FWCFG_SIGNATURE, text, 4);
    assert_string_equal((char *)text, "QEMU");
    read_key(FWCFG_NR_CPUS, cpus, 2);
    assert_int_equal(cpus[0] | cpus[1] << 8, 3);
    assert_int_equal(read_file("etc/e820", (uint8_t *)map), 40);
    assert_int_equal(map[0].addr + map[0].size, m.low_end);
    assert_int_equal(map[1].addr, MACHINE_4G);
    assert_int_equal(map[1].size, 1u << 30);
}

/* An item that is not there, and what is after an end, are zeros. */
static void a_guest_reads_what_there_is(void **state)
{
    uint8_t bytes[6];

    read_key(FWCFG_SIGNATURE, bytes, 6);
    assert_int_equal(bytes[4] | bytes[5], 0);
    read_key(0x7777, bytes, 2);
    assert_int_equal(bytes[0] | bytes[1], 0);
    assert_int_equal(port->read(device, 0, 2), UINT64_MAX);
    port->write(device, 1, 1, 0x55);
    read_key(FWCFG_ID, bytes, 4);
    assert_int_equal(bytes[0], 1);
}

static void the_image_ends_at_4_gib_and_is_seen_below_1_mib(void **state)
{
    uint8_t *image = malloc(IMAGE);

    memset(image, 0x11, IMAGE);
    memset(image + IMAGE - 16, 0xea, 16);
    assert_true(fw_uefi_is(IMAGE));
    assert_true(fw_uefi_is(FW_UEFI_MAX));
    assert_false(fw_uefi_is(0x40000));
    assert_false(fw_uefi_is(FW_UEFI_MAX + 4096));
    assert_false(fw_uefi_is(IMAGE + 1));
    assert_int_equal(fw_uefi_place(&m, image, IMAGE), 0);
    assert_int_equal(populated, 0xfff00);
    assert_int_equal(nr_populated, 0x100);
    assert_memory_equal(top, image, IMAGE);
    assert_int_equal(low[0xffff0], 0xea);
    assert_int_equal(low[0xe0000], 0x11);
    assert_int_equal(low[0xdffff], 0);
    free(image);
}

static void a_blob_that_points_outside_is_refused(void **state)
{
    struct acpi_rsdp *r = (void *)blob.data;
    uint32_t smbios;

    smbios = build(1);
    r->xsdt = 0x3ff0000 + blob.used;
    assert_int_equal(fw_uefi_describe(&m, &blob, smbios), -EINVAL);
}

/* The CD before the disks, each by its channel and unit. */
static void the_boot_order_names_drives(void **state)
{
    char order[400];
    uint32_t len;

    describe();
    len = read_file("bootorder", (uint8_t *)order);
    assert_int_equal(len, strlen(order) + 1);
    assert_string_equal(order, "/pci@i0cf8/ide@1,1/drive@1/disk@0\n"
                               "/pci@i0cf8/ide@1,1/drive@0/disk@0\n"
                               "/pci@i0cf8/ide@1,1/drive@0/disk@1\n");
}

static void smbios_comes_in_two_files(void **state)
{
    uint8_t anchor[64], tables[4096];
    uint32_t len;

    describe();
    assert_int_equal(read_file("etc/smbios/smbios-anchor", anchor),
                     FW_SMBIOS_ENTRY_BYTES);
    assert_memory_equal(anchor, "_SM_", 4);
    len = read_file("etc/smbios/smbios-tables", tables);
    assert_int_equal(len, anchor[0x16] | anchor[0x17] << 8);
    assert_int_equal(tables[0], 1);    /* none of a BIOS */
    assert_int_equal(tables[8], 0xab);
    assert_int_equal(tables[len - 6], 127);
}

static void windows_begin_where_firmware_puts_them(void **state)
{
    static const uint8_t window[16] = {
        0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0x7c,
    };

    (void)build(1);
    assert_non_null(memmem(blob.data, blob.used, window, sizeof(window)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(tables_are_found_where_firmware_puts_them),
        T(memory_and_cpus_are_told),
        T(a_guest_reads_what_there_is),
        T(the_image_ends_at_4_gib_and_is_seen_below_1_mib),
        T(a_blob_that_points_outside_is_refused),
        T(the_boot_order_names_drives),
        T(smbios_comes_in_two_files),
        T(windows_begin_where_firmware_puts_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
