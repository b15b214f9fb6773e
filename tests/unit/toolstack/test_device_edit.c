/* SPDX-License-Identifier: MIT */
/*
 * toolstack/config/device_edit: one device in and out of a configuration, and
 * a file that holds one device.
 */
#include <config/device_edit.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct place {
    struct domain_def def, piece;
    struct diag dg;
    char element[DEVICE_WORD];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    def_init(&p->def);
    def_init(&p->piece);
    diag_init(&p->dg, "test", false);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    def_fini(&p->def);
    def_fini(&p->piece);
    diag_fini(&p->dg);
    free(p);
    return 0;
}

static int parse(struct place *p, const char *text)
{
    return xml_parse_device(text, strlen(text), &p->piece, p->element, &p->dg);
}

static void add_disk(struct place *p, const char *target)
{
    struct disk_def *d = DEF_GROW(p->def.disks, p->def.nr_disks);

    d->target = strdup(target);
    d->source = strdup("/d.img");
    assert_int_equal(device_check(&p->def, "disk", p->def.nr_disks - 1, false,
                                  &p->dg), 0);
}

#define DISK "<disk type='file' device='disk'><driver name='phy' type='raw'/>" \
             "<source file='/x.img'/><target dev='xvdb'/><readonly/></disk>"
#define NIC  "<interface type='user'><mac address='00:16:3e:00:00:09'/>" \
             "</interface>"

static void a_file_may_hold_one_device(void **state)
{
    struct place *p = *state;
    char name[DEVICE_NAME];

    assert_int_equal(parse(p, DISK), 0);
    assert_string_equal(p->element, "disk");
    assert_int_equal(device_count(&p->piece, "disk"), 1);
    assert_int_equal(device_check(&p->piece, "disk", 0, false, &p->dg), 0);
    assert_true(device_name(&p->piece, "disk", 0, name));
    assert_string_equal(name, "xvdb");
}

static void anything_else_is_refused(void **state)
{
    static const char *const texts[] = {
        "<domain type='xen'/>", "<nonsense/>", "<disk><nonsense/></disk>",
        "<console type='pty'/>", "<memballoon model='xen'/>", "", "<disk>",
        "<!DOCTYPE disk><disk/>",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct place *p = *state;

        assert_int_equal(parse(p, texts[i]), -EINVAL);
        assert_int_not_equal(p->dg.nr_errors, 0);
        tear_down(state);
        set_up(state);
    }
}

static void a_copy_has_all_that_the_device_has(void **state)
{
    struct place *p = *state;

    add_disk(p, "xvda");
    assert_int_equal(parse(p, DISK), 0);
    assert_int_equal(device_check(&p->piece, "disk", 0, false, &p->dg), 0);
    assert_int_equal(device_copy(&p->def, &p->piece, "disk", 0), 1);
    assert_int_equal(p->piece.nr_disks, 1);
    assert_string_equal(p->def.disks[1].source, "/x.img");
    assert_int_equal(p->def.disks[1].backend, BACKEND_KERNEL);
    assert_true(p->def.disks[1].readonly);
    assert_int_equal(p->def.disks[1].vdev, p->piece.disks[0].vdev);
    assert_int_equal(device_find(&p->def, "disk", "xvdb"), 1);
    assert_int_equal(device_find(&p->def, "disk", "xvdc"), -1);
    assert_int_equal(device_find(&p->def, "interface", "xvdb"), -1);
}

static void removing_keeps_the_others(void **state)
{
    struct place *p = *state;

    add_disk(p, "xvda");
    add_disk(p, "xvdb");
    add_disk(p, "xvdc");
    device_remove(&p->def, "disk", 1);
    assert_int_equal(p->def.nr_disks, 2);
    assert_string_equal(p->def.disks[0].target, "xvda");
    assert_string_equal(p->def.disks[1].target, "xvdc");
    device_remove(&p->def, "disk", 1);
    device_remove(&p->def, "disk", 0);
    assert_int_equal(p->def.nr_disks, 0);
}

static void two_devices_change_places(void **state)
{
    struct place *p = *state;

    add_disk(p, "xvda");
    assert_int_equal(parse(p, DISK), 0);
    device_swap(&p->def, 0, &p->piece, 0, "disk");
    assert_string_equal(p->def.disks[0].target, "xvdb");
    assert_string_equal(p->piece.disks[0].target, "xvda");
}

/* A card that came second keeps its number when the first one has gone. */
static void cards_get_numbers_that_are_free(void **state)
{
    struct place *p = *state;

    assert_int_equal(parse(p, NIC), 0);
    assert_string_equal(p->element, "interface");
    assert_int_equal(device_check(&p->piece, "interface", 0, false, &p->dg),
                     0);
    assert_int_equal(device_copy(&p->def, &p->piece, "interface", 0), 0);
    p->piece.nics[0].mac[5]++;
    assert_int_equal(device_copy(&p->def, &p->piece, "interface", 0), 1);
    assert_int_equal(p->def.nics[0].devid, 0);
    assert_int_equal(p->def.nics[1].devid, 1);
    assert_int_equal(device_find(&p->def, "interface", "00:16:3E:00:00:0A"),
                     1);
    device_remove(&p->def, "interface", 0);
    assert_int_equal(p->def.nics[0].devid, 1);
    assert_int_equal(device_copy(&p->def, &p->piece, "interface", 0), 1);
    assert_int_equal(p->def.nics[1].devid, 0);
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_file_may_hold_one_device),
        IN_PLACE(anything_else_is_refused),
        IN_PLACE(a_copy_has_all_that_the_device_has),
        IN_PLACE(removing_keeps_the_others),
        IN_PLACE(two_devices_change_places),
        IN_PLACE(cards_get_numbers_that_are_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
