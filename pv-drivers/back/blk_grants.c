/* SPDX-License-Identifier: MIT */
/*
 * Moving data between a guest's pages and ours.  A reference that cannot be
 * mapped (read-only, table full) is copied, so the outcome never depends on
 * the cache.  What is moved where is left to blk.c.  Covered by
 * tests/unit/pvdrv/test_blk.c.
 */
#include <back/blk_grants.h>

#include <errno.h>
#include <string.h>

#define BATCH 64u

void blk_grants_init(struct blk_grants *g, struct port *port, bool persistent)
{
    memset(g, 0, sizeof(*g));
    g->port = port;
    g->persistent = persistent;
    g->wide = __builtin_cpu_supports("avx");
}

void blk_grants_fini(struct blk_grants *g)
{
    unsigned int i;

    for (i = 0; i < BLK_GRANTS_TABLE; i++) {
        if (g->table[i].pages.addr != NULL) {
            port_unmap(g->port, &g->table[i].pages);
        }
    }
    g->nr_mapped = 0;
}

/* The table is never more than a quarter full: probing ends. */
static unsigned int find_slot(const struct blk_grants *g, uint32_t ref)
{
    unsigned int i = (ref * 2654435761u) >> 20;

    i &= BLK_GRANTS_TABLE - 1;
    while (g->table[i].pages.addr != NULL && g->table[i].ref != ref) {
        i = (i + 1) & (BLK_GRANTS_TABLE - 1);
    }
    return i;
}

/* The mapping of @ref, made now if there is room; NULL: copy instead. */
static uint8_t *mapped_page(struct blk_grants *g, uint32_t ref)
{
    unsigned int i;

    if (!g->persistent) {
        return NULL;
    }
    i = find_slot(g, ref);
    if (g->table[i].pages.addr != NULL) {
        return g->table[i].pages.addr;
    }
    if (g->nr_mapped == BLK_GRANTS_MAX ||
        port_map(g->port, &ref, 1, true, &g->table[i].pages) != 0) {
        g->table[i].pages.addr = NULL;
        return NULL;
    }
    g->table[i].ref = ref;
    g->nr_mapped++;
    return g->table[i].pages.addr;
}

typedef uint64_t vec __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t wide __attribute__((vector_size(32), aligned(1), may_alias));

/*
 * Sectors, whatever the alignment.  A loop of vectors: the library would use
 * string instructions here, which cost an interpreter or a virtual machine
 * that steps them many times as much.
 */
#define COPY_SECTORS(type)                                                    \
    for (size_t i = 0; i < len; i += 8 * sizeof(type)) {                      \
        type *t = (type *)(to + i);                                           \
        const type *f = (const type *)(from + i);                             \
        type a = f[0], b = f[1], c = f[2], d = f[3];                          \
        type e = f[4], g = f[5], h = f[6], k = f[7];                          \
                                                                              \
        t[0] = a;                                                             \
        t[1] = b;                                                             \
        t[2] = c;                                                             \
        t[3] = d;                                                             \
        t[4] = e;                                                             \
        t[5] = g;                                                             \
        t[6] = h;                                                             \
        t[7] = k;                                                             \
    }

static void copy_narrow(uint8_t *to, const uint8_t *from, size_t len)
{
    COPY_SECTORS(vec)
}

static void __attribute__((target("avx"))) copy_wide(uint8_t *to,
                                                     const uint8_t *from,
                                                     size_t len)
{
    COPY_SECTORS(wide)
}

static void move_mapped(const struct blk_grants *g, struct port_copy *c,
                        uint8_t *page)
{
    uint8_t *theirs = page + c->offset, *ours = c->local;
    uint8_t *to = c->to_peer ? theirs : ours;
    const uint8_t *from = c->to_peer ? ours : theirs;

    if (c->len % 256 != 0) {          /* not sectors: a list of segments */
        memcpy(to, from, c->len);
    } else if (g->wide) {
        copy_wide(to, from, c->len);
    } else {
        copy_narrow(to, from, c->len);
    }
    c->status = 0;
}

/* Copy the collected pieces and put their statuses where they came from. */
static int copy_batch(struct blk_grants *g, struct port_copy *batch,
                      struct port_copy **origin, unsigned int n)
{
    unsigned int i;
    int rc;

    if (n == 0) {
        return 0;
    }
    rc = port_copy(g->port, batch, n);
    for (i = 0; i < n; i++) {
        origin[i]->status = batch[i].status;
    }
    return rc;
}

int blk_grants_move(struct blk_grants *g, struct port_copy *pieces,
                    unsigned int count)
{
    struct port_copy batch[BATCH], *origin[BATCH];
    unsigned int i, n = 0;
    int rc = 0;

    for (i = 0; i < count; i++) {
        uint8_t *page = mapped_page(g, pieces[i].ref);

        if (page != NULL) {
            move_mapped(g, &pieces[i], page);
            continue;
        }
        batch[n] = pieces[i];
        origin[n++] = &pieces[i];
        if (n == BATCH) {
            rc |= copy_batch(g, batch, origin, n);
            n = 0;
        }
    }
    rc |= copy_batch(g, batch, origin, n);
    return rc != 0 ? -EIO : 0;
}
