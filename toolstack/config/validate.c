/* SPDX-License-Identifier: MIT */
/*
 * The sense of a configuration.  Every message names the line and the way out.
 * Devices have their own checks in device_kinds.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_kinds.h>
#include <config/validate.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CMDLINE_MAX 1023u              /* start_info.cmd_line, without zero */
#define MEMORY_MAX_KIB (16ull << 30)   /* 16 TiB: what a PV p2m can name */

static void check_name(const struct domain_def *def, struct diag *dg)
{
    const char *name = def->name;

    if (name == NULL || *name == '\0') {
        diag_error(dg, def->name_line, "<name> is missing");
        return;
    }
    if (strlen(name) > DEF_NAME_MAX) {
        diag_error(dg, def->name_line, "<name> is longer than %u bytes",
                   DEF_NAME_MAX);
    }
    if (*name == '.' || *name == '-') {
        diag_error(dg, def->name_line, "<name> must not begin with '%c'",
                   *name);
    }
    for (; *name != '\0'; name++) {
        if (*name == '/' || (unsigned char)*name < ' ' || *name == 127) {
            diag_error(dg, def->name_line, "<name> must not contain '/' or "
                       "control characters");
            return;
        }
    }
}

static void check_memory(const struct domain_def *def, struct diag *dg)
{
    if (def->memory_kib == 0) {
        diag_error(dg, def->memory_line, "<memory> is missing or zero");
        return;
    }
    if (def->memory_kib > MEMORY_MAX_KIB) {
        diag_error_class(dg, ERR_RESOURCE, def->memory_line,
                         "<memory>: %llu MiB are more than a guest can have",
                         (unsigned long long)(def->memory_kib >> 10));
    }
    if (def->current_kib > def->memory_kib) {
        diag_error(dg, def->memory_line, "<currentMemory> is larger than "
                   "<memory>");
    } else if (def->current_kib < def->memory_kib) {
        diag_warn(dg, def->memory_line, "<currentMemory> is only a goal: the "
                  "guest starts with all of <memory>");
    }
}

static void check_vcpus(const struct domain_def *def, struct diag *dg)
{
    uint8_t mask[512];

    if (def->max_vcpus > DEF_MAX_VCPUS) {
        diag_error(dg, def->vcpu_line, "<vcpu>: %u are more than the %u that "
                   "a guest can have", def->max_vcpus, DEF_MAX_VCPUS);
    }
    if (def->cur_vcpus > def->max_vcpus) {
        diag_error(dg, def->vcpu_line, "<vcpu>: current=%u is more than %u",
                   def->cur_vcpus, def->max_vcpus);
    }
    if (def->type == GUEST_HVM && def->cur_vcpus < def->max_vcpus) {
        diag_warn(dg, def->vcpu_line, "<vcpu>: current=%u is not honoured: an "
                  "HVM guest starts with all %u", def->cur_vcpus,
                  def->max_vcpus);
    }
    if (def->cpuset != NULL &&
        !def_cpuset_parse(def->cpuset, mask, sizeof(mask))) {
        diag_error(dg, def->vcpu_line, "<vcpu>: '%s' is not a list of CPUs",
                   def->cpuset);
    }
    for (size_t i = 0; i < def->nr_pins; i++) {
        if (def->pins[i].vcpu >= def->max_vcpus) {
            diag_error(dg, def->vcpu_line, "<vcpupin>: there is no vCPU %u",
                       def->pins[i].vcpu);
        }
        if (!def_cpuset_parse(def->pins[i].cpuset, mask, sizeof(mask))) {
            diag_error(dg, def->vcpu_line, "<vcpupin>: '%s' is not a list of "
                       "CPUs", def->pins[i].cpuset);
        }
    }
}

static void check_type(const struct domain_def *def, struct diag *dg)
{
    if (def->type == GUEST_UNSET) {
        diag_error(dg, def->os_line, "<os><type> is missing: linux");
    }
    if (def->emulator != NULL && strstr(def->emulator, "paravane") == NULL) {
        diag_warn(dg, def->emulator_line, "<emulator>: %s is not started: %s",
                  def->emulator, def->type == GUEST_HVM
                      ? "the device model is our own"
                      : "only HVM guests have a device model");
    }
    if (def->type != GUEST_HVM && def->boot_order[0] != '\0') {
        diag_warn(dg, def->boot_line, "<os><boot> is not honoured: only an "
                  "HVM guest has a BIOS");
    }
}

static void check_file(const char *what, const char *path, unsigned int line,
                       bool files, struct diag *dg)
{
    struct stat st;

    if (path[0] != '/') {
        diag_error(dg, line, "<%s>: '%s' is not an absolute path", what, path);
    } else if (!files) {
        return;
    } else if (stat(path, &st) != 0 || access(path, R_OK) != 0) {
        diag_error(dg, line, "<%s>: %s: %s", what, path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        diag_error(dg, line, "<%s>: %s is not a file", what, path);
    }
}

static void check_firmware(const struct domain_def *def, bool files,
                           struct diag *dg)
{
    bool bootable = def->kernel != NULL && *def->kernel != '\0';

    if (!def_usual_loader(def)) {
        check_file("loader", def->loader, def->loader_line, files, dg);
    }
    for (size_t i = 0; i < def->nr_disks; i++) {
        bootable = bootable || def_disk_ide_unit(def, &def->disks[i]) >= 0;
    }
    if (!bootable) {
        diag_warn(dg, def->os_line, "the BIOS finds nothing to start: no disk "
                  "is on the bus 'ide', and there is no <kernel>");
    }
}

static void check_os(const struct domain_def *def, bool files, struct diag *dg)
{
    if (def->type == GUEST_UNSET) {
        return;                        /* said already: there is no <os> */
    }
    if (def->type == GUEST_HVM) {
        check_firmware(def, files, dg);
    }
    if (def->kernel == NULL || *def->kernel == '\0') {
        if (def->type == GUEST_HVM) {
            return;
        }
        diag_error(dg, def->os_line, "<os><kernel> is missing: the guest "
                   "starts a kernel that is a file of the control domain");
    } else {
        check_file("kernel", def->kernel, def->kernel_line, files, dg);
    }
    if (def->initrd != NULL && *def->initrd != '\0') {
        check_file("initrd", def->initrd, def->initrd_line, files, dg);
    }
    if (def->cmdline != NULL && strlen(def->cmdline) > CMDLINE_MAX) {
        diag_error(dg, def->cmdline_line, "<cmdline> is longer than %u bytes",
                   CMDLINE_MAX);
    }
}

int validate_def(const struct domain_def *def, bool files, struct diag *dg)
{
    check_name(def, dg);
    check_memory(def, dg);
    check_vcpus(def, dg);
    check_type(def, dg);
    check_os(def, files, dg);
    for (size_t k = 0; k < nr_device_kinds; k++) {
        for (size_t i = 0; i < device_kinds[k].count(def); i++) {
            device_kinds[k].validate(def, i, files, dg);
        }
    }
    return dg->nr_errors == 0 ? 0 : -EINVAL;
}
