/* SPDX-License-Identifier: MIT */
/* A disk image behind a real loop, with io_uring where the kernel has it. */
#include "bench.h"

#include <devices/drive.h>
#include <frame/timer.h>
#include <host/image.h>
#include <host/medium.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/imglock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#define BYTES (256u * 1024)

struct fixture {
    struct machine m;
    struct emu_disk disk;
    struct image *img;
    char path[32];
    int ended, res;
};

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e = ERR_INIT;
    uint8_t *bytes = malloc(BYTES);
    unsigned int i;
    int fd;

    strcpy(f->path, "/var/tmp/emu-imageXXXXXX");
    fd = mkstemp(f->path);
    for (i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)(i >> 9);
    }
    assert_int_equal(write(fd, bytes, BYTES), BYTES);
    close(fd);
    free(bytes);
    f->m.loop = evloop_new();
    f->m.timers = timers_new(&f->m);
    f->disk = (struct emu_disk) { .present = true,
                                  .path = f->path };
    f->img = image_open(&f->m, &f->disk, &e);
    assert_non_null(f->img);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    image_close(f->img);
    timers_free(f->m.timers);
    evloop_free(f->m.loop);
    unlink(f->path);
    free(f);
    return 0;
}

static void ended(void *arg, int res)
{
    struct fixture *f = arg;

    f->ended++;
    f->res = res;
}

/* 5 s at most: a lost wake-up fails instead of hanging. */
static void wait_for_end(struct fixture *f)
{
    uint64_t late = evloop_now_ns() + 5000000000ull;
    int before = f->ended;

    while (f->ended == before && evloop_now_ns() < late) {
        evloop_once(f->m.loop, 100);
    }
    assert_int_equal(f->ended, before + 1);
}

static void each_operation_wakes_the_loop(void **state)
{
    struct fixture *f = *state;
    unsigned int i;

    for (i = 0; i < 50; i++) {
        image_start(f->img, IMAGE_READ, i * 512, 4096, ended, f);
        assert_int_equal(f->ended, (int)i);        /* never at once */
        wait_for_end(f);
        assert_int_equal(f->res, 0);
        assert_int_equal(image_buffer(f->img)[512], (uint8_t)(i + 1));
    }
}

static void what_is_written_and_flushed_is_in_the_file(void **state)
{
    struct fixture *f = *state;
    uint8_t byte = 0;
    int fd;

    memset(image_buffer(f->img), 0x5a, 1024);
    image_start(f->img, IMAGE_WRITE, 8192, 1024, ended, f);
    wait_for_end(f);
    image_start(f->img, IMAGE_FLUSH, 0, 0, ended, f);
    wait_for_end(f);
    assert_int_equal(f->res, 0);
    fd = open(f->path, O_RDONLY);
    assert_int_equal(pread(fd, &byte, 1, 8192 + 1023), 1);
    close(fd);
    assert_int_equal(byte, 0x5a);
}

/* A file that was cut under us is an error, not old data. */
static void beyond_the_end_is_an_error(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(truncate(f->path, 512), 0);
    image_start(f->img, IMAGE_READ, 0, 4096, ended, f);
    wait_for_end(f);
    assert_int_equal(f->res, -EIO);
}

static void drain_waits_for_what_is_under_way(void **state)
{
    struct fixture *f = *state;

    image_start(f->img, IMAGE_READ, 0, 65536, ended, f);
    image_drain(f->img);
    assert_int_equal(f->ended, 1);
}

/* A qcow2 image is locked while it is open, and only then. */
static void a_qcow2_image_is_read_and_let_go(void **state)
{
    struct fixture *f = *state;
    struct emu_disk disk = { .present = true, .format = "qcow2" };
    struct err e = ERR_INIT;
    struct image *img;
    char path[64], command[300];

    if (geteuid() != 0 || access("/usr/bin/qemu-storage-daemon", X_OK) != 0) {
        skip();
    }
    snprintf(path, sizeof(path), "%s.qcow2", f->path);
    disk.path = path;
    snprintf(command, sizeof(command), "qemu-img create -q -f qcow2 %s 1M && "
             "qemu-io -f qcow2 -c 'write -q -P 0x77 64k 64k' %s", path, path);
    assert_int_equal(system(command), 0);
    img = image_open(&f->m, &disk, &e);
    assert_non_null(img);
    assert_int_equal(image_bytes(img), 1 << 20);
    image_start(img, IMAGE_READ, 65536, 4096, ended, f);
    wait_for_end(f);
    assert_int_equal(f->res, 0);
    assert_int_equal(image_buffer(img)[4095], 0x77);
    image_buffer(img)[0] = 0x11;
    image_start(img, IMAGE_WRITE, 65536, 512, ended, f);
    wait_for_end(f);
    image_start(img, IMAGE_FLUSH, 0, 0, ended, f);
    wait_for_end(f);
    snprintf(command, sizeof(command), "qemu-io -f qcow2 -c "
             "'read -q -P 0x11 64k 1' %s 2>/dev/null", path);
    assert_int_not_equal(system(command), 0);
    image_close(img);
    assert_int_equal(system(command), 0);
    unlink(path);
}

/* ---- another medium, from a process that may open it -------------------------------- */

static int swap(void *arg, const struct medium_order *o, int fd)
{
    struct fixture *f = arg;

    if (o->unit != 2) {
        return -ENODEV;
    }
    return image_swap(f->img, fd, o->bytes);
}

/* What drive_medium() says, as in vmctl: 0 or an errno. */
static int put_in(struct fixture *f, const char *dir, unsigned int unit,
                  const char *file)
{
    pid_t child = fork();
    int status = 0, tries = 0;

    if (child == 0) {
        _exit(-drive_medium(dir, unit, "hdc", file, NULL));
    }
    while (waitpid(child, &status, WNOHANG) == 0 && tries++ < 100) {
        evloop_once(f->m.loop, 100);
    }
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool writable(const char *file)
{
    int fd = open(file, O_RDWR);
    int rc = imglock_test(fd, true);

    close(fd);
    return rc == 0;
}

static void a_medium_comes_with_its_lock_and_goes_with_it(void **state)
{
    struct fixture *f = *state;
    char dir[] = "/var/tmp/emu-mediumXXXXXX", file[64], sock[64];
    struct err e = ERR_INIT;
    struct medium *md;
    int fd;

    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof(file), "%s/new.iso", dir);
    snprintf(sock, sizeof(sock), "%s/" MEDIUM_SOCKET, dir);
    fd = open(file, O_RDWR | O_CREAT, 0600);
    assert_int_equal(pwrite(fd, "new", 3, 4096), 3);
    assert_int_equal(ftruncate(fd, 8192), 0);
    close(fd);
    md = medium_listen(&f->m, dir, swap, f, &e);
    assert_non_null(md);
    assert_int_equal(put_in(f, dir, 1, file), ENODEV);
    assert_int_equal(put_in(f, dir, 2, "/nowhere"), ENOENT);
    assert_int_equal(put_in(f, dir, 2, dir), EINVAL);
    assert_false(writable(f->path));
    assert_int_equal(put_in(f, dir, 2, file), 0);
    assert_true(writable(f->path));
    assert_false(writable(file));
    assert_int_equal(image_bytes(f->img), 8192);
    image_start(f->img, IMAGE_READ, 4096, 2048, ended, f);
    wait_for_end(f);
    assert_int_equal(f->res, 0);
    assert_memory_equal(image_buffer(f->img), "new", 3);
    assert_int_equal(put_in(f, dir, 2, NULL), 0);
    assert_int_equal(image_bytes(f->img), 0);
    assert_true(writable(file));
    medium_close(md);
    unlink(sock);
    unlink(file);
    rmdir(dir);
}

static void a_drive_may_begin_empty(void **state)
{
    struct fixture *f = *state;
    struct emu_disk none = { .present = true, .cdrom = true, .readonly = true };
    struct err e = ERR_INIT;
    struct image *img = image_open(&f->m, &none, &e);
    char path[] = "/var/tmp/emu-firstXXXXXX";
    int fd = mkstemp(path);

    assert_non_null(img);
    assert_int_equal(image_bytes(img), 0);
    assert_int_equal(pwrite(fd, "first", 5, 2043), 5);
    assert_int_equal(image_swap(img, fd, 2048), 0);
    image_start(img, IMAGE_READ, 0, 2048, ended, f);
    wait_for_end(f);
    assert_int_equal(f->res, 0);
    assert_memory_equal(image_buffer(img) + 2043, "first", 5);
    image_close(img);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(each_operation_wakes_the_loop),
        T(what_is_written_and_flushed_is_in_the_file),
        T(beyond_the_end_is_an_error),
        T(a_qcow2_image_is_read_and_let_go),
        T(drain_waits_for_what_is_under_way),
        T(a_medium_comes_with_its_lock_and_goes_with_it),
        T(a_drive_may_begin_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
