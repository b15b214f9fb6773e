/* SPDX-License-Identifier: MIT */
/*
 * Finds the payload of a bzImage and hands back an ELF image.  The boot header
 * is foreign data: every offset is checked against the file.
 * Tests: tests/unit/toolstack/test_kernel.c with Debian's own kernel.
 */
#include <build/bzimage.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Offsets in the file (boot.rst, "The Real-Mode Kernel Header"). */
#define HDR_SETUP_SECTS    0x1f1
#define HDR_BOOT_FLAG      0x1fe
#define HDR_MAGIC          0x202
#define HDR_VERSION        0x206
#define HDR_PAYLOAD_OFFSET 0x248
#define HDR_PAYLOAD_LENGTH 0x24c
#define HDR_END            0x250
#define VERSION_PAYLOAD    0x0208      /* first with the payload fields */

static int read_fd(int fd, struct bytes *out, size_t size)
{
    out->data = malloc(size == 0 ? 1 : size);
    out->len = 0;
    if (out->data == NULL) {
        return -ENOMEM;
    }
    while (out->len < size) {
        ssize_t got = read(fd, out->data + out->len, size - out->len);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -errno : -EIO;
        }
        out->len += (size_t)got;
    }
    return 0;
}

static int read_open_file(int fd, size_t max, struct bytes *out)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    if ((uint64_t)st.st_size > max) {
        return -EFBIG;
    }
    return read_fd(fd, out, (size_t)st.st_size);
}

int bytes_read_file(const char *path, const char *what, size_t max,
                    struct bytes *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : 0;
    char sentence[64];

    memset(out, 0, sizeof(*out));
    if (rc == 0) {
        rc = read_open_file(fd, max, out);
        close(fd);
    }
    if (rc != 0) {
        bytes_free(out);
        snprintf(sentence, sizeof(sentence), "cannot read the %s", what);
        err_set(e, rc, rc == -ENOMEM ? ERR_RESOURCE : ERR_CONFIG, sentence,
                path, "%s", strerror(-rc));
    }
    return rc;
}

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static bool is_bzimage(const struct bytes *f)
{
    return f->len >= HDR_END && le16(f->data + HDR_BOOT_FLAG) == 0xaa55 &&
           memcmp(f->data + HDR_MAGIC, "HdrS", 4) == 0;
}

static int unpack_payload(const struct bytes *f, struct bytes *image,
                          struct err *e)
{
    uint64_t sects = f->data[HDR_SETUP_SECTS];
    uint64_t base = ((sects == 0 ? 4 : sects) + 1) * 512;
    uint64_t start = base + le32(f->data + HDR_PAYLOAD_OFFSET);
    uint64_t len = le32(f->data + HDR_PAYLOAD_LENGTH);

    if (le16(f->data + HDR_VERSION) < VERSION_PAYLOAD) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                       "its boot protocol is older than 2.8");
    }
    if (start > f->len || len > f->len - start) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                       "it is truncated: the payload ends at byte %llu, the "
                       "file has %zu", (unsigned long long)(start + len),
                       f->len);
    }
    return unpack_confined(f->data + start, (size_t)len, KERNEL_IMAGE_MAX,
                           image, e);
}

int kernel_image(struct bytes *file, struct bytes *image, struct err *e)
{
    int rc;

    if (is_bzimage(file)) {
        rc = unpack_payload(file, image, e);
    } else if (unpack_recognise(file->data, file->len) != PACK_NONE) {
        rc = unpack_confined(file->data, file->len, KERNEL_IMAGE_MAX, image,
                             e);
    } else {
        *image = *file;
        memset(file, 0, sizeof(*file));
        return 0;
    }
    if (rc == 0) {
        bytes_free(file);
    }
    return rc;
}
