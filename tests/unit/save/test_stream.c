/* SPDX-License-Identifier: MIT */
/*
 * toolstack/save: writer, reader and check on a small saved guest in memory.
 * Whatever is cut off or changed is refused before anybody acts on it.
 */
#include <errno.h>
#include <lib/err.h>
#include <save/check_hvm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <cmocka.h>

#include "save_rig.h"

static int read_once(struct rig *rig, struct err *e)
{
    struct save_state s;
    int rc = rig_read(rig, &s, e);

    save_state_fini(&s);
    return rc;
}

static void what_was_written_is_read(void **state)
{
    struct rig rig = { .data = NULL };
    struct save_state s;
    struct err e;

    rig_write(&rig);

    assert_int_equal(rig_read(&rig, &s, &e), 0);
    assert_string_equal(s.xml, "<domain type='xen'/>");
    assert_int_equal(s.guest.nr_pfns, RIG_PFNS);
    assert_int_equal(s.nr_pages, RIG_PFNS - 1);
    assert_false(save_is_present(&s, RIG_HOLE));
    assert_int_equal(s.types[1], SAVE_T_SEEN | SAVE_T_PINNED | 4);
    assert_int_equal(s.types[3], SAVE_T_SEEN);
    assert_int_equal(s.p2m[0], 3);
    save_state_fini(&s);
    rig_free(&rig);
}

static void packed_pages_are_read(void **state)
{
    struct rig rig = { .packed = true };
    struct err e;

    rig_write(&rig);

    assert_int_equal(read_once(&rig, &e), 0);
    rig_free(&rig);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct rig rig = { .packed = true };
    struct err e;
    size_t whole;

    rig_write(&rig);
    whole = rig.len;

    for (rig.len = 0; rig.len < whole; rig.len += rig.len < 4096 ? 1 : 61) {
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        assert_non_null(strstr(e.why, "truncated"));
    }
    rig_free(&rig);
}

static void a_byte_changed_anywhere_is_refused(void **state)
{
    struct rig rig = { .packed = true };
    struct err e;

    rig_write(&rig);

    for (size_t i = 0; i < rig.len; i += i < 4096 ? 1 : 37) {
        rig.data[i] ^= 0x10;
        assert_true(read_once(&rig, &e) < 0);
        assert_true(e.why[0] != '\0');
        rig.data[i] ^= 0x10;
    }
    assert_int_equal(read_once(&rig, &e), 0);
    rig_free(&rig);
}

static void bytes_behind_the_end_are_refused(void **state)
{
    struct rig rig = { .data = NULL };
    struct err e;

    rig_write(&rig);
    rig.data = realloc(rig.data, rig.len + 1);
    rig.data[rig.len++] = 0;

    assert_int_equal(read_once(&rig, &e), -EINVAL);
    assert_non_null(strstr(e.why, "follow"));
    rig_free(&rig);
}

static void another_version_is_refused_by_number(void **state)
{
    struct rig rig = { .data = NULL };
    struct save_header *h;
    struct err e;

    rig_write(&rig);
    h = (struct save_header *)rig.data;
    h->version = 7;
    h->check = XXH3_64bits(h, offsetof(struct save_header, check));

    assert_int_equal(read_once(&rig, &e), -EPROTO);
    assert_int_equal(e.class, ERR_VERSION);
    assert_non_null(strstr(e.why, "version 7"));
    rig_free(&rig);
}

static void unknown_records_are_refused_by_name_or_passed_over(void **state)
{
    struct rig rig = { .data = NULL };
    struct err e;

    rig_begin(&rig);
    rig_body(&rig);
    rig_add(&rig, "nOTE", "x", 1);
    save_writer_end(&rig.w);
    save_writer_fini(&rig.w);
    assert_int_equal(read_once(&rig, &e), 0);

    rig_begin(&rig);
    rig_add(&rig, "IOMMU", "x", 1);
    rig_body(&rig);
    save_writer_end(&rig.w);
    save_writer_fini(&rig.w);
    assert_int_equal(read_once(&rig, &e), -EPROTO);
    assert_int_equal(e.class, ERR_VERSION);
    assert_string_equal(e.which, "IOMMU");
    rig_free(&rig);
}

static void two_files_do_not_make_one(void **state)
{
    struct rig a = { .data = NULL }, b = { .packed = true };
    struct err e;
    size_t end = sizeof(struct save_record) + sizeof(struct save_end);

    rig_write(&a);
    rig_write(&b);
    memcpy(a.data + a.len - end, b.data + b.len - end, end);

    assert_int_equal(read_once(&a, &e), -EINVAL);
    assert_non_null(strstr(e.why, "altered"));
    rig_free(&a);
    rig_free(&b);
}

static void each_necessary_record_is_missed(void **state)
{
    static const char *const must[] = { "XML", "GUEST", "MEMORY", "PAGES",
                                        "P2M", "VCPU", "SHARED", "TSC" };

    for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
        struct rig rig = { .skip = must[i] };
        struct err e;

        rig_write(&rig);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        rig_free(&rig);
    }
}

static void what_comes_once_comes_once(void **state)
{
    static const char *const once[] = { "XML", "GUEST", "SHARED", "TSC",
                                        "CPUID", "STORE", "DISKS", "VCPU" };

    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        struct rig rig = { .twice = once[i] };
        struct err e;

        rig_write(&rig);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        rig_free(&rig);
    }
}

/* ---- contents ------------------------------------------------------------------- */

struct change {
    const char *name;
    size_t offset;
    uint64_t value;
    unsigned int bytes;        /* 0: a new length */
};

static void apply(const char *name, uint8_t *body, size_t *len, void *arg)
{
    const struct change *c = arg;

    if (strcmp(name, c->name) == 0 && c->bytes == 0) {
        *len = c->offset;
    } else if (strcmp(name, c->name) == 0) {
        memcpy(body + c->offset, &c->value, c->bytes);
    }
}

static void contents_that_cannot_be_are_refused(void **state)
{
    static const struct change changes[] = {
        { "XML", 3, 0, 1 },                            /* a zero byte */
        { "GUEST", 0, 9, 4 },                          /* kind */
        { "GUEST", 4, 0, 4 }, { "GUEST", 4, 129, 4 },  /* vCPUs */
        { "GUEST", 8, 0, 8 }, { "GUEST", 8, 1ull << 40, 8 },
        { "GUEST", 16, 2, 4 }, { "GUEST", 20, 0, 0 },
        { "MEMORY", 0, 21, 8 }, { "MEMORY", 8, 18, 8 },
        { "MEMORY", 16, 0, 1 }, { "MEMORY", 18, 0x1f, 1 },
        { "MEMORY", 18, 0, 0 },
        { "PAGES", 0, 0, 4 }, { "PAGES", 0, 1025, 4 },
        { "PAGES", 0, 0xffffffff, 4 }, { "PAGES", 4, 2, 4 },
        { "PAGES", 4, 1, 4 }, { "PAGES", 8, 4096, 4 },
        { "PAGES", 16, RIG_HOLE, 8 }, { "PAGES", 16, 99, 8 },
        { "PAGES", 16, 5ull << 56, 8 }, { "PAGES", 16, 1ull << 59, 8 },
        { "PAGES", 16, 1ull << 63, 8 }, { "PAGES", 16, 1ull << 60, 8 },
        { "PAGES", 16 + 8 * 3, 3 | 1ull << 56, 8 },    /* p2m as a table */
        { "P2M", 0, 2, 8 }, { "P2M", 8, 99, 8 }, { "P2M", 8, RIG_HOLE, 8 },
        { "P2M", 8, 1, 8 },                            /* a page table */
        { "VCPU", 0, 2, 4 }, { "VCPU", 0, 1, 4 }, { "VCPU", 100, 0, 0 },
        { "VCPUEXT", 0, 1, 4 }, { "VCPUEXT", 20, 0, 0 },
        { "XSTATE", 20, 0, 0 }, { "MSRS", 4, 1, 4 }, { "MSRS", 4, 9999, 4 },
        { "CPUID", 0, 1, 4 }, { "CPUID", 4, 0xffffffff, 4 },
        { "SHARED", 4095, 0, 0 }, { "TSC", 1, 0, 0 },
        { "STORE", 25, 'x', 1 }, { "STORE", 24, 0, 0 },
        { "DISKS", 5, 0, 0 }, { "VERIFY", 1, 0, 0 },
    };

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct change c = changes[i];
        struct rig rig = { .spoil = apply, .arg = &c };
        struct err e;

        rig_write(&rig);
        if (read_once(&rig, &e) >= 0) {
            fail_msg("change %zu of %s passed", i, c.name);
        }
        assert_true(e.what[0] != '\0');
        rig_free(&rig);
    }
}

static void pages_that_do_not_unpack_are_refused(void **state)
{
    struct change c = { "PAGES", 16 + 8 * 19 + 1, 0xffff, 2 };
    struct rig rig = { .packed = true, .spoil = apply, .arg = &c };
    struct err e;

    rig_write(&rig);

    assert_int_equal(read_once(&rig, &e), -EINVAL);
    rig_free(&rig);
}

/* ---- guests with nested paging ----------------------------------------------- */

static void other_guests_are_read(void **state)
{
    for (uint32_t kind = SAVE_KIND_PVH; kind <= SAVE_KIND_HVM; kind++) {
        struct rig rig = { .kind = kind };
        struct save_state s;
        struct err e;

        rig_write(&rig);
        assert_int_equal(rig_read(&rig, &s, &e), 0);
        assert_int_equal(s.guest.kind, kind);
        assert_int_equal(s.types[1], SAVE_T_SEEN);
        save_state_fini(&s);
        rig_free(&rig);
    }
}

static void each_record_of_them_is_missed(void **state)
{
    static const char *const names[] = { "HVMCTX", "PARAMS", "EMULATOR",
                                         "MEMORY", "PAGES" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct rig rig = { .kind = SAVE_KIND_HVM, .skip = names[i] };
        struct err e;

        rig_write(&rig);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        rig_free(&rig);
    }
}

/* A record of another kind of guest, and a page table in a page of theirs. */
static void records_of_others_are_refused(void **state)
{
    static const struct {
        uint32_t kind;
        const char *name;
        size_t len;
    } rows[] = {
        { SAVE_KIND_PVH, "EMULATOR", 96 }, { SAVE_KIND_HVM, "SHARED", 4096 },
        { SAVE_KIND_HVM, "P2M", 16 }, { SAVE_KIND_PV64, "HVMCTX", 128 },
        { SAVE_KIND_PV64, "PARAMS", 16 },
    };
    static const uint8_t zeros[4096];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig rig = { .kind = rows[i].kind };
        struct err e;

        rig_begin(&rig);
        rig_body(&rig);
        rig_add(&rig, rows[i].name, zeros, rows[i].len);
        save_writer_end(&rig.w);
        save_writer_fini(&rig.w);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        assert_non_null(strstr(e.why, "this kind"));
        rig_free(&rig);
    }
}

static void their_pages_are_no_page_tables(void **state)
{
    struct change c = { "PAGES", 16 + 7, 1, 1 };
    struct rig rig = { .kind = SAVE_KIND_HVM, .spoil = apply, .arg = &c };
    struct err e;

    rig_write(&rig);

    assert_int_equal(read_once(&rig, &e), -EINVAL);
    rig_free(&rig);
}

#define IN_CONTEXT(field) offsetof(struct rig_context, field)

static void their_contents_that_cannot_be_are_refused(void **state)
{
    static const struct {
        struct change c;
        const char *why;
    } rows[] = {
        { { "HVMCTX", IN_CONTEXT(header), 2, 2 }, "not first" },
        { { "HVMCTX", IN_CONTEXT(cpu[0].d), 1, 2 }, "not first" },
        { { "HVMCTX", IN_CONTEXT(header.length), 0xffffffff, 4 }, "short" },
        { { "HVMCTX", IN_CONTEXT(cpu[1].d.length), 1044, 4 }, "short" },
        { { "HVMCTX", IN_CONTEXT(cpu[1].d.length), 1040, 4 }, "no end" },
        { { "HVMCTX", IN_CONTEXT(end), 7, 2 }, "no end" },
        { { "HVMCTX", IN_CONTEXT(end), 0, 0 }, "no end" },
        { { "HVMCTX", IN_CONTEXT(end) + 4, 0, 0 }, "no end" },
        { { "HVMCTX", IN_CONTEXT(cpu[1]), 0, 0 }, "no end" },
        { { "HVMCTX", IN_CONTEXT(cpu[0].d), 0, 2 }, "vCPU 0" },
        { { "HVMCTX", IN_CONTEXT(cpu[0].d.instance), 1, 2 }, "twice" },
        { { "HVMCTX", IN_CONTEXT(cpu[1].d.instance), 2, 2 }, "cannot be" },
        { { "HVMCTX", IN_CONTEXT(cpu[1].d.instance), 0xffff, 2 },
          "cannot be" },
        { { "HVMCTX", IN_CONTEXT(cpu[1].d), 64, 2 }, "cannot be" },
        { { "PARAMS", 0, 0xffffffff, 4 }, "not saved" },
        { { "PARAMS", 0, 0, 4 }, "not saved" },        /* the callback */
        { { "PARAMS", 4, 1, 4 }, "not saved" },
        { { "PARAMS", 17, 0, 0 }, "length" },
        { { "XSTATE", 0, 2, 4 }, "no registers" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct change c = rows[i].c;
        struct rig rig = { .kind = SAVE_KIND_PVH, .spoil = apply, .arg = &c };
        struct err e;

        rig_write(&rig);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        if (strstr(e.why, rows[i].why) == NULL) {
            fail_msg("row %zu: %s", i, e.why);
        }
        rig_free(&rig);
    }
}

static void nothing_is_told_twice_of_a_vcpu(void **state)
{
    static const char *const names[] = { "VCPUEXT", "XSTATE", "MSRS" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct rig rig = { .twice = names[i] };
        struct err e;

        rig_write(&rig);
        assert_int_equal(read_once(&rig, &e), -EINVAL);
        assert_non_null(strstr(e.why, "twice of the same vCPU"));
        rig_free(&rig);
    }
}

static void a_parameter_is_set_once(void **state)
{
    const struct save_param both[2] = { { 1, 0, 0xfefff }, { 1, 0, 0xfeffe } };

    assert_null(save_check_params((const uint8_t *)both, sizeof(both[0])));
    assert_non_null(save_check_params((const uint8_t *)both, sizeof(both)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(packed_pages_are_read),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_byte_changed_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(another_version_is_refused_by_number),
        cmocka_unit_test(unknown_records_are_refused_by_name_or_passed_over),
        cmocka_unit_test(two_files_do_not_make_one),
        cmocka_unit_test(each_necessary_record_is_missed),
        cmocka_unit_test(what_comes_once_comes_once),
        cmocka_unit_test(contents_that_cannot_be_are_refused),
        cmocka_unit_test(pages_that_do_not_unpack_are_refused),
        cmocka_unit_test(other_guests_are_read),
        cmocka_unit_test(each_record_of_them_is_missed),
        cmocka_unit_test(records_of_others_are_refused),
        cmocka_unit_test(their_pages_are_no_page_tables),
        cmocka_unit_test(their_contents_that_cannot_be_are_refused),
        cmocka_unit_test(nothing_is_told_twice_of_a_vcpu),
        cmocka_unit_test(a_parameter_is_set_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
