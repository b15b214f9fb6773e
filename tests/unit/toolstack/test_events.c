/* SPDX-License-Identifier: MIT */
/*
 * toolstack/lifecycle/events: order, whole lines, readers that follow, fall
 * behind or begin late, writers that were killed.
 */
#include <config/def.h>
#include <errno.h>
#include <fcntl.h>
#include <lifecycle/events.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char dir[64];
    struct domain_def def;
    struct event_reader r;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    strcpy(p->dir, "/tmp/test_events.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    setenv("VMCTL_RUN_DIR", p->dir, 1);
    def_init(&p->def);
    p->def.name = strdup("web");
    assert_int_equal(events_open(&p->r, events_end()), 0);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char command[128];

    events_close(&p->r);
    def_fini(&p->def);
    snprintf(command, sizeof(command), "rm -r %s", p->dir);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static void publish_number(struct place *p, int n)
{
    json_object *o = event_new(&p->def, 7, "test");

    json_object_object_add(o, "n", json_object_new_int(n));
    event_publish(o);
}

/* The number of the next event, -1 if there is none. */
static int next_number(struct place *p, int timeout_ms)
{
    json_object *o = NULL, *n = NULL;
    int rc = events_next(&p->r, timeout_ms, &o), value = -1;

    if (rc != 1) {
        return rc == 0 ? -1 : rc;
    }
    if (json_object_object_get_ex(o, "n", &n)) {
        value = json_object_get_int(n);
    }
    json_object_put(o);
    return value;
}

static void a_reader_gets_what_is_written_in_order(void **state)
{
    struct place *p = *state;

    assert_int_equal(next_number(p, 0), -1);
    for (int i = 0; i < 10; i++) {
        publish_number(p, i);
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next_number(p, 0), i);
    }
    assert_int_equal(next_number(p, 10), -1);
}

static void a_line_says_which_domain(void **state)
{
    struct place *p = *state;
    json_object *o = NULL, *v;

    event_note(&p->def, 7, "started");
    assert_int_equal(events_next(&p->r, 0, &o), 1);
    assert_true(json_object_object_get_ex(o, "schema", &v));
    assert_string_equal(json_object_get_string(v), "vmctl/1");
    assert_true(json_object_object_get_ex(o, "event", &v));
    assert_string_equal(json_object_get_string(v), "started");
    assert_true(json_object_object_get_ex(o, "name", &v));
    assert_string_equal(json_object_get_string(v), "web");
    assert_true(json_object_object_get_ex(o, "domid", &v));
    assert_int_equal(json_object_get_int(v), 7);
    json_object_put(o);
}

static void a_cursor_skips_what_was_before_it(void **state)
{
    struct place *p = *state;

    publish_number(p, 1);
    events_close(&p->r);
    assert_int_equal(events_open(&p->r, events_end()), 0);
    publish_number(p, 2);
    assert_int_equal(next_number(p, 0), 2);
}

/* Four writers at once: no event is torn, none is lost while it is read. */
static void writers_do_not_disturb_one_another(void **state)
{
    struct place *p = *state;
    int count[4] = { 0 };

    for (int w = 0; w < 4; w++) {
        if (fork() == 0) {
            for (int i = 0; i < 1000; i++) {
                publish_number(p, w);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 4000; i++) {
        int n = next_number(p, 10000);

        assert_in_range(n, 0, 3);
        count[n]++;
    }
    for (int w = 0; w < 4; w++) {
        assert_int_equal(count[w], 1000);
        wait(NULL);
    }
}

static void the_spool_is_bounded_and_a_slow_reader_is_told(void **state)
{
    struct place *p = *state;
    char command[128];

    publish_number(p, 0);
    assert_int_equal(next_number(p, 0), 0);
    for (int i = 0; i < 12000; i++) {
        publish_number(p, i);
    }
    snprintf(command, sizeof(command),
             "[ $(du -sk %s | cut -f1) -lt 1300 ]", p->dir);
    assert_int_equal(system(command), 0);
    for (int n = 0; n >= 0;) {
        n = next_number(p, 0);         /* what it has open it may finish */
        if (n < 0) {
            assert_int_equal(n, -EOVERFLOW);
        }
    }
}

static void a_writer_that_was_killed_spoils_its_own_event_only(void **state)
{
    struct place *p = *state;
    char path[128];
    int fd;

    publish_number(p, 1);
    snprintf(path, sizeof(path), "%s/events/1", p->dir);
    fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"n\":", 5), 5);
    close(fd);
    assert_int_equal(next_number(p, 0), 1);
    assert_int_equal(next_number(p, 0), -1);
    publish_number(p, 3);
    assert_int_equal(next_number(p, 0), 3);
}

static void an_event_that_is_too_long_is_left_out(void **state)
{
    struct place *p = *state;
    json_object *o = event_new(&p->def, 7, "test");
    char text[EVENT_LINE_MAX + 10];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    json_object_object_add(o, "n", json_object_new_string(text));
    event_publish(o);
    publish_number(p, 5);
    assert_int_equal(next_number(p, 0), 5);
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_reader_gets_what_is_written_in_order),
        IN_PLACE(a_line_says_which_domain),
        IN_PLACE(a_cursor_skips_what_was_before_it),
        IN_PLACE(writers_do_not_disturb_one_another),
        IN_PLACE(the_spool_is_bounded_and_a_slow_reader_is_told),
        IN_PLACE(a_writer_that_was_killed_spoils_its_own_event_only),
        IN_PLACE(an_event_that_is_too_long_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
