/* SPDX-License-Identifier: MIT */
/*
 * A few windows of guest memory, aligned, replaced round robin.  A frame that
 * could not be mapped is noted and refused; it is looked at again when its
 * window is mapped anew.  Covered by tests/unit/hvm-emu/frame/test_request.c.
 */
#include <guest/guest_mem.h>

#include <frame/machine.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SHIFT    12
#define WINDOW_FRAMES 256u             /* 1 MiB */
#define WINDOW_BYTES  ((uint64_t)WINDOW_FRAMES << PAGE_SHIFT)
#define NR_WINDOWS    48u
#define NOTHING       UINT64_MAX
#define MAX_GPA       ((uint64_t)1 << 46)

struct window {
    uint64_t first;                    /* gpa, or NOTHING */
    uint8_t *at;                       /* reserved once, then kept */
    bool bad[WINDOW_FRAMES];
};

struct guest_mem {
    struct window window[NR_WINDOWS];
    unsigned int last;                 /* used last */
    unsigned int victim;
};

struct guest_mem *guest_mem_new(struct machine *m)
{
    struct guest_mem *g = calloc(1, sizeof(*g));
    unsigned int i;

    for (i = 0; g != NULL && i < NR_WINDOWS; i++) {
        g->window[i].first = NOTHING;
        g->window[i].at = m->hv->window(m->hv_arg, WINDOW_FRAMES);
        if (g->window[i].at == NULL) {
            free(g);
            g = NULL;
        }
    }
    return g;
}

void guest_mem_free(struct guest_mem *g)
{
    free(g);
}

static void drop(struct machine *m, struct window *w)
{
    if (w->first != NOTHING) {
        m->hv->unmap(m->hv_arg, w->at, WINDOW_FRAMES);
        w->first = NOTHING;
    }
}

void guest_mem_forget(struct machine *m)
{
    unsigned int i;

    for (i = 0; m->mem != NULL && i < NR_WINDOWS; i++) {
        drop(m, &m->mem->window[i]);
    }
}

static bool map(struct machine *m, struct window *w, uint64_t first)
{
    int errs[WINDOW_FRAMES];
    unsigned int i;

    drop(m, w);
    memset(errs, 0, sizeof(errs));
    if (m->hv->map(m->hv_arg, w->at, first >> PAGE_SHIFT, WINDOW_FRAMES,
                   errs) != 0) {
        m->hv->unmap(m->hv_arg, w->at, WINDOW_FRAMES);
        return false;
    }
    for (i = 0; i < WINDOW_FRAMES; i++) {
        w->bad[i] = errs[i] != 0;
    }
    w->first = first;
    return true;
}

static struct window *window_of(struct machine *m, uint64_t gpa)
{
    struct guest_mem *g = m->mem;
    uint64_t first = gpa & ~(WINDOW_BYTES - 1);
    unsigned int i;

    if (g->window[g->last].first == first) {
        return &g->window[g->last];
    }
    for (i = 0; i < NR_WINDOWS && g->window[i].first != first; i++) {
    }
    if (i == NR_WINDOWS) {
        i = g->victim;
        g->victim = (g->victim + 1) % NR_WINDOWS;
        if (!map(m, &g->window[i], first)) {
            return NULL;
        }
    }
    g->last = i;
    return &g->window[i];
}

/* A frame that was not there may be there now: look once more. */
static bool frame_ok(struct machine *m, struct window *w, uint64_t gpa)
{
    unsigned int i = (unsigned int)((gpa - w->first) >> PAGE_SHIFT);

    if (w->bad[i] && !map(m, w, w->first)) {
        return false;
    }
    return !w->bad[i];
}

/* The bytes at @gpa and how many of them lie in one frame, at most *n. */
static uint8_t *look(struct machine *m, uint64_t gpa, size_t *n)
{
    size_t in_page = ((size_t)1 << PAGE_SHIFT) -
                     (gpa & (((uint64_t)1 << PAGE_SHIFT) - 1));
    struct window *w = gpa < MAX_GPA ? window_of(m, gpa) : NULL;

    if (w == NULL || !frame_ok(m, w, gpa)) {
        return NULL;
    }
    if (*n > in_page) {
        *n = in_page;
    }
    return w->at + (gpa - w->first);
}

int guest_read(struct machine *m, uint64_t gpa, void *buf, size_t len)
{
    uint8_t *to = buf;

    while (len > 0) {
        size_t n = len;
        const uint8_t *p = look(m, gpa, &n);

        if (p == NULL) {
            return -1;
        }
        memcpy(to, p, n);
        to += n;
        gpa += n;
        len -= n;
    }
    return 0;
}

int guest_write(struct machine *m, uint64_t gpa, const void *buf, size_t len)
{
    const uint8_t *from = buf;

    while (len > 0) {
        size_t n = len;
        uint8_t *p = look(m, gpa, &n);

        if (p == NULL) {
            return -1;
        }
        memcpy(p, from, n);
        from += n;
        gpa += n;
        len -= n;
    }
    return 0;
}
