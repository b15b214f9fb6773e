/* SPDX-License-Identifier: MIT */
/*
 * toolstack/store: which nodes of a domain there are, whose they are, and that
 * none is left.
 */
#include "store_world.h"

/* ---- domains ---------------------------------------------------------------------------- */

static void a_domain_has_what_guests_and_tools_read(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_create(w), 0);
    assert_value(w, "/local/domain/5/name", "web");
    assert_value(w, "/local/domain/5/domid", "5");
    assert_value(w, "/local/domain/5/vm", "/vm/" UUID);
    assert_value(w, "/local/domain/5/memory/target", "65536");
    assert_value(w, "/local/domain/5/cpu/0/availability", "online");
    assert_value(w, "/local/domain/5/cpu/1/availability", "offline");
    assert_value(w, "/local/domain/5/store/ring-ref", "111");
    assert_value(w, "/local/domain/5/console/port", "2");
    assert_value(w, "/local/domain/5/console/ring-ref", "222");
    assert_value(w, "/vm/" UUID "/name", "web");
    assert_value(w, "/libxl/5/type", "pv");
}

/* A guest may write only what it must; names and rings are not its own. */
static void only_the_guests_own_nodes_belong_to_it(void **state)
{
    static const char *const own[] = {
        "/control/shutdown", "/control/feature-poweroff",
        "/control/feature-reboot", "/control/feature-suspend",
        "/control/sysrq", "/data", "/drivers", "/feature", "/attr", "/error",
        "/device/suspend/event-channel",
    };
    struct world *w = *state;

    assert_int_equal(world_create(w), 0);
    for (size_t i = 0; i < w->xs.nr; i++) {
        const struct node *n = &w->xs.node[i];
        bool guests = false;

        for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
            guests = guests ||
                     (strncmp(n->path, "/local/domain/5", 15) == 0 &&
                      strcmp(n->path + 15, own[k]) == 0);
        }
        assert_int_equal(n->perms[0].domid, guests ? DOMID : 0);
        for (size_t k = 1; k < n->nr_perms; k++) {
            assert_int_equal(n->perms[k].access & PERM_WRITE, 0);
        }
    }
}

static void removal_leaves_the_store_as_it_was(void **state)
{
    struct world *w = *state;
    size_t before = w->xs.nr;

    assert_int_equal(before, BASE_NODES);
    assert_int_equal(world_create(w), 0);
    assert_true(w->xs.nr > before + 40);
    assert_int_equal(domain_entry_remove(&w->xs, DOMID, UUID), 0);
    assert_int_equal(w->xs.nr, before);
    assert_int_equal(domain_entry_remove(&w->xs, DOMID, UUID), 0);
}

static void a_write_that_fails_leaves_nothing(void **state)
{
    struct world *w = *state;

    for (int n = 0; n < 60; n++) {
        w->xs.fail_at = n;
        if (world_create(w) == 0) {
            assert_true(n > 40);
            return;
        }
        assert_int_equal(w->xs.nr, BASE_NODES);
    }
    fail();
}

static void a_conflict_is_tried_again(void **state)
{
    struct world *w = *state;

    w->xs.conflicts = 1;
    assert_int_equal(world_create(w), 0);
    assert_value(w, "/local/domain/5/name", "web");
}

static void the_entry_of_another_domain_stays(void **state)
{
    struct world *w = *state;
    size_t with_entry;

    assert_int_equal(world_create(w), 0);
    with_entry = w->xs.nr;
    assert_int_equal(domain_entry_remove(
        &w->xs, DOMID, "00000000-0000-0000-0000-000000000001"), 0);
    assert_int_equal(w->xs.nr, with_entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_domain_has_what_guests_and_tools_read),
        IN_WORLD(only_the_guests_own_nodes_belong_to_it),
        IN_WORLD(removal_leaves_the_store_as_it_was),
        IN_WORLD(a_write_that_fails_leaves_nothing),
        IN_WORLD(a_conflict_is_tried_again),
        IN_WORLD(the_entry_of_another_domain_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
