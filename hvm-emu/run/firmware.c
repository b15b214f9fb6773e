/* SPDX-License-Identifier: MIT */
/*
 * The order: bus, tables, BIOS.  Everything is built here and copied.
 * Tests: tests/unit/hvm-emu/fw/test_firmware.c.
 */
#include <run/firmware.h>

#include <frame/config.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>
#include <lib/acpi_table.h>
#include <lib/err.h>
#include <run/fw_acpi.h>
#include <run/fw_blob.h>
#include <run/fw_pci.h>
#include <run/fw_smbios.h>
#include <run/fw_uefi.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO_AT      0x1000u
#define RSDP_AT      0xe0000u          /* where kernels look without a BIOS */
#define SMBIOS_AT    0xf0000u
#define BIOS_MAX     (HVM_BIOS_TOP - HVM_BIOS_AREA)
#define BIOS_UNIT    0x10000u
#define UEFI_WINDOWS 0x80000000u

/* ---- tables ------------------------------------------------------------------------ */

struct e820 {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed));

/* What SeaBIOS wants to know; all addresses are guest-physical. */
struct info {
    char signature[14];
    uint8_t length, checksum;
    uint32_t tables, nr_tables;
    uint32_t e820, nr_e820;
} __attribute__((packed));
static_assert(sizeof(struct info) == 32, "SeaBIOS 1.16, src/fw/xen.c");

struct tables {
    struct fw_blob blob;
    uint32_t rsdp, smbios;
    struct info info;
};

static int add_map(struct tables *t, const struct machine *m)
{
    struct e820 *e = fw_blob_take(&t->blob, HVM_MAP_MAX * sizeof(*e), 16);
    struct hvm_range map[HVM_MAP_MAX];

    if (e == NULL) {
        return -ENOSPC;
    }
    t->info.e820 = fw_blob_addr(&t->blob, e);
    t->info.nr_e820 = hvm_map_fill(map, m->low_end, m->high_end);
    for (unsigned int i = 0; i < t->info.nr_e820; i++) {
        e[i] = (struct e820){ map[i].addr, map[i].size, map[i].type };
    }
    return 0;
}

/* The BIOS copies from each what old programs look for below 1 MiB. */
static int add_list(struct tables *t)
{
    uint32_t *list = fw_blob_take(&t->blob, 2 * sizeof(*list), 16);

    if (list == NULL) {
        return -ENOSPC;
    }
    list[0] = t->rsdp;
    list[1] = t->smbios;
    memcpy(t->info.signature, "XenHVMSeaBIOS", 14);
    t->info.length = sizeof(t->info);
    t->info.tables = fw_blob_addr(&t->blob, list);
    t->info.nr_tables = 2;
    return 0;
}

/* OVMF places windows itself, between RAM and 4 GiB, 2 GiB or more. */
static uint32_t windows(const struct machine *m)
{
    return m->config->uefi && m->low_end < MACHINE_HOLE_START
               ? (uint32_t)(m->low_end < UEFI_WINDOWS ? UEFI_WINDOWS
                                                      : m->low_end)
               : (uint32_t)MACHINE_HOLE_START;
}

static int build(struct tables *t, const struct machine *m)
{
    int rc;

    t->blob.base = hvm_tables(m->low_end);
    t->rsdp = fw_acpi_build(&t->blob, m->nr_vcpus, windows(m));
    t->smbios = fw_smbios_build(&t->blob, m->config->uuid, m->nr_vcpus,
                                m->config->memory_kib, m->config->uefi);
    if (t->rsdp == 0 || t->smbios == 0) {
        return -ENOSPC;
    }
    rc = add_map(t, m);
    if (rc == 0) {
        rc = add_list(t);
    }
    t->info.checksum = acpi_checksum(&t->info, sizeof(t->info));
    return rc;
}

static const void *part(const struct tables *t, uint32_t addr)
{
    return t->blob.data + (addr - t->blob.base);
}

/* ---- into the guest ---------------------------------------------------------------- */

static int put(struct machine *m, uint64_t at, const void *data, size_t len)
{
    return guest_write(m, at, data, len) == 0 ? 0 : -EFAULT;
}

static int put_anchors(struct machine *m, const struct tables *t)
{
    int rc = put(m, RSDP_AT, part(t, t->rsdp), sizeof(struct acpi_rsdp));

    return rc == 0 ? put(m, SMBIOS_AT, part(t, t->smbios),
                         FW_SMBIOS_ENTRY_BYTES) : rc;
}

static int read_all(int fd, uint8_t *to, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, to + got, len - got);

        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        got += (size_t)n;
    }
    return 0;
}

static int put_bios(struct machine *m, int fd, size_t len)
{
    uint8_t *image = malloc(len);
    int rc = image == NULL ? -ENOMEM : read_all(fd, image, len);

    if (rc == 0 && m->config->uefi) {
        rc = fw_uefi_place(m, image, len);
    } else if (rc == 0) {
        rc = put(m, HVM_BIOS_TOP - len, image, len);
    }
    free(image);
    return rc;
}

static bool fits(const struct machine *m, const struct stat *st)
{
    return S_ISREG(st->st_mode) &&
           (m->config->uefi ? fw_uefi_is((uint64_t)st->st_size)
            : st->st_size > 0 && st->st_size <= BIOS_MAX &&
              st->st_size % BIOS_UNIT == 0);
}

bool firmware_is_uefi(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           fw_uefi_is((uint64_t)st.st_size);
}

static int load_bios(struct machine *m, struct err *e)
{
    const char *path = m->config->bios;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int rc;

    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = -errno;
    } else if (!fits(m, &st)) {
        rc = -EINVAL;
    } else {
        rc = put_bios(m, fd, (size_t)st.st_size);
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc == 0 ? 0 : err_set(e, rc, ERR_CONFIG, "cannot load the BIOS",
                                 path, "%s", rc == -EINVAL
                                     ? "it is neither a BIOS of 64, 128, 192 "
                                       "or 256 KiB nor UEFI firmware of up to "
                                       "4 MiB"
                                     : strerror(-rc));
}

/* The firmware makes its own of the tables. */
static int place_uefi(struct machine *m, const struct tables *t, struct err *e)
{
    int rc = m->restored ? 0 : load_bios(m, e);

    return rc == 0 ? fw_uefi_describe(m, &t->blob, t->smbios) : rc;
}

static int place(struct machine *m, const struct tables *t, struct err *e)
{
    int rc;

    if (m->config->uefi) {
        return place_uefi(m, t, e);
    }
    rc = put(m, t->blob.base, t->blob.data, t->blob.used);

    if (rc == 0 && m->config->bios == NULL) {
        rc = put_anchors(m, t);
    } else if (rc == 0) {
        rc = load_bios(m, e);
        rc = rc == 0 ? put(m, INFO_AT, &t->info, sizeof(t->info)) : rc;
    }
    return rc;
}

int firmware_load(struct machine *m, struct err *e)
{
    struct tables *t;
    int rc = m->restored ? 0 : fw_pci_setup(m);

    if (m->restored && !m->config->uefi) {
        return 0;
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot set up the PCI bus", "domain %u",
                         m->domid);
    }
    t = calloc(1, sizeof(*t));
    rc = t == NULL ? -ENOMEM : build(t, m);
    if (rc == 0) {
        rc = place(m, t, e);
    }
    free(t);
    return rc == 0 || (e != NULL && e->what[0] != '\0')
               ? rc : err_errno(e, rc, "cannot load the firmware",
                                "domain %u", m->domid);
}
