/* SPDX-License-Identifier: MIT */
/*
 * Runs one boot in Bochs, for CPUs that QEMU does not emulate: VMX with EPT.
 * Started by vm.c in QEMU's place; the serial line goes to standard output,
 * what Bochs itself says to BUILD/boot/NAME.bochs.
 *
 *   bochs_run BUILD NAME CPU CPUS MEMORY HV HVARGS KERNEL KARGS IMAGE
 *
 * HV, KERNEL and IMAGE ("-" for none) are paths on the boot disk, which is
 * made here (mkdisk).  Debian's bochs is the debugger's build: it wants to be
 * told to begin, and somebody to read the terminal it draws on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERIAL_FD 9              /* Bochs opens it once more by its name */

enum { BUILD = 1, NAME, CPU, CPUS, MEMORY, HV, HVARGS, KERNEL, KARGS, IMAGE,
       NR_ARGS };
static char **arg;

static FILE *create(const char *suffix, char *path, size_t size)
{
    FILE *f;

    snprintf(path, size, "%s/boot/%s.%s", arg[BUILD], arg[NAME], suffix);
    f = fopen(path, "w");
    if (f == NULL) {
        fprintf(stderr, "bochs_run: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return f;
}

/* FILE=PATH for what is @path on the boot disk. */
static char *item(const char *path)
{
    static const char *const dirs[] = { "", "guests/", "kernel/boot/",
                                        "peers/" };
    const char *file = strrchr(path, '/');
    char *text = NULL, from[512];

    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        snprintf(from, sizeof(from), "%s/%s%s", arg[BUILD], dirs[i],
                 file != NULL ? file + 1 : path);
        if (access(from, R_OK) == 0 &&
            asprintf(&text, "%s=%s", from, path) > 0) {
            return text;
        }
    }
    fprintf(stderr, "bochs_run: no file for %s\n", path);
    exit(1);
}

static void make_disk(const char *disk)
{
    char cfg[512], *words[] = { "tests/boot/mkdisk", (char *)disk, cfg,
                                item(arg[HV]), item(arg[KERNEL]), NULL, NULL };
    FILE *f = create("grub", cfg, sizeof(cfg));
    int status;
    pid_t pid;

    fprintf(f, "serial --unit=0 --speed=115200\nterminal_output serial\n"
            "multiboot2 %s %s\nmodule2 %s %s\n", arg[HV], arg[HVARGS],
            arg[KERNEL], arg[KARGS]);
    if (strcmp(arg[IMAGE], "-") != 0) {
        fprintf(f, "module2 %s\n", arg[IMAGE]);
        words[5] = item(arg[IMAGE]);
    }
    fprintf(f, "boot\n");
    fclose(f);
    pid = fork();
    if (pid == 0) {
        execv(words[0], words);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "bochs_run: no boot disk\n");
        exit(1);
    }
}

static int mebibytes(const char *memory)
{
    int n = atoi(memory);

    return strchr(memory, 'G') != NULL ? n * 1024 : n;
}

/* Virtual time follows the instructions, as fast as they go; its own log
 * would tell of every exit. */
static void write_machine(FILE *f, const char *disk)
{
    int mib = mebibytes(arg[MEMORY]);

    fprintf(f,
        "plugin_ctrl: unmapped=1, biosdev=0, speaker=0, extfpuirq=0, "
        "parallel=0, gameport=0\n"
        "config_interface: textconfig\n"
        "display_library: term\n"
        "cpu: model=%s, count=%s, ips=100000000, reset_on_triple_fault=0, "
        "ignore_bad_msrs=1, cpuid_limit_winnt=0\n"
        "memory: guest=%d, host=%d\n", arg[CPU], arg[CPUS], mib, mib);
    fprintf(f,
        "romimage: file=/usr/share/bochs/BIOS-bochs-latest, "
        "options=fastboot\n"
        "vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n"
        "vga: extension=none\n"
        "pci: enabled=1, chipset=i440fx\n"
        "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n"
        "ata0-master: type=disk, path=%s, mode=volatile\n"
        "boot: disk\n"
        "floppy_bootsig_check: disabled=1\n"
        "com1: enabled=1, mode=file, dev=/proc/self/fd/%d\n"
        "clock: sync=none, time0=local\n"
        "log: -\n"
        "panic: action=fatal\nerror: action=ignore\ninfo: action=ignore\n"
        "debug: action=ignore\n"
        "mouse: enabled=0\nprivate_colormap: enabled=0\n", disk, SERIAL_FD);
    fclose(f);
}

static void become_bochs(char *machine, char *go, const char *log)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(1, SERIAL_FD);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    setenv("TERM", "xterm", 1);
    execlp("bochs-bin", "bochs-bin", "-q", "-f", machine, "-rc", go, NULL);
    perror("bochs-bin");
    _exit(127);
}

/* The terminal that Bochs opened, once it says which; -1: not yet. */
static int find_screen(const char *log)
{
    char line[512], tty[128];
    FILE *f = fopen(log, "r");
    int fd = -1;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (sscanf(line, "Bochs connected to screen \"%127[^\"]\"", tty) == 1) {
            fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return fd;
}

static void drain(int screen)
{
    struct pollfd p = { .fd = screen, .events = POLLIN };
    char bytes[4096];

    if (screen < 0 || poll(&p, 1, 100) <= 0 ||
        read(screen, bytes, sizeof(bytes)) <= 0) {
        usleep(20000);
    }
}

int main(int argc, char **argv)
{
    char disk[512], machine[512], go[512], log[512];
    int screen = -1, status;
    pid_t pid;

    if (argc != NR_ARGS) {
        fprintf(stderr, "bochs_run: started by run_boots\n");
        return 2;
    }
    arg = argv;
    snprintf(disk, sizeof(disk), "%s/boot/%s.img", arg[BUILD], arg[NAME]);
    make_disk(disk);
    write_machine(create("bochsrc", machine, sizeof(machine)), disk);
    fclose(create("bochs", log, sizeof(log)));
    fputs("c\n", create("go", go, sizeof(go)));
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        become_bochs(machine, go, log);
    }
    while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
        screen = screen < 0 ? find_screen(log) : screen;
        drain(screen);
    }
    return 0;
}
