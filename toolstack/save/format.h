/* SPDX-License-Identifier: MIT */
/*
 * save/format.h - the bytes of a saved guest: one header, records, an end.
 *
 * Owns    the layout on disk and on a pipe, little-endian, without holes;
 *         described for readers in docs/save-format.md.
 * Leaves  writing and reading to writer.h and reader.h, meaning to check.h.
 * Tests   tests/unit/save/test_stream.c
 */
#ifndef SAVE_FORMAT_H
#define SAVE_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define SAVE_MAGIC      "PARAVANE"     /* 8 bytes, no final zero */
#define SAVE_VERSION    1u
#define SAVE_ENDIAN     0x01020304u
#define SAVE_NAME       8u             /* bytes of a record's name */
#define SAVE_RECORD_MAX (16u << 20)    /* largest payload */
#define SAVE_BATCH      1024u          /* pages in one record */
#define SAVE_PAGE       4096u
#define SAVE_XML_MAX    (1u << 20)
#define SAVE_PFNS_MAX   (1ull << 26)   /* 256 GiB */
#define SAVE_VCPUS_MAX  128u

struct save_header {
    char magic[8];
    uint32_t version;
    uint32_t endian;           /* SAVE_ENDIAN as the writer stores it */
    uint32_t bytes;            /* of this header */
    uint32_t reserved;
    char writer[32];           /* program and version, for people */
    uint64_t check;            /* XXH3-64 of the 56 bytes before it */
};
static_assert(sizeof(struct save_header) == 64, "file format");

/*
 * A name of upper-case letters: a reader that does not know it refuses.  With
 * a lower-case first letter it may be passed over.
 */
struct save_record {
    char name[SAVE_NAME];      /* padded with zeros */
    uint32_t seq;              /* 0, 1, 2... */
    uint32_t len;              /* of the payload that follows */
    uint64_t check;            /* XXH3-64 of the 16 bytes before and payload */
};
static_assert(sizeof(struct save_record) == 24, "file format");

/* END: what was written, and the digest of the header and record headers. */
struct save_end {
    uint64_t bytes;            /* before the record END */
    uint64_t records;
    uint64_t digest[2];        /* XXH3-128, low half first */
};

#define SAVE_KIND_PV64 1u
#define SAVE_KIND_PVH  2u      /* pfns are the guest's own frame numbers */
#define SAVE_KIND_HVM  3u      /* and it has a device model */

/* How the guest tells where its p2m list is (xen/arch-x86/xen.h). */
#define SAVE_P2M_LISTS  0u     /* pfn_to_mfn_frame_list_list */
#define SAVE_P2M_LINEAR 1u     /* p2m_vaddr below p2m_cr3 */

struct save_guest {
    uint32_t kind;
    uint32_t nr_vcpus;         /* of the domain, on line or not */
    uint64_t nr_pfns;          /* entries of its p2m list */
    uint32_t p2m_form;
    uint32_t reserved;
};

/* MEMORY: a bitmap of nr_pfns bits follows.  PAGES of absent pfns are wrong. */
struct save_memory {
    uint64_t nr_pfns;
    uint64_t nr_pages;         /* bits set */
};

#define SAVE_RAW  0u
#define SAVE_ZSTD 1u           /* the data is one frame of raw_len bytes */

/* PAGES: @count entries follow, then the data of those that have some. */
struct save_pages {
    uint32_t count;
    uint32_t encoding;
    uint32_t raw_len;
    uint32_t reserved;
};
#define SAVE_ENTRY_PFN    ((1ull << 48) - 1)
#define SAVE_ENTRY_TYPE   56           /* 3 bits: 0 data, 1..4 page table */
#define SAVE_ENTRY_PINNED (1ull << 59)
#define SAVE_ENTRY_ZERO   (1ull << 60) /* all zero: no data */
#define SAVE_ENTRY_BITS   (SAVE_ENTRY_PFN | 7ull << SAVE_ENTRY_TYPE | \
                           SAVE_ENTRY_PINNED | SAVE_ENTRY_ZERO)

/* P2M: @count pfns follow, of the frames that hold the list. */
struct save_p2m {
    uint64_t count;
};

/* VCPU, VCPUEXT, XSTATE, MSRS begin with it. */
struct save_vcpu {
    uint32_t id;
    uint32_t count;            /* MSRS: entries; otherwise 0 */
    uint64_t mask;             /* XSTATE: components; otherwise 0 */
};

/* PARAMS: as many of them as there is room for. */
struct save_param {
    uint32_t index, reserved;  /* xen/hvm/params.h */
    uint64_t value;
};

struct save_tsc {
    uint32_t mode, khz, incarnation, reserved;
    uint64_t elapsed_ns;
};

/* CPUID: leaves of 24 bytes, then MSRs of 16 (xen/arch-x86/xen.h). */
struct save_cpuid {
    uint32_t nr_leaves, nr_msrs;
};

static_assert(sizeof(struct save_end) == 32, "file format");
static_assert(sizeof(struct save_guest) == 24, "file format");
static_assert(sizeof(struct save_pages) == 16, "file format");
static_assert(sizeof(struct save_vcpu) == 16, "file format");
static_assert(sizeof(struct save_tsc) == 24, "file format");
static_assert(sizeof(struct save_param) == 16, "file format");

#endif
