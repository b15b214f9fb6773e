/* SPDX-License-Identifier: MIT */
/*
 * hostile/main.c - seed, grants and keys that the attacks share.
 */
#include <lib/hypercall.h>
#include <lib/print.h>
#include <xen/grant_table.h>

#include "hostile.h"

struct hostile h;

bool now_and_then(uint32_t n)
{
    return domu_random(n) == 0;
}

/* ---- grants ------------------------------------------------------------------ */

static domid_t granted_to;

static uint8_t *page_of(unsigned int i)
{
    return h.pages + (size_t)i * PAGE_SIZE;
}

void grant_pages(domid_t domid)
{
    unsigned int i;

    granted_to = domid;
    for (i = 0; i < DATA_PAGES; i++) {
        h.refs[i] = (uint32_t)guest_grant(domid, page_of(i), true);
    }
}

/*
 * The first entries are the toolstack's: our console and store ring.  They are
 * mapped all the time, and a mapped grant needs no permission any more.  A
 * disk's data read into them would end nothing but our own attack, so no
 * reference of ours may become one of theirs, not even by one changed byte:
 * ours have a low byte of at least RESERVED_REFS.
 */
#define RESERVED_REFS 8u

static void stay_away_from_reserved(void)
{
    unsigned int i;

    for (i = 0; i < 256; i++) {
        guest_grant(0, h.pages, false);
    }
}

static void set_entry(uint32_t ref, domid_t domid, uint64_t frame,
                      uint16_t flags)
{
    uint32_t nr;
    struct grant_entry_v1 *e = guest_grant_entries(&nr);

    e[ref].domid = domid;
    e[ref].frame = (uint32_t)frame;
    __atomic_store_n(&e[ref].flags, flags, __ATOMIC_SEQ_CST);
}

void ungrant_pages(void)
{
    unsigned int i;

    for (i = 0; i < DATA_PAGES; i++) {
        set_entry(h.refs[i], 0, 0, 0);
        guest_grant_end(h.refs[i]);
    }
}

uint32_t any_ref(void)
{
    uint32_t nr, ref;

    guest_grant_entries(&nr);
    switch (domu_random(24)) {
    case 0:
        ref = domu_random(nr);
        break;
    case 1:
        ref = (uint32_t)odd_number();
        break;
    default:
        ref = h.refs[domu_random(DATA_PAGES)];
    }
    return ref < RESERVED_REFS ? ref + RESERVED_REFS : ref;
}

void disturb_grant(void)
{
    static const uint16_t flags[] = {
        GTF_invalid, GTF_permit_access, GTF_permit_access | GTF_readonly,
        GTF_permit_access | GTF_reading | GTF_writing, GTF_accept_transfer,
        GTF_transitive, 0xffff,
    };
    unsigned int i = domu_random(DATA_PAGES);
    uint64_t frame = now_and_then(3) ? odd_number() : mfn_of(page_of(i));

    if (now_and_then(2)) {            /* and as it should be */
        set_entry(h.refs[i], granted_to, mfn_of(page_of(i)),
                  GTF_permit_access);
        return;
    }
    set_entry(h.refs[i], now_and_then(4) ? (domid_t)domu_random(4)
                                         : granted_to, frame,
              flags[domu_random(ARRAY_SIZE(flags))]);
}

void flood_events(uint32_t port)
{
    uint32_t n = domu_random(64);

    while (n-- > 0) {
        guest_event_send(port);
    }
}

uint64_t odd_number(void)
{
    static const uint64_t odd[] = {
        0, 1, 2, 7, 8, 255, 256, 257, 511, 512, 4095, 4096, 65535, 65536,
        0x7fffffff, 0x80000000u, 0xfffffffeu, 0xffffffffu, 1ul << 32,
        1ul << 40, (1ul << 55) - 1, 1ul << 63, ~0ul - 7, ~0ul,
    };

    return odd[domu_random(ARRAY_SIZE(odd))];
}

/* ---- keys --------------------------------------------------------------------- */

static const char *const values[] = {
    "", "0", "1", "3", "4", "5", "6", "7", "-1", "4294967295", "4294967296",
    "99999999999999999999", "x86_64-abi", "x86_32-abi", "0x10", " 4", "4 ",
    "4\n", "00000000000000000000000004", "\xff\xfe", "../../0/name",
};

static void odd_key(struct front_device *d)
{
    char path[FRONT_PATH];
    const char *key;
    static const char *const keys[] = {
        "ring-ref", "ring-ref0", "ring-ref1", "ring-page-order",
        "event-channel", "protocol", "feature-persistent", "tx-ring-ref",
        "rx-ring-ref", "request-rx-copy", "multi-queue-num-queues", "backend",
        "backend-id", "ctrl-ring-ref", "event-channel-ctrl", "mac",
    };

    key = keys[domu_random(ARRAY_SIZE(keys))];
    if (!now_and_then(4)) {
        front_write_text(d, key, values[domu_random(ARRAY_SIZE(values))]);
    } else if (guest_store_join(path, sizeof(path), d->path, key)) {
        guest_store_rm(d->store, path);
    }
    h.ops++;
}

void disturb_keys(struct front_device *d)
{
    uint32_t n = domu_random(12);

    while (n-- > 0) {
        if (now_and_then(3)) {
            front_set_state(d, (enum xenbus_state)domu_random(10));
            h.ops++;
        } else {
            odd_key(d);
        }
    }
}

void delete_device(struct front_device *d)
{
    guest_store_rm(d->store, d->path);
    front_wait_back_until(d, 1u << XenbusStateClosed,
                          now_ns() + 5000 * NS_PER_MS);
    print("hostile: directory deleted, backend in state %u\n",
          (unsigned int)front_back_state(d));
}

bool connected(struct front_device *d)
{
    front_wait_back_until(d, 1u << XenbusStateConnected |
                             1u << XenbusStateClosing |
                             1u << XenbusStateClosed,
                          now_ns() + 3000 * NS_PER_MS);
    return front_back_state(d) == XenbusStateConnected;
}

bool begin_again(struct front_device *d)
{
    unsigned int i;

    for (i = 0; i < 3; i++) {
        if (front_close(d) >= 0 && front_reopen(d) >= 0) {
            return true;
        }
        print("hostile: backend in state %u does not follow\n",
              (unsigned int)front_back_state(d));
    }
    return false;
}

void attack_sessions(struct front_device *d, const struct attack *a)
{
    while (h.ops < h.limit) {
        if (a->connect()) {
            h.sessions++;
            a->session();
        } else {
            h.refused++;
        }
        if (h.sessions % 8 == 0) {
            print("hostile: %lu operations, %lu sessions\n", h.ops,
                  h.sessions);
        }
        if (!begin_again(d)) {
            break;
        }
        a->disconnect();
    }
    a->connect();
    delete_device(d);
}

void guest_main(void)
{
    static const struct { const char *word; void (*run)(void); } attacks[] = {
        { "block", attack_block }, { "net", attack_net },
        { "console", attack_console }, { "store", attack_store },
        { "screen", attack_screen },
    };
    char line[120];
    unsigned int i;

    domu_start();
    h.limit = domu_number("ops", 100000);
    h.pages = pages_alloc(DATA_PAGES);
    stay_away_from_reserved();
    for (i = 0; i < ARRAY_SIZE(attacks); i++) {
        if (domu_word(attacks[i].word)) {
            print("GUEST UP hostile %s, %lu operations, seed %lu\n",
                  attacks[i].word, h.limit, domu_number("seed", 1));
            attacks[i].run();
            format(line, sizeof(line), "%s %lu operations %lu sessions "
                   "%lu refused %lu answers", attacks[i].word, h.ops,
                   h.sessions, h.refused, h.answers);
            print("\nHOSTILE %s\n", line);
        }
    }
    guest_shutdown(SHUTDOWN_poweroff);
}
