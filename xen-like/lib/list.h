/* SPDX-License-Identifier: MIT */
/*
 * lib/list.h - doubly linked intrusive lists.
 *
 * Shapes  a head points to itself when empty; a node is in one list at most
 *         and points to itself when in none.
 * Locks   the list's owner says.
 * Tests   tests/unit/lib/test_small.c
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <hv/compiler.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline int list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_after(struct list *at, struct list *n)
{
    n->next = at->next;
    n->prev = at;
    at->next->prev = n;
    at->next = n;
}

static inline void list_add(struct list *head, struct list *n)
{
    list_insert_after(head, n);
}

static inline void list_add_tail(struct list *head, struct list *n)
{
    list_insert_after(head->prev, n);
}

static inline void list_del(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

#define list_entry(p, type, member) container_of((p), type, member)
#define list_first(head, type, member) \
    list_entry((head)->next, type, member)
#define list_for_each(p, head) \
    for (struct list *p = (head)->next; p != (head); p = p->next)
/* The body may delete @p. */
#define list_for_each_safe(p, head) \
    for (struct list *p = (head)->next, *p##_next = p->next; \
         p != (head); p = p##_next, p##_next = p->next)

#endif
