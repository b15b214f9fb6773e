/* SPDX-License-Identifier: MIT */
/*
 * Runs the nested boots of boots.cfg, at most two at a time, and reports each
 * as one CMocka test.
 *
 *   run_boots [-j JOBS] [-g GROUP] [-n NAME] [-o ours|xen] [-s] [-L]
 *             [-C CPUS] [-F bios|uefi] [--check] BOOTS.CFG
 *
 * -s tells the story as it happens: expected lines and STORY lines, with the
 * time.  -C and -F override what the file says.
 * -L allows what takes long: boots of the group long are otherwise run by name
 * only.  GROUP and NAME choose; NAME is a block's name, with or without .ours or
 * .xen.  --check only reads the file.  Logs stay in build/boot/NAME.log, every
 * single fact goes to build/boot/results as "PASS boot: fact".
 *
 * A boot on Debian's Xen that says nothing until its time is over is begun once
 * more: under emulation that hypervisor's own control domain has been seen to
 * stop before its first line, and ours is not in that boot.  The report says so,
 * and the first log stays as NAME.first.log.  Ours has one try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cfg.h"
#include "vm.h"

#define LAST_LINES 80u      /* of the log of a boot that failed */

static struct boot boots[MAX_BOOTS];
static struct vm vms[MAX_BOOTS];      /* one for each chosen boot */
static bool again[MAX_BOOTS];         /* its second try */
static int nr_chosen;
static int jobs = 2;
static bool may_be_long;
static const char *build = "build";
static FILE *results;

static bool chosen(const struct boot *b, const char *group, const char *name,
                   const char *on)
{
    const char *dot = strrchr(b->name, '.');

    if (on != NULL && strcmp(dot + 1, on) != 0) {
        return false;
    }
    if (name != NULL) {
        return strcmp(b->name, name) == 0 ||
               (strlen(name) == (size_t)(dot - b->name) &&
                strncmp(b->name, name, strlen(name)) == 0);
    }
    return cfg_in_group(b, group) &&
           (may_be_long || !cfg_is_long(b));
}

static void write_facts(const struct vm *vm)
{
    static const char *const words[] = { ['P'] = "PASS", ['F'] = "FAIL",
                                         ['S'] = "SKIP" };

    for (int i = 0; i < vm->nr_facts; i++) {
        fprintf(results, "%s %s: %s\n", words[(int)vm->facts[i].verdict],
                vm->boot->name, vm->facts[i].text);
        if (vm->facts[i].verdict == 'F') {
            printf("       %s: %s\n", vm->boot->name, vm->facts[i].text);
        }
    }
    fprintf(results, "%s %s: boot%s%s\n", vm_passed(vm) ? "PASS" : "FAIL",
            vm->boot->name, vm_passed(vm) ? "" : " ", vm->why);
    fflush(results);
}

/* Of a machine elsewhere this is all that is left. */
static void print_last_words(const struct vm *vm)
{
    char lines[LAST_LINES][256], path[256];
    unsigned int n = 0;
    FILE *log;

    snprintf(path, sizeof(path), "%s/boot/%s.log", build, vm->boot->name);
    log = fopen(path, "r");
    while (log != NULL && fgets(lines[n % LAST_LINES], 256, log) != NULL) {
        lines[n % LAST_LINES][strcspn(lines[n % LAST_LINES], "\n")] = '\0';
        n++;
    }
    if (log != NULL) {
        fclose(log);
    }
    for (unsigned int i = n > LAST_LINES ? n - LAST_LINES : 0; i < n; i++) {
        printf("       | %s\n", lines[i % LAST_LINES]);
    }
}

static void finish(struct vm *vm)
{
    vm_finish(vm);
    printf("%s %-28s %6.1f s  %d facts%s%s%s\n", vm_passed(vm) ? "ok  " : "FAIL",
           vm->boot->name, vm->ended - vm->started, vm->nr_facts,
           again[vm - vms] ? "  (second try)" : "", vm_passed(vm) ? "" : "  ",
           vm->why);
    if (!vm_passed(vm)) {
        print_last_words(vm);
    }
    fflush(stdout);
    write_facts(vm);
}

static bool deserves_another(const struct vm *vm)
{
    return !again[vm - vms] && vm->out_of_time && vm->nr_facts == 0 &&
           strcmp(strrchr(vm->boot->name, '.'), ".xen") == 0;
}

static bool begin_again(struct vm *vm)
{
    const struct boot *b = vm->boot;
    char log[256], first[256];

    vm_finish(vm);
    printf("once more: %s: %s\n", b->name, vm->why);
    snprintf(log, sizeof(log), "%s/boot/%s.log", build, b->name);
    snprintf(first, sizeof(first), "%s/boot/%s.first.log", build, b->name);
    rename(log, first);
    again[vm - vms] = true;
    return vm_start(vm, b, build) == 0;
}

static void poll_running(void)
{
    struct pollfd p[MAX_BOOTS];
    nfds_t n = 0;

    for (int i = 0; i < nr_chosen; i++) {
        if (vms[i].pid > 0) {
            p[n++] = (struct pollfd){ .fd = vms[i].serial, .events = POLLIN };
        }
    }
    poll(p, n, 500);
}

/* The group's set-up runs all boots; the tests then tell how each went. */
static int run_all(void **state)
{
    int next = 0, running = 0;

    while (next < nr_chosen || running > 0) {
        while (running < jobs && next < nr_chosen) {
            struct vm *vm = &vms[next++];

            if (vm_start(vm, vm->boot, build) == 0) {
                running++;
            } else {
                finish(vm);
            }
        }
        poll_running();
        for (int i = 0; i < next; i++) {
            if (vms[i].pid > 0 && (vm_pump(&vms[i]) || vm_expired(&vms[i])) &&
                !(deserves_another(&vms[i]) && begin_again(&vms[i]))) {
                finish(&vms[i]);
                running--;
            }
        }
    }
    return 0;
}

static void boot_went_well(void **state)
{
    const struct vm *vm = *state;

    if (!vm_passed(vm)) {
        fail_msg("%s: %s (see %s/boot/%s.log)", vm->boot->name, vm->why, build,
                 vm->boot->name);
    }
}

static int report(void)
{
    struct CMUnitTest tests[MAX_BOOTS];
    char path[256];

    for (int i = 0; i < nr_chosen; i++) {
        tests[i] = (struct CMUnitTest){
            .name = vms[i].boot->name,
            .test_func = boot_went_well,
            .initial_state = &vms[i],
        };
    }
    snprintf(path, sizeof(path), "%s/boot", build);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/boot/results", build);
    results = fopen(path, "w");
    if (results == NULL) {
        perror(path);
        return 2;
    }
    return _cmocka_run_group_tests("boots", tests, (size_t)nr_chosen, run_all,
                                   NULL);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = { { "check", 0, NULL, 'c' },
                                           { NULL, 0, NULL, 0 } };
    const char *group = "all", *name = NULL, *on = NULL;
    char *cpus = NULL, *firmware = NULL;
    bool check = false;
    int n, o;

    while ((o = getopt_long(argc, argv, "j:g:n:o:sLC:F:", longs, NULL)) != -1) {
        switch (o) {
        case 'j': jobs = atoi(optarg); break;
        case 'g': group = *optarg != '\0' ? optarg : "all"; break;
        case 'n': name = *optarg != '\0' ? optarg : NULL; break;
        case 'o': on = *optarg != '\0' ? optarg : NULL; break;
        case 's': vm_tell_story = true; break;
        case 'L': may_be_long = true; break;
        case 'C': cpus = optarg; break;
        case 'F': firmware = optarg; break;
        case 'c': check = true; break;
        default: return 2;
        }
    }
    if (getenv("BUILD") != NULL) {
        build = getenv("BUILD");
    }
    n = cfg_read(argv[optind], boots, MAX_BOOTS);
    if (check) {
        printf("boots.cfg: %d boots\n", n);
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (chosen(&boots[i], group, name, on)) {
            boots[i].cpus = cpus != NULL ? cpus : boots[i].cpus;
            boots[i].firmware = firmware != NULL ? firmware : boots[i].firmware;
            vms[nr_chosen++].boot = &boots[i];
        }
    }
    if (nr_chosen == 0) {
        fprintf(stderr, "no boot is called that (long ones want LONG=1)\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return report() == 0 ? 0 : 1;
}
