/* SPDX-License-Identifier: MIT */
/* toolstack/vmctl/drivers.c: does anybody hear what the store says? */
#include "store_world.h"

#include <vmctl/cmd.h>

#define DOMAIN "/local/domain/5"

static struct dom guest(uint32_t emulation)
{
    struct dom d = { .live = true, .domid = DOMID, .name = "g" };

    d.info.arch_config.emulation_flags = emulation;
    return d;
}

static int ask(struct world *w, uint32_t emulation, struct err *e)
{
    struct ctl c = { .xs = &w->xs };
    struct dom d = guest(emulation);

    return dom_needs_drivers(&c, &d, "this", e);
}

static void write_node(struct world *w, const char *path, const char *value)
{
    assert_int_equal(xs_write_string(&w->xs, 0, path, value), 0);
}

static void only_an_hvm_guest_may_lack_them(void **state)
{
    struct world *w = *state;
    struct err e = ERR_INIT;

    assert_int_equal(ask(w, 0, &e), 0);
    assert_int_equal(ask(w, XEN_X86_EMU_LAPIC, &e), 0);
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), -EOPNOTSUPP);
    assert_int_equal(e.class, ERR_UNSUPPORTED);
}

static void a_guest_that_says_what_it_hears_has_them(void **state)
{
    struct world *w = *state;
    struct err e = ERR_INIT;

    write_node(w, DOMAIN "/control/feature-poweroff", "");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), -EOPNOTSUPP);
    write_node(w, DOMAIN "/control/feature-poweroff", "1");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), 0);
    write_node(w, DOMAIN "/control/feature-poweroff", "0");
    write_node(w, DOMAIN "/control/feature-reboot", "1");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), 0);
}

static void a_guest_that_uses_a_device_has_them(void **state)
{
    struct world *w = *state;
    struct err e = ERR_INIT;

    write_node(w, DOMAIN "/device/vbd/768/state", "1");
    write_node(w, DOMAIN "/device/vbd/832/state", "1");
    write_node(w, DOMAIN "/device/vif/0/state", "3");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), -EOPNOTSUPP);
    write_node(w, DOMAIN "/device/vbd/832/state", "4");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), 0);
    write_node(w, DOMAIN "/device/vbd/832/state", "5");
    write_node(w, DOMAIN "/device/vif/0/state", "4");
    assert_int_equal(ask(w, XEN_X86_EMU_ALL, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(only_an_hvm_guest_may_lack_them),
        IN_WORLD(a_guest_that_says_what_it_hears_has_them),
        IN_WORLD(a_guest_that_uses_a_device_has_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
