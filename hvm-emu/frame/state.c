/* SPDX-License-Identifier: MIT */
/*
 * Sections: name (24 bytes, zero filled), version, length, then the fields.
 * Covered by tests/unit/hvm-emu/frame/test_request.c.
 */
#include <frame/state.h>

#include <lib/buf.h>

#include <errno.h>
#include <string.h>

struct section {
    char name[24];
    uint32_t version;
    uint32_t length;
};

static uint32_t table_bytes(const struct state_table *t)
{
    uint32_t sum = 0;
    uint32_t i;

    for (i = 0; i < t->nr_fields; i++) {
        sum += t->fields[i].size * t->fields[i].count;
    }
    return sum;
}

int state_save(struct buf *out, const char *name, const struct state_table *t,
               const void *dev)
{
    struct section s = { .version = t->version, .length = table_bytes(t) };
    const uint8_t *from = dev;
    uint32_t i;
    int rc;

    strncpy(s.name, name, sizeof(s.name) - 1);
    rc = buf_add(out, &s, sizeof(s));
    for (i = 0; rc == 0 && i < t->nr_fields; i++) {
        const struct state_field *f = &t->fields[i];

        rc = buf_add(out, from + f->offset, (size_t)f->size * f->count);
    }
    return rc;
}

/* The bytes of the section, or NULL with *rc. */
static const uint8_t *find(const uint8_t *data, size_t len, const char *name,
                           const struct state_table *t, int *rc)
{
    struct section s;

    *rc = -ENOENT;
    while (len >= sizeof(s)) {
        memcpy(&s, data, sizeof(s));
        data += sizeof(s);
        len -= sizeof(s);
        if (s.length > len) {
            *rc = -EPROTO;
            break;
        }
        if (strncmp(s.name, name, sizeof(s.name)) == 0) {
            *rc = s.version == t->version && s.length == table_bytes(t)
                  ? 0 : -EPROTO;
            return *rc == 0 ? data : NULL;
        }
        data += s.length;
        len -= s.length;
    }
    return NULL;
}

int state_load(const uint8_t *data, size_t len, const char *name,
               const struct state_table *t, void *dev)
{
    int rc;
    const uint8_t *from = find(data, len, name, t, &rc);
    uint8_t *to = dev;
    uint32_t i;

    if (from == NULL) {
        return rc;
    }
    for (i = 0; i < t->nr_fields; i++) {
        const struct state_field *f = &t->fields[i];
        size_t n = (size_t)f->size * f->count;

        memcpy(to + f->offset, from, n);
        from += n;
    }
    return t->check != NULL ? t->check(dev) : 0;
}
