/* SPDX-License-Identifier: MIT */
/*
 * Events of keyboard and pointer for a guest.  The handshake is left to
 * device.c.  Covered by tests/guests/frontend.
 */
#include <front/input.h>

static long share_page(struct input_front *in)
{
    long rc;

    if (in->page == NULL) {
        in->page = guest_env_pages(1);
    }
    if (in->page == NULL) {
        return -ENOMEM;
    }
    __builtin_memset(in->page, 0, GUEST_PAGE);
    in->in_cons = 0;
    in->broken = false;
    rc = guest_grant(in->dev.back_domid, in->page, true);
    if (rc < 0) {
        return rc;
    }
    in->ref = (uint32_t)rc;
    rc = guest_event_open(in->dev.back_domid);
    if (rc < 0) {
        guest_grant_end(in->ref);
        return rc;
    }
    in->port = (uint32_t)rc;
    return 0;
}

static long tell(struct input_front *in, bool absolute)
{
    const struct { const char *key; uint64_t value; } keys[] = {
        { XENKBD_FIELD_RING_REF, guest_env_frame(in->page) },
        { XENKBD_FIELD_RING_GREF, in->ref },
        { XENKBD_FIELD_EVT_CHANNEL, in->port },
        { XENKBD_FIELD_REQ_ABS_POINTER,
          absolute && front_back_number(&in->dev,
                                        XENKBD_FIELD_FEAT_ABS_POINTER, 0) },
    };
    unsigned int i;
    long rc = 0;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && rc >= 0; i++) {
        rc = front_write(&in->dev, keys[i].key, keys[i].value);
    }
    return rc < 0 ? rc : front_set_state(&in->dev, XenbusStateInitialised);
}

long input_front_connect(struct input_front *in, struct guest_store *store,
                         const char *id, bool absolute)
{
    long rc = front_appear(&in->dev, store, "vkbd", id);

    if (rc >= 0) {
        rc = front_wait_back(&in->dev, 1u << XenbusStateInitWait);
    }
    if (rc >= 0) {
        rc = share_page(in);
    }
    if (rc >= 0) {
        rc = tell(in, absolute);
    }
    if (rc >= 0) {
        rc = front_wait_back(&in->dev, 1u << XenbusStateConnected |
                                       1u << XenbusStateClosing |
                                       1u << XenbusStateClosed);
    }
    if (rc >= 0 && front_back_state(&in->dev) != XenbusStateConnected) {
        rc = -EIO;
    }
    return rc < 0 ? rc : front_set_state(&in->dev, XenbusStateConnected);
}

long input_front_disconnect(struct input_front *in)
{
    long rc = front_close(&in->dev);

    guest_event_close(in->port);
    return !guest_grant_end(in->ref) && rc >= 0 ? -EBUSY : rc;
}

bool input_front_take(struct input_front *in, union xenkbd_in_event *ev)
{
    uint32_t prod = __atomic_load_n(&in->page->in_prod, __ATOMIC_ACQUIRE);
    const volatile uint32_t *from;
    uint32_t words[XENKBD_IN_EVENT_SIZE / sizeof(uint32_t)], i;

    if (prod - in->in_cons > XENKBD_IN_RING_LEN) {
        in->broken = true;
    }
    if (in->broken || prod == in->in_cons) {
        return false;
    }
    from = (const volatile uint32_t *)&XENKBD_IN_RING_REF(in->page,
                                                          in->in_cons);
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        words[i] = from[i];
    }
    __builtin_memcpy(ev, words, sizeof(words));
    in->in_cons++;
    __atomic_store_n(&in->page->in_cons, in->in_cons, __ATOMIC_RELEASE);
    guest_event_send(in->port);
    return true;
}

void input_front_wait(struct input_front *in, uint64_t deadline_ns)
{
    if (__atomic_load_n(&in->page->in_prod, __ATOMIC_ACQUIRE) ==
        in->in_cons) {
        guest_event_wait(in->port, deadline_ns);
    }
}
