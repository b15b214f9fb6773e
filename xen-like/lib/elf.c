/* SPDX-License-Identifier: MIT */
/*
 * lib/elf.c - see elf.h.  Owns the parsing; loading is done by dom0/ and by
 * the toolstack.  Tests: tests/unit/lib/test_elf.c.
 */
#include <hv/compiler.h>
#include <hv/errno.h>
#include <lib/elf.h>
#include <xen/elfnote.h>

struct ehdr64 {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr64 {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct ehdr32 {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint32_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr32 {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct nhdr {
    uint32_t namesz, descsz, type;
};

#define EM_386    3
#define EM_X86_64 62
#define ET_EXEC   2
#define ET_DYN    3

/* Does [off, off+len) lie inside @size bytes? */
static bool inside(uint64_t size, uint64_t off, uint64_t len)
{
    uint64_t end;

    return !ckd_add(&end, off, len) && end <= size;
}

int elf_init(struct elf_image *img, const void *data, uint64_t size)
{
    static const uint8_t ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
    struct ehdr64 eh;

    if (size < sizeof(eh)) {
        return -ENOEXEC;
    }
    __builtin_memcpy(&eh, data, sizeof(eh));
    if (__builtin_memcmp(eh.ident, ident, sizeof(ident)) != 0 ||
        eh.machine != EM_X86_64 || (eh.type != ET_EXEC && eh.type != ET_DYN) ||
        eh.phentsize != sizeof(struct phdr64) ||
        eh.phnum == 0 || eh.phnum > ELF_MAX_SEGMENTS ||
        !inside(size, eh.phoff, (uint64_t)eh.phnum * sizeof(struct phdr64))) {
        return -ENOEXEC;
    }
    *img = (struct elf_image){
        .data = data, .size = size, .entry = eh.entry,
        .phoff = eh.phoff, .nr_segments = eh.phnum,
    };
    return 0;
}

int elf_init_32bit(struct elf_image *img, const void *data, uint64_t size)
{
    static const uint8_t ident[7] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };
    struct ehdr32 eh;

    if (size < sizeof(eh)) {
        return -ENOEXEC;
    }
    __builtin_memcpy(&eh, data, sizeof(eh));
    if (__builtin_memcmp(eh.ident, ident, sizeof(ident)) != 0 ||
        eh.machine != EM_386 || (eh.type != ET_EXEC && eh.type != ET_DYN) ||
        eh.phentsize != sizeof(struct phdr32) ||
        eh.phnum == 0 || eh.phnum > ELF_MAX_SEGMENTS ||
        !inside(size, eh.phoff, (uint64_t)eh.phnum * sizeof(struct phdr32))) {
        return -ENOEXEC;
    }
    *img = (struct elf_image){
        .data = data, .size = size, .entry = eh.entry, .phoff = eh.phoff,
        .nr_segments = eh.phnum, .is_32bit = true,
    };
    return 0;
}

static void read_header(const struct elf_image *img, unsigned int i,
                        struct phdr64 *ph)
{
    struct phdr32 p;

    if (!img->is_32bit) {
        __builtin_memcpy(ph, img->data + img->phoff + i * sizeof(*ph),
                         sizeof(*ph));
        return;
    }
    __builtin_memcpy(&p, img->data + img->phoff + i * sizeof(p), sizeof(p));
    *ph = (struct phdr64){
        .type = p.type, .flags = p.flags, .offset = p.offset,
        .vaddr = p.vaddr, .paddr = p.paddr,
        .filesz = p.filesz, .memsz = p.memsz,
    };
}

bool elf_segment(const struct elf_image *img, unsigned int i,
                 struct elf_segment *seg)
{
    struct phdr64 ph;

    if (i >= img->nr_segments) {
        return false;
    }
    read_header(img, i, &ph);
    if (!inside(img->size, ph.offset, ph.filesz)) {
        return false;
    }
    *seg = (struct elf_segment){
        .type = ph.type, .flags = ph.flags, .offset = ph.offset,
        .vaddr = ph.vaddr, .paddr = ph.paddr,
        .filesz = ph.filesz, .memsz = ph.memsz,
    };
    return true;
}

int elf_load_range(const struct elf_image *img, uint64_t *start, uint64_t *end)
{
    uint64_t lo = ~0ull, hi = 0;

    for (unsigned int i = 0; i < img->nr_segments; i++) {
        struct elf_segment seg;
        uint64_t seg_end;

        if (!elf_segment(img, i, &seg)) {
            return -ENOEXEC;
        }
        if (seg.type != ELF_PT_LOAD || seg.memsz == 0) {
            continue;
        }
        if (seg.filesz > seg.memsz || ckd_add(&seg_end, seg.paddr, seg.memsz)) {
            return -ENOEXEC;
        }
        lo = min(lo, seg.paddr);
        hi = max(hi, seg_end);
    }
    if (hi == 0) {
        return -ENOEXEC;
    }
    *start = lo;
    *end = hi;
    return 0;
}

/* A note's string into a fixed array, always terminated. */
static void note_string(char *dst, size_t room, const uint8_t *desc,
                        uint32_t len)
{
    size_t n = min((size_t)len, room - 1);

    __builtin_memcpy(dst, desc, n);
    dst[n] = '\0';
}

/* A note's number: 4 or 8 bytes; other sizes read as 0. */
static uint64_t note_number(const uint8_t *desc, uint32_t len)
{
    uint64_t v = 0;

    if (len == 4 || len == 8) {
        __builtin_memcpy(&v, desc, len);
    }
    return v;
}

/* One row per note that is a number: where it goes. */
static const struct {
    uint32_t type;
    size_t value, present;
} number_notes[] = {
#define ROW(t, f) { XEN_ELFNOTE_##t, offsetof(struct elf_xen_notes, f), \
                    offsetof(struct elf_xen_notes, has_##f) }
    ROW(ENTRY, entry),
    ROW(VIRT_BASE, virt_base),
    ROW(PADDR_OFFSET, paddr_offset),
    ROW(HYPERCALL_PAGE, hypercall_page),
    ROW(INIT_P2M, init_p2m),
    ROW(PHYS32_ENTRY, phys32_entry),
#undef ROW
};

static const struct {
    uint32_t type;
    size_t value, room;
} string_notes[] = {
#define ROW(t, f) { XEN_ELFNOTE_##t, offsetof(struct elf_xen_notes, f), \
                    sizeof(((struct elf_xen_notes *)0)->f) }
    ROW(GUEST_OS, guest_os),
    ROW(XEN_VERSION, xen_version),
    ROW(LOADER, loader),
    ROW(PAE_MODE, pae_mode),
    ROW(FEATURES, features),
#undef ROW
};

static void take_note(struct elf_xen_notes *n, uint32_t type,
                      const uint8_t *desc, uint32_t len)
{
    char *base = (char *)n;

    n->present = true;
    for (size_t i = 0; i < ARRAY_SIZE(number_notes); i++) {
        if (number_notes[i].type == type) {
            uint64_t v = note_number(desc, len);

            __builtin_memcpy(base + number_notes[i].value, &v, sizeof(v));
            *(bool *)(base + number_notes[i].present) = true;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(string_notes); i++) {
        if (string_notes[i].type == type) {
            note_string(base + string_notes[i].value, string_notes[i].room,
                        desc, len);
        }
    }
    if (type == XEN_ELFNOTE_MOD_START_PFN) {
        n->mod_start_pfn = note_number(desc, len) != 0;
    } else if (type == XEN_ELFNOTE_SUSPEND_CANCEL) {
        n->suspend_cancel = note_number(desc, len) != 0;
    } else if (type == XEN_ELFNOTE_SUPPORTED_FEATURES) {
        n->supported_features = (uint32_t)note_number(desc, len);
        n->has_supported_features = true;
    }
}

static int walk_notes(const uint8_t *p, uint64_t len, struct elf_xen_notes *n)
{
    uint64_t off = 0;

    while (off + sizeof(struct nhdr) <= len) {
        struct nhdr nh;
        uint64_t name, desc, next;

        __builtin_memcpy(&nh, p + off, sizeof(nh));
        name = off + sizeof(nh);
        desc = name + ROUND_UP((uint64_t)nh.namesz, 4);
        next = desc + ROUND_UP((uint64_t)nh.descsz, 4);
        if (desc > len || desc + nh.descsz > len) {
            return -ENOEXEC;
        }
        if (nh.namesz == 4 && __builtin_memcmp(p + name, "Xen", 4) == 0) {
            take_note(n, nh.type, p + desc, nh.descsz);
        }
        off = next;
    }
    return 0;
}

int elf_xen_notes(const struct elf_image *img, struct elf_xen_notes *notes)
{
    __builtin_memset(notes, 0, sizeof(*notes));
    for (unsigned int i = 0; i < img->nr_segments; i++) {
        struct elf_segment seg;
        int rc;

        if (!elf_segment(img, i, &seg)) {
            return -ENOEXEC;
        }
        if (seg.type != ELF_PT_NOTE) {
            continue;
        }
        rc = walk_notes(img->data + seg.offset, seg.filesz, notes);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
