/* SPDX-License-Identifier: MIT */
/*
 * proto/path.h - names of nodes: which are valid, absolute and relative.
 *
 * Owns    the rules of docs/misc/xenstore.txt: characters, slashes, lengths.
 * Tests   tests/unit/store/test_parts.c, tests/fuzz/fuzz_store_wire.c
 */
#ifndef PROTO_PATH_H
#define PROTO_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_BUF_SIZE (3072 + 1)      /* XENSTORE_ABS_PATH_MAX and the nul */

/*
 * May @path name a node?  Absolute, no empty component, no slash at the end
 * except in "/" itself.  At most @max_len bytes, not counting a leading
 * "/local/domain/<domid>/".
 */
bool path_is_valid(const char *path, size_t max_len);

/* "@introduceDomain" and its like: valid characters after the '@'. */
bool path_is_special(const char *path);

/* Bytes of the parent's path: 1 for "/a" (the slash), 0 for "/". */
size_t path_parent_len(const char *path);

/* The last component; "" for "/". */
const char *path_basename(const char *path);

/*
 * @path as seen from @base: unchanged when it begins with '/' or '@', else
 * base/path.  0, or -EINVAL when it does not fit @out.
 */
int path_canonicalize(const char *path, const char *base,
                      char out[PATH_BUF_SIZE]);

#endif
