/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the store against a model that is as simple as can
 * be: a list of paths, searched from the front.  Also: every allocation and
 * every growth of the journal fails once, and nothing may have changed; the
 * journal replayed gives the same tree (INV-SP1); accounts add up (INV-SQ1).
 * Covers: store/tree.c, txn.c, access.c, journal.c, quota.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <proto/path.h>
#include "model.h"

/* ---- failing steps ------------------------------------------------------ */

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
int __real_posix_fallocate(int fd, off_t offset, off_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t len);

static int fail_at;                   /* counts down; 0: never fail */
static bool fail_files;

static bool fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
    return fails() ? NULL : __real_calloc(nr, size);
}

int __wrap_posix_fallocate(int fd, off_t offset, off_t len)
{
    return fail_files ? ENOSPC : __real_posix_fallocate(fd, offset, len);
}

/* ---- the store ---------------------------------------------------------- */

struct world {
    struct quota quota;
    struct tree tree;
    struct journal journal;
    struct model model;
    char path[64];
};

static struct result s_run_in(struct tree *tree, struct txn *txn,
                              const struct op *op)
{
    struct result r = { .len = 0 };
    struct node_view view;

    switch (op->kind) {
    case READ:
        r.rc = access_get(tree, txn, &op->actor, op->path, PERM_READ, &view);
        if (r.rc == 0) {
            r.len = blob_len(view.data);
            memcpy(r.data, blob_bytes(view.data), r.len);
        }
        break;
    case WRITE:
        r.rc = access_write(txn, &op->actor, op->path, op->data, op->len);
        break;
    case MKDIR:
        r.rc = access_mkdir(txn, &op->actor, op->path);
        break;
    case RM:
        r.rc = access_rm(txn, &op->actor, op->path);
        break;
    case CHMOD:
        r.rc = access_set_perms(txn, &op->actor, op->path, op->perms,
                                op->nr);
        break;
    case KINDS:
        break;
    }
    return r;
}

static struct result s_run(struct world *w, const struct op *op)
{
    struct txn txn;
    struct result r;

    if (op->kind == READ) {
        return s_run_in(&w->tree, NULL, op);
    }
    txn_init(&txn, &w->tree);
    r = s_run_in(&w->tree, &txn, op);
    if (r.rc == 0) {
        r.rc = txn_commit(&txn, &op->actor, &w->journal);
    }
    txn_fini(&txn);
    journal_commit(&w->journal);
    return r;
}

static void compare_tree(const struct tree *tree, struct model *m)
{
    size_t i;

    assert_int_equal(tree->count, m->count);
    for (i = 0; i < m->count; i++) {
        const struct mnode *n = &m->node[i];
        const struct node *t = tree_find(tree, n->path, strlen(n->path));

        assert_non_null(t);
        assert_int_equal(blob_len(t->data), n->len);
        assert_memory_equal(blob_bytes(t->data), n->data, n->len);
        assert_int_equal(perms_count(t->perms), n->nr);
        assert_memory_equal(perms_list(t->perms), n->perms,
                            n->nr * sizeof(struct perm));
    }
    assert_int_equal(tree_check(tree), 0);
}

struct sums {
    uint64_t nodes[4];
    int64_t memory[4];
};

static int sum_node(void *ctx, const struct node *n)
{
    struct sums *s = ctx;
    uint32_t owner = perms_owner(n->perms);

    s->nodes[owner]++;
    s->memory[owner] += (int64_t)tree_node_cost(n->path_len, n->data,
                                                n->perms, n->names);
    return 0;
}

/* INV-SQ1 */
static void check_accounts(struct world *w)
{
    struct sums s = { .nodes = { 0 } };
    uint32_t domid;

    assert_int_equal(tree_walk(&w->tree, sum_node, &s), 0);
    for (domid = 0; domid < 4; domid++) {
        struct account *a = quota_account(&w->quota, domid);

        assert_int_equal(a->nodes, s.nodes[domid]);
        assert_int_equal(a->memory, s.memory[domid]);
    }
}

static void compare(struct world *w)
{
    compare_tree(&w->tree, &w->model);
    check_accounts(w);
}

/* ---- random operations -------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static void random_path(char path[40])
{
    unsigned int depth = 1 + rnd(4);
    size_t len = 0;

    while (depth-- > 0) {
        path[len++] = '/';
        path[len++] = (char)('a' + rnd(4));
    }
    path[len] = '\0';
}

static struct op random_op(void)
{
    static const enum kind kinds[] = {
        READ, READ, READ, WRITE, WRITE, WRITE, MKDIR, RM, CHMOD,
    };
    struct op op = { .kind = kinds[rnd(9)] };
    size_t i;

    op.actor.domid = op.actor.target = rnd(3);
    op.actor.privileged = op.actor.domid == 0;
    random_path(op.path);
    op.len = rnd(8);
    for (i = 0; i < op.len; i++) {
        op.data[i] = (char)rnd(256);
    }
    op.nr = 1 + rnd(PERMS);
    for (i = 0; i < op.nr; i++) {
        op.perms[i] = (struct perm){ rnd(3), rnd(4) };
    }
    return op;
}

static void expect_same(struct result got, struct result want)
{
    assert_int_equal(got.rc, want.rc);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    int fd;

    strcpy(w->path, "/tmp/test-random-XXXXXX");
    fd = mkstemp(w->path);
    close(fd);
    quota_init(&w->quota);
    for (fd = 0; fd < 4; fd++) {
        quota_account(&w->quota, (uint32_t)fd);
    }
    if (tree_init(&w->tree, &w->quota, 0) != 0 ||
        journal_create(&w->journal, w->path) != 0 ||
        journal_publish(&w->journal) != 0) {
        return -1;
    }
    strcpy(w->model.node[0].path, "/");
    w->model.node[0].nr = 1;
    w->model.count = 1;
    w->model.node_limit = w->quota.limit[QUOTA_NODES];
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;

    tree_fini(&w->tree);
    quota_fini(&w->quota);
    journal_close(&w->journal);
    unlink(w->path);
    free(w);
    return 0;
}

/* Everybody may write at the top, so that guests get somewhere. */
static void open_root(struct world *w)
{
    struct op op = { CHMOD, { 0, 0, true }, "/", "", 0, 1, { { 0, 3 } } };

    expect_same(s_run(w, &op), m_run(&w->model, &op));
}

static void replay_and_compare(struct world *w)
{
    struct journal_record rec;
    struct journal j;
    struct quota quota;
    struct tree tree;
    size_t pos = 0;

    quota_init(&quota);
    assert_int_equal(tree_init(&tree, &quota, 0), 0);
    assert_int_equal(journal_open(&j, w->path), 0);
    while (journal_next(&j, &pos, &rec)) {
        assert_int_equal(txn_replay(&tree, &rec), 0);
    }
    compare_tree(&tree, &w->model);
    journal_close(&j);
    tree_fini(&tree);
    quota_fini(&quota);
}

static void single_operations_match_the_model(void **state)
{
    struct world *w = *state;
    int i;

    seed = 1;
    w->quota.limit[QUOTA_NODES] = w->model.node_limit = 12;
    open_root(w);
    for (i = 0; i < 30000; i++) {
        struct op op = random_op();

        expect_same(s_run(w, &op), m_run(&w->model, &op));
        if (i % 100 == 0) {
            compare(w);
        }
    }
    compare(w);
    replay_and_compare(w);
}

#define OPEN 3
#define STEPS 12

struct open_txn {
    bool open;
    struct txn txn;
    unsigned int steps, commits_before;
    struct op op[STEPS];
    struct result result[STEPS];
};

/* A commit that succeeds is as if all of it had happened just now. */
static void end_txn(struct world *w, struct open_txn *t,
                    unsigned int *commits, unsigned int *conflicts)
{
    int rc = txn_commit(&t->txn, &t->op[0].actor, &w->journal);
    unsigned int i;

    journal_commit(&w->journal);
    if (rc == 0) {
        for (i = 0; i < t->steps; i++) {
            expect_same(t->result[i], m_run(&w->model, &t->op[i]));
        }
        ++*commits;
    } else {
        assert_int_equal(rc, -EAGAIN);
        assert_true(*commits > t->commits_before);
        ++*conflicts;
    }
    txn_fini(&t->txn);
    t->open = false;
}

static void transactions_are_serializable(void **state)
{
    struct world *w = *state;
    struct open_txn *slots = calloc(OPEN, sizeof(*slots));
    unsigned int commits = 0, conflicts = 0, ends = 0;
    int i;

    seed = 2;
    open_root(w);
    for (i = 0; i < 60000; i++) {
        struct open_txn *t = &slots[rnd(OPEN)];
        struct op op = random_op();

        if (!t->open) {
            t->open = true;
            t->steps = 0;
            t->commits_before = commits;
            txn_init(&t->txn, &w->tree);
        } else if (t->steps == STEPS || (t->steps > 0 && rnd(5) == 0)) {
            end_txn(w, t, &commits, &conflicts);
            ends++;
            if (ends % 50 == 0) {
                compare(w);
            }
        } else if (rnd(12) == 0) {
            expect_same(s_run(w, &op), m_run(&w->model, &op));
            commits++;
        } else {
            t->op[t->steps] = op;
            t->result[t->steps] = s_run_in(&w->tree, &t->txn, &op);
            t->steps++;
        }
    }
    for (i = 0; i < OPEN; i++) {
        if (slots[i].open) {
            txn_fini(&slots[i].txn);
        }
    }
    compare(w);
    replay_and_compare(w);
    assert_true(commits > 1000);
    assert_true(conflicts > 100);
    free(slots);
}

/* INV-SX2: each allocation of an operation fails in turn. */
static void a_failed_allocation_changes_nothing(void **state)
{
    struct world *w = *state;
    int i, failed = 0;

    seed = 3;
    open_root(w);
    for (i = 0; i < 1500; i++) {
        struct op op = random_op();
        struct result r;
        int n;

        for (n = 1;; n++) {
            fail_at = n;
            r = s_run(w, &op);
            if (fail_at > 0) {
                break;                /* it did not come that far */
            }
            if (r.rc == -ENOMEM) {
                failed++;
                if (failed % 16 == 0) {
                    compare(w);
                }
                continue;
            }
            break;                    /* a step it can do without */
        }
        fail_at = 0;
        expect_same(r, m_run(&w->model, &op));
    }
    compare(w);
    replay_and_compare(w);
    assert_true(failed > 1000);
}

/* A full file system is an error of the operation that needed room. */
static void a_journal_without_room_changes_nothing(void **state)
{
    static char big[100000];
    struct world *w = *state;
    struct actor self = { 0, 0, true };
    struct txn txn;
    int i, rc = 0;

    open_root(w);
    fail_files = true;
    for (i = 0; i < 100 && rc == 0; i++) {
        compare(w);
        txn_init(&txn, &w->tree);
        assert_int_equal(access_write(&txn, &self, "/big", big,
                                      sizeof(big)), 0);
        rc = txn_commit(&txn, &self, &w->journal);
        txn_fini(&txn);
        journal_commit(&w->journal);
        if (rc == 0) {                /* leave the model as it was */
            txn_init(&txn, &w->tree);
            assert_int_equal(access_rm(&txn, &self, "/big"), 0);
            rc = txn_commit(&txn, &self, &w->journal);
            txn_fini(&txn);
            journal_commit(&w->journal);
        }
    }
    fail_files = false;
    assert_int_equal(rc, -ENOSPC);
    txn_init(&txn, &w->tree);         /* with room it goes on */
    assert_int_equal(access_rm(&txn, &self, "/big"), 0);
    assert_int_equal(txn_commit(&txn, &self, &w->journal), 0);
    txn_fini(&txn);
    journal_commit(&w->journal);
    compare(w);
    replay_and_compare(w);
}

/* Nothing recurses: the depth a path allows, made and removed. */
static void deep_trees_are_made_and_removed(void **state)
{
    struct world *w = *state;
    struct actor self = { 0, 0, true };
    char path[PATH_BUF_SIZE];
    struct txn txn;
    size_t i;

    for (i = 0; i + 2 < sizeof(path); i += 2) {
        memcpy(path + i, "/d", 3);
    }
    txn_init(&txn, &w->tree);
    assert_int_equal(access_write(&txn, &self, path, "x", 1), 0);
    assert_int_equal(txn_commit(&txn, &self, &w->journal), 0);
    txn_fini(&txn);
    journal_commit(&w->journal);
    assert_int_equal(w->tree.count, 1 + i / 2);
    assert_int_equal(tree_check(&w->tree), 0);
    txn_init(&txn, &w->tree);
    assert_int_equal(access_rm(&txn, &self, "/d"), 0);
    assert_int_equal(txn_commit(&txn, &self, &w->journal), 0);
    txn_fini(&txn);
    journal_commit(&w->journal);
    compare(w);
    replay_and_compare(w);
}

int main(void)
{
#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(single_operations_match_the_model),
        IN_WORLD(transactions_are_serializable),
        IN_WORLD(a_failed_allocation_changes_nothing),
        IN_WORLD(a_journal_without_room_changes_nothing),
        IN_WORLD(deep_trees_are_made_and_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
