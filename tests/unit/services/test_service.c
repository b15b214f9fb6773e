/* SPDX-License-Identifier: MIT */
/*
 * services/service.c: a service that cannot be started for want of memory is
 * started later, as one that died is; one that runs once stays at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <services/init.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int forks_to_fail;
static int nr_forks;
static char said[256];

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
    nr_forks++;
    if (forks_to_fail > 0) {
        forks_to_fail--;
        errno = ENOMEM;
        return -1;
    }
    return __real_fork();
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(said, sizeof(said), format, args);
    va_end(args);
}

/* The list has one service more with each test: they all stay in it. */
static void start(const char *line)
{
    char path[] = "/tmp/services.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_true(write(fd, line, strlen(line)) > 0);
    close(fd);
    assert_int_equal(services_read(path), 0);
    unlink(path);
    nr_forks = 0;
    services_start();
}

/* The children of services that have ended, as the loop of init.c reaps. */
static bool reap_one(void)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);

    return pid > 0 && services_exited(pid, status);
}

static void a_failed_fork_is_tried_again(void **state)
{
    int ms;

    forks_to_fail = 2;
    start("a - /bin/sleep 100\n");

    assert_int_equal(nr_forks, 1);
    assert_string_equal(said, "a: fork: Cannot allocate memory, again in 50 ms");
    ms = services_restart_due();
    assert_in_range(ms, 1, 50);
    usleep((useconds_t)ms * 1000 + 1000);
    ms = services_restart_due();            /* fails as well */
    assert_string_equal(said, "a: fork: Cannot allocate memory, again in 100 ms");
    assert_in_range(ms, 50, 101);
    usleep((useconds_t)ms * 1000 + 1000);
    assert_int_equal(services_restart_due(), -1);
    assert_int_equal(nr_forks, 3);
    services_stop();
}

static void what_runs_once_is_tried_again_until_it_ran(void **state)
{
    int ms;

    forks_to_fail = 2;
    start("b once /bin/true\n");            /* and the service before */

    assert_int_equal(nr_forks, 2);
    ms = services_restart_due();
    assert_true(ms > 0);
    usleep(250000);
    assert_int_equal(services_restart_due(), -1);
    assert_int_equal(nr_forks, 4);
    assert_true(reap_one());                /* b */
    assert_int_equal(services_restart_due(), -1);
    services_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_fork_is_tried_again),
        cmocka_unit_test(what_runs_once_is_tried_again_until_it_ran),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
