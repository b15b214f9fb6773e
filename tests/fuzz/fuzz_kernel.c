/* SPDX-License-Identifier: MIT */
/*
 * A foreign kernel image into segments, layout and page tables.  What is
 * accepted must stay inside the image and inside the guest.
 * Covers: toolstack/build/pv_kernel, pv_layout, pv_tables, unpack.
 *
 * With libFuzzer: LLVMFuzzerTestOneInput.  Without: a program that mutates a
 * small ELF kernel for the seconds given; a seed it prints repeats a run.
 */
#include <build/pv_tables.h>
#include <build/unpack.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xen/elfnote.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGES (32u << 8)
#define KBASE 0xffffffff80000000ull

static void need(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void check_segments(const struct pv_kernel *k, const uint8_t *data,
                           size_t size)
{
    for (unsigned int i = 0; i < k->nr_segs; i++) {
        const struct pv_segment *s = &k->seg[i];

        need(s->data >= data && s->data <= data + size &&
             s->file_bytes <= (size_t)(data + size - s->data), "image bounds");
        need(s->mem_bytes >= s->file_bytes && s->offset < 4096, "sizes");
    }
}

static void check_layout(const struct pv_layout *l)
{
    static uint64_t p2m[PAGES];
    struct pv_tables t;

    need(l->tables.pfn + l->tables.nr <= PAGES && l->stack < PAGES &&
         l->p2m.pfn + l->p2m.nr <= PAGES &&
         l->initrd.pfn + l->initrd.nr <= PAGES &&
         l->linear_pages <= PAGES, "guest bounds");
    need(pv_tables_build(l, p2m, &t) == 0, "tables");
    pv_tables_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes image = { (uint8_t *)data, size, 0 };
    static uint8_t out[1 << 16];
    struct pv_kernel k;
    struct pv_layout l;
    size_t len;

    if (unpack(data, size, out, sizeof(out), &len, NULL) == 0) {
        need(len <= sizeof(out), "unpacked size");
    }
    if (pv_kernel_parse(&image, &k, NULL) == 0) {
        check_segments(&k, data, size);
        if (pv_layout_compute(&k, PAGES, size, &l, NULL) == 0) {
            check_layout(&l);
        }
    }
    return 0;
}

/* ---- without libFuzzer --------------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static size_t note(uint8_t *at, uint32_t type, uint64_t value)
{
    Elf64_Nhdr n = { 4, 8, type };

    memcpy(at, &n, sizeof(n));
    memcpy(at + sizeof(n), "Xen", 4);
    memcpy(at + sizeof(n) + 4, &value, 8);
    return sizeof(n) + 12;
}

/* A kernel that is accepted as it is. */
static size_t make(uint8_t *image)
{
    Elf64_Ehdr eh = {
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1,
        .e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
        .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
    };
    Elf64_Phdr ph[3] = {
        { .p_type = PT_LOAD, .p_paddr = 0x100000, .p_filesz = 512,
          .p_memsz = 0x3000 },
        { .p_type = PT_NOTE },
        { .p_type = PT_LOAD, .p_paddr = 0x104800, .p_filesz = 100,
          .p_memsz = 0x300 },
    };
    size_t len = sizeof(eh) + sizeof(ph), notes = len;

    len += note(image + len, XEN_ELFNOTE_ENTRY, KBASE + 0x100010);
    len += note(image + len, XEN_ELFNOTE_VIRT_BASE, KBASE);
    len += note(image + len, XEN_ELFNOTE_PADDR_OFFSET, 0);
    if (rnd(2) != 0) {
        len += note(image + len, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
        len += note(image + len, XEN_ELFNOTE_MOD_START_PFN, 1);
    }
    ph[1].p_offset = notes;
    ph[1].p_filesz = len - notes;
    ph[0].p_offset = ph[2].p_offset = len;
    memcpy(image, &eh, sizeof(eh));
    memcpy(image + sizeof(eh), ph, sizeof(ph));
    return len + 512;
}

/* One field of 1 to 8 bytes: an edge, a flipped bit, or anything. */
static void mutate(uint8_t *image, size_t len)
{
    static const uint64_t edges[] = {
        0, 1, UINT64_MAX, 1ull << 63, 1ull << 36, 4096, 4095, KBASE,
        0x7fffffff, 0x80000000, UINT64_MAX - 4095,
    };
    size_t width = 1u << rnd(4), at = rnd((uint32_t)(len - 8));
    uint64_t value = rnd(2) != 0 ? edges[rnd(11)] : rnd(1 << 24);

    if (rnd(3) == 0) {
        image[at] ^= (uint8_t)(1u << rnd(8));
    } else {
        memcpy(image + (at & ~(width - 1)), &value, width);
    }
}

int main(int argc, char **argv)
{
    static uint8_t image[4096];
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    unsigned long runs = 0, good = 0;

    seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    printf("fuzz_kernel: seed %u\n", seed);
    do {
        struct pv_kernel k;
        struct bytes b = { image, make(image), 0 };

        for (uint32_t n = rnd(4); n > 0; n--) {
            mutate(image, b.len - 512);
        }
        b.len = rnd(10) == 0 ? rnd((uint32_t)b.len) : b.len;
        good += pv_kernel_parse(&b, &k, NULL) == 0;
        LLVMFuzzerTestOneInput(image, b.len);
        runs++;
    } while (time(NULL) < end);
    printf("fuzz_kernel: %lu images, %lu accepted\n", runs, good);
    return 0;
}
