/* SPDX-License-Identifier: MIT */
/*
 * Objects of the hypervisor.  A slab page begins with its header and serves
 * one size; empty pages go back to the buddy allocator at once, so the free
 * page count returns to where it was when a domain goes.
 */
#include <core/lock.h>
#include <core/panic.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>
#include <mm/heap.h>

struct slab {
    struct slab *next, *prev;     /* [L] partial pages of the class */
    void *free;                   /* first free object */
    uint32_t in_use;
    uint32_t klass;
    uint64_t magic;
    uint64_t pad[3];
};
_Static_assert(sizeof(struct slab) == 64, "objects stay 32-byte aligned");

#define SLAB_MAGIC 0x51ab51ab51ab51abull
#define BIG_MAGIC  0xb16bb16bb16bb16bull

/* A block too large for a slab: its order is kept in front of it. */
struct big {
    uint64_t magic, order;
    uint64_t pad[2];
};

static const uint16_t sizes[] = { 32, 64, 128, 256, 512, 1008, 2016 };
#define NR_CLASSES ARRAY_SIZE(sizes)

static struct slab *partial[NR_CLASSES];
static spinlock_t slab_lock = SPINLOCK_INIT(LOCK_LEAF);

static void partial_add(struct slab *s)
{
    s->next = partial[s->klass];
    s->prev = NULL;
    if (s->next != NULL) {
        s->next->prev = s;
    }
    partial[s->klass] = s;
}

static void partial_del(struct slab *s)
{
    if (s->next != NULL) {
        s->next->prev = s->prev;
    }
    if (s->prev != NULL) {
        s->prev->next = s->next;
    } else {
        partial[s->klass] = s->next;
    }
}

static struct slab *slab_new(unsigned int klass)
{
    mfn_t mfn = buddy_alloc(0);
    struct slab *s;

    if (mfn_eq(mfn, INVALID_MFN)) {
        return NULL;
    }
    s = mfn_to_virt(mfn);
    *s = (struct slab){ .klass = klass, .magic = SLAB_MAGIC };
    for (size_t at = sizeof(*s); at + sizes[klass] <= PAGE_SIZE;
         at += sizes[klass]) {
        void **obj = (void **)((char *)s + at);

        *obj = s->free;
        s->free = obj;
    }
    return s;
}

static void *slab_take(unsigned int klass, struct slab *fresh)
{
    struct slab *s;
    void *obj;

    if (fresh != NULL) {
        partial_add(fresh);
    }
    s = partial[klass];
    if (s == NULL) {
        return NULL;
    }
    obj = s->free;
    s->free = *(void **)obj;
    s->in_use++;
    if (s->free == NULL) {
        partial_del(s);
    }
    return obj;
}

static void *big_alloc(size_t bytes)
{
    unsigned int order = 0;
    struct big *b;

    while ((PAGE_SIZE << order) < bytes + sizeof(*b)) {
        order++;
    }
    b = heap_alloc_pages(order);
    if (b == NULL) {
        return NULL;
    }
    b->magic = BIG_MAGIC;
    b->order = order;
    return b + 1;
}

void *heap_alloc(size_t bytes)
{
    unsigned int klass = 0;
    unsigned long flags;
    void *obj;

    while (klass < NR_CLASSES && sizes[klass] < bytes) {
        klass++;
    }
    if (klass == NR_CLASSES) {
        return bytes <= (PAGE_SIZE << BUDDY_MAX_ORDER) / 2 ? big_alloc(bytes)
                                                           : NULL;
    }
    flags = spin_lock_irqsave(&slab_lock);
    obj = slab_take(klass, NULL);
    spin_unlock_irqrestore(&slab_lock, flags);
    if (obj == NULL) {
        struct slab *s = slab_new(klass);

        if (s == NULL) {
            return NULL;
        }
        flags = spin_lock_irqsave(&slab_lock);
        obj = slab_take(klass, s);
        spin_unlock_irqrestore(&slab_lock, flags);
    }
    return memset(obj, 0, sizes[klass]);
}

static void slab_free(struct slab *s, void *p)
{
    unsigned long flags = spin_lock_irqsave(&slab_lock);
    bool was_full = s->free == NULL, empty;

    BUG_ON(s->magic != SLAB_MAGIC || s->in_use == 0);
    *(void **)p = s->free;
    s->free = p;
    empty = --s->in_use == 0;
    if (was_full && !empty) {
        partial_add(s);
    } else if (empty && !was_full) {
        partial_del(s);
    }
    spin_unlock_irqrestore(&slab_lock, flags);
    if (empty) {
        s->magic = 0;
        buddy_free(virt_to_mfn(s), 0);
    }
}

void heap_free(void *p)
{
    struct big *b;

    if (p == NULL) {
        return;
    }
    b = (struct big *)p - 1;
    if (((uintptr_t)b & (PAGE_SIZE - 1)) == 0 && b->magic == BIG_MAGIC) {
        b->magic = 0;
        buddy_free(virt_to_mfn(b), (unsigned int)b->order);
        return;
    }
    slab_free((struct slab *)((uintptr_t)p & PAGE_MASK), p);
}

void *heap_alloc_pages(unsigned int order)
{
    mfn_t mfn = buddy_alloc(order);

    if (mfn_eq(mfn, INVALID_MFN)) {
        return NULL;
    }
    return memset(mfn_to_virt(mfn), 0, PAGE_SIZE << order);
}

void heap_free_pages(void *va, unsigned int order)
{
    buddy_free(virt_to_mfn(va), order);
}
