/* SPDX-License-Identifier: MIT */
/*
 * vmctl doctor: is this host fit?  One row a check; a check looks, never
 * changes anything, and says what to do.  Before the hypervisor runs, on plain
 * Linux, the rows that need it are left out.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lifecycle/backend.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmctl/cmd.h>

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct finding {
    enum verdict verdict;
    char text[200];
    const char *fix;                   /* NULL: nothing to do */
};

#define SAY(f, ...) snprintf((f)->text, sizeof((f)->text), __VA_ARGS__)

extern char **environ;

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool read_text(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, room - 1);

    if (fd >= 0) {
        close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static bool under_hypervisor(void)
{
    char type[16];

    return read_text("/sys/hypervisor/type", type, sizeof(type)) &&
           strncmp(type, "xen", 3) == 0;
}

static void bad(struct finding *f, enum verdict verdict, const char *fix)
{
    f->verdict = verdict;
    f->fix = fix;
}

/* ---- on any Linux ---------------------------------------------------------- */

/* A word of the "flags" line; the kernel's view under a hypervisor is cut. */
static bool cpu_flag(const char *word)
{
    char line[8192], want[32];
    bool found = false;
    FILE *f = fopen("/proc/cpuinfo", "re");

    snprintf(want, sizeof(want), " %s ", word);
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\n")] = ' ';
        found = (strncmp(line, "flags", 5) == 0 ||
                 strncmp(line, "vmx flags", 9) == 0) &&
                strstr(line, want) != NULL;
    }
    if (f != NULL) {
        fclose(f);
    }
    return found;
}

static void no_help(struct finding *f)
{
    SAY(f, "no hardware virtualisation; PV guests do without");
    bad(f, VERDICT_WARN, "switch on VT-x or SVM in the firmware's set-up "
        "for PVH and HVM guests");
}

/* What is said of a processor where the hypervisor runs: what that uses. */
static void check_used_cpu(uint32_t capabilities, struct finding *f)
{
    if ((capabilities & XEN_SYSCTL_PHYSCAP_hvm) == 0) {
        no_help(f);
        return;
    }
    SAY(f, "hardware virtualisation%s: PVH and HVM guests can run",
        (capabilities & XEN_SYSCTL_PHYSCAP_hap) != 0 ? " with nested paging"
                                                     : "");
}

static void check_cpu(struct ctl *c, struct finding *f)
{
    struct xen_sysctl_physinfo host;
    bool vmx;

    if (c->h != NULL && ctl_host_physinfo(c->h, &host) == 0) {
        check_used_cpu(host.capabilities, f);
        return;
    }
    vmx = cpu_flag("vmx");
    if (!vmx && !cpu_flag("svm")) {
        no_help(f);
    } else {
        SAY(f, "%s%s", vmx ? "VT-x" : "SVM",
            cpu_flag(vmx ? "ept" : "npt") ? " with nested paging" : "");
    }
}

static void check_iommu(struct ctl *c, struct finding *f)
{
    if (exists("/sys/firmware/acpi/tables/DMAR") ||
        exists("/sys/firmware/acpi/tables/IVRS")) {
        SAY(f, "the firmware describes one");
        return;
    }
    SAY(f, "the firmware describes none: no device can be passed through");
    bad(f, VERDICT_WARN, "switch on VT-d or AMD-Vi in the firmware's set-up");
}

static bool grub_entry(void)
{
    char line[1024];
    bool found = false;
    FILE *f = fopen("/boot/grub/grub.cfg", "re");

    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = strstr(line, "paravane") != NULL;
    }
    if (f != NULL) {
        fclose(f);
    }
    return found;
}

static void check_grub(struct ctl *c, struct finding *f)
{
    if (!exists("/boot/grub/grub.cfg")) {
        SAY(f, "there is no /boot/grub/grub.cfg here");
    } else if (grub_entry()) {
        SAY(f, "the boot menu has an entry");
    } else {
        SAY(f, "the boot menu has no entry");
        bad(f, VERDICT_WARN, "make install INSTALL_BOOT=1, then update-grub");
    }
}

static void check_firmware(struct ctl *c, struct finding *f)
{
    if (exists("/usr/lib/grub-xen/grub-x86_64-xen.bin")) {
        SAY(f, "GRUB images for guests that bring their own kernel");
    } else {
        SAY(f, "no GRUB images: guests need <kernel> files of this host");
        bad(f, VERDICT_WARN, "apt install grub-xen-host");
    }
}

static void check_hvm(struct ctl *c, struct finding *f)
{
    if (exists("/usr/share/seabios/bios-256k.bin") &&
        exists("/usr/share/seabios/vgabios-stdvga.bin")) {
        SAY(f, "BIOS and VGA BIOS for HVM guests");
    } else {
        SAY(f, "no BIOS: HVM guests cannot start");
        bad(f, VERDICT_WARN, "apt install seabios");
    }
}

static void check_clash(struct ctl *c, struct finding *f)
{
    if (exists("/etc/rc2.d/S01xen") || exists("/etc/init.d/xen")) {
        SAY(f, "Debian's xen service would start a second store");
        bad(f, VERDICT_WARN, "systemctl mask xen.service xendomains.service");
    } else {
        SAY(f, "no other Xen tools are in the way");
    }
}

static void check_bridge(struct ctl *c, struct finding *f)
{
    DIR *dir = opendir("/sys/class/net");
    struct dirent *entry;
    char found[64] = "", path[320];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "/sys/class/net/%s/bridge",
                 entry->d_name);
        if (exists(path)) {
            snprintf(found, sizeof(found), "%.60s", entry->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (*found != '\0') {
        SAY(f, "%s", found);
        return;
    }
    SAY(f, "none; <interface type='user'> works without");
    bad(f, VERDICT_WARN, "ip link add br0 type bridge; ip link set br0 up");
}

/* ---- back ends ------------------------------------------------------------------ */

static ssize_t read_all(int fd, char *text, size_t room)
{
    size_t len = 0;
    ssize_t got;

    do {
        got = read(fd, text + len, room - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    } while (got > 0 && len < room - 1);
    text[len] = '\0';
    return (ssize_t)len;
}

static int run_sandbox(const char *path, char *text, size_t room)
{
    char *argv[] = { (char *)(uintptr_t)path, "--sandbox", NULL };
    posix_spawn_file_actions_t files;
    int fds[2], status = -1, rc;
    ssize_t got = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return -errno;
    }
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fds[1], STDOUT_FILENO);
    rc = -posix_spawn(&pid, path, &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(fds[1]);
    if (rc == 0) {
        got = read_all(fds[0], text, room);
        waitpid(pid, &status, 0);
        rc = status == 0 && got > 0 ? 0 : -EIO;
    }
    close(fds[0]);
    return rc;
}

/* Of each line "block 19 system calls: read write..." what is before ":". */
static void summary(char *text, char *out, size_t room)
{
    char *line, *rest = text;
    size_t len = 0;

    out[0] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line != '\0' && len < room) {
            line[strcspn(line, ":")] = '\0';
            len += (size_t)snprintf(out + len, room - len, "%s%s",
                                    len > 0 ? ", " : "", line);
        }
    }
}

static void check_backend(const struct backend_kind *kind, struct finding *f)
{
    char path[PATH_MAX], text[4096], short_text[120];

    backend_program(kind, path);
    if (access(path, X_OK) != 0) {
        SAY(f, "%.120s is missing: no domain that needs it starts", path);
        bad(f, VERDICT_WARN, "make install");
        return;
    }
    if (run_sandbox(path, text, sizeof(text)) != 0) {
        SAY(f, "%s does not say what it may do", kind->program);
        bad(f, VERDICT_WARN, NULL);
        return;
    }
    summary(text, short_text, sizeof(short_text));
    SAY(f, "%s is allowed: %s", kind->program, short_text);
}

static void check_block(struct ctl *c, struct finding *f)
{
    check_backend(&backend_kinds[BACKEND_BLOCK], f);
}

static void check_net(struct ctl *c, struct finding *f)
{
    check_backend(&backend_kinds[BACKEND_NET], f);
}

static void check_screen(struct ctl *c, struct finding *f)
{
    check_backend(&backend_kinds[BACKEND_SCREEN], f);
}

/* ---- under the hypervisor --------------------------------------------------------- */

static void check_hypervisor(struct ctl *c, struct finding *f)
{
    char extra[XEN_EXTRAVERSION_LEN] = "";
    struct err e = ERR_INIT;
    int version;

    if (!under_hypervisor()) {
        SAY(f, "this is plain Linux");
        bad(f, VERDICT_WARN, "start the machine with the hypervisor; what "
            "needs it was not checked");
        return;
    }
    if (ctl_connect(c, &e) != 0 && c->h == NULL) {
        SAY(f, "%.180s", e.why);
        bad(f, VERDICT_FAIL, "run as root in the control domain; modprobe "
            "xen-privcmd");
        return;
    }
    version = ctl_version(c->h);
    ctl_version_extra(c->h, extra);
    SAY(f, "%d.%d%s", version >> 16, version & 0xffff, extra);
    if (ctl_version_check(c->h) != 0) {
        bad(f, VERDICT_FAIL, "install the vmctl that belongs to it");
    }
}

static void check_control(struct ctl *c, struct finding *f)
{
    char text[64];

    if (!read_text("/proc/xen/capabilities", text, sizeof(text))) {
        SAY(f, "/proc/xen is not mounted");
        bad(f, VERDICT_WARN, "mount -t xenfs xenfs /proc/xen");
    } else if (strstr(text, "control_d") == NULL) {
        SAY(f, "this is a guest");
        bad(f, VERDICT_FAIL, "use vmctl in the control domain");
    } else {
        SAY(f, "this is the control domain");
    }
}

static void check_devices(struct ctl *c, struct finding *f)
{
    static const char *const nodes[] = {
        "/dev/xen/privcmd", "/dev/xen/evtchn", "/dev/xen/gntdev",
    };

    SAY(f, "the kernel's Xen interfaces are there");
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        if (!exists(nodes[i])) {
            SAY(f, "%s is missing", nodes[i]);
            bad(f, VERDICT_FAIL, "modprobe -a xen-privcmd xen-evtchn "
                "xen-gntdev");
            return;
        }
    }
}

static void check_store(struct ctl *c, struct finding *f)
{
    struct xs *xs = NULL;
    char *value = NULL;
    int rc = xs_open(&xs, 500);

    if (rc == 0) {
        rc = xs_read(xs, XS_TXN_NONE, "/local/domain/0/name", &value, NULL);
        rc = rc == -ENOENT ? 0 : rc;
        xs_close(xs);
    }
    free(value);
    if (rc == 0) {
        SAY(f, "it answers");
        return;
    }
    SAY(f, "it does not answer: %s", strerror(-rc));
    bad(f, VERDICT_FAIL, "systemctl start xenstored");
}

static void check_console(struct ctl *c, struct finding *f)
{
    if (exists("/run/paravane/console")) {
        SAY(f, "the console daemon runs");
        return;
    }
    SAY(f, "no /run/paravane/console: guests' consoles are not kept");
    bad(f, VERDICT_WARN, "systemctl start consoled");
}

static void check_memory(struct ctl *c, struct finding *f)
{
    struct xen_sysctl_physinfo host;
    uint64_t mib;

    if (c->h == NULL || ctl_host_physinfo(c->h, &host) != 0) {
        SAY(f, "unknown");
        bad(f, VERDICT_WARN, NULL);
        return;
    }
    mib = host.free_pages / 256;
    SAY(f, "%" PRIu64 " MiB are free for guests", mib);
    if (mib < 128) {
        bad(f, VERDICT_WARN, "give the control domain less: dom0_mem= on the "
            "hypervisor's command line");
    }
}

static void check_cpus(struct ctl *c, struct finding *f)
{
    struct xen_sysctl_physinfo host;

    if (c->h == NULL || ctl_host_physinfo(c->h, &host) != 0) {
        SAY(f, "unknown");
        bad(f, VERDICT_WARN, NULL);
        return;
    }
    if (host.nr_cpus > host.max_cpu_id) {
        SAY(f, "%u run", host.nr_cpus);
        return;
    }
    SAY(f, "%u run, of the %u that the firmware lists", host.nr_cpus,
        host.max_cpu_id + 1);
    bad(f, VERDICT_WARN, "the hypervisor's log says which did not start; "
        "maxcpus= on its command line does without");
}

static void check_options(struct ctl *c, struct finding *f)
{
    char line[1024] = "";

    if (c->h != NULL) {
        ctl_version_commandline(c->h, line);
    }
    if (strstr(line, "dom0_mem=") != NULL) {
        SAY(f, "the control domain's memory is fixed");
        return;
    }
    SAY(f, "dom0_mem= is not given: guests compete with the control domain");
    bad(f, VERDICT_WARN, "GRUB_CMDLINE_XEN=\"dom0_mem=1G\" in "
        "/etc/default/grub, then update-grub");
}

/* ---- the table ----------------------------------------------------------------------- */

static const struct check {
    const char *name;
    bool needs_hypervisor;
    void (*run)(struct ctl *c, struct finding *f);
} checks[] = {
    { "hypervisor", false, check_hypervisor },
    { "control domain", true, check_control },
    { "kernel interfaces", true, check_devices },
    { "store", true, check_store },
    { "console", true, check_console },
    { "memory", true, check_memory },
    { "CPUs", true, check_cpus },
    { "boot options", true, check_options },
    { "processor", false, check_cpu },
    { "IOMMU", false, check_iommu },
    { "boot menu", false, check_grub },
    { "guest firmware", false, check_firmware },
    { "HVM firmware", false, check_hvm },
    { "bridge", false, check_bridge },
    { "block back end", false, check_block },
    { "network back end", false, check_net },
    { "screen back end", false, check_screen },
    { "other tools", false, check_clash },
};

static const char *const words[] = { "ok", "warn", "fail" };

static void print_finding(const struct check *check, const struct finding *f,
                          json_object *items)
{
    json_object *o;

    if (items == NULL) {
        printf("%-4s  %-17s  %s\n", words[f->verdict], check->name, f->text);
        if (f->fix != NULL) {
            printf("%-4s  %-17s  -> %s\n", "", "", f->fix);
        }
        return;
    }
    o = json_object_new_object();
    out_add(o, "check", check->name);
    out_add(o, "verdict", words[f->verdict]);
    out_add(o, "text", f->text);
    out_add(o, "fix", f->fix);
    json_object_array_add(items, o);
}

int cmd_doctor(struct ctl *c, int argc, char **argv, struct err *e)
{
    json_object *items = c->json ? json_object_new_array() : NULL, *o;
    bool hypervisor = under_hypervisor();
    unsigned int failed = 0;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct finding f = { .verdict = VERDICT_OK };

        if (hypervisor || !checks[i].needs_hypervisor) {
            checks[i].run(c, &f);
            print_finding(&checks[i], &f, items);
            failed += f.verdict == VERDICT_FAIL;
        }
    }
    if (c->json) {
        o = out_object("Doctor");
        json_object_object_add(o, "items", items);
        out_json(o);
    }
    return failed == 0 ? 0 : err_set(e, -EIO, ERR_FAILED, "this host is not "
                                     "fit", NULL, "%u checks failed", failed);
}
