/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the control domain: mounts, modules, services in order, then either
 * a scenario (paravane.run=NAME on the kernel's command line: the script
 * /etc/paravane/tests/NAME.sh, a result line, power-off) or a shell on the
 * console.  SIGUSR2 powers off, SIGTERM reboots, SIGUSR1 halts: the signals
 * that busybox poweroff, reboot and halt send.  Tested by every nested boot.
 *
 * Words on the command line:
 *   paravane.run=NAME    run that scenario and power off
 *   paravane.root=DEV    go on with the root file system on DEV
 */
#include <services/init.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define CONSOLE "/dev/hvc0"
#define LAST_KERNEL_LINES 20
#define RETRY_MS          1000    /* a shell that could not be started */
#define KLOG_READ_ALL     3       /* syslog(2) */

static pid_t main_pid;            /* the scenario or the shell */
static bool is_scenario;

void say(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    dprintf(2, "init: %s\n", text);
}

static void open_console(void)
{
    int fd = open(CONSOLE, O_RDWR | O_NOCTTY);

    if (fd < 0) {
        fd = open("/dev/console", O_RDWR | O_NOCTTY);
    }
    if (fd < 0) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        dup2(fd, i);
    }
    if (fd > 2) {
        close(fd);
    }
}

/* Returns only when the machine cannot be stopped. */
static void power(int how)
{
    say("stopping services");
    services_stop();
    kill(-1, SIGTERM);
    usleep(100000);
    kill(-1, SIGKILL);
    sync();
    mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
    say(how == RB_AUTOBOOT ? "rebooting" : "powering off");
    reboot(how);
}

/* A kernel told to be quiet says only there why it ended a program. */
static void print_kernel_log(void)
{
    static char text[8192];
    int n = klogctl(KLOG_READ_ALL, text, sizeof(text) - 1);
    char *p, *save = NULL;
    int lines = 0;

    for (p = text + (n > 0 ? n : 0); p > text; p--) {
        if (p[-1] == '\n' && ++lines > LAST_KERNEL_LINES) {
            break;
        }
    }
    for (p = strtok_r(p, "\n", &save); p != NULL;
         p = strtok_r(NULL, "\n", &save)) {
        dprintf(1, "kernel| %s\n", p);
    }
}

/* 0 and 1 are what a scenario says of its facts; all else is its end. */
static void end_scenario(int status)
{
    if (status > 1) {
        print_kernel_log();
    }
    dprintf(1, "DONE %d\n", status);
    power(RB_POWER_OFF);
}

static void run_main(const char *scenario)
{
    char path[128];
    sigset_t none;

    is_scenario = scenario[0] != '\0';
    main_pid = fork();
    if (main_pid < 0) {
        say("cannot start %s: %s", is_scenario ? scenario : "the shell",
            strerror(errno));
        if (is_scenario) {
            end_scenario(255);
        }
    }
    if (main_pid != 0) {
        return;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    setenv("ENV", "/etc/profile", 1);
    if (is_scenario) {
        snprintf(path, sizeof(path), "/etc/paravane/tests/%s.sh", scenario);
        execl("/bin/sh", "sh", path, (char *)NULL);
    } else {
        ioctl(0, TIOCSCTTY, 0);
        execl("/bin/sh", "-sh", (char *)NULL);
    }
    _exit(127);
}

static void reap(const char *scenario)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (services_exited(pid, status) || pid != main_pid) {
            continue;
        }
        if (is_scenario) {
            end_scenario(WIFEXITED(status) ? WEXITSTATUS(status)
                                           : 128 + WTERMSIG(status));
        }
        open_console();           /* the shell's end hung it up */
        run_main(scenario);
    }
}

/* Milliseconds until something is to be started again, or -1. */
static int start_due(void)
{
    int ms = services_restart_due();

    return main_pid < 0 && (ms < 0 || ms > RETRY_MS) ? RETRY_MS : ms;
}

static void loop(int signals, const char *scenario)
{
    struct signalfd_siginfo si;
    struct pollfd p = { .fd = signals, .events = POLLIN };

    for (;;) {
        int n;

        reap(scenario);
        n = poll(&p, 1, start_due());
        if (n == 0 && main_pid < 0) {
            run_main(scenario);
        }
        if (n <= 0 ||
            read(signals, &si, sizeof(si)) != sizeof(si)) {
            continue;
        }
        if (si.ssi_signo == SIGUSR2) {
            power(RB_POWER_OFF);
        } else if (si.ssi_signo == SIGUSR1) {
            power(RB_HALT_SYSTEM);
        } else if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT) {
            power(RB_AUTOBOOT);
        }
    }
}

static int block_signals(void)
{
    static const int wanted[] = { SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        sigaddset(&set, wanted[i]);
    }
    sigprocmask(SIG_SETMASK, &set, NULL);
    reboot(RB_DISABLE_CAD);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The kernel calls these programs by itself: for control/shutdown and when a
 * daemon asks for a module. */
static void kernel_helpers(void)
{
    FILE *f = fopen("/proc/sys/kernel/poweroff_cmd", "we");

    if (f != NULL) {
        fputs("/bin/busybox poweroff", f);
        fclose(f);
    }
}

static void xenfs(void)
{
    mkdir("/proc/xen", 0755);
    if (mount("xenfs", "/proc/xen", "xenfs", 0, NULL) != 0) {
        say("xenfs: %s", strerror(errno));
    }
}

int main(int argc, char **argv)
{
    unsigned long long tsc = __rdtsc();
    bool on_disk = argc > 1 && strcmp(argv[1], "--on-disk") == 0;
    char scenario[64] = "", root[64];
    int signals;

    if (!on_disk) {
        boot_mounts();
    }
    open_console();
    say("started, tsc %llu", tsc);
    signals = block_signals();
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/root", 1);
    if (!on_disk) {
        boot_modules("/etc/paravane/modules");
        xenfs();
        boot_modules("/etc/paravane/modules.want");
        if (boot_arg("paravane.root", root, sizeof(root))) {
            boot_switch_root(root);
        }
    }
    kernel_helpers();
    boot_arg("paravane.run", scenario, sizeof(scenario));
    if (services_read("/etc/paravane/services.list") != 0) {
        say("no services.list");
    }
    services_start();
    say("services started");
    run_main(scenario);
    loop(signals, scenario);
}
