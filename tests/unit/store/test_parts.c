/* SPDX-License-Identifier: MIT */
/*
 * The small parts of the store by themselves.
 * Covers: proto/wire.c, proto/path.c, store/watch.c, perms.c, journal.c,
 * conn/conn.c, conn/ring.c.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <conn/ring.h>
#include <proto/path.h>
#include <store/journal.h>
#include <store/perms.h>
#include <store/watch.h>

/* ---- proto -------------------------------------------------------------- */

static void paths_are_checked(void **state)
{
    static const struct {
        const char *path;
        bool valid;
    } rows[] = {
        { "/", true }, { "/a", true }, { "/a/b-c_d@9", true },
        { "", false }, { "a", false }, { "/a/", false }, { "//", false },
        { "/a//b", false }, { "/a b", false }, { "/a.b", false },
        { "/\xc3\xa4", false }, { "@a", false },
    };
    char path[4000];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(path_is_valid(rows[i].path, 2048), rows[i].valid);
    }
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[2048] = '\0';
    assert_true(path_is_valid(path, 2048));
    path[2048] = 'a';
    path[2049] = '\0';
    assert_false(path_is_valid(path, 2048));
    memcpy(path, "/local/domain/12345/", 20);      /* counts from here */
    path[2049] = 'a';
    path[20 + 2048] = '\0';
    assert_true(path_is_valid(path, 2048));
    path[20 + 2048] = 'a';
    path[20 + 2049] = '\0';
    assert_false(path_is_valid(path, 2048));
    assert_true(path_is_special("@introduceDomain"));
    assert_false(path_is_special("@a b"));
}

static void relative_paths_get_a_base(void **state)
{
    char out[PATH_BUF_SIZE];
    char longest[4000];

    assert_int_equal(path_canonicalize("a/b", "/base", out), 0);
    assert_string_equal(out, "/base/a/b");
    assert_int_equal(path_canonicalize("/a", "/base", out), 0);
    assert_string_equal(out, "/a");
    assert_int_equal(path_canonicalize("", "/base", out), -EINVAL);
    memset(longest, 'a', sizeof(longest));
    longest[3071] = '\0';
    assert_int_equal(path_canonicalize(longest, "/b", out), -EINVAL);
    assert_int_equal(path_parent_len("/"), 0);
    assert_int_equal(path_parent_len("/a"), 1);
    assert_int_equal(path_parent_len("/a/b"), 2);
}

static void numbers_and_strings_are_exact(void **state)
{
    const char *part[2] = { NULL, NULL };
    uint64_t v = 7;

    assert_int_equal(wire_parse_number("65535", 65535, &v), 0);
    assert_int_equal(v, 65535);
    assert_int_equal(wire_parse_number("65536", 65535, &v), -EINVAL);
    assert_int_equal(wire_parse_number("18446744073709551615", UINT64_MAX,
                                       &v), 0);
    assert_int_equal(wire_parse_number("18446744073709551616", UINT64_MAX,
                                       &v), -EINVAL);
    assert_int_equal(wire_parse_number("", 5, &v), -EINVAL);
    assert_int_equal(wire_parse_number("-1", 5, &v), -EINVAL);
    assert_int_equal(wire_parse_number("3 ", 5, &v), -EINVAL);
    assert_int_equal(wire_parse_number("9", 5, &v), -EINVAL);
    assert_int_equal(wire_split("a\0b", 4, part, 2), 0);
    assert_string_equal(part[1], "b");
    assert_int_equal(wire_split("a\0b", 3, part, 2), -EINVAL);
    assert_int_equal(wire_split("a\0b", 4, part, 1), -EINVAL);
    assert_int_equal(wire_split("", 0, part, 1), -EINVAL);
}

static void errors_keep_their_name_both_ways(void **state)
{
    static const int known[] = {
        EINVAL, EACCES, EEXIST, EISDIR, ENOENT, ENOMEM, ENOSPC, EIO,
        ENOTEMPTY, ENOSYS, EROFS, EBUSY, EAGAIN, EISCONN, E2BIG, EPERM,
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(wire_error_value(wire_error_name(known[i])),
                         known[i]);
    }
    assert_string_equal(wire_error_name(EMFILE), "EINVAL");
    assert_int_equal(wire_error_value("EWHAT"), EIO);
}

static void permissions_keep_their_text_both_ways(void **state)
{
    static const char *const texts[] = { "n0", "r1", "w42", "b65535" };
    char text[WIRE_PERM_TEXT_MAX];
    struct perm p;
    size_t i;

    for (i = 0; i < 4; i++) {
        assert_int_equal(wire_parse_perm(texts[i], &p), 0);
        assert_int_equal(p.access, i);
        wire_format_perm(&p, text);
        assert_string_equal(text, texts[i]);
    }
    assert_int_equal(wire_parse_perm("", &p), -EINVAL);
    assert_int_equal(wire_parse_perm("r", &p), -EINVAL);
    assert_int_equal(wire_parse_perm("r65536", &p), -EINVAL);
}

static void a_target_is_acted_for(void **state)
{
    static const struct perm perms[] = { { 5, 0 }, { 6, 1 }, { 7, 2 } };
    struct blob *b = blob_new(perms, sizeof(perms));
    struct actor helper = { 9, 5, false }, reader = { 9, 6, false };
    struct blob *less;

    assert_int_equal(perms_access(b, &helper), 7);
    assert_int_equal(perms_access(b, &reader), PERM_READ);
    reader.target = 9;
    assert_int_equal(perms_access(b, &reader), PERM_NONE);
    less = perms_without(b, 6);
    assert_int_equal(perms_count(less), 2);
    assert_false(perms_mention(less, 6));
    assert_true(perms_mention(less, 7));
    blob_put(less);
    blob_put(b);
}

/* ---- watches ------------------------------------------------------------ */

static void collect(void *ctx, struct watch *w, const char *path)
{
    strcat(ctx, w->token);
}

static void changes_find_their_watches(void **state)
{
    static const struct {
        const char *path;
        bool exact;
        const char *tokens;           /* "/" first, the node itself last */
    } rows[] = {
        { "/a/b", false, "rab" }, { "/a/b", true, "b" },
        { "/a/b/c/d", false, "rab" }, { "/a", false, "ra" },
        { "/ab", false, "r" }, { "/", false, "r" },
        { "@releaseDomain", true, "s" }, { "@other", true, "" },
    };
    struct watch_table t;
    struct watch *own = NULL, *w;
    char tokens[16];
    size_t i;

    assert_int_equal(watch_table_init(&t), 0);
    assert_int_equal(watch_add(&t, &own, NULL, "/", "r", 0, &w), 0);
    assert_int_equal(watch_add(&t, &own, NULL, "/a", "a", 0, &w), 0);
    assert_int_equal(watch_add(&t, &own, NULL, "/a/b", "b", 0, &w), 0);
    assert_int_equal(watch_add(&t, &own, NULL, "@releaseDomain", "s", 0,
                               &w), 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tokens[0] = '\0';
        watch_match(&t, rows[i].path, rows[i].exact, collect, tokens);
        assert_string_equal(tokens, rows[i].tokens);
    }
    while (own != NULL) {
        watch_del(&t, &own, own);
    }
    assert_int_equal(t.count, 0);
    watch_table_fini(&t);
}

/* ---- journal ------------------------------------------------------------ */

static void what_was_not_committed_is_not_there(void **state)
{
    char path[] = "/tmp/test-journal-XXXXXX";
    struct iovec part = { "12345", 5 };
    struct journal_record rec;
    struct journal j, again;
    size_t pos = 0;

    close(mkstemp(path));
    assert_int_equal(journal_create(&j, path), 0);
    assert_int_equal(journal_open(&again, path), -ENOENT);   /* unpublished */
    assert_int_equal(journal_publish(&j), 0);
    journal_add(&j, 3, &part, 1);
    journal_commit(&j);
    journal_add(&j, 4, &part, 1);
    assert_int_equal(journal_open(&again, path), 0);
    assert_true(journal_next(&again, &pos, &rec));
    assert_int_equal(rec.type, 3);
    assert_int_equal(rec.len, 5);
    assert_memory_equal(rec.data, "12345", 5);
    assert_false(journal_next(&again, &pos, &rec));
    journal_close(&again);
    journal_close(&j);
    unlink(path);
}

/* Whatever the file holds: an error or whole records, nothing else. */
static void a_damaged_journal_is_refused(void **state)
{
    char path[] = "/tmp/test-journal-XXXXXX";
    struct iovec part = { "12345", 5 };
    struct journal j, again;
    uint32_t huge = 0x7fffffff;
    int fd;

    close(mkstemp(path));
    assert_int_equal(journal_create(&j, path), 0);
    journal_add(&j, 3, &part, 1);
    journal_commit(&j);
    assert_int_equal(journal_publish(&j), 0);
    journal_close(&j);

    fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, &huge, 4, 64 + 4), 4);    /* a length */
    assert_int_equal(journal_open(&again, path), -ENOENT);
    assert_int_equal(ftruncate(fd, 40), 0);
    assert_int_equal(journal_open(&again, path), -ENOENT);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(journal_open(&again, path), -ENOENT);
    close(fd);
    unlink(path);
}

/* ---- rings -------------------------------------------------------------- */

static uint32_t guest_writes(struct xenstore_domain_interface *p,
                             const void *data, uint32_t len)
{
    uint32_t i;

    for (i = 0; i < len; i++) {
        p->req[MASK_XENSTORE_IDX(p->req_prod + i)] = ((const char *)data)[i];
    }
    p->req_prod += len;
    return len;
}

/* INV-SR2: the guest sees neither index move before it is told. */
static void a_ring_moves_its_index_when_published(void **state)
{
    static struct xenstore_domain_interface page;
    struct xsd_sockmsg h = { XS_READ, 1, 0, 3 };
    struct ring_conn r;
    char *body;

    memset(&page, 0, sizeof(page));
    page.req_cons = page.req_prod = 0xfffffff0;      /* wraps on the way */
    ring_conn_init(&r, &page);
    assert_int_equal(conn_fill(&r.conn), 0);
    guest_writes(&page, &h, sizeof(h));
    guest_writes(&page, "/x", 3);
    assert_int_equal(conn_fill(&r.conn), sizeof(h) + 3);
    assert_int_equal(conn_message(&r.conn, &h, &body), 1);
    assert_string_equal(body, "/x");
    assert_int_equal(page.req_cons, 0xfffffff0);
    ring_publish(&r);
    assert_int_equal(page.req_cons, page.req_prod);
    page.req_prod += XENSTORE_RING_SIZE + 1;
    conn_next(&r.conn);
    assert_int_equal(conn_fill(&r.conn), -ERANGE);
    ring_conn_fini(&r);
}

static void queue_reply(struct conn *c, uint32_t type, uint32_t len)
{
    static const char zeros[XENSTORE_PAYLOAD_MAX];
    struct xsd_sockmsg h = { type, 1, 0, len };

    assert_int_equal(conn_queue(c, &h, zeros), 0);
}

/* Killed at every possible number of bytes sent: the rest is sent once. */
static void a_resumed_ring_sends_what_is_missing(void **state)
{
    static struct xenstore_domain_interface page;
    struct ring_saved saved = { 100, 150, 1000 };
    struct ring_conn r;
    uint32_t sent;

    for (sent = 0; sent <= 16 + 5 + 16 + 7; sent++) {
        memset(&page, 0, sizeof(page));
        memset(&r, 0, sizeof(r));
        page.req_cons = 100;          /* killed before it was published */
        page.req_prod = 150;
        page.rsp_cons = 1000;
        page.rsp_prod = 1000 + sent;
        conn_init(&r.conn, NULL);
        queue_reply(&r.conn, XS_READ, 5);
        queue_reply(&r.conn, XS_WATCH_EVENT, 7);
        ring_resume(&r, &page, &saved);
        assert_int_equal(page.req_cons, 150);
        assert_int_equal(r.conn.out.len, 44 - sent);
        assert_int_equal(r.conn.outstanding, sent < 21 ? 1 : 0);
        assert_int_equal(conn_flush(&r.conn), 0);
        assert_int_equal(page.rsp_prod, 1044);
        ring_conn_fini(&r);
    }
}

static void a_full_ring_takes_the_rest_later(void **state)
{
    static struct xenstore_domain_interface page;
    struct ring_conn r;

    memset(&page, 0, sizeof(page));
    ring_conn_init(&r, &page);
    queue_reply(&r.conn, XS_READ, 2000);
    assert_int_equal(conn_flush(&r.conn), 0);
    assert_int_equal(page.rsp_prod, XENSTORE_RING_SIZE);
    assert_int_equal(r.conn.outstanding, 1);
    page.rsp_cons += 1000;
    assert_int_equal(conn_flush(&r.conn), 0);
    page.rsp_cons += 1000;
    assert_int_equal(conn_flush(&r.conn), 0);
    assert_int_equal(page.rsp_prod, 2016);
    assert_int_equal(r.conn.outstanding, 0);
    page.rsp_cons = 5000;
    queue_reply(&r.conn, XS_READ, 1);
    assert_int_equal(conn_flush(&r.conn), -ERANGE);
    ring_conn_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_checked),
        cmocka_unit_test(relative_paths_get_a_base),
        cmocka_unit_test(numbers_and_strings_are_exact),
        cmocka_unit_test(errors_keep_their_name_both_ways),
        cmocka_unit_test(permissions_keep_their_text_both_ways),
        cmocka_unit_test(a_target_is_acted_for),
        cmocka_unit_test(changes_find_their_watches),
        cmocka_unit_test(what_was_not_committed_is_not_there),
        cmocka_unit_test(a_damaged_journal_is_refused),
        cmocka_unit_test(a_ring_moves_its_index_when_published),
        cmocka_unit_test(a_resumed_ring_sends_what_is_missing),
        cmocka_unit_test(a_full_ring_takes_the_rest_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
