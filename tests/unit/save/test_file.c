/* SPDX-License-Identifier: MIT */
/*
 * toolstack/save/file and lifecycle/saver: a save file appears whole or not at
 * all, and what a killed saver leaves says which of the two it was.
 */
#include <errno.h>
#include <lib/err.h>
#include <lifecycle/saver.h>
#include <save/file.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char dir[64];
    char path[96];
    struct rundir run;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    strcpy(p->dir, "/tmp/test_save.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof(p->path), "%s/vm.save", p->dir);
    snprintf(p->run.path, sizeof(p->run.path), "%s", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char command[96];

    snprintf(command, sizeof(command), "rm -rf %s", p->dir);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void a_file_has_its_name_when_it_is_whole(void **state)
{
    struct place *p = *state;
    struct save_file f;

    assert_int_equal(save_file_name(&f, p->path, NULL), 0);
    assert_int_equal(save_file_open(&f, NULL), 0);
    assert_int_equal(save_file_put(&f, "hello", 5), 0);
    assert_false(is_there(p->path));
    assert_int_equal(save_file_sync(&f, NULL), 0);
    assert_int_equal(save_file_rename(&f, NULL), 0);
    save_file_close(&f);
    assert_true(is_there(p->path));
    assert_false(is_there(f.partial));
}

static void what_was_not_finished_is_removed(void **state)
{
    struct place *p = *state;
    struct save_file f;

    assert_int_equal(save_file_name(&f, p->path, NULL), 0);
    assert_int_equal(save_file_open(&f, NULL), 0);
    assert_true(is_there(f.partial));
    save_file_close(&f);
    assert_false(is_there(f.partial));
    assert_false(is_there(p->path));
}

static void places_that_cannot_be_written_are_refused_at_once(void **state)
{
    struct place *p = *state;
    struct save_file f;
    struct err e;

    assert_true(save_file_name(&f, "/nowhere/at/all", &e) < 0);
    assert_true(save_file_name(&f, p->dir, &e) < 0);
    assert_true(save_file_name(&f, "/proc/x", &e) < 0 || geteuid() == 0);
    assert_true(save_file_name(&f, "/dev/null", &e) < 0);
    assert_true(save_file_name(&f, "a\nb", &e) < 0);
}

static void one_saves_at_a_time_and_is_seen(void **state)
{
    struct place *p = *state;
    struct saver a, b;
    struct err e;
    pid_t pid = 0;

    assert_int_equal(saver_look(&p->run, &pid), SAVER_NONE);
    assert_int_equal(saver_begin(&a, &p->run, "/x.partial", "/x", &e), 0);
    assert_int_equal(saver_begin(&b, &p->run, "/y.partial", "/y", &e),
                     -EBUSY);
    assert_int_equal(e.class, ERR_STATE);
    assert_int_equal(saver_look(&p->run, &pid), SAVER_AT_WORK);
    assert_int_equal(pid, getpid());
    saver_end(&a);
    assert_int_equal(saver_look(&p->run, &pid), SAVER_NONE);
}

/* A process that saves up to some point and is killed there. */
static void be_killed(struct place *p, bool commit, bool rename)
{
    pid_t pid = fork();
    struct save_file f;
    struct saver s;

    if (pid == 0) {
        if (save_file_name(&f, p->path, NULL) == 0 &&
            saver_begin(&s, &p->run, f.partial, f.final, NULL) == 0 &&
            save_file_open(&f, NULL) == 0 &&
            (!commit || saver_commit(&s, f.inode) == 0) &&
            (!rename || save_file_rename(&f, NULL) == 0)) {
            kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static unsigned int entries(const char *dir)
{
    char command[128];
    unsigned int nr = 99;
    FILE *f;

    snprintf(command, sizeof(command), "ls %s | wc -l", dir);
    f = popen(command, "r");
    assert_int_equal(fscanf(f, "%u", &nr), 1);
    pclose(f);
    return nr;
}

static void a_killed_saver_leaves_a_guest_that_runs_on(void **state)
{
    struct place *p = *state;
    pid_t pid;

    for (int commit = 0; commit <= 1; commit++) {
        be_killed(p, commit == 1, false);
        assert_int_equal(entries(p->dir), 2);
        assert_int_equal(saver_look(&p->run, &pid), SAVER_DIED);
        saver_clear(&p->run);
        assert_int_equal(entries(p->dir), 0);
        assert_int_equal(saver_look(&p->run, &pid), SAVER_NONE);
    }
}

static void killed_after_the_renaming_the_guest_is_saved(void **state)
{
    struct place *p = *state;
    pid_t pid;

    be_killed(p, true, true);
    assert_int_equal(saver_look(&p->run, &pid), SAVER_SAVED);
    assert_true(is_there(p->path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        TEST(a_file_has_its_name_when_it_is_whole),
        TEST(what_was_not_finished_is_removed),
        TEST(places_that_cannot_be_written_are_refused_at_once),
        TEST(one_saves_at_a_time_and_is_seen),
        TEST(a_killed_saver_leaves_a_guest_that_runs_on),
        TEST(killed_after_the_renaming_the_guest_is_saved),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
