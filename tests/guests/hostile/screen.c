/* SPDX-License-Identifier: MIT */
/*
 * hostile/screen.c - a frame buffer whose page, directory and modes lie, and a
 * keyboard whose ring positions jump.
 */
#include <lib/print.h>
#include <xen/io/fbif.h>
#include <xen/io/kbdif.h>

#include "hostile.h"

#define MEM_PAGES 64u                  /* 256 x 256 pixels */

static struct front_device fb, kbd;
static struct xenfb_page *fb_page;
static struct xenkbd_page *kbd_page;
static uint64_t *directory;
static uint8_t *memory;
static uint32_t fb_port, kbd_port, kbd_ref;

static uint32_t number(uint32_t usual)
{
    return now_and_then(5) ? (uint32_t)odd_number() : usual;
}

/* ---- frame buffer ---------------------------------------------------------------- */

static void fill_page(bool lie)
{
    unsigned int i;

    memset(fb_page, 0, PAGE_SIZE);
    fb_page->width = (int32_t)(lie ? number(256) : 256);
    fb_page->height = (int32_t)(lie ? number(256) : 256);
    fb_page->line_length = lie ? number(1024) : 1024;
    fb_page->mem_length = lie ? number(MEM_PAGES * 4096) : MEM_PAGES * 4096;
    fb_page->depth = (uint8_t)(lie && now_and_then(4) ? domu_random(256) : 32);
    fb_page->pd[0] = lie && now_and_then(4) ? odd_number()
                                            : mfn_of(directory);
    for (i = 0; i < MEM_PAGES; i++) {
        directory[i] = lie && now_and_then(200)
                       ? odd_number() : mfn_of(memory + i * PAGE_SIZE);
    }
}

static void random_message(union xenfb_out_event *ev)
{
    unsigned int i;

    memset(ev, 0, sizeof(*ev));
    switch (domu_random(4)) {
    case 0:
        for (i = 0; i < sizeof(*ev); i++) {
            ev->pad[i] = (char)domu_random(256);
        }
        break;
    case 1:
        ev->resize.type = XENFB_TYPE_RESIZE;
        ev->resize.width = (int32_t)number(16 + domu_random(300));
        ev->resize.height = (int32_t)number(16 + domu_random(300));
        ev->resize.stride = (int32_t)number(4 * domu_random(400));
        ev->resize.depth = now_and_then(2) ? 32 : (int32_t)number(16);
        ev->resize.offset = (int32_t)number(4 * domu_random(1000));
        break;
    default:
        ev->update.type = XENFB_TYPE_UPDATE;
        ev->update.x = (int32_t)number(domu_random(300));
        ev->update.y = (int32_t)number(domu_random(300));
        ev->update.width = (int32_t)number(domu_random(300));
        ev->update.height = (int32_t)number(domu_random(300));
    }
}

static bool fb_connect(void)
{
    fill_page(now_and_then(3));
    fb_port = (uint32_t)guest_event_open(fb.back_domid);
    front_write(&fb, "page-ref", now_and_then(10) ? odd_number()
                                                  : mfn_of(fb_page));
    front_write(&fb, "event-channel", fb_port);
    front_write_text(&fb, "protocol", "x86_64-abi");
    front_write(&fb, "feature-update", domu_random(2));
    if (now_and_then(6)) {
        disturb_keys(&fb);
    }
    front_set_state(&fb, XenbusStateInitialised);
    return connected(&fb);
}

/* False: the backend takes nothing any more. */
static bool fb_room(void)
{
    unsigned int i;

    for (i = 0; i < 20 && fb_page->out_prod - fb_page->out_cons >=
                              XENFB_OUT_RING_LEN; i++) {
        guest_event_send(fb_port);
        guest_event_wait(fb_port, now_ns() + 5 * NS_PER_MS);
    }
    return i < 20;
}

static bool fb_operation(void)
{
    h.ops++;
    if (!fb_room()) {
        return false;
    }
    random_message(&XENFB_OUT_RING_REF(fb_page, fb_page->out_prod));
    fb_page->out_prod++;
    if (now_and_then(10)) {
        guest_event_send(fb_port);
    }
    if (now_and_then(20)) {           /* shape and lists, while they are used */
        fb_page->width = (int32_t)odd_number();
        fb_page->mem_length = (uint32_t)odd_number();
        directory[domu_random(512)] = odd_number();
    }
    return true;
}

/* ---- keyboard ---------------------------------------------------------------------- */

static bool kbd_connect(void)
{
    memset(kbd_page, 0, PAGE_SIZE);
    kbd_ref = (uint32_t)guest_grant(kbd.back_domid, kbd_page, true);
    kbd_port = (uint32_t)guest_event_open(kbd.back_domid);
    front_write(&kbd, "page-ref", mfn_of(kbd_page));
    front_write(&kbd, "page-gref", now_and_then(6) ? odd_number() : kbd_ref);
    front_write(&kbd, "event-channel", kbd_port);
    front_write(&kbd, "request-abs-pointer", domu_random(3));
    if (now_and_then(6)) {
        disturb_keys(&kbd);
    }
    front_set_state(&kbd, XenbusStateInitialised);
    return connected(&kbd);
}

static void kbd_operation(void)
{
    uint32_t *const fields[] = { &kbd_page->in_cons, &kbd_page->in_prod,
                                 &kbd_page->out_cons, &kbd_page->out_prod };

    *fields[domu_random(4)] = (uint32_t)odd_number();
    if (now_and_then(5)) {
        guest_event_send(kbd_port);
    }
    if (now_and_then(300)) {
        flood_events(kbd_port);
    }
    h.ops++;
}

/* ---- both -------------------------------------------------------------------------------- */

static void session(void)
{
    uint32_t n = 200 + domu_random(4000);

    while (n-- > 0) {
        if (now_and_then(2)) {
            kbd_operation();
        } else if (!fb_operation()) {
            break;
        }
    }
    if (now_and_then(3)) {
        fb_page->out_prod += (uint32_t)odd_number();
        guest_event_send(fb_port);
    }
}

void attack_screen(void)
{
    fb_page = page_alloc();
    kbd_page = page_alloc();
    directory = page_alloc();
    memory = pages_alloc(MEM_PAGES);
    guest_must(front_appear(&fb, &store, "vfb", "0"), "frame buffer");
    guest_must(front_appear(&kbd, &store, "vkbd", "0"), "keyboard");
    guest_must(front_wait_back(&fb, 1u << XenbusStateInitWait), "backend");
    guest_must(front_wait_back(&kbd, 1u << XenbusStateInitWait), "backend");
    while (h.ops < h.limit) {
        bool both = fb_connect();

        both = kbd_connect() && both;
        h.sessions += both;
        h.refused += !both;
        if (both) {
            session();
        }
        if (!begin_again(&fb) || !begin_again(&kbd)) {
            break;
        }
        guest_event_close(fb_port);
        guest_event_close(kbd_port);
        guest_grant_end(kbd_ref);
    }
    fb_connect();
    kbd_connect();
    delete_device(&fb);
    delete_device(&kbd);
}
