/* SPDX-License-Identifier: MIT */
/*
 * What must be in place before any service: kernel file systems, modules in
 * the order mkimage listed them, and, when the root is to be a disk, the
 * change to it.  Leaves services to service.c.  Tested by every nested boot.
 */
#include <services/init.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *type, *where, *options;
} mounts[] = {
    { "proc", "/proc", NULL },
    { "sysfs", "/sys", NULL },
    { "devtmpfs", "/dev", "mode=0755" },
    { "devpts", "/dev/pts", "gid=0,mode=620,ptmxmode=666" },
    { "tmpfs", "/dev/shm", "mode=1777" },
    { "tmpfs", "/run", "mode=0755" },
    { "tmpfs", "/tmp", "mode=1777" },
};

/* What daemons expect below the fresh /run. */
static const char *const run_dirs[] = {
    "/run/xenstored", "/run/xen", "/run/vmctl", "/run/lock",
};

void boot_mounts(void)
{
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        mkdir(mounts[i].where, 0755);
        if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0,
                  mounts[i].options) != 0 && errno != EBUSY) {
            say("mount %s: %s", mounts[i].where, strerror(errno));
        }
    }
    for (size_t i = 0; i < sizeof(run_dirs) / sizeof(run_dirs[0]); i++) {
        mkdir(run_dirs[i], 0755);
    }
}

static void load_module(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        say("%s: %s", path, strerror(errno));
        return;
    }
    if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST &&
        errno != ENODEV) {
        say("module %s: %s", path, strerror(errno));
    }
    close(fd);
}

void boot_modules(const char *list)
{
    char path[512];
    FILE *f = fopen(list, "re");

    if (f == NULL) {
        return;
    }
    while (fgets(path, sizeof(path), f) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        load_module(path);
    }
    fclose(f);
}

/* The value of name=value on the kernel's command line. */
bool boot_arg(const char *name, char *value, size_t size)
{
    char line[4096];
    char *save = NULL;
    size_t n = strlen(name);
    FILE *f = fopen("/proc/cmdline", "re");

    if (f == NULL) {
        return false;
    }
    line[0] = '\0';
    if (fgets(line, sizeof(line), f) == NULL) {
        line[0] = '\0';
    }
    fclose(f);
    for (char *w = strtok_r(line, " \n", &save); w != NULL;
         w = strtok_r(NULL, " \n", &save)) {
        if (strncmp(w, name, n) == 0 && w[n] == '=') {
            snprintf(value, size, "%s", w + n + 1);
            return true;
        }
    }
    return false;
}

/* Disks appear when their driver has looked for them: wait, but not for ever. */
static bool wait_for(const char *path)
{
    for (int tenths = 0; tenths < 300; tenths++) {
        if (access(path, F_OK) == 0) {
            return true;
        }
        usleep(100000);
    }
    return false;
}

/*
 * Makes the ext4 file system on @device the root, keeps /proc, /sys, /dev,
 * /run, and runs its /init (or /sbin/init) in our place.  Returns only on
 * failure: the initramfs then goes on alone.
 */
void boot_switch_root(const char *device)
{
    static const char *const keep[] = { "/proc", "/sys", "/dev", "/run" };
    static const char *const inits[] = { "/init", "/sbin/init" };
    char to[64];

    mkdir("/newroot", 0755);
    if (!wait_for(device) ||
        mount(device, "/newroot", "ext4", 0, NULL) != 0) {
        say("root %s: %s", device, strerror(errno));
        return;
    }
    for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
        snprintf(to, sizeof(to), "/newroot%s", keep[i]);
        mkdir(to, 0755);
        if (mount(keep[i], to, NULL, MS_MOVE, NULL) != 0) {
            say("move %s: %s", keep[i], strerror(errno));
        }
    }
    if (chdir("/newroot") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 ||
        chroot(".") != 0 || chdir("/") != 0) {
        say("switch to %s: %s", device, strerror(errno));
        return;
    }
    say("root is now %s", device);
    for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
        execl(inits[i], inits[i], "--on-disk", (char *)NULL);
    }
    say("no init on %s", device);
}
