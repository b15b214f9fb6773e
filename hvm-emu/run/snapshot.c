/* SPDX-License-Identifier: MIT */
/* The file, see the header.  Tests: tests/unit/hvm-emu/frame/test_request.c. */
#include <run/snapshot.h>

#include <frame/state.h>
#include <lib/buf.h>
#include <lib/err.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char magic[16] = "paravane-hvm 1\n";

static const struct state_field fields[] = {
    STATE_FIELD(struct snapshot, domid),
    STATE_FIELD(struct snapshot, server_id),
    STATE_FIELD(struct snapshot, unplugged),
};

static const struct state_table head = { .version = 2, STATE_ROWS(fields) };
static const struct state_table end = { .version = 1 };

int snapshot_save(struct buf *out, const struct snapshot *s,
                  const struct devices *d)
{
    int rc = buf_add(out, magic, sizeof(magic));

    if (rc == 0) {
        rc = state_save(out, "snapshot", &head, s);
    }
    if (rc == 0) {
        rc = devices_save(d, out);
    }
    return rc == 0 ? state_save(out, "end", &end, s) : rc;
}

static const uint8_t *body(const struct buf *in, size_t *len)
{
    if (in->len < sizeof(magic) ||
        memcmp(in->data, magic, sizeof(magic)) != 0) {
        return NULL;
    }
    *len = in->len - sizeof(magic);
    return (const uint8_t *)in->data + sizeof(magic);
}

int snapshot_head(const struct buf *in, struct snapshot *s)
{
    size_t len = 0;
    const uint8_t *at = body(in, &len);

    return at == NULL || state_load(at, len, "snapshot", &head, s) != 0 ||
           state_load(at, len, "end", &end, s) != 0 ? -EPROTO : 0;
}

int snapshot_load(const struct buf *in, struct devices *d, struct err *e)
{
    size_t len = 0;
    const uint8_t *at = body(in, &len);
    int rc = at == NULL ? -EPROTO : devices_load(d, at, len);

    return rc == 0 ? 0 : err_errno(e, rc, "cannot take over the devices' "
                                   "state", NULL);
}

int snapshot_read_fd(int fd, struct buf *out)
{
    long n;

    if (lseek(fd, 0, SEEK_SET) < 0) {
        return -errno;
    }
    do {
        n = out->len > SNAPSHOT_MAX ? -EFBIG : buf_read_fd(out, fd, 65536);
    } while (n > 0);
    return (int)n;
}

int snapshot_write_fd(int fd, const struct buf *in)
{
    size_t done = 0;

    if (ftruncate(fd, 0) != 0) {
        return -errno;
    }
    while (done < in->len) {
        ssize_t n = pwrite(fd, in->data + done, in->len - done, (off_t)done);

        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        done += (size_t)n;
    }
    return 0;
}
