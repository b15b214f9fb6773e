/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of the handshake.  What a class writes is left to blk.c and
 * net.c.  Covered by tests/guests/frontend.
 */
#include <front/device.h>

static bool join3(char *out, size_t size, const char *a, const char *b,
                  const char *c)
{
    char part[FRONT_PATH];

    return guest_store_join(part, sizeof(part), a, b) &&
           guest_store_join(out, size, part, c);
}

static long read_back_link(struct front_device *d)
{
    char key[FRONT_PATH];
    uint64_t id;
    long rc;

    if (!guest_store_join(key, sizeof(key), d->path, "backend")) {
        return -E2BIG;
    }
    rc = guest_store_read(d->store, key, d->back, sizeof(d->back));
    if (rc < 0) {
        return rc;
    }
    if (!guest_store_join(key, sizeof(key), d->path, "backend-id")) {
        return -E2BIG;
    }
    rc = guest_store_read_number(d->store, key, &id);
    d->back_domid = (domid_t)(rc == 0 ? id : 0);
    return rc == -ENOENT ? 0 : rc;
}

long front_open(struct front_device *d, struct guest_store *store,
                const char *kind, const char *id)
{
    d->store = store;
    if (!join3(d->path, sizeof(d->path), "device", kind, id)) {
        return -E2BIG;
    }
    return read_back_link(d);
}

long front_appear(struct front_device *d, struct guest_store *store,
                  const char *kind, const char *id)
{
    uint64_t deadline = guest_env_now_ns() + FRONT_TIMEOUT_NS;
    long rc;

    guest_store_watch(store, "device");
    do {
        rc = front_open(d, store, kind, id);
    } while (rc == -ENOENT && guest_store_wait(store, deadline));
    guest_store_unwatch(store, "device");
    return rc;
}

long front_write(struct front_device *d, const char *key, uint64_t value)
{
    char path[FRONT_PATH];

    return guest_store_join(path, sizeof(path), d->path, key)
           ? guest_store_write_number(d->store, path, value) : -E2BIG;
}

long front_write_text(struct front_device *d, const char *key,
                      const char *text)
{
    char path[FRONT_PATH];

    return guest_store_join(path, sizeof(path), d->path, key)
           ? guest_store_write(d->store, path, text) : -E2BIG;
}

uint64_t front_back_number(struct front_device *d, const char *key,
                           uint64_t def)
{
    char path[FRONT_PATH];
    uint64_t value;

    return guest_store_join(path, sizeof(path), d->back, key) &&
           guest_store_read_number(d->store, path, &value) == 0 ? value : def;
}

long front_set_state(struct front_device *d, enum xenbus_state state)
{
    return front_write(d, "state", state);
}

enum xenbus_state front_back_state(struct front_device *d)
{
    return (enum xenbus_state)front_back_number(d, "state",
                                                XenbusStateUnknown);
}

long front_wait_back(struct front_device *d, uint32_t mask)
{
    return front_wait_back_until(d, mask,
                                 guest_env_now_ns() + FRONT_TIMEOUT_NS);
}

long front_wait_back_until(struct front_device *d, uint32_t mask,
                           uint64_t deadline_ns)
{
    char path[FRONT_PATH];
    long rc = 0;

    if (!guest_store_join(path, sizeof(path), d->back, "state")) {
        return -E2BIG;
    }
    guest_store_watch(d->store, path);
    while ((1u << front_back_state(d) & mask) == 0) {
        if (!guest_store_wait(d->store, deadline_ns)) {
            rc = -ETIMEDOUT;
            break;
        }
    }
    guest_store_unwatch(d->store, path);
    return rc;
}

long front_close(struct front_device *d)
{
    long rc = front_set_state(d, XenbusStateClosing);

    if (rc >= 0) {
        rc = front_wait_back(d, 1u << XenbusStateClosing |
                                1u << XenbusStateClosed |
                                1u << XenbusStateUnknown);
    }
    if (rc >= 0) {
        rc = front_set_state(d, XenbusStateClosed);
    }
    return rc < 0 ? rc : front_wait_back(d, 1u << XenbusStateClosed |
                                            1u << XenbusStateInitWait |
                                            1u << XenbusStateUnknown);
}

long front_reopen(struct front_device *d)
{
    long rc = front_set_state(d, XenbusStateInitialising);

    return rc < 0 ? rc : front_wait_back(d, 1u << XenbusStateInitWait);
}
