/* SPDX-License-Identifier: MIT */
/*
 * What UEFI firmware is told besides the ACPI tables: memory, processors, what
 * to boot from in which order, SMBIOS.
 * Covered by tests/unit/hvm-emu/fw/test_uefi.c.
 */
#include <run/fw_uefi.h>

#include <dev/fwcfg.h>
#include <frame/config.h>
#include <frame/machine.h>
#include <run/fw_smbios.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 48u
#define ORDER_MAX  (LINE_BYTES * EMU_MAX_DISKS)

static int give_cpus(struct machine *m)
{
    const uint8_t cpus[2] = { (uint8_t)m->nr_vcpus,
                              (uint8_t)(m->nr_vcpus >> 8) };
    int rc = fwcfg_item(m, FWCFG_NR_CPUS, cpus, 2);

    return rc == 0 ? fwcfg_item(m, FWCFG_MAX_CPUS, cpus, 2) : rc;
}

/* Nothing of ours lies in RAM: the firmware places the tables. */
static int give_map(struct machine *m)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[2] = {
        { 0, m->low_end, HVM_RAM },
        { MACHINE_4G, m->high_end - MACHINE_4G, HVM_RAM },
    };
    size_t nr = m->high_end > MACHINE_4G ? 2 : 1;

    return fwcfg_file(m, "etc/e820", map, nr * sizeof(map[0]));
}

/* ---- boot order ---------------------------------------------------------------- */

struct order {
    char text[ORDER_MAX];
    size_t used;
};

/* Open Firmware's names of the places in dev/: a line each. */
static void add_drives(struct order *o, const struct emu_config *c, bool cdrom)
{
    for (unsigned int i = 0; i < EMU_MAX_DISKS; i++) {
        if (c->disk[i].present && c->disk[i].cdrom == cdrom &&
            sizeof(o->text) - o->used >= LINE_BYTES) {
            o->used += (size_t)snprintf(
                o->text + o->used, LINE_BYTES,
                "/pci@i0cf8/ide@1,1/drive@%u/disk@%u\n", i / 2, i % 2);
        }
    }
}

/* Without a network card's ROM there is nothing to boot from it. */
static int give_order(struct machine *m)
{
    const char *letter = m->config->boot;
    struct order o = { .used = 0 };

    for (; letter != NULL && *letter != '\0'; letter++) {
        if (*letter == 'c' || *letter == 'd') {
            add_drives(&o, m->config, *letter == 'd');
        }
    }
    return o.used == 0 ? 0
           : fwcfg_file(m, "bootorder", o.text, o.used + 1);
}

/* ---- SMBIOS ---------------------------------------------------------------------- */

static int give_smbios(struct machine *m, const struct fw_blob *b,
                       uint32_t entry)
{
    const uint8_t *at = b->data + (entry - b->base);
    uint32_t tables = fw_smbios_tables(at), len = fw_smbios_bytes(at);
    int rc = fwcfg_file(m, "etc/smbios/smbios-anchor", at,
                        FW_SMBIOS_ENTRY_BYTES);

    return rc == 0 ? fwcfg_file(m, "etc/smbios/smbios-tables",
                                b->data + (tables - b->base), len) : rc;
}

int fw_uefi_describe(struct machine *m, const struct fw_blob *b,
                     uint32_t smbios)
{
    int rc = give_cpus(m);

    if (rc == 0) {
        rc = give_map(m);
    }
    if (rc == 0) {
        rc = give_order(m);
    }
    if (rc == 0) {
        rc = give_smbios(m, b, smbios);
    }
    return rc == 0 ? fw_uefi_tables(m, b) : rc;
}
