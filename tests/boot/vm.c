/* SPDX-License-Identifier: MIT */
/*
 * Runs one boot in QEMU, or Bochs, and judges it by its serial line: the expected lines
 * in order, no rejected line, no failed TEST or FACT, the last line, and the
 * machine switched off by itself, not reset.  What to boot is told to the boot
 * disk's GRUB through SMBIOS strings (control-domain/image/grub.cfg).  Leaves
 * the order of boots and the report to run_boots.c.
 */
#include "vm.h"

#include "registers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QEMU     "qemu-system-x86_64"
#define MAX_ARGS 64
#define GRACE_S    30            /* from the last line to power-off */
#define BESIDE_S   30            /* for what stands beside, after the boot */
#define ANSWER_MS  5000          /* for QEMU to say where its CPUs are */
#define EPILOGUE_S 3             /* from a rejected line to our end */

bool vm_tell_story;

double vm_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void because(struct vm *vm, const char *format, ...)
{
    va_list args;

    if (vm->why[0] != '\0') {
        return;
    }
    va_start(args, format);
    vsnprintf(vm->why, sizeof(vm->why), format, args);
    va_end(args);
}

struct argv {
    char *arg[MAX_ARGS + 1];
    int n;
};

static void add(struct argv *a, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0 || a->n == MAX_ARGS) {
        abort();
    }
    va_end(args);
    a->arg[a->n++] = text;
}

/* QEMU reads a doubled comma as one. */
static const char *commas(const char *s, char *to, size_t size)
{
    size_t n = 0;

    for (; *s != '\0' && n + 2 < size; s++) {
        to[n++] = *s;
        if (*s == ',') {
            to[n++] = ',';
        }
    }
    to[n] = '\0';
    return to;
}

static const char *all_kargs(const struct boot *b, char *to, size_t size)
{
    snprintf(to, size, "%s%s%s", b->kargs,
             b->run != NULL ? " paravane.run=" : "",
             b->run != NULL ? b->run : "");
    return to;
}

static void add_smbios(struct argv *a, const struct boot *b)
{
    char hvargs[1024], kargs[1024], all[1100];

    all_kargs(b, all, sizeof(all));
    add(a, "-smbios");
    add(a, "type=1,sku=paravane,family=%s,serial=%s,manufacturer=%s,version=%s,"
        "product=%s", b->hv, commas(b->hvargs, hvargs, sizeof(hvargs)),
        b->kernel, commas(all, kargs, sizeof(kargs)), b->image);
}

/* UEFI keeps its variables in a file of the machine's own. */
static void add_firmware(struct argv *a, const struct boot *b, const char *build)
{
    char copy[256];

    if (strcmp(b->firmware, "uefi") != 0) {
        return;
    }
    snprintf(copy, sizeof(copy),
             "cp /usr/share/OVMF/OVMF_VARS_4M.fd %s/boot/%s.vars", build, b->name);
    if (system(copy) != 0) {
        fprintf(stderr, "%s: no OVMF\n", b->name);
    }
    add(a, "-drive");
    add(a, "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd");
    add(a, "-drive");
    add(a, "if=pflash,format=raw,file=%s/boot/%s.vars", build, b->name);
}

static void add_words(struct argv *a, const char *words)
{
    char *copy = strdup(words);
    char *save = NULL;

    for (char *w = strtok_r(copy, " ", &save); w != NULL;
         w = strtok_r(NULL, " ", &save)) {
        add(a, "%s", w);
    }
    free(copy);
}

/* See bochs_run.c. */
static void bochs_arguments(struct argv *a, const struct boot *b,
                            const char *build)
{
    char kargs[1100];
    const char *words[] = { build, b->name, b->cpu, b->cpus, b->memory, b->hv,
                            b->hvargs, b->kernel,
                            all_kargs(b, kargs, sizeof(kargs)), b->image };

    add(a, "%s/bochs_run", build);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        add(a, "%s", words[i]);
    }
}

/* @monitor: a descriptor that QEMU inherits. */
static void arguments(struct argv *a, struct vm *vm, const char *build,
                      int monitor)
{
    const struct boot *b = vm->boot;
    char words[1024];

    if (strcmp(b->machine, "bochs") == 0) {
        bochs_arguments(a, b, build);
        return;
    }
    add(a, QEMU);
    add_words(a, "-accel tcg -display none -monitor none -serial stdio"
                 " -mon chardev=monitor,mode=control -chardev");
    add(a, "socket,id=monitor,fd=%d", monitor);
    add_words(a, "-d cpu_reset -D");
    add(a, "%s/boot/%s.resets", build, b->name);
    add(a, "-machine");
    add(a, "%s", b->machine);
    add(a, "-m");
    add(a, "%s", b->memory);
    add(a, "-smp");
    add(a, "%s", b->cpus);
    add(a, "-cpu");
    add(a, "%s", b->cpu);
    add(a, "-cdrom");
    add(a, "%s", b->disk);
    add_smbios(a, b);
    add_firmware(a, b, build);
    beside_words(&vm->beside, b->qemu != NULL ? b->qemu : "-nic none", words,
                 sizeof(words));
    add_words(a, words);
}

static void become_qemu(struct argv *a, int in, int out, int monitor)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(monitor, F_SETFD, 0);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    execvp(a->arg[0], a->arg);
    perror(a->arg[0]);
    _exit(127);
}

int vm_start(struct vm *vm, const struct boot *b, const char *build)
{
    struct argv a = { .n = 0 };
    char path[256];
    int from[2];
    int null, monitor;

    memset(vm, 0, sizeof(*vm));
    monitor = qmp_open(&vm->qmp);
    vm->boot = b;
    vm->build = build;
    vm->started = vm_now();
    snprintf(path, sizeof(path), "%s/boot/%s.log", build, b->name);
    vm->log = fopen(path, "w");
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (vm->log == NULL || null < 0 || monitor < 0 ||
        pipe2(from, O_CLOEXEC) != 0) {
        because(vm, "cannot start: %s", strerror(errno));
        return -1;
    }
    arguments(&a, vm, build, monitor);
    vm->pid = fork();
    if (vm->pid == 0) {
        become_qemu(&a, null, from[1], monitor);
    }
    close(monitor);
    close(from[1]);
    close(null);
    fcntl(from[0], F_SETFL, O_NONBLOCK);
    vm->serial = from[0];
    for (int i = 0; i < a.n; i++) {
        fprintf(vm->log, "%s%s", a.arg[i], i + 1 < a.n ? " " : "\n");
        free(a.arg[i]);
    }
    fflush(vm->log);
    if (b->beside != NULL) {
        beside_start(&vm->beside, b->beside, build, b->name);
    }
    return 0;
}

/* Where ": PASS", ": FAIL" or ": SKIP" ends the name of a fact. */
static const char *find_verdict(const char *name)
{
    static const char *const words[] = { ": PASS", ": FAIL", ": SKIP" };
    const char *first = NULL;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *p = strstr(name, words[i]);

        if (p != NULL && (first == NULL || p < first)) {
            first = p;
        }
    }
    return first;
}

/* "TEST name: PASS why" of a scenario, "FACT name: FAIL why" of a guest. */
static void note_fact(struct vm *vm, const char *line)
{
    const char *p = strstr(line, "TEST ");
    const char *verdict;
    struct fact *f;

    p = p != NULL ? p : strstr(line, "FACT ");
    verdict = p != NULL ? find_verdict(p) : NULL;
    if (verdict == NULL) {
        return;
    }
    f = realloc(vm->facts, (size_t)(vm->nr_facts + 1) * sizeof(*f));
    if (f == NULL) {
        abort();
    }
    vm->facts = f;
    f += vm->nr_facts++;
    f->verdict = verdict[2];
    snprintf(f->text, sizeof(f->text), "%.*s%s", (int)(verdict - p - 5), p + 5,
             verdict[2] == 'P' ? "" : verdict + 6);
    if (f->verdict == 'F') {
        vm->nr_failed++;
        because(vm, "%s", f->text);
    }
}

static void tell(const struct vm *vm, const char *text)
{
    if (vm_tell_story) {
        printf("%7.1f s  %s\n", vm_now() - vm->started, text);
    }
}

/* Ends that have a name: better than the line that then does not come. */
static void note_end(struct vm *vm, const char *line)
{
    const char *by = strstr(line, QEMU ": terminating on signal");

    if (strncmp(line, "DONE ", 5) == 0 && strncmp(vm->boot->last, line, 5) == 0 &&
        strstr(line, vm->boot->last) == NULL) {
        because(vm, "the scenario ended with %s", line + 5);
    }
    if (by != NULL) {
        because(vm, "somebody ended QEMU: %s", by + sizeof(QEMU) + 1);
    }
}

static bool is_over(const struct vm *vm)
{
    return vm->last_seen && strcmp(vm->boot->stop, "last") == 0;
}

static void take_line(struct vm *vm)
{
    const struct boot *b = vm->boot;
    const char *story = strstr(vm->line, "STORY ");

    fprintf(vm->log, "[%7.2f] %s\n", vm_now() - vm->started, vm->line);
    fflush(vm->log);
    if (is_over(vm)) {
        return;                        /* whether it comes is chance */
    }
    note_fact(vm, vm->line);
    note_end(vm, vm->line);
    for (int i = 0; i < b->reject.n; i++) {
        if (strstr(vm->line, b->reject.text[i]) != NULL) {
            because(vm, "saw '%.200s'", vm->line);
            vm->rejected_at = vm->rejected_at > 0 ? vm->rejected_at : vm_now();
        }
    }
    if (vm->next_expect < b->expect.n &&
        strstr(vm->line, b->expect.text[vm->next_expect]) != NULL) {
        vm->next_expect++;
        tell(vm, story != NULL ? story + 6 : vm->line);
    } else if (story != NULL) {
        tell(vm, story + 6);
    }
    if (!vm->last_seen && strstr(vm->line, b->last) != NULL) {
        vm->last_seen = true;
        vm->last_at = vm_now();
    }
}

static void take_bytes(struct vm *vm, const char *bytes, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++) {
        char c = bytes[i];

        if (c == '\r' || c == '\0') {
            continue;
        }
        if (c == '\n' || vm->len == sizeof(vm->line) - 1) {
            vm->line[vm->len] = '\0';
            take_line(vm);
            vm->len = 0;
        }
        if (c != '\n') {
            vm->line[vm->len++] = c;
        }
    }
}

/* RIP and CR2 say where a CPU gave up, and why. */
static bool log_registers(struct vm *vm)
{
    bool triple = false;
    char path[256];
    FILE *resets;

    snprintf(path, sizeof(path), "%s/boot/%s.resets", vm->build,
             vm->boot->name);
    resets = fopen(path, "r");
    if (resets != NULL) {
        triple = registers_of_reset(resets, vm->log);
        fclose(resets);
    }
    return triple;
}

/* No boot is to end so; what the firmware does next is of no use. */
static void note_reset(struct vm *vm)
{
    bool triple;

    take_bytes(vm, "\n", vm->len != 0);
    fprintf(vm->log, "== the machine was reset\n");
    triple = log_registers(vm);
    because(vm, vm->last_seen ? "%s after '%s'" : "%s without '%s'",
            triple ? "a triple fault" : "the machine was reset",
            vm->boot->last);
}

bool vm_pump(struct vm *vm)
{
    bool reset = qmp_was_reset(&vm->qmp);
    char bytes[4096];
    ssize_t n;

    while ((n = read(vm->serial, bytes, sizeof(bytes))) > 0) {
        take_bytes(vm, bytes, n);
    }
    if (is_over(vm)) {
        return true;
    }
    if (reset) {
        note_reset(vm);
        return true;
    }
    if (n == 0) {
        take_bytes(vm, "\n", vm->len != 0);
        vm->gone = true;
    }
    return n == 0;
}

bool vm_expired(struct vm *vm)
{
    double now = vm_now();

    if (beside_failed(&vm->beside)) {
        because(vm, "%s failed, see %s", vm->boot->beside, vm->beside.log);
        return true;
    }
    if (now - vm->started > vm->boot->timeout_s) {
        if (vm->next_expect < vm->boot->expect.n) {
            because(vm, "no '%s' in %d s", vm->boot->expect.text[vm->next_expect],
                    vm->boot->timeout_s);
        }
        because(vm, "no '%s' in %d s", vm->boot->last, vm->boot->timeout_s);
        fprintf(vm->log, "== out of time\n");
        qmp_log_registers(&vm->qmp, vm->log, ANSWER_MS);
        vm->out_of_time = true;
        return true;
    }
    if (vm->last_seen && now - vm->last_at > GRACE_S) {
        because(vm, "did not switch off within %d s", GRACE_S);
        qmp_log_registers(&vm->qmp, vm->log, ANSWER_MS);
        return true;
    }
    /* A rejected line: only what explains it is worth waiting for. */
    return vm->rejected_at > 0 && now - vm->rejected_at > EPILOGUE_S;
}

/* Before its last line: a crash of QEMU's, or a kill by somebody. */
static void say_how_it_ended(struct vm *vm, int status)
{
    const char *how = WIFSIGNALED(status) ? "signal" : "exit status";
    int nr = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

    fprintf(vm->log, "== machine ended by %s %d\n", how, nr);
    if (!vm->last_seen) {
        because(vm, "ended, %s %d, without '%s'", how, nr, vm->boot->last);
    }
}

static void end_qemu(struct vm *vm)
{
    int status = 0;

    if (!vm->gone) {
        kill(vm->pid, SIGKILL);
    }
    waitpid(vm->pid, &status, 0);
    if (vm->gone && vm->log != NULL) {
        say_how_it_ended(vm, status);
    }
    vm->pid = 0;
    qmp_close(&vm->qmp);
    close(vm->serial);
}

void vm_finish(struct vm *vm)
{
    if (!beside_finish(&vm->beside, vm->why[0] == '\0' ? BESIDE_S : 0)) {
        because(vm, "%s failed, see %s", vm->boot->beside, vm->beside.log);
    }
    if (vm->pid > 0) {
        end_qemu(vm);
    }
    if (vm->next_expect < vm->boot->expect.n) {
        because(vm, "no '%s'", vm->boot->expect.text[vm->next_expect]);
    } else if (!vm->last_seen) {
        because(vm, "ended without '%s'", vm->boot->last);
    }
    vm->ended = vm_now();
    if (vm->log != NULL) {
        fprintf(vm->log, "== %s\n", vm->why[0] != '\0' ? vm->why : "passed");
        fclose(vm->log);
        vm->log = NULL;
    }
}

bool vm_passed(const struct vm *vm)
{
    return vm->why[0] == '\0';
}
