/* SPDX-License-Identifier: MIT */
/*
 * Image locks among ourselves, and against QEMU's tools in both directions.
 */
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char path[64];
    int a, b;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->path, "/tmp/imglock-XXXXXX");
    f->a = mkstemp(f->path);
    assert_int_equal(ftruncate(f->a, 1 << 20), 0);
    f->b = open(f->path, O_RDWR);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close(f->a);
    close(f->b);
    unlink(f->path);
    free(f);
    return 0;
}

/* The status of a tool of QEMU on the image. */
static int tool(struct fixture *f, const char *format)
{
    char command[256], line[192];

    snprintf(line, sizeof(line), format, f->path);
    snprintf(command, sizeof(command), "%s >/dev/null 2>&1", line);
    return system(command);
}

static void one_writer_or_many_readers(void **state)
{
    static const struct {
        bool first, second;
        int rc;
    } rows[] = {
        { true,  true,  -EAGAIN }, { true,  false, -EAGAIN },
        { false, true,  -EAGAIN }, { false, false, 0 },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(imglock_take(f->a, rows[i].first), 0);
        assert_int_equal(imglock_take(f->b, rows[i].second), rows[i].rc);
        imglock_drop(f->a);
        imglock_drop(f->b);
    }
}

/* Who is refused leaves no lock behind that would refuse others. */
static void refusal_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(imglock_take(f->a, true), 0);
    assert_int_equal(imglock_take(f->b, true), -EAGAIN);
    imglock_drop(f->a);
    assert_int_equal(imglock_test(f->a, true), 0);
    assert_int_equal(imglock_take(f->b, true), 0);
}

/* The lock belongs to the open file, not to the descriptor or process. */
static void lock_lasts_until_the_last_reference(void **state)
{
    struct fixture *f = *state;
    int copy;

    assert_int_equal(imglock_take(f->a, true), 0);
    copy = dup(f->a);
    close(f->a);
    assert_int_equal(imglock_test(f->b, true), -EAGAIN);
    close(copy);
    assert_int_equal(imglock_test(f->b, true), 0);
    f->a = open(f->path, O_RDWR);
}

static void qemu_sees_our_writer(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(tool(f, "qemu-io -f raw -c 'write 0 512' %s"), 0);
    assert_int_equal(imglock_take(f->a, true), 0);
    assert_int_not_equal(tool(f, "qemu-io -f raw -c 'write 0 512' %s"), 0);
    assert_int_equal(tool(f, "qemu-img info -U -f raw %s"), 0);
}

static void qemu_sees_our_reader(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(imglock_take(f->a, false), 0);
    assert_int_not_equal(tool(f, "qemu-io -f raw -c 'write 0 512' %s"), 0);
}

/* qemu-io sits on the image until its standard input ends. */
static void we_see_qemu(void **state)
{
    struct fixture *f = *state;
    char command[192];
    FILE *p;

    snprintf(command, sizeof(command),
             "qemu-io -f raw %s >/dev/null 2>&1", f->path);
    p = popen(command, "w");
    assert_non_null(p);
    fputs("write 0 512\n", p);
    fflush(p);
    for (int i = 0; i < 200 && imglock_test(f->a, true) == 0; i++) {
        usleep(50000);
    }
    assert_int_equal(imglock_test(f->a, true), -EAGAIN);
    assert_int_equal(imglock_test(f->a, false), -EAGAIN);
    pclose(p);
    assert_int_equal(imglock_test(f->a, true), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(one_writer_or_many_readers),
        T(refusal_leaves_nothing),
        T(lock_lasts_until_the_last_reference),
        T(qemu_sees_our_writer),
        T(qemu_sees_our_reader),
        T(we_see_qemu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
