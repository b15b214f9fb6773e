/* SPDX-License-Identifier: MIT */
/*
 * toolstack/build: unpack, bzimage, pv_kernel.  Kernels made up here, and
 * Debian's own when the build has fetched it (build/kernel/boot/vmlinuz).
 */
#include <build/bzimage.h>
#include <build/pv_kernel.h>
#include <elf.h>
#include <errno.h>
#include <lib/err.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/elfnote.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

#define KBASE 0xffffffff80000000ull

/* ---- a small PV kernel ------------------------------------------------------ */

struct image {
    uint8_t data[8192];
    size_t len;
    size_t notes, notes_len;
};

static void put(struct image *im, const void *data, size_t len)
{
    memcpy(im->data + im->len, data, len);
    im->len += len;
}

static void note(struct image *im, uint32_t type, const void *desc,
                 uint32_t len)
{
    Elf64_Nhdr n = { 4, len, type };

    put(im, &n, sizeof(n));
    put(im, "Xen", 4);
    put(im, desc, len);
    im->len = (im->len + 3) & ~(size_t)3;
}

static void note64(struct image *im, uint32_t type, uint64_t value)
{
    note(im, type, &value, sizeof(value));
}

static Elf64_Phdr *phdrs(struct image *im)
{
    return (Elf64_Phdr *)(im->data + sizeof(Elf64_Ehdr));
}

/* 4 KiB of text at 1 MiB, 2 pages of bss behind it, notes in between. */
static void small_kernel(struct image *im)
{
    Elf64_Ehdr eh = {
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1,
        .e_entry = 1, .e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
        .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
    };
    Elf64_Phdr ph[2] = {
        { .p_type = PT_LOAD, .p_paddr = 0x100000, .p_vaddr = 0,
          .p_memsz = 0x3000 },
        { .p_type = PT_NOTE },
    };

    memset(im, 0, sizeof(*im));
    put(im, &eh, sizeof(eh));
    put(im, ph, sizeof(ph));
    im->notes = im->len;
    note64(im, XEN_ELFNOTE_ENTRY, KBASE + 0x100010);
    note64(im, XEN_ELFNOTE_VIRT_BASE, KBASE);
    note64(im, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    note64(im, XEN_ELFNOTE_MOD_START_PFN, 1);
    note(im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    note(im, XEN_ELFNOTE_GUEST_OS, "test", 5);
    im->notes_len = im->len - im->notes;
    phdrs(im)[1].p_offset = im->notes;
    phdrs(im)[1].p_filesz = im->notes_len;
    phdrs(im)[0].p_offset = im->len;
    phdrs(im)[0].p_filesz = 0x1000;
    for (unsigned int i = 0; i < 0x1000; i++) {
        im->data[im->len++] = (uint8_t)(i * 7);
    }
}

static int parse(const struct image *im, struct pv_kernel *k, struct err *e)
{
    struct bytes b = { (uint8_t *)im->data, im->len, 0 };

    memset(e, 0, sizeof(*e));
    return pv_kernel_parse(&b, k, e);
}

static void notes_and_segments_are_read(void **state)
{
    struct pv_kernel k;
    struct image im;
    struct err e;

    small_kernel(&im);
    assert_int_equal(parse(&im, &k, &e), 0);

    assert_int_equal(k.nr_segs, 1);
    assert_int_equal(k.seg[0].pfn, 0x100);
    assert_int_equal(k.seg[0].file_bytes, 0x1000);
    assert_int_equal(k.seg[0].mem_bytes, 0x3000);
    assert_true(k.virt_entry == KBASE + 0x100010);
    assert_true(k.virt_end == KBASE + 0x103000);
    assert_true(k.has_init_p2m && k.init_p2m == 0x8000000000);
    assert_true(k.mod_start_pfn);
    assert_false(k.has_hypercall_page);
    assert_string_equal(k.guest_os, "test");
}

static void a_paddr_offset_moves_the_segments(void **state)
{
    struct pv_kernel k;
    struct image im;
    struct err e;

    small_kernel(&im);
    /* The XEN_VERSION note becomes PADDR_OFFSET 0x80000. */
    for (size_t i = im.notes; i < im.notes + im.notes_len; i += 4) {
        uint32_t type;

        memcpy(&type, im.data + i, 4);
        if (type == XEN_ELFNOTE_XEN_VERSION &&
            memcmp(im.data + i + 4, "Xen", 4) == 0) {
            uint64_t offset = 0x80000;

            type = XEN_ELFNOTE_PADDR_OFFSET;
            memcpy(im.data + i, &type, 4);
            memcpy(im.data + i + 8, &offset, 8);
        }
    }
    phdrs(&im)[0].p_paddr = 0x180000;
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_int_equal(k.seg[0].pfn, 0x100);
}

static void damaged_kernels_are_refused(void **state)
{
    struct pv_kernel k;
    struct image im;
    struct err e;

    small_kernel(&im);
    im.len = 100;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    im.data[EI_CLASS] = ELFCLASS32;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    im.len -= 1;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    phdrs(&im)[0].p_filesz = 0x4000;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    phdrs(&im)[0].p_paddr = UINT64_MAX - 0x1000;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    phdrs(&im)[0].p_memsz = UINT64_MAX - 0x1000;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    small_kernel(&im);
    phdrs(&im)[0].p_paddr = 0;         /* the entry is now outside */
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    assert_non_null(strstr(e.why, "entry point"));
    small_kernel(&im);
    phdrs(&im)[1].p_type = PT_NULL;
    assert_int_equal(parse(&im, &k, &e), -EINVAL);
    assert_non_null(strstr(e.why, "no Xen notes"));
    assert_int_equal(e.class, ERR_CONFIG);
}

/* Every truncation ends in an answer, and only the whole image is accepted. */
static void no_prefix_of_a_kernel_is_accepted(void **state)
{
    struct image im;

    small_kernel(&im);
    for (size_t len = 0; len <= im.len; len++) {
        struct bytes b = { malloc(len), len, 0 };
        struct pv_kernel k;

        if (len > 0) {
            memcpy(b.data, im.data, len);
        }
        assert_int_equal(pv_kernel_parse(&b, &k, NULL),
                         len == im.len ? 0 : -EINVAL);
        bytes_free(&b);
    }
}

/* ---- packing -------------------------------------------------------------------- */

static size_t pack_gzip(const uint8_t *in, size_t len, uint8_t *out,
                        size_t room)
{
    z_stream z = { .next_in = (Bytef *)in, .avail_in = (uInt)len,
                   .next_out = out, .avail_out = (uInt)room };

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static size_t pack_xz(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    size_t used = 0;

    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, in,
                                             len, out, &used, room), LZMA_OK);
    return used;
}

static size_t pack_zstd(const uint8_t *in, size_t len, uint8_t *out,
                        size_t room)
{
    return ZSTD_compress(out, room, in, len, 1);
}

typedef size_t pack_fn(const uint8_t *in, size_t len, uint8_t *out,
                       size_t room);
static pack_fn *const packers[] = { pack_gzip, pack_xz, pack_zstd };

static void each_packing_unpacks_and_its_cap_holds(void **state)
{
    static uint8_t text[1 << 20], packed[1 << 21], out[2 << 20];

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * i >> 7);
    }
    for (int p = 0; p < 3; p++) {
        size_t len = packers[p](text, sizeof(text), packed, sizeof(packed));
        struct err e = ERR_INIT;
        size_t n = 0;

        assert_true(len > 100);
        assert_int_equal(unpack_recognise(packed, len), PACK_GZIP + p);
        memset(packed + len, 0x5a, 4);  /* the size that a kernel appends */
        memset(out, 0, sizeof(out));
        assert_int_equal(unpack(packed, len + 4, out, sizeof(out), &n, &e), 0);
        assert_int_equal(n, sizeof(text));
        assert_memory_equal(out, text, sizeof(text));

        n = 77;
        assert_int_equal(unpack(packed, len, out, sizeof(text) - 1, &n, &e),
                         -EFBIG);
        assert_int_equal(unpack(packed, len / 2, out, sizeof(out), &n, &e),
                         -EINVAL);
        assert_int_equal(n, 77);
        assert_non_null(strstr(e.why, "damaged or truncated"));
    }
}

static void the_confined_unpacker_gives_the_same(void **state)
{
    static uint8_t text[1 << 20], packed[1 << 21];
    size_t len;
    struct bytes out;
    struct err e = ERR_INIT;

    memset(text, 'x', sizeof(text));
    len = pack_zstd(text, sizeof(text), packed, sizeof(packed));
    assert_int_equal(unpack_confined(packed, len, 4 << 20, &out, &e), 0);
    assert_int_equal(out.len, sizeof(text));
    assert_memory_equal(out.data, text, sizeof(text));
    bytes_free(&out);
    assert_null(out.data);

    assert_int_equal(unpack_confined(packed, len, 1 << 19, &out, &e), -EFBIG);
    assert_null(out.data);
    assert_int_equal(e.class, ERR_CONFIG);
    assert_int_equal(unpack_confined(packed, len - 1, 4 << 20, &out, &e),
                     -EINVAL);
    assert_null(out.data);
}

/* ---- bzImage ---------------------------------------------------------------------- */

/* A boot sector, three setup sectors, then the packed image and its size. */
static struct bytes bzimage(const struct image *im, pack_fn *pack)
{
    struct bytes b = { calloc(1, 65536), 0, 0 };
    uint32_t offset = 64, len;

    b.data[0x1f1] = 3;
    b.data[0x1fe] = 0x55;
    b.data[0x1ff] = 0xaa;
    memcpy(b.data + 0x202, "HdrS", 4);
    b.data[0x206] = 0x0f;
    b.data[0x207] = 0x02;
    len = (uint32_t)pack(im->data, im->len, b.data + 2048 + offset, 32768) + 4;
    memcpy(b.data + 0x248, &offset, 4);
    memcpy(b.data + 0x24c, &len, 4);
    b.len = 2048 + offset + len;
    return b;
}

static void a_bzimage_gives_its_elf_image(void **state)
{
    struct image im;

    small_kernel(&im);
    for (int p = 0; p < 3; p++) {
        struct bytes file = bzimage(&im, packers[p]), image;
        struct err e = ERR_INIT;

        assert_int_equal(kernel_image(&file, &image, &e), 0);
        assert_null(file.data);
        assert_int_equal(image.len, im.len);
        assert_memory_equal(image.data, im.data, im.len);
        bytes_free(&image);
    }
}

static void a_truncated_bzimage_says_so(void **state)
{
    struct image im;
    struct bytes file, image;
    struct err e = ERR_INIT;

    small_kernel(&im);
    file = bzimage(&im, pack_xz);
    file.len -= 100;
    assert_int_equal(kernel_image(&file, &image, &e), -EINVAL);
    assert_non_null(strstr(e.why, "truncated"));
    assert_int_equal(e.class, ERR_CONFIG);
    bytes_free(&file);
}

static void an_elf_file_is_taken_as_it_is(void **state)
{
    struct image im;
    struct bytes file = { .len = 0 }, image;

    small_kernel(&im);
    file.data = malloc(im.len);
    file.len = im.len;
    memcpy(file.data, im.data, im.len);
    assert_int_equal(kernel_image(&file, &image, NULL), 0);
    assert_null(file.data);
    assert_int_equal(image.len, im.len);
    bytes_free(&image);
}

static void debians_kernel_is_understood(void **state)
{
    struct bytes file, image;
    struct pv_kernel k;
    struct err e = ERR_INIT;
    const char *path = getenv("TEST_VMLINUZ");

    path = path != NULL ? path : "build/kernel/boot/vmlinuz";
    if (access(path, R_OK) != 0) {
        skip();
    }
    assert_int_equal(bytes_read_file(path, "kernel", KERNEL_FILE_MAX, &file,
                                     &e), 0);
    assert_int_equal(kernel_image(&file, &image, &e), 0);
    assert_int_equal(pv_kernel_parse(&image, &k, &e), 0);

    assert_true(k.virt_base == KBASE);
    assert_true(k.has_init_p2m && k.init_p2m == 0x8000000000);
    assert_true(k.mod_start_pfn);
    assert_string_equal(k.guest_os, "linux");
    assert_int_equal(k.seg[0].pfn, 0x1000);
    assert_true(k.nr_segs >= 3);
    bytes_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_and_segments_are_read),
        cmocka_unit_test(a_paddr_offset_moves_the_segments),
        cmocka_unit_test(damaged_kernels_are_refused),
        cmocka_unit_test(no_prefix_of_a_kernel_is_accepted),
        cmocka_unit_test(each_packing_unpacks_and_its_cap_holds),
        cmocka_unit_test(the_confined_unpacker_gives_the_same),
        cmocka_unit_test(a_bzimage_gives_its_elf_image),
        cmocka_unit_test(a_truncated_bzimage_says_so),
        cmocka_unit_test(an_elf_file_is_taken_as_it_is),
        cmocka_unit_test(debians_kernel_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
