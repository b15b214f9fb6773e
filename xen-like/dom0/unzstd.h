/* SPDX-License-Identifier: MIT */
/*
 * dom0/unzstd.h - decompress one Zstandard frame into a flat buffer.
 *
 * Why not libzstd: its static library brings every past format and every
 * variant of each loop, 190 KB; the hypervisor's whole image may have 400.
 * Dictionaries are refused.  Every length and index is checked; the checksum
 * is verified if the frame has one.
 * Source  RFC 8878.
 * Tests   tests/unit/dom0/test_unzstd.c: against libzstd at all levels, and
 *         with damaged input under sanitizers.
 */
#ifndef DOM0_UNZSTD_H
#define DOM0_UNZSTD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of scratch memory unzstd() needs. */
size_t unzstd_scratch(void);

/* true: the first frame of @in was decoded, *out_len bytes of @out. */
bool unzstd(const uint8_t *in, size_t in_len, uint8_t *out, size_t room,
            size_t *out_len, void *scratch);

#endif
