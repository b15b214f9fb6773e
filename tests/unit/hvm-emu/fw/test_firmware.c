/* SPDX-License-Identifier: MIT */
/*
 * hvm-emu/run/firmware: the bus as a BIOS finds it, tables and BIOS in a
 * guest's memory.  Guest and bus are arrays here.
 */
#include <bus/pci.h>
#include <errno.h>
#include <fcntl.h>
#include <frame/config.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>
#include <lib/err.h>
#include <lib/hvm_map.h>
#include <run/firmware.h>
#include <run/fw_acpi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define MEMORY (16u << 20)

static uint8_t *ram;
static struct pci_dev *slots[256];

/* ---- the guest and the bus --------------------------------------------------- */

int guest_write(struct machine *m, uint64_t gpa, const void *buf, size_t len)
{
    if (gpa > m->low_end || len > m->low_end - gpa) {
        return -1;
    }
    memcpy(ram + gpa, buf, len);
    return 0;
}

struct pci_dev *pci_find(struct machine *m, uint8_t devfn)
{
    return slots[devfn];
}

void pci_config_write(struct machine *m, uint8_t devfn, unsigned int off,
                      unsigned int bytes, uint32_t val)
{
    for (unsigned int i = 0; i < bytes; i++) {
        slots[devfn]->config[off + i] = (uint8_t)(val >> 8 * i);
    }
}

static void function(struct machine *m, struct pci_dev *p, unsigned int slot,
                     unsigned int fn, uint16_t id, uint16_t class,
                     unsigned int pin)
{
    memset(p, 0, sizeof(*p));
    p->name = "test";
    p->m = m;
    p->devfn = PCI_DEVFN(slot, fn);
    pci_set16(p->config, 0x8086);
    pci_set16(p->config + 2, id);
    pci_set16(p->config + 10, class);
    p->config[0x3d] = (uint8_t)pin;
    slots[p->devfn] = p;
}

static void window(struct pci_dev *p, unsigned int bar, enum pci_bar_kind kind,
                   uint32_t size)
{
    p->bar[bar] = (struct pci_bar){ .kind = kind, .size = size };
}

struct pc {
    struct machine m;
    struct emu_config config;
    struct pci_dev isa, ide, pm, vga, card;
};

static void make(struct pc *pc)
{
    memset(pc, 0, sizeof(*pc));
    memset(slots, 0, sizeof(slots));
    ram = realloc(ram, MEMORY);
    memset(ram, 0, MEMORY);
    pc->config.memory_kib = MEMORY / 1024;
    memcpy(pc->config.uuid, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
    pc->m = (struct machine){ .nr_vcpus = 4, .low_end = MEMORY,
                              .high_end = HVM_4G, .config = &pc->config };
    function(&pc->m, &pc->isa, 1, 0, 0x7000, 0x0601, 0);
    function(&pc->m, &pc->ide, 1, 1, 0x7010, 0x0101, 0);
    window(&pc->ide, 4, PCI_BAR_PORT, 16);
    function(&pc->m, &pc->pm, 1, 3, 0x7113, 0x0680, 1);
    function(&pc->m, &pc->vga, 2, 0, 0x1111, 0x0300, 0);
    window(&pc->vga, 0, PCI_BAR_RAM, 16u << 20);
    window(&pc->vga, 2, PCI_BAR_MMIO, 4096);
    pc->vga.rom = (struct pci_bar){ .kind = PCI_BAR_MMIO, .size = 65536 };
    function(&pc->m, &pc->card, 4, 0, 0x100e, 0x0200, 1);
    window(&pc->card, 0, PCI_BAR_MMIO, 1u << 17);
    window(&pc->card, 1, PCI_BAR_PORT, 64);
}

/* ---- the bus ------------------------------------------------------------------- */

static void windows_are_aligned_and_apart(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;
    uint32_t vga, regs, rom, card;

    (void)state;
    make(&pc);
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    vga = pci_get32(&pc.vga, 0x10);
    regs = pci_get32(&pc.vga, 0x18);
    rom = pci_get32(&pc.vga, 0x30);
    card = pci_get32(&pc.card, 0x10);
    assert_int_equal(vga, 0xf0000000);
    assert_int_equal(card, 0xf1000000);
    assert_int_equal(rom, 0xf1020000);
    assert_int_equal(regs, 0xf1030000);
    assert_int_equal(pci_get32(&pc.card, 0x14), 0xc000);
    assert_int_equal(pci_get32(&pc.ide, 0x20), 0xc040);
    assert_int_equal(pci_get32(&pc.ide, 0x10), 0);
    assert_int_equal(pci_get16(&pc.ide, 0x40), 0x8000);
    assert_int_equal(pci_get16(&pc.ide, 4), 5);
    assert_int_equal(pci_get16(&pc.card, 4), 7);
}

static void lines_follow_the_links(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;

    (void)state;
    make(&pc);
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    assert_memory_equal(pc.isa.config + 0x60, "\5\12\13\5", 4);
    assert_int_equal(pc.card.config[0x3c], 5);     /* slot 4, INTA: link 0 */
    assert_int_equal(pc.pm.config[0x3c], 9);
    assert_int_equal(pc.ide.config[0x3c], 0);
}

static void windows_that_do_not_fit_are_said(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;

    (void)state;
    make(&pc);
    window(&pc.card, 2, PCI_BAR_MMIO, 1u << 28);
    assert_int_equal(firmware_load(&pc.m, &e), -ENOSPC);
}

/* ---- tables ---------------------------------------------------------------------- */

static uint64_t get(uint64_t at, unsigned int bytes)
{
    uint64_t value = 0;

    for (unsigned int i = bytes; i-- > 0;) {
        value = value << 8 | ram[at + i];
    }
    return value;
}

static uint8_t sum(uint64_t at, size_t len)
{
    uint8_t s = 0;

    for (size_t i = 0; i < len; i++) {
        s = (uint8_t)(s + ram[at + i]);
    }
    return s;
}

/* The table of that name in the RSDT that @rsdp leads to; 0: none. */
static uint64_t table(uint64_t rsdp, const char *name)
{
    uint64_t rsdt = get(rsdp + 16, 4);
    unsigned int nr = (unsigned int)(get(rsdt + 4, 4) - 36) / 4;
    uint64_t found = 0;

    assert_int_equal(sum(rsdt, get(rsdt + 4, 4)), 0);
    for (unsigned int i = 0; i < nr; i++) {
        uint64_t at = get(rsdt + 36 + 4 * i, 4);

        assert_int_equal(sum(at, get(at + 4, 4)), 0);
        assert_true(at + get(at + 4, 4) <= MEMORY);
        if (memcmp(ram + at, name, 4) == 0) {
            found = at;
        }
    }
    return found;
}

static void a_kernel_finds_the_tables(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;
    uint64_t fadt, madt, dsdt;

    (void)state;
    make(&pc);
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    assert_memory_equal(ram + 0xe0000, "RSD PTR ", 8);
    assert_memory_equal(ram + hvm_tables(MEMORY), ram + 0xe0000, 36);
    assert_int_equal(sum(0xe0000, 20), 0);
    assert_int_equal(sum(0xe0000, 36), 0);
    fadt = table(0xe0000, "FACP");
    dsdt = get(fadt + 40, 4);
    assert_memory_equal(ram + dsdt, "DSDT", 4);
    assert_int_equal(sum(dsdt, get(dsdt + 4, 4)), 0);
    assert_int_equal(get(fadt + 36, 4) % 64, 0);
    assert_memory_equal(ram + get(fadt + 36, 4), "FACS", 4);
    assert_int_equal(get(fadt + 56, 4), 0xb000);
    madt = table(0xe0000, "APIC");
    assert_int_equal(get(madt + 4, 4), 44 + 12 + 5 * 10 + 4 * 8);
    assert_int_equal(ram[madt + 44 + 12 + 50 + 3 * 8 + 3], 6);
    assert_int_not_equal(table(0xe0000, "HPET"), 0);
    assert_int_not_equal(table(0xe0000, "SSDT"), 0);
}

static void the_machine_says_who_it_is(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;
    uint64_t at, end;
    unsigned int types[256] = { 0 }, nr = 0;

    (void)state;
    make(&pc);
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    assert_memory_equal(ram + 0xf0000, "_SM_", 4);
    assert_int_equal(sum(0xf0000, 31), 0);
    assert_int_equal(sum(0xf0010, 15), 0);
    at = get(0xf0018, 4);
    end = at + get(0xf0016, 2);
    for (; at < end; nr++) {
        types[ram[at]]++;
        if (ram[at] == 1) {
            assert_memory_equal(ram + at + 8, "\0\1\2\3\4\5\6\7\10", 9);
        }
        at += ram[at + 1];
        while (get(at, 2) != 0) {
            at++;
        }
        at += 2;
    }
    assert_int_equal(at, end);
    assert_int_equal(nr, get(0xf001c, 2));
    assert_int_equal(types[4], 4);
    assert_int_equal(types[0] + types[1] + types[3] + types[16] + types[17] +
                     types[19] + types[32] + types[127], 8);
}

static void most_vcpus_fit(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;

    (void)state;
    make(&pc);
    pc.m.nr_vcpus = FW_ACPI_MAX_VCPUS;
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    pc.m.nr_vcpus = FW_ACPI_MAX_VCPUS + 1;
    assert_int_equal(firmware_load(&pc.m, &e), -ENOSPC);
}

/* Of UEFI firmware it asks dev/fwcfg, which is not in this machine. */
static void a_restored_machine_keeps_its_memory(void **state)
{
    struct pc pc;
    struct err e = ERR_INIT;

    (void)state;
    make(&pc);
    pc.m.restored = true;
    assert_int_equal(firmware_load(&pc.m, &e), 0);
    pc.config.uefi = true;
    pc.config.bios = "/nonexistent";
    assert_int_equal(firmware_load(&pc.m, &e), -ENODEV);
    assert_int_equal(pci_get32(&pc.vga, 0x10), 0);
    assert_int_equal(ram[0], 0);
    assert_memory_equal(ram, ram + 1, MEMORY - 1);
}

/* ---- the BIOS ---------------------------------------------------------------------- */

static int with_bios(size_t len, struct err *e)
{
    static char path[] = "/tmp/test_firmware.XXXXXX";
    static uint8_t image[0x50000];
    struct pc pc;
    int fd, rc;

    strcpy(path, "/tmp/test_firmware.XXXXXX");
    fd = mkstemp(path);
    memset(image, 0xb1, sizeof(image));
    assert_int_equal(write(fd, image, len), (ssize_t)len);
    close(fd);
    make(&pc);
    pc.config.bios = path;
    rc = firmware_load(&pc.m, e);
    unlink(path);
    return rc;
}

static void the_bios_ends_at_1_mib(void **state)
{
    struct err e = ERR_INIT;
    uint64_t e820;

    (void)state;
    assert_int_equal(with_bios(0x40000, &e), 0);
    assert_int_equal(ram[0xc0000], 0xb1);
    assert_int_equal(ram[0xfffff], 0xb1);
    assert_int_equal(ram[0xbffff], 0);
    assert_memory_equal(ram + 0x1000, "XenHVMSeaBIOS\0\40", 15);
    assert_int_equal(sum(0x1000, 32), 0);
    assert_int_equal(get(get(0x1010, 4), 4), hvm_tables(MEMORY));
    assert_memory_equal(ram + get(get(0x1010, 4) + 4, 4), "_SM_", 4);
    assert_int_equal(get(0x1014, 4), 2);
    e820 = get(0x1018, 4);
    assert_int_equal(get(0x101c, 4), 6);
    assert_int_equal(get(e820 + 3 * 20, 8), 0x100000);
    assert_int_equal(get(e820 + 3 * 20 + 16, 4), 1);
}

static void odd_bios_files_are_refused(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(with_bios(0x50000, &e), -EINVAL);
    assert_non_null(strstr(e.why, "256 KiB"));
    assert_int_equal(with_bios(0x10001, &e), -EINVAL);
    assert_int_equal(with_bios(0, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_aligned_and_apart),
        cmocka_unit_test(lines_follow_the_links),
        cmocka_unit_test(windows_that_do_not_fit_are_said),
        cmocka_unit_test(a_kernel_finds_the_tables),
        cmocka_unit_test(the_machine_says_who_it_is),
        cmocka_unit_test(most_vcpus_fit),
        cmocka_unit_test(a_restored_machine_keeps_its_memory),
        cmocka_unit_test(the_bios_ends_at_1_mib),
        cmocka_unit_test(odd_bios_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
