/* SPDX-License-Identifier: MIT */
/*
 * qcow2 images: the chain of files a header names, and a disk behind
 * qemu-storage-daemon as the serving process uses it.  qemu-img makes the
 * images, checks them and compares them with a raw copy of what was written.
 */
#include <back/blk_image.h>
#include <back/qcow2.h>
#include <back/storaged.h>
#include <lib/err.h>
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB     (1ull << 20)
#define ARENA   (1u << 20)
#define BLOCK   65536u

struct fixture {
    char dir[64], top[96], base[96], raw[96];
    struct storaged daemon;
    struct blk_image image;
    int last, answers;
};

static int run(const char *format, ...)
{
    char command[512];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof(command), format, ap);
    va_end(ap);
    return system(command);
}

/* A base of 4 MiB with text in it, an overlay of 8 MiB, the same as raw. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->dir, "/tmp/qcow2-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->top, sizeof(f->top), "%s/top.qcow2", f->dir);
    snprintf(f->base, sizeof(f->base), "%s/base.raw", f->dir);
    snprintf(f->raw, sizeof(f->raw), "%s/copy.raw", f->dir);
    assert_int_equal(run("cd %s && yes base | head -c 4194304 >base.raw && "
                         "qemu-img create -q -f qcow2 -b base.raw -F raw "
                         "top.qcow2 8M && cp base.raw copy.raw && "
                         "truncate -s 8M copy.raw", f->dir), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    storaged_stop(&f->daemon, false);
    assert_int_equal(run("rm -rf %s", f->dir), 0);
    free(f);
    return 0;
}

/* ---- headers --------------------------------------------------------------------- */

static int open_chain(const char *path, struct qcow2_chain *c, struct err *e)
{
    int rc = qcow2_open(c, path, e);

    if (rc == 0) {
        qcow2_close(c);
    }
    return rc;
}

static void a_chain_is_followed_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct qcow2_chain *c = calloc(1, sizeof(*c));
    struct err e = ERR_INIT;
    char path[96];

    assert_int_equal(run("cd %s && qemu-img create -q -f qcow2 -b top.qcow2 "
                         "-F qcow2 leaf.qcow2", f->dir), 0);
    snprintf(path, sizeof(path), "%s/leaf.qcow2", f->dir);
    assert_int_equal(qcow2_open(c, path, &e), 0);
    assert_int_equal(c->nr, 3);
    assert_true(c->files[0].qcow2 && c->files[1].qcow2);
    assert_false(c->files[2].qcow2);
    assert_string_equal(c->files[2].path, f->base);
    assert_true(c->files[0].bytes == 8 * MIB);
    qcow2_close(c);
    free(c);
}

/* Backing files are locked against writers, as long as they are open. */
static void a_backing_file_has_no_writer(void **state)
{
    struct fixture *f = *state;
    struct qcow2_chain *c = calloc(1, sizeof(*c));
    struct err e = ERR_INIT;
    int fd = open(f->base, O_RDWR);

    assert_int_equal(qcow2_open(c, f->top, &e), 0);
    assert_int_equal(imglock_test(fd, true), -EAGAIN);
    assert_int_equal(imglock_test(fd, false), 0);
    qcow2_close(c);
    assert_int_equal(imglock_take(fd, true), 0);
    assert_int_equal(qcow2_open(c, f->top, &e), -EAGAIN);
    close(fd);
    free(c);
}

static void what_cannot_be_trusted_is_refused(void **state)
{
    static const struct {
        const char *make, *why;
    } rows[] = {
        { "yes x | head -c 65536 >x", "it is not one" },
        { "head -c 40 top.qcow2 >x", "it is not one" },
        { "qemu-img create -q -f qcow2 x 1M && qemu-img rebase -q -f qcow2 "
          "-u -b base.raw -F raw x && printf '\\0\\0\\0\\1' | dd of=x bs=1 "
          "seek=16 conv=notrunc 2>/dev/null && printf "
          "'\\177\\377\\377\\377\\377\\377\\377\\377' | dd of=x bs=1 seek=8 "
          "conv=notrunc 2>/dev/null", "out of place" },
        { "cp top.qcow2 x && printf '\\0\\0\\0\\5' | dd of=x bs=1 seek=4 "
          "conv=notrunc 2>/dev/null", "not version 2 or 3" },
        { "cp top.qcow2 x && printf '\\0\\0\\0\\1' | dd of=x bs=1 seek=32 "
          "conv=notrunc 2>/dev/null", "encryption" },
        { "qemu-img create -q -f qcow2 x 1M && qemu-img rebase -q -f qcow2 "
          "-u -b nbd:localhost:10809 -F raw x", "not a plain path" },
        { "qemu-img create -q -f qcow2 x 1M && qemu-img rebase -q -f qcow2 "
          "-u -b x -F qcow2 x", "one of them twice" },
    };
    struct fixture *f = *state;
    struct qcow2_chain *c = calloc(1, sizeof(*c));
    char path[96];

    snprintf(path, sizeof(path), "%s/x", f->dir);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err e = ERR_INIT;

        assert_int_equal(run("cd %s && rm -f x && %s", f->dir, rows[i].make),
                         0);
        assert_int_not_equal(open_chain(path, c, &e), 0);
        if (strstr(e.why, rows[i].why) == NULL) {
            fail_msg("row %zu: %s", i, e.why);
        }
    }
    free(c);
}

/* ---- the daemon --------------------------------------------------------------------- */

static int start(struct fixture *f, bool uring)
{
    const struct storaged_config c = { .image = f->top, .run_dir = f->dir };
    struct err e = ERR_INIT;
    int rc = storaged_start(&f->daemon, &c, &e);

    if (rc != 0) {
        return rc;
    }
    blk_image_remote(&f->image, f->daemon.request_fd, f->daemon.bytes, false);
    f->daemon.request_fd = -1;
    rc = blk_image_start(&f->image, ARENA, uring);
    blk_image_submit(&f->image);
    return rc;
}

static void stop(struct fixture *f, bool gracefully)
{
    blk_image_stop(&f->image);
    if (f->image.uring) {
        io_uring_queue_exit(&f->image.ring);
    }
    storaged_stop(&f->daemon, gracefully);
}

static void note(void *arg, void *tag, int res)
{
    struct fixture *f = arg;

    f->last = res;
    f->answers++;
}

/* One operation to its end: its result; -ECONNRESET: the daemon is dead. */
static int perform(struct fixture *f, enum blk_image_op op, uint64_t offset,
                   uint64_t len)
{
    f->answers = 0;
    assert_int_equal(blk_image_queue(&f->image, op, f->image.buffers, offset,
                                     len, f), 0);
    blk_image_submit(&f->image);
    while (blk_image_reap(&f->image, note, f) == 0) {
        if (blk_image_dead(&f->image)) {
            return -ECONNRESET;
        }
        blk_image_wait(&f->image);
    }
    assert_int_equal(f->answers, 1);
    return f->last;
}

static void fill(struct fixture *f, unsigned int n)
{
    for (size_t i = 0; i < BLOCK; i += 4) {
        uint32_t word = (uint32_t)(n * 2654435761u + i);

        memcpy(f->image.buffers + i, &word, sizeof(word));
    }
}

/* What was written is written to the raw copy too. */
static void mirror(struct fixture *f, uint64_t offset)
{
    int fd = open(f->raw, O_RDWR);

    assert_int_equal(pwrite(fd, f->image.buffers, BLOCK, (off_t)offset),
                     BLOCK);
    close(fd);
}

static void assert_good(struct fixture *f)
{
    assert_int_equal(run("qemu-img check -q -f qcow2 %s", f->top), 0);
    assert_int_equal(run("qemu-img compare -q -f qcow2 -F raw %s %s", f->top,
                         f->raw), 0);
}

static void data_survives_a_round_trip(void **state)
{
    struct fixture *f = *state;

    for (int uring = 0; uring < 2; uring++) {
        assert_int_equal(start(f, uring), 0);
        assert_int_equal(perform(f, IMG_READ, 0, 512), 512);
        if (!uring) {                  /* later it is written over */
            assert_memory_equal(f->image.buffers, "base\n", 5);
        }
        for (unsigned int n = 0; n < 16; n++) {
            uint64_t at = (n * 37 % 128) * BLOCK;

            fill(f, n + 100u * (unsigned int)uring);
            mirror(f, at);
            assert_int_equal(perform(f, IMG_WRITE, at, BLOCK), BLOCK);
            memset(f->image.buffers, 0, BLOCK);
            assert_int_equal(perform(f, IMG_READ, at, BLOCK), BLOCK);
        }
        assert_int_equal(perform(f, IMG_FLUSH, 0, 0), 0);
        stop(f, true);
        assert_good(f);
    }
}

/* A discarded range reads as zeros, not as what the base has there. */
static void discard_leaves_zeros(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(start(f, true), 0);
    assert_int_equal(perform(f, IMG_DISCARD, MIB, MIB), MIB);
    assert_int_equal(perform(f, IMG_READ, MIB, BLOCK), BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
        assert_int_equal(f->image.buffers[i], 0);
    }
    stop(f, true);
    assert_int_equal(run("qemu-img check -q -f qcow2 %s", f->top), 0);
}

static void nobody_else_opens_it_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct storaged other = { .open = false };
    const struct storaged_config c = { .image = f->top, .run_dir = f->dir };
    struct err e = ERR_INIT;
    int fd = open(f->base, O_RDWR);

    assert_int_equal(start(f, true), 0);
    assert_int_equal(storaged_start(&other, &c, &e), -EAGAIN);
    storaged_stop(&other, false);
    assert_int_not_equal(run("qemu-img check -q %s 2>/dev/null", f->top), 0);
    assert_int_equal(imglock_test(fd, true), -EAGAIN);
    stop(f, true);
    assert_int_equal(imglock_test(fd, true), 0);
    close(fd);
    assert_int_equal(run("qemu-img check -q %s", f->top), 0);
}

static void it_grows_while_requests_go_on(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;

    assert_int_equal(start(f, true), 0);
    assert_int_equal(perform(f, IMG_WRITE, 12 * MIB, BLOCK), -EIO);
    assert_int_equal(storaged_resize(&f->daemon, 16 * MIB, &e), 0);
    fill(f, 5);
    assert_int_equal(perform(f, IMG_WRITE, 12 * MIB, BLOCK), BLOCK);
    assert_int_equal(truncate(f->raw, 16 * MIB), 0);
    mirror(f, 12 * MIB);
    stop(f, true);
    assert_good(f);
}

/* It sees its image and no other file, and can do next to nothing. */
static void the_daemon_has_no_rights(void **state)
{
    struct fixture *f = *state;
    int pid;

    assert_int_equal(start(f, true), 0);
    pid = (int)f->daemon.pid;
    assert_int_equal(run("[ \"$(ls /proc/%d/root | xargs)\" = "
                         "'dev img lib lib64 usr' ]", pid), 0);
    assert_int_equal(run("grep -q '^Seccomp:.*2' /proc/%d/status", pid), 0);
    assert_int_equal(run("grep -q '^NoNewPrivs:.*1' /proc/%d/status", pid),
                     0);
    assert_int_equal(run("grep -q '^CapEff:.*0000000000000002$' "
                         "/proc/%d/status", pid), 0);
    assert_int_not_equal(run("grep -q '^Uid:.*[^0-9]0[^0-9]' "
                             "/proc/%d/status", pid), 0);
    assert_int_equal(run("[ \"$(wc -l < /proc/%d/net/dev)\" = 3 ]", pid), 0);
    stop(f, true);
}

/* INV-SD1, INV-SD2: what it answered is there after SIGKILL at any moment. */
static void killed_in_a_write_stream_nothing_answered_is_lost(void **state)
{
    struct fixture *f = *state;
    unsigned int kills = 0;

    srandom(3);
    assert_int_equal(start(f, true), 0);
    for (unsigned int n = 0; n < 200; n++) {
        uint64_t at = (uint64_t)(random() % 128) * BLOCK;
        bool die = random() % 12 == 0;

        fill(f, n);
        mirror(f, at);
        if (die) {                     /* somewhere in the middle of it */
            assert_int_equal(blk_image_queue(&f->image, IMG_WRITE,
                                             f->image.buffers, at, BLOCK, f),
                             0);
            blk_image_submit(&f->image);
            usleep((useconds_t)(random() % 2000));
            kill(f->daemon.pid, SIGKILL);
            stop(f, false);
            assert_int_equal(start(f, true), 0);
            fill(f, n);                /* not answered: executed again */
            kills++;
        }
        assert_int_equal(perform(f, IMG_WRITE, at, BLOCK), BLOCK);
    }
    kill(f->daemon.pid, SIGKILL);      /* the last answers too */
    stop(f, false);
    assert_true(kills > 5);
    assert_int_equal(run("qemu-img check -q -r leaks %s >/dev/null", f->top),
                     0);
    assert_good(f);
}

static void a_dead_daemon_is_noticed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(start(f, true), 0);
    kill(f->daemon.pid, SIGKILL);
    for (int i = 0; i < 100 && !blk_image_dead(&f->image); i++) {
        blk_image_sleep(&f->image);
        blk_image_reap(&f->image, note, f);
    }
    stop(f, false);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest headers[] = {
        T(a_chain_is_followed_to_its_end),
        T(a_backing_file_has_no_writer),
        T(what_cannot_be_trusted_is_refused),
    };
    const struct CMUnitTest daemons[] = {
        T(data_survives_a_round_trip),
        T(discard_leaves_zeros),
        T(nobody_else_opens_it_meanwhile),
        T(it_grows_while_requests_go_on),
        T(the_daemon_has_no_rights),
        T(killed_in_a_write_stream_nothing_answered_is_lost),
        T(a_dead_daemon_is_noticed),
    };
    int failed = cmocka_run_group_tests(headers, NULL, NULL);

    if (geteuid() != 0) {
        fprintf(stderr, "test_qcow2: the daemon's room needs root\n");
        return failed;
    }
    return failed + cmocka_run_group_tests(daemons, NULL, NULL);
}
