/* SPDX-License-Identifier: MIT */
/*
 * lib/elf.h - check and walk ELF images and the Xen notes in them.
 *
 * Owns    bounds of headers, segments and notes.  The image is foreign
 *         bytes: every offset is checked before it is used.
 * ABI     xen/elfnote.h (XEN_ELFNOTE_*); System V ABI, ELF-64 and ELF-32.
 * Shapes  addresses are bytes; a note that is absent leaves has_* false.
 * Tests   tests/unit/lib/test_elf.c
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_MAX_SEGMENTS 64u

#define ELF_PT_LOAD 1u
#define ELF_PT_NOTE 4u

struct elf_image {
    const uint8_t *data;
    uint64_t size;
    uint64_t entry;
    uint64_t phoff;
    unsigned int nr_segments;
    bool is_32bit;
};

struct elf_segment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;         /* into the image: [offset, +filesz) is inside */
    uint64_t vaddr, paddr;
    uint64_t filesz, memsz;  /* filesz <= memsz for PT_LOAD */
};

struct elf_xen_notes {
    bool present;            /* at least one note named "Xen" */
    bool has_entry, has_virt_base, has_paddr_offset, has_hypercall_page;
    bool has_init_p2m, has_supported_features, has_phys32_entry;
    uint64_t entry, virt_base, paddr_offset, hypercall_page, init_p2m;
    uint64_t phys32_entry;
    bool mod_start_pfn;      /* initrd as frame numbers, not mapped */
    bool suspend_cancel;
    uint32_t supported_features;
    char guest_os[16], xen_version[16], loader[16], pae_mode[16];
    char features[128];
};

/* 0, or -ENOEXEC: not a loadable x86-64 ELF64 image of @size bytes. */
int elf_init(struct elf_image *img, const void *data, uint64_t size);
/* The same, or -ENOEXEC for an i386 ELF32 image: what starts without paging. */
int elf_init_32bit(struct elf_image *img, const void *data, uint64_t size);

/* Segment @i; false: beyond the table or its file part lies outside. */
bool elf_segment(const struct elf_image *img, unsigned int i,
                 struct elf_segment *seg);

/* The span of physical addresses of all PT_LOAD; -ENOEXEC: none or absurd. */
int elf_load_range(const struct elf_image *img, uint64_t *start, uint64_t *end);

/* Fill @notes from PT_NOTE; -ENOEXEC: a note runs out of its segment. */
int elf_xen_notes(const struct elf_image *img, struct elf_xen_notes *notes);

#endif
