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

#define BATCH  64u
#define SECTOR 512u

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

/* Map @ref into the empty slot @i, if there is room; NULL: copy instead. */
static uint8_t *__attribute__((noinline)) map_page(struct blk_grants *g,
                                                   uint32_t ref,
                                                   unsigned int i)
{
    if (g->nr_mapped == BLK_GRANTS_MAX ||
        port_map(g->port, &ref, 1, true, &g->table[i].pages) != 0) {
        g->table[i].pages.addr = NULL;
        return NULL;
    }
    g->table[i].ref = ref;
    g->nr_mapped++;
    return g->table[i].pages.addr;
}

uint8_t *blk_grants_page(struct blk_grants *g, uint32_t ref)
{
    unsigned int i;

    if (!g->persistent) {
        return NULL;
    }
    i = find_slot(g, ref);
    return g->table[i].pages.addr != NULL ? g->table[i].pages.addr
                                          : map_page(g, ref, i);
}

typedef uint64_t vec __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t wide __attribute__((vector_size(32), aligned(1), may_alias));

/*
 * Sectors, whatever the alignment.  A loop of vectors: the library would use
 * string instructions here, which cost an interpreter or a virtual machine
 * that steps them many times as much.
 */
#define COPY_SECTORS(type)                                                    \
    while (len > 0) {                                                         \
        _Pragma("GCC unroll 32")                                              \
        for (size_t i = 0; i < SECTOR / sizeof(type); i++) {                  \
            ((type *)to)[i] = ((const type *)from)[i];                        \
        }                                                                     \
        to += SECTOR;                                                         \
        from += SECTOR;                                                       \
        len -= SECTOR;                                                        \
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

void blk_grants_copy(const struct blk_grants *g, uint8_t *to,
                     const uint8_t *from, size_t len)
{
    if (len % SECTOR != 0) {          /* a list of segments */
        memcpy(to, from, len);
    } else if (g->wide) {
        copy_wide(to, from, len);
    } else {
        copy_narrow(to, from, len);
    }
}

static void move_kept(const struct blk_grants *g, struct port_copy *c,
                      uint8_t *page)
{
    uint8_t *theirs = page + c->offset, *ours = c->local;

    blk_grants_copy(g, c->to_peer ? theirs : ours, c->to_peer ? ours : theirs,
                    c->len);
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
        struct port_copy *c = &pieces[i];
        uint8_t *page = blk_grants_page(g, c->ref);

        if (page != NULL) {
            move_kept(g, c, page);
            continue;
        }
        batch[n] = *c;
        origin[n++] = c;
        if (n == BATCH) {
            rc |= copy_batch(g, batch, origin, n);
            n = 0;
        }
    }
    rc |= copy_batch(g, batch, origin, n);
    return rc != 0 ? -EIO : 0;
}
