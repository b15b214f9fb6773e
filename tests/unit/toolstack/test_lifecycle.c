/* SPDX-License-Identifier: MIT */
/*
 * toolstack/lifecycle: states and actions, the run directory, the back end's
 * process.  Everything happens in a temporary folder.
 */
#include <config/defaults.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <lifecycle/backend.h>
#include <lifecycle/rundir.h>
#include <lifecycle/state.h>
#include <lifecycle/userdata.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>
#include <cmocka.h>

/* ---- states -------------------------------------------------------------------- */

static void flags_become_the_words_of_libvirt(void **state)
{
    static const struct {
        uint32_t flags;
        const char *word;
    } rows[] = {
        { XEN_DOMINF_running, "running" },
        { XEN_DOMINF_blocked, "idle" },
        { 0, "idle" },
        { XEN_DOMINF_paused, "paused" },
        { XEN_DOMINF_paused | XEN_DOMINF_running, "paused" },
        { XEN_DOMINF_shutdown, "shut off" },
        { XEN_DOMINF_shutdown | SHUTDOWN_reboot << XEN_DOMINF_shutdownshift,
          "shut off" },
        { XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift,
          "crashed" },
        { XEN_DOMINF_dying | XEN_DOMINF_shutdown, "in shutdown" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(state_name(state_of_flags(rows[i].flags)),
                            rows[i].word);
    }
}

static void each_end_has_its_configured_action(void **state)
{
    struct domain_def def = {
        .on_poweroff = LIFE_DESTROY, .on_reboot = LIFE_RENAME_RESTART,
        .on_crash = LIFE_COREDUMP_RESTART,
    };

    assert_int_equal(state_action(&def, SHUTDOWN_poweroff), LIFE_DESTROY);
    assert_int_equal(state_action(&def, SHUTDOWN_reboot), LIFE_RESTART);
    assert_int_equal(state_action(&def, SHUTDOWN_crash), LIFE_RESTART);
    assert_int_equal(state_action(&def, SHUTDOWN_watchdog), LIFE_RESTART);
    assert_int_equal(state_action(&def, SHUTDOWN_suspend), LIFE_PRESERVE);
    def.on_crash = LIFE_COREDUMP_DESTROY;
    assert_int_equal(state_action(&def, SHUTDOWN_crash), LIFE_DESTROY);
    assert_int_equal(state_action(&def, 200), LIFE_DESTROY);
}

/* ---- run directory ---------------------------------------------------------------- */

struct place {
    char dir[64];
    struct domain_def def;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    strcpy(p->dir, "/tmp/test_lifecycle.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    setenv("VMCTL_RUN_DIR", p->dir, 1);
    def_init(&p->def);
    p->def.name = strdup("web");
    p->def.type = GUEST_PV;
    p->def.memory_kib = 65536;
    p->def.kernel = strdup("/k");
    assert_int_equal(defaults_fill(&p->def), 0);
    *state = p;
    return 0;
}

/* Every test must leave the place empty: then it can be removed. */
static int tear_down(void **state)
{
    struct place *p = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/domains", p->dir);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/names", p->dir);
    rmdir(path);
    assert_int_equal(rmdir(p->dir), 0);
    def_fini(&p->def);
    free(p);
    return 0;
}

static void a_name_and_a_uuid_run_once(void **state)
{
    struct place *p = *state;
    struct rundir a, b;
    struct err e = ERR_INIT;

    assert_int_equal(rundir_create(&a, &p->def, &e), 0);
    assert_int_equal(rundir_create(&b, &p->def, &e), -EEXIST);
    assert_int_equal(e.class, ERR_STATE);
    p->def.uuid[0] ^= 1;               /* another UUID, the same name */
    assert_int_equal(rundir_create(&b, &p->def, &e), -EEXIST);
    assert_false(rundir_exists(&b));
    free(p->def.name);
    p->def.name = strdup("other");
    assert_int_equal(rundir_create(&b, &p->def, &e), 0);
    rundir_remove(&a, "web");
    rundir_remove(&b, "other");
    assert_false(rundir_exists(&a));
    assert_false(rundir_exists(&b));
}

static void the_creator_holds_the_lock_until_it_gives_it_up(void **state)
{
    struct place *p = *state;
    struct rundir a, b;

    assert_int_equal(rundir_create(&a, &p->def, NULL), 0);
    rundir_init(&b, p->def.uuid);
    assert_true(rundir_has_worker(&b));
    assert_int_equal(rundir_lock(&b), -EBUSY);
    rundir_unlock(&a);
    assert_false(rundir_has_worker(&b));
    assert_int_equal(rundir_lock(&b), 0);
    rundir_remove(&b, "web");
    assert_int_equal(rundir_lock(&a), -ENOENT);
}

static void what_is_saved_is_loaded(void **state)
{
    struct place *p = *state;
    struct domain_def copy;
    struct rundir run;
    unsigned int domid = 0;

    def_init(&copy);
    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    assert_int_equal(rundir_save(&run, &p->def, -1, NULL), 0);
    assert_false(rundir_domid(&run, &domid));
    assert_int_equal(rundir_save(&run, &p->def, 42, NULL), 0);
    assert_true(rundir_domid(&run, &domid));
    assert_int_equal(domid, 42);
    assert_int_equal(rundir_load(&run, &copy, NULL), 0);
    assert_string_equal(copy.name, "web");
    assert_memory_equal(copy.uuid, p->def.uuid, 16);
    assert_int_equal(copy.cur_vcpus, 1);
    def_fini(&copy);
    rundir_remove(&run, "web");
    def_init(&copy);
    assert_int_equal(rundir_load(&run, &copy, NULL), -ENOENT);
    def_fini(&copy);
}

static void count(const char *uuid, void *arg)
{
    ++*(int *)arg;
}

static void each_running_vm_is_visited(void **state)
{
    struct place *p = *state;
    struct rundir run;
    int n = 0;

    assert_int_equal(rundir_each(count, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    assert_int_equal(rundir_each(count, &n), 0);
    assert_int_equal(n, 1);
    rundir_remove(&run, "web");
}

static void stock_tools_find_a_record_while_it_runs(void **state)
{
    struct place *p = *state;
    char path[256], uuid[37], text[2048] = "";
    FILE *f;

    setenv("VMCTL_XEN_DIR", p->dir, 1);
    uuid_unparse_lower(p->def.uuid, uuid);
    snprintf(path, sizeof(path), "%s/userdata-d.7.%s.libxl-json", p->dir,
             uuid);
    assert_int_equal(userdata_write(&p->def, 7), 0);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(text, "\"name\":\"web\""));
    assert_non_null(strstr(text, "\"on_reboot\":\"restart\""));
    userdata_remove(&p->def, 7);
    assert_int_equal(access(path, F_OK), -1);
    setenv("VMCTL_XEN_DIR", "/nonexistent", 1);
    assert_int_equal(userdata_write(&p->def, 7), 0);
}

/* ---- a back end -------------------------------------------------------------------- */

static bool always(const struct domain_def *def)
{
    return true;
}

static const struct backend_kind kind = {
    "block", "paravane-blkd", "VMCTL_BLKD", "blkd.pid", always,
};

static void write_program(const struct place *p, char path[128],
                          const char *body)
{
    FILE *f;

    snprintf(path, 128, "%s/program", p->dir);
    f = fopen(path, "w");
    fprintf(f, "#!/bin/sh\n%s\n", body);
    fclose(f);
    chmod(path, 0700);
    setenv("VMCTL_BLKD", path, 1);
}

static bool readable(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, ms) == 1;
}

static void a_second_worker_finds_the_process_again(void **state)
{
    struct place *p = *state;
    struct backend first, second;
    struct rundir run;
    char path[128];

    write_program(p, path, "[ \"$*\" = '--domid 3' ] && exec sleep 100");
    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    backend_init(&first, &kind, &run, 3);
    assert_int_equal(backend_start(&first, NULL), 0);
    assert_false(readable(first.pidfd, 100));

    backend_init(&second, &kind, &run, 3);
    assert_true(backend_adopt(&second));
    assert_int_equal(second.pid, first.pid);
    kill(first.pid, SIGKILL);
    assert_true(readable(second.pidfd, 5000));
    backend_reap(&first);
    backend_reap(&second);
    assert_false(backend_adopt(&second));
    unlink(path);
    rundir_remove(&run, "web");
}

static void a_reused_process_id_is_not_taken_for_ours(void **state)
{
    struct place *p = *state;
    struct backend b;
    struct rundir run;
    char text[32];

    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    backend_init(&b, &kind, &run, 3);
    snprintf(text, sizeof(text), "%d 1\n", getpid());
    assert_int_equal(rundir_write(&run, "blkd.pid", text), 0);
    assert_false(backend_adopt(&b));
    assert_int_equal(b.pid, 0);
    rundir_remove(&run, "web");
}

static void a_process_that_will_not_stop_is_stopped(void **state)
{
    struct place *p = *state;
    struct backend b;
    struct rundir run;
    char path[128];
    pid_t pid;

    write_program(p, path, "trap '' TERM; while :; do sleep 0.05; done");
    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    backend_init(&b, &kind, &run, 3);
    assert_int_equal(backend_start(&b, NULL), 0);
    pid = b.pid;
    assert_false(readable(b.pidfd, 100));
    backend_stop(&b, 100);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(b.pid, 0);
    unlink(path);
    rundir_remove(&run, "web");
}

static void a_missing_program_is_an_error(void **state)
{
    struct place *p = *state;
    struct backend b;
    struct rundir run;
    struct err e = ERR_INIT;

    setenv("VMCTL_BLKD", "/nonexistent/blkd", 1);
    assert_int_equal(rundir_create(&run, &p->def, NULL), 0);
    backend_init(&b, &kind, &run, 3);
    assert_int_equal(backend_start(&b, &e), -ENOENT);
    assert_non_null(strstr(e.which, "/nonexistent/blkd"));
    rundir_remove(&run, "web");
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_become_the_words_of_libvirt),
        cmocka_unit_test(each_end_has_its_configured_action),
        IN_PLACE(a_name_and_a_uuid_run_once),
        IN_PLACE(the_creator_holds_the_lock_until_it_gives_it_up),
        IN_PLACE(what_is_saved_is_loaded),
        IN_PLACE(each_running_vm_is_visited),
        IN_PLACE(stock_tools_find_a_record_while_it_runs),
        IN_PLACE(a_second_worker_finds_the_process_again),
        IN_PLACE(a_reused_process_id_is_not_taken_for_ours),
        IN_PLACE(a_process_that_will_not_stop_is_stopped),
        IN_PLACE(a_missing_program_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
