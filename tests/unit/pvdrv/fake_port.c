/* SPDX-License-Identifier: MIT */
/*
 * The port of the unit tests: grants are indices into an array of pages.
 */
#include "fake_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void fake_port_init(struct port *p)
{
    memset(p, 0, sizeof(*p));
    p->pages = mmap(NULL, FAKE_PAGES * 4096u, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p->pages == MAP_FAILED) {
        abort();
    }
}

void fake_port_fini(struct port *p)
{
    munmap(p->pages, FAKE_PAGES * 4096u);
}

uint8_t *fake_page(struct port *p, uint32_t ref)
{
    return p->pages + (size_t)ref * 4096u;
}

static bool valid(const struct port *p, uint32_t ref)
{
    return ref < FAKE_PAGES && !p->bad[ref];
}

void port_notify(struct port *p)
{
    p->notified++;
}

/* Several references in a row must be neighbours: tests use them so. */
int port_map(struct port *p, const uint32_t *refs, unsigned int count,
             bool writable, struct port_pages *pages)
{
    unsigned int i;

    p->maps++;
    if (p->disturb != NULL) {
        p->disturb(p);
    }
    for (i = 0; i < count; i++) {
        if (!valid(p, refs[i]) || p->no_map[refs[i]] ||
            refs[i] != refs[0] + i) {
            return -EINVAL;
        }
    }
    p->mapped += count;
    *pages = (struct port_pages){ fake_page(p, refs[0]), refs[0], count };
    return 0;
}

void port_unmap(struct port *p, struct port_pages *pages)
{
    p->mapped -= pages->count;
    pages->addr = NULL;
}

int port_map_frames(struct port *p, const uint64_t *frames,
                    unsigned int count, bool writable,
                    struct port_pages *pages)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        if (frames[i] >= FAKE_PAGES || p->bad[frames[i]] ||
            frames[i] != frames[0] + i) {
            return -EINVAL;
        }
    }
    p->mapped += count;
    *pages = (struct port_pages){ fake_page(p, (uint32_t)frames[0]), 0,
                                  count };
    return 0;
}

void port_unmap_frames(struct port *p, struct port_pages *pages)
{
    port_unmap(p, pages);
}

static int copy_one(struct port *p, struct port_copy *c)
{
    uint8_t *page;

    if (!valid(p, c->ref) || c->offset + c->len > 4096) {
        return -3;
    }
    page = fake_page(p, c->ref) + c->offset;
    if (c->to_peer) {
        memcpy(page, c->local, c->len);
    } else {
        memcpy(c->local, page, c->len);
    }
    return 0;
}

int port_copy(struct port *p, struct port_copy *pieces, unsigned int count)
{
    unsigned int i;
    int rc = 0;

    p->copies++;
    for (i = 0; i < count; i++) {
        if (p->disturb != NULL) {
            p->disturb(p);
        }
        pieces[i].status = (int16_t)copy_one(p, &pieces[i]);
        rc = pieces[i].status != 0 ? -EIO : rc;
    }
    return rc;
}
