/* SPDX-License-Identifier: MIT */
/*
 * toolstack/devices: the keys of disks, cards and screens, images that have one
 * writer, devices that come and go.
 */
#include "store_world.h"

#include <devices/claim.h>
#include <devices/devices.h>
#include <store/device_entry.h>
#include <unistd.h>

/* ---- devices ------------------------------------------------------------------------------ */

static void add_disk(struct world *w, const char *target, uint32_t vdev,
                     bool readonly)
{
    struct disk_def *d = DEF_GROW(w->def.disks, w->def.nr_disks);

    d->target = strdup(target);
    d->source = strdup("/images/a");
    d->vdev = vdev;
    d->readonly = readonly;
}

static void a_disk_has_a_front_for_the_guest_and_a_back_for_us(void **state)
{
    struct world *w = *state;
    struct devices d;
    struct node *front, *back;

    add_disk(w, "xvda", 51712, false);
    add_disk(w, "xvdb", 51728, true);
    devices_init(&d, &w->xs, DOMID, &w->def);
    assert_int_equal(devices_attach(&d, NULL), 0);

    front = find(&w->xs, "/local/domain/5/device/vbd/51712");
    back = find(&w->xs, "/local/domain/0/backend/qdisk/5/51712");
    assert_non_null(front);
    assert_non_null(back);
    assert_int_equal(front->perms[0].domid, DOMID);
    assert_int_equal(front->perms[1].domid, 0);
    assert_int_equal(back->perms[0].domid, 0);
    assert_int_equal(back->perms[1].access, PERM_READ);
    assert_value(w, "/local/domain/0/backend/qdisk/5/51712/params",
                 "aio:/images/a");
    assert_value(w, "/local/domain/0/backend/qdisk/5/51712/mode", "w");
    assert_value(w, "/local/domain/0/backend/qdisk/5/51728/mode", "r");
    assert_value(w, "/local/domain/5/device/vbd/51712/backend",
                 "/local/domain/0/backend/qdisk/5/51712");
    assert_value(w, "/local/domain/0/backend/qdisk/5/51712/frontend",
                 "/local/domain/5/device/vbd/51712");
}

static void detaching_leaves_no_node_whether_the_back_end_answers(void **state)
{
    struct world *w = *state;
    struct devices d;

    add_disk(w, "xvda", 51712, false);
    for (int answers = 0; answers < 2; answers++) {
        w->xs.backend_closes = answers;
        devices_init(&d, &w->xs, DOMID, &w->def);
        assert_int_equal(devices_attach(&d, NULL), 0);
        devices_detach(&d, 40);
        assert_int_equal(w->xs.nr, BASE_NODES);
        assert_int_equal(device_entry_remove(&w->xs, DOMID, 51712, "vbd",
                                             "qdisk", 0), 0);
    }
}

static void a_back_end_that_is_silent_is_reported(void **state)
{
    struct world *w = *state;
    struct devices d;

    add_disk(w, "xvda", 51712, false);
    devices_init(&d, &w->xs, DOMID, &w->def);
    assert_int_equal(devices_attach(&d, NULL), 0);
    assert_int_equal(device_entry_remove(&w->xs, DOMID, 51712, "vbd", "qdisk",
                                         40), -ETIMEDOUT);
    assert_int_equal(w->xs.nr, BASE_NODES);
}

static void a_disk_that_fails_takes_the_others_with_it(void **state)
{
    struct world *w = *state;
    struct devices d;

    add_disk(w, "xvda", 51712, false);
    add_disk(w, "xvdb", 51728, false);
    w->def.disks[1].backend = BACKEND_KERNEL;  /* no such file */
    devices_init(&d, &w->xs, DOMID, &w->def);
    assert_int_equal(devices_attach(&d, NULL), -ENOENT);
    assert_int_equal(w->xs.nr, BASE_NODES);
    assert_int_equal(d.nr_loops, 0);
}

/* An image is one file whatever it is called, and has one writer. */
static void an_image_has_one_writer_whoever_serves_it(void **state)
{
    static const struct {
        bool kernel, first_ro, second_ro, refused;
    } rows[] = {
        { false, false, false, true }, { true, false, false, true },
        { false, true, false, true },  { true, false, true, true },
        { false, true, true, false },
    };
    struct world *w = *state;
    struct disk_def *disk;
    char path[] = "/tmp/claim-XXXXXX", other[40];
    struct err e = ERR_INIT;
    int fd = mkstemp(path);

    snprintf(other, sizeof(other), "%s.link", path);
    assert_int_equal(link(path, other), 0);
    xs_write_string(&w->xs, 0, "/local/domain/7/name", "db");
    add_disk(w, "xvda", 51712, false);
    disk = &w->def.disks[0];
    free(disk->source);
    disk->source = strdup(other);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *base = rows[i].kernel ? "/local/domain/0/backend/vbd/7/9"
                                          : "/local/domain/0/backend/qdisk/7/9";

        xs_printf(&w->xs, 0, store_path("%s/params", base).s, "%s%s",
                  rows[i].kernel ? "" : "aio:", path);
        xs_write_string(&w->xs, 0, store_path("%s/mode", base).s,
                        rows[i].first_ro ? "r" : "w");
        disk->readonly = rows[i].second_ro;
        assert_int_equal(claim_check(&w->xs, DOMID, disk, &e),
                         rows[i].refused ? -EBUSY : 0);
        assert_true(!rows[i].refused || strstr(e.why, "domain 7 (db)"));
        assert_int_equal(claim_check(&w->xs, 7, disk, &e),
                         rows[i].refused ? -EBUSY : 0);
        disk->vdev = 9;                /* itself is nobody else */
        assert_int_equal(claim_check(&w->xs, 7, disk, &e), 0);
        disk->vdev = 51712;
        xs_rm(&w->xs, 0, base);
    }
    close(fd);
    unlink(path);
    unlink(other);
}

static struct nic_def *add_nic(struct world *w, enum nic_type type)
{
    static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
    struct nic_def *n = DEF_GROW(w->def.nics, w->def.nr_nics);

    n->type = type;
    n->devid = (unsigned int)w->def.nr_nics - 1;
    memcpy(n->mac, mac, sizeof(mac));
    return n;
}

#define TAPNET "/local/domain/0/backend/tapnet/5"

static void a_card_has_the_keys_its_back_end_needs(void **state)
{
    struct world *w = *state;
    struct nic_def *n = add_nic(w, NIC_BRIDGE);
    struct devices d;

    n->bridge = strdup("br0");
    n->rate_kib = 1000;
    n->mtu = 1400;
    n->queues = 2;
    n->check_mac = true;
    add_nic(w, NIC_USER);
    devices_init(&d, &w->xs, DOMID, &w->def);
    assert_true(devices_need_netd(&w->def));
    assert_int_equal(devices_attach(&d, NULL), 0);

    assert_value(w, TAPNET "/0/bridge", "br0");
    assert_value(w, TAPNET "/0/mac", "00:16:3e:01:02:03");
    assert_value(w, TAPNET "/0/rate", "51200,50000");
    assert_value(w, TAPNET "/0/mtu", "1400");
    assert_value(w, TAPNET "/0/queues", "2");
    assert_value(w, TAPNET "/0/mac-filter", "1");
    assert_null(find(&w->xs, TAPNET "/0/user"));
    assert_value(w, TAPNET "/1/user", "1");
    assert_null(find(&w->xs, TAPNET "/1/bridge"));
    assert_value(w, "/local/domain/5/device/vif/1/handle", "1");
    assert_value(w, "/local/domain/5/device/vif/0/backend", TAPNET "/0");
}

static void a_network_is_looked_up_by_name(void **state)
{
    struct world *w = *state;
    struct nic_def *n = add_nic(w, NIC_NETWORK);
    struct err e = ERR_INIT;
    struct devices d;
    FILE *f;

    n->network = strdup("lab");
    devices_init(&d, &w->xs, DOMID, &w->def);
    setenv("VMCTL_NETWORKS", "/nonexistent", 1);
    assert_int_equal(devices_attach(&d, &e), -ENOENT);
    assert_int_equal(err_exit_status(&e), ERR_CONFIG);

    f = fopen("test_networks.tmp", "w");
    fputs("# ours\nlabel bridge br1\nlab bridge br7\n", f);
    fclose(f);
    setenv("VMCTL_NETWORKS", "test_networks.tmp", 1);
    assert_int_equal(devices_attach(&d, NULL), 0);
    assert_value(w, TAPNET "/0/bridge", "br7");
    remove("test_networks.tmp");

    free(n->network);
    n->network = strdup("default");
    assert_int_equal(devices_attach(&d, NULL), 0);
    assert_value(w, TAPNET "/0/user", "1");
}

#define VFB  "/local/domain/0/backend/vfb/5/0"
#define VKBD "/local/domain/0/backend/vkbd/5/0"

/* And the password is not where the guest can read it. */
static void a_screen_is_a_frame_buffer_and_a_keyboard(void **state)
{
    struct world *w = *state;
    struct graphics_def *g = DEF_GROW(w->def.graphics, w->def.nr_graphics);
    struct video_def *v = DEF_GROW(w->def.videos, w->def.nr_videos);
    char password[16] = "";
    struct devices d;
    FILE *f;

    assert_false(devices_need_screend(&w->def));
    g->type = strdup("vnc");
    g->listen = strdup("127.0.0.1");
    g->passwd = strdup("secret");
    g->web = true;
    v->width = 1024;
    v->height = 768;
    devices_init(&d, &w->xs, DOMID, &w->def);
    d.run_dir = ".";
    assert_true(devices_need_screend(&w->def));
    assert_int_equal(devices_attach(&d, NULL), 0);

    assert_value(w, VFB "/vnc-listen", "127.0.0.1");
    assert_value(w, VFB "/vnc-port", "0");
    assert_value(w, VFB "/videoram", "8");
    assert_value(w, VFB "/width", "1024");
    assert_value(w, VKBD "/feature-abs-pointer", "1");
    assert_value(w, VKBD "/height", "768");
    assert_value(w, "/local/domain/5/device/vfb/0/backend", VFB);
    assert_value(w, "/local/domain/5/device/vkbd/0/state", "1");
    for (size_t i = 0; i < sizeof(w->xs.node) / sizeof(w->xs.node[0]); i++) {
        assert_true(w->xs.node[i].value == NULL ||
                    strstr(w->xs.node[i].value, "secret") == NULL);
    }
    f = fopen("vnc.password", "r");
    assert_non_null(fgets(password, sizeof(password), f));
    fclose(f);
    remove("vnc.password");
    assert_string_equal(password, "secret");

    devices_detach(&d, 0);
    assert_null(find(&w->xs, VFB));
    assert_null(find(&w->xs, VKBD));
}

static void only_our_disks_need_our_process(void **state)
{
    struct world *w = *state;

    assert_false(devices_need_blkd(&w->def));
    add_disk(w, "xvda", 51712, false);
    w->def.disks[0].backend = BACKEND_KERNEL;
    assert_false(devices_need_blkd(&w->def));
    w->def.disks[0].backend = BACKEND_OURS;
    assert_true(devices_need_blkd(&w->def));
}

/* ---- while it runs ------------------------------------------------------------------- */

#define BACK  "/local/domain/0/backend/qdisk/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

/* What the other side does when it is first looked for. */
struct other_side {
    struct xs *xs;
    const char *back, *front, *error;  /* NULL: leaves it */
    bool dead;
};

static bool does_its_part(void *arg)
{
    struct other_side *o = arg;

    if (o->back != NULL) {
        xs_write_string(o->xs, 0, BACK "/state", o->back);
    }
    if (o->front != NULL) {
        xs_write_string(o->xs, 0, FRONT "/state", o->front);
    }
    if (o->error != NULL) {
        xs_write_string(o->xs, 0, BACK "/error", o->error);
    }
    return !o->dead;
}

struct outcome {
    struct other_side o;
    int rc;
    enum err_class class;
    const char *why;
};

/* What @act says of a disk when the other side does as in @row. */
static void meets(void **state, const struct outcome *row,
                  int (*act)(struct devices *d, const struct device_wait *wait,
                             struct err *e))
{
    struct world *w = *state;
    struct other_side o = row->o;
    struct device_wait wait = { 60, does_its_part, &o };
    struct err e = ERR_INIT;
    struct devices d;

    o.xs = &w->xs;
    add_disk(w, "xvda", 51712, false);
    devices_init(&d, &w->xs, DOMID, &w->def);
    assert_int_equal(act(&d, &wait, &e), row->rc);
    assert_int_equal(e.class, row->class);
    assert_non_null(strstr(e.why, row->why));
}

static int plug(struct devices *d, const struct device_wait *wait,
                struct err *e)
{
    int rc = devices_plug(d, "disk", 0, wait, e);

    assert_int_equal(find(d->xs, BACK) != NULL, rc == 0);
    assert_int_equal(find(d->xs, FRONT) != NULL, rc == 0);
    return rc;
}

static void a_plugged_disk_is_connected_or_not_there(void **state)
{
    static const struct outcome rows[] = {
        { { .back = "4", .front = "4" }, 0, ERR_NONE, "" },
        { { .back = "4", .front = "3" }, -ETIMEDOUT, ERR_TIMEOUT, "away" },
        { { .back = "2" }, -ETIMEDOUT, ERR_TIMEOUT, "away" },
        { { .error = "no such image" }, -EIO, ERR_FAILED, "no such image" },
        { { .dead = true }, -ESRCH, ERR_STATE, "with it" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        meets(state, &rows[i], plug);
        world_tear_down(state);
        world_set_up(state);
    }
}

static int attach_and_wait(struct devices *d, const struct device_wait *wait,
                           struct err *e)
{
    assert_int_equal(devices_attach(d, NULL), 0);
    return devices_wait_disks(d, wait, e);
}

static void a_guest_begins_when_its_disks_are_offered(void **state)
{
    static const struct outcome rows[] = {
        { { .back = "2" }, 0, ERR_NONE, "" },
        { { .back = "4" }, 0, ERR_NONE, "" },
        { { .back = "1" }, -ETIMEDOUT, ERR_TIMEOUT, "log" },
        { { .back = "6" }, -ETIMEDOUT, ERR_TIMEOUT, "log" },
        { { .error = "no such image" }, -EIO, ERR_FAILED, "no such image" },
        { { .dead = true }, -ESRCH, ERR_STATE, "with it" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        meets(state, &rows[i], attach_and_wait);
        world_tear_down(state);
        world_set_up(state);
    }
}

static void an_unplugged_disk_is_gone_or_as_it_was(void **state)
{
    static const struct {
        struct other_side o;
        int rc;
        const char *state, *online;    /* NULL: removed */
    } rows[] = {
        { { .front = "6", .back = "6" }, 0, NULL, NULL },
        { { .dead = false }, -ETIMEDOUT, "4", "1" },
        { { .front = "5" }, -EINPROGRESS, "5", "0" },
        { { .dead = true }, -ESRCH, "5", "0" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = *state;
        struct other_side o = rows[i].o;
        struct device_wait wait = { 60, does_its_part, &o };
        struct devices d;

        o.xs = &w->xs;
        add_disk(w, "xvda", 51712, false);
        devices_init(&d, &w->xs, DOMID, &w->def);
        assert_int_equal(devices_attach(&d, NULL), 0);
        xs_write_string(&w->xs, 0, BACK "/state", "4");
        xs_write_string(&w->xs, 0, FRONT "/state", "4");
        assert_int_equal(devices_unplug(&d, "disk", 0, &wait, NULL),
                         rows[i].rc);
        if (rows[i].state == NULL) {
            assert_int_equal(w->xs.nr, BASE_NODES);
        } else {
            assert_value(w, BACK "/state", rows[i].state);
            assert_value(w, BACK "/online", rows[i].online);
        }
        world_tear_down(state);
        world_set_up(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_disk_has_a_front_for_the_guest_and_a_back_for_us),
        IN_WORLD(detaching_leaves_no_node_whether_the_back_end_answers),
        IN_WORLD(a_back_end_that_is_silent_is_reported),
        IN_WORLD(a_disk_that_fails_takes_the_others_with_it),
        IN_WORLD(an_image_has_one_writer_whoever_serves_it),
        IN_WORLD(a_card_has_the_keys_its_back_end_needs),
        IN_WORLD(a_network_is_looked_up_by_name),
        IN_WORLD(a_screen_is_a_frame_buffer_and_a_keyboard),
        IN_WORLD(a_plugged_disk_is_connected_or_not_there),
        IN_WORLD(a_guest_begins_when_its_disks_are_offered),
        IN_WORLD(an_unplugged_disk_is_gone_or_as_it_was),
        IN_WORLD(only_our_disks_need_our_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
