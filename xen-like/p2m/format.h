/* SPDX-License-Identifier: MIT */
/*
 * p2m/format.h - the bits of a nested page-table entry, as data.
 *
 * An entry is 0 (nothing), a table (type field 0) or a leaf (its type in bits
 * 52-54, which AMD and Intel leave to software); the address is in the same
 * bits for both.
 * Source  APM vol. 2, 15.25.5 (NPT: entries as of ordinary tables, always
 *         user); SDM vol. 3C, 29.3.2 (EPT).
 */
#ifndef P2M_FORMAT_H
#define P2M_FORMAT_H

#include <p2m/p2m.h>

struct p2m_format {
    const char *name;
    uint64_t table;                    /* flags of a table entry */
    uint64_t super;                    /* of a leaf above level 1 */
    uint64_t leaf[NR_P2M_TYPES];
};

extern const struct p2m_format p2m_format_npt, p2m_format_ept;
extern const struct p2m_format *p2m_format;   /* [I] set by the backend */

#define P2M_TYPE_SHIFT 52
static inline enum p2m_type p2m_entry_type(uint64_t e)
{
    return (enum p2m_type)((e >> P2M_TYPE_SHIFT) & 7);
}

#endif
