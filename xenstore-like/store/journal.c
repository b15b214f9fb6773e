/* SPDX-License-Identifier: MIT */
/*
 * The mapped record file.  What records mean is up to server/state.c.
 * Tests: tests/unit/store/test_parts.c
 */
#include <store/journal.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x31304c4e524a5350u     /* "PSJRNL01" */
#define BOOT_ID_LEN 36u
#define CHUNK (1u << 20)              /* the file grows by this */

struct file_header {
    uint64_t magic;
    _Atomic uint64_t committed;       /* end of the last whole record */
    char boot_id[BOOT_ID_LEN + 4];
    char reserved[8];
};

struct record_header {
    uint32_t type;
    uint32_t len;
};

static size_t record_size(size_t len)
{
    return (sizeof(struct record_header) + len + 7) & ~(size_t)7;
}

static struct file_header *header(const struct journal *j)
{
    return (struct file_header *)(void *)j->map;
}

static void read_boot_id(char id[BOOT_ID_LEN + 4])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    memset(id, 0, BOOT_ID_LEN + 4);
    if (f != NULL) {
        if (fread(id, 1, BOOT_ID_LEN, f) != BOOT_ID_LEN) {
            memset(id, 0, BOOT_ID_LEN + 4);
        }
        fclose(f);
    }
}

void journal_none(struct journal *j)
{
    memset(j, 0, sizeof(*j));
    j->fd = -1;
}

static int map_file(struct journal *j, size_t size)
{
    void *map;

    if (j->map == NULL) {
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
    } else {
        map = mremap(j->map, j->mapped, size, MREMAP_MAYMOVE);
    }
    if (map == MAP_FAILED) {
        return -errno;
    }
    j->map = map;
    j->mapped = size;
    return 0;
}

/* Everything below `committed` must be a chain of whole records. */
static bool is_sound(const struct journal *j)
{
    const struct file_header *h = header(j);
    struct journal_record rec;
    char id[BOOT_ID_LEN + 4];
    size_t pos = 0;

    read_boot_id(id);
    if (h->magic != MAGIC || memcmp(h->boot_id, id, sizeof(id)) != 0 ||
        h->committed < sizeof(*h) || h->committed > j->mapped) {
        return false;
    }
    while (journal_next(j, &pos, &rec)) {
    }
    return pos == h->committed;
}

int journal_open(struct journal *j, const char *path)
{
    struct stat st;
    int rc;

    journal_none(j);
    j->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (j->fd < 0) {
        return -errno;
    }
    j->path = strdup(path);
    if (j->path == NULL || fstat(j->fd, &st) != 0) {
        rc = -ENOMEM;
        goto close;
    }
    rc = -ENOENT;
    if (st.st_size < (off_t)sizeof(struct file_header)) {
        goto close;
    }
    rc = map_file(j, (size_t)st.st_size);
    if (rc != 0) {
        goto close;
    }
    if (!is_sound(j)) {
        rc = -ENOENT;
        goto close;
    }
    j->used = header(j)->committed;
    return 0;

close:
    journal_close(j);
    return rc;
}

static int temporary_name(const char *path, char **name)
{
    return asprintf(name, "%s.new", path) < 0 ? -ENOMEM : 0;
}

int journal_create(struct journal *j, const char *path)
{
    char *name;
    int rc = temporary_name(path, &name);

    journal_none(j);
    if (rc != 0) {
        return rc;
    }
    unlink(name);
    j->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                 0600);
    rc = j->fd < 0 ? -errno : 0;
    free(name);
    if (rc != 0) {
        return rc;
    }
    j->path = strdup(path);
    rc = j->path == NULL ? -ENOMEM : posix_fallocate(j->fd, 0, CHUNK);
    if (rc == 0) {
        rc = map_file(j, CHUNK);
    }
    if (rc != 0) {
        journal_close(j);
        return rc > 0 ? -rc : rc;
    }
    header(j)->magic = MAGIC;
    read_boot_id(header(j)->boot_id);
    j->used = sizeof(struct file_header);
    journal_commit(j);
    return 0;
}

int journal_publish(struct journal *j)
{
    char *name;
    int rc;

    if (j->fd < 0) {
        return 0;
    }
    rc = temporary_name(j->path, &name);
    if (rc == 0 && rename(name, j->path) != 0) {
        rc = -errno;
    }
    free(name);
    return rc;
}

void journal_close(struct journal *j)
{
    if (j->map != NULL) {
        munmap(j->map, j->mapped);
    }
    if (j->fd >= 0) {
        close(j->fd);
    }
    free(j->path);
    journal_none(j);
}

int journal_reserve(struct journal *j, size_t bytes, size_t nr)
{
    size_t need = j->used + bytes + nr * (sizeof(struct record_header) + 7);
    int rc;

    if (j->fd < 0 || need <= j->mapped) {
        return 0;
    }
    need = (need + CHUNK) & ~(size_t)(CHUNK - 1);
    rc = posix_fallocate(j->fd, 0, (off_t)need);     /* INV-SJ1 */
    return rc != 0 ? -rc : map_file(j, need);
}

void journal_add(struct journal *j, uint32_t type, const struct iovec *parts,
                 size_t nr_parts)
{
    struct record_header h = { .type = type };
    char *to;
    size_t i;

    if (j->fd < 0) {
        return;
    }
    to = j->map + j->used + sizeof(h);
    for (i = 0; i < nr_parts; i++) {
        if (parts[i].iov_len > 0) {
            memcpy(to + h.len, parts[i].iov_base, parts[i].iov_len);
        }
        h.len += (uint32_t)parts[i].iov_len;
    }
    memcpy(j->map + j->used, &h, sizeof(h));
    j->used += record_size(h.len);
}

void journal_commit(struct journal *j)
{
    if (j->fd >= 0) {
        /* Pairs with the load in journal_open() of the next process. */
        atomic_store_explicit(&header(j)->committed, j->used,
                              memory_order_release);
    }
}

bool journal_next(const struct journal *j, size_t *pos,
                  struct journal_record *rec)
{
    struct record_header h;
    size_t end;

    if (j->fd < 0) {
        return false;
    }
    end = header(j)->committed;
    if (*pos == 0) {
        *pos = sizeof(struct file_header);
    }
    if (end - *pos < sizeof(h)) {
        return false;
    }
    memcpy(&h, j->map + *pos, sizeof(h));
    if (record_size(h.len) > end - *pos) {
        return false;
    }
    rec->type = h.type;
    rec->len = h.len;
    rec->data = j->map + *pos + sizeof(h);
    *pos += record_size(h.len);
    return true;
}
