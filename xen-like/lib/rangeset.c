/* SPDX-License-Identifier: MIT */
/*
 * lib/rangeset.c - see rangeset.h.  Tests: tests/unit/lib/test_small.c.
 */
#include <hv/compiler.h>
#include <hv/errno.h>
#include <lib/rangeset.h>

void rangeset_init(struct rangeset *s, struct range *array, unsigned int room)
{
    *s = (struct rangeset){ .r = array, .nr = 0, .room = room };
}

/* Replace ranges [at, at+old) by @nr ranges from @with. */
static int splice(struct rangeset *s, unsigned int at, unsigned int old,
                  const struct range *with, unsigned int nr)
{
    if (s->nr - old + nr > s->room) {
        return -ENOSPC;
    }
    __builtin_memmove(&s->r[at + nr], &s->r[at + old],
                      (s->nr - at - old) * sizeof(s->r[0]));
    for (unsigned int i = 0; i < nr; i++) {
        s->r[at + i] = with[i];
    }
    s->nr = s->nr - old + nr;
    return 0;
}

int rangeset_add(struct rangeset *s, uint64_t first, uint64_t last)
{
    struct range n = { first, last };
    unsigned int at = 0, end;

    if (last < first) {
        return -EINVAL;
    }
    /* Skip what ends before @first and does not touch it. */
    while (at < s->nr && first != 0 && s->r[at].last < first - 1) {
        at++;
    }
    for (end = at; end < s->nr; end++) {
        if (last != ~0ull && s->r[end].first > last + 1) {
            break;
        }
        n.first = min(n.first, s->r[end].first);
        n.last = max(n.last, s->r[end].last);
    }
    return splice(s, at, end - at, &n, 1);
}

int rangeset_remove(struct rangeset *s, uint64_t first, uint64_t last)
{
    struct range left[2];
    unsigned int at = 0, end, nr = 0;

    if (last < first) {
        return -EINVAL;
    }
    while (at < s->nr && s->r[at].last < first) {
        at++;
    }
    for (end = at; end < s->nr && s->r[end].first <= last; end++) {
        struct range old = s->r[end];

        if (old.first < first) {
            left[nr++] = (struct range){ old.first, first - 1 };
        }
        if (old.last > last) {
            left[nr++] = (struct range){ last + 1, old.last };
        }
    }
    return splice(s, at, end - at, left, nr);
}

bool rangeset_contains(const struct rangeset *s, uint64_t first, uint64_t last)
{
    for (unsigned int i = 0; i < s->nr; i++) {
        if (s->r[i].first <= first && last <= s->r[i].last) {
            return first <= last;
        }
    }
    return false;
}

bool rangeset_overlaps(const struct rangeset *s, uint64_t first, uint64_t last)
{
    for (unsigned int i = 0; i < s->nr; i++) {
        if (s->r[i].first <= last && first <= s->r[i].last) {
            return first <= last;
        }
    }
    return false;
}
