/* SPDX-License-Identifier: MIT */
/*
 * Names of nodes.  Pure text: whether a node exists is up to store/.
 * Tests: tests/unit/store/test_parts.c, tests/fuzz/fuzz_store_wire.c
 */
#include <proto/path.h>

#include <errno.h>
#include <string.h>

static bool is_path_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/' ||
           c == '@';
}

static bool has_valid_chars(const char *path)
{
    for (; *path != '\0'; path++) {
        if (!is_path_char(*path)) {
            return false;
        }
    }
    return true;
}

/* Length of a leading "/local/domain/<1 to 5 digits>/", or 0. */
static size_t domain_prefix_len(const char *path)
{
    static const char prefix[] = "/local/domain/";
    size_t len = sizeof(prefix) - 1;
    size_t digits = 0;

    if (strncmp(path, prefix, len) != 0) {
        return 0;
    }
    while (path[len + digits] >= '0' && path[len + digits] <= '9') {
        digits++;
    }
    if (digits == 0 || digits > 5 || path[len + digits] != '/') {
        return 0;
    }
    return len + digits + 1;
}

bool path_is_valid(const char *path, size_t max_len)
{
    size_t len = strlen(path);

    if (path[0] != '/' || len >= PATH_BUF_SIZE ||
        len - domain_prefix_len(path) > max_len) {
        return false;
    }
    if (len > 1 && path[len - 1] == '/') {
        return false;
    }
    return strstr(path, "//") == NULL && has_valid_chars(path);
}

bool path_is_special(const char *path)
{
    size_t len = strlen(path);

    return path[0] == '@' && len < PATH_BUF_SIZE && path[len - 1] != '/' &&
           strstr(path, "//") == NULL && has_valid_chars(path);
}

size_t path_parent_len(const char *path)
{
    size_t len = strlen(path);

    if (len <= 1) {
        return 0;
    }
    while (path[len - 1] != '/') {
        len--;
    }
    return len == 1 ? 1 : len - 1;
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

int path_canonicalize(const char *path, const char *base,
                      char out[PATH_BUF_SIZE])
{
    size_t base_len = strlen(base);
    size_t len = strlen(path);

    if (path[0] == '/' || path[0] == '@') {
        base_len = 0;
    }
    if (len == 0 || base_len + 1 + len >= PATH_BUF_SIZE) {
        return -EINVAL;
    }
    if (base_len != 0) {
        memcpy(out, base, base_len);
        out[base_len++] = '/';
    }
    memcpy(out + base_len, path, len + 1);
    return 0;
}
