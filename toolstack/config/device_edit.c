/* SPDX-License-Identifier: MIT */
/*
 * Works on the arrays of struct domain_def by the offsets that the rows of
 * device_kinds.c give, so a kind needs no code of its own here.
 * Tests: tests/unit/toolstack/test_device_edit.c.
 */
#include <config/device_edit.h>
#include <config/device_kinds.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct device_kind *find_kind(const char *element)
{
    for (size_t k = 0; k < nr_device_kinds; k++) {
        if (device_kinds[k].name != NULL &&
            strcmp(device_kinds[k].element, element) == 0) {
            return &device_kinds[k];
        }
    }
    return NULL;
}

static void **array_of(struct domain_def *def, const struct device_kind *k)
{
    return (void **)(void *)((char *)def + k->array);
}

static size_t *nr_of(struct domain_def *def, const struct device_kind *k)
{
    return (size_t *)(void *)((char *)def + k->nr);
}

static char *at(struct domain_def *def, const struct device_kind *k, size_t i)
{
    return (char *)*array_of(def, k) + i * k->size;
}

bool device_known(const char *element)
{
    return find_kind(element) != NULL;
}

size_t device_count(const struct domain_def *def, const char *element)
{
    const struct device_kind *k = find_kind(element);

    return k == NULL ? 0 : k->count(def);
}

bool device_name(const struct domain_def *def, const char *element, size_t i,
                 char name[DEVICE_NAME])
{
    const struct device_kind *k = find_kind(element);

    name[0] = '\0';
    if (k != NULL && i < k->count(def)) {
        k->name(def, i, name);
    }
    return name[0] != '\0';
}

int device_find(const struct domain_def *def, const char *element,
                const char *name)
{
    for (size_t i = 0; i < device_count(def, element); i++) {
        char one[DEVICE_NAME];

        if (device_name(def, element, i, one) && strcasecmp(one, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int device_move(struct domain_def *to, struct domain_def *from,
                const char *element, size_t i)
{
    const struct device_kind *k = find_kind(element);
    size_t *nr = nr_of(from, k);
    char *place = def_grow(array_of(to, k), nr_of(to, k), k->size);

    if (place == NULL) {
        return -ENOMEM;
    }
    memcpy(place, at(from, k, i), k->size);
    memmove(at(from, k, i), at(from, k, i + 1), (*nr - i - 1) * k->size);
    (*nr)--;
    return (int)*nr_of(to, k) - 1;
}

int device_copy(struct domain_def *to, const struct domain_def *from,
                const char *element, size_t i)
{
    char *text = device_text(from, element, i), word[DEVICE_WORD];
    struct domain_def piece;
    struct diag dg;
    int rc = -ENOMEM;

    def_init(&piece);
    diag_init(&dg, "a device", false);
    if (text != NULL) {
        rc = xml_parse_device(text, strlen(text), &piece, word, &dg);
    }
    if (rc == 0) {
        rc = device_move(to, &piece, element, 0);
    }
    if (rc >= 0) {
        find_kind(element)->defaults(to, (size_t)rc);
    }
    diag_fini(&dg);
    def_fini(&piece);
    free(text);
    return rc;
}

/* In a configuration of its own it can be freed as one. */
void device_remove(struct domain_def *def, const char *element, size_t i)
{
    struct domain_def grave;

    def_init(&grave);
    if (device_move(&grave, def, element, i) >= 0) {
        def_fini(&grave);
    }
}

void device_swap(struct domain_def *a, size_t i, struct domain_def *b,
                 size_t k, const char *element)
{
    const struct device_kind *kind = find_kind(element);
    char *x = at(a, kind, i), *y = at(b, kind, k);

    for (size_t n = 0; n < kind->size; n++) {
        char c = x[n];

        x[n] = y[n];
        y[n] = c;
    }
}

int device_check(struct domain_def *def, const char *element, size_t i,
                 bool files, struct diag *dg)
{
    const struct device_kind *k = find_kind(element);

    k->defaults(def, i);
    k->validate(def, i, files, dg);
    return dg->nr_errors == 0 ? 0 : -EINVAL;
}

char *device_text(const struct domain_def *def, const char *element,
                  size_t i)
{
    const struct device_kind *k = find_kind(element);
    char *text = NULL;
    size_t len = 0;
    struct xml_out o = { .f = open_memstream(&text, &len) };

    if (o.f == NULL) {
        return NULL;
    }
    k->format(def, i, &o);
    return fclose(o.f) == 0 ? text : NULL;
}
