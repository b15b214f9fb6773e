/* SPDX-License-Identifier: MIT */
/*
 * blkbench: reads or writes a disk past the page cache and prints ticks of
 * the time-stamp counter, which under QEMU's -icount are instructions of the
 * whole machine: guest, control domain and hypervisor.
 *
 *   blkbench DEVICE read|write seq|rand BYTES DEPTH COUNT
 *
 * Prints "BENCH DEVICE read rand 4096 32 COUNT TICKS".  No libc, so that it
 * is a few kilobytes in the sample guest's image; native AIO, as databases
 * use it.  Run by tests/boot/dom0/bench-block.sh.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MAX_DEPTH 64u
#define MAX_BYTES (1u << 20)

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long rc;

    __asm__ volatile("syscall" : "=a"(rc)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                       "r"(r9) : "rcx", "r11", "memory");
    return rc;
}

static uint64_t ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* ---- words ------------------------------------------------------------------ */

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

static void say(const char *s)
{
    call(SYS_write, 1, (long)s, (long)length(s), 0, 0, 0);
}

static _Noreturn void end(int status)
{
    call(SYS_exit_group, status, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

static _Noreturn void fail(const char *why)
{
    say("blkbench: ");
    say(why);
    say("\n");
    end(1);
}

static uint64_t number(const char *s)
{
    uint64_t n = 0;

    for (; *s >= '0' && *s <= '9'; s++) {
        n = n * 10 + (uint64_t)(*s - '0');
    }
    if (*s != '\0' || n == 0) {
        fail("not a number");
    }
    return n;
}

static void say_number(uint64_t n)
{
    char text[24];
    unsigned int i = sizeof(text) - 1;

    text[i] = '\0';
    do {
        text[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    say(text + i);
}

/* ---- the work ---------------------------------------------------------------- */

struct bench {
    int fd;
    bool write, random;
    uint64_t bytes, depth, count, blocks;
    uint64_t next, seed;
    char *buffers;
    aio_context_t ctx;
    struct iocb iocbs[MAX_DEPTH];
};

static uint64_t place(struct bench *b)
{
    if (!b->random) {
        return b->next++ % b->blocks * b->bytes;
    }
    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    return (b->seed >> 33) % b->blocks * b->bytes;
}

static void one_by_one(struct bench *b, uint64_t count)
{
    long nr = b->write ? SYS_pwrite64 : SYS_pread64;

    for (uint64_t i = 0; i < count; i++) {
        if (call(nr, b->fd, (long)b->buffers, (long)b->bytes, (long)place(b),
                 0, 0) != (long)b->bytes) {
            fail("I/O error");
        }
    }
}

static void submit(struct bench *b, struct iocb **list, long n)
{
    if (n > 0 && call(SYS_io_submit, (long)b->ctx, n, (long)list, 0, 0, 0) !=
        n) {
        fail("io_submit");
    }
}

static void fill(struct bench *b, struct iocb *cb)
{
    uint64_t slot = (uint64_t)(cb - b->iocbs);

    __builtin_memset(cb, 0, sizeof(*cb));
    cb->aio_lio_opcode = b->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    cb->aio_fildes = (uint32_t)b->fd;
    cb->aio_buf = (uint64_t)(uintptr_t)(b->buffers + slot * b->bytes);
    cb->aio_nbytes = b->bytes;
    cb->aio_offset = (int64_t)place(b);
    cb->aio_data = slot;
}

/* @depth at a time: what comes back goes out again at once. */
static void many(struct bench *b, uint64_t count)
{
    struct io_event events[MAX_DEPTH];
    struct iocb *list[MAX_DEPTH];
    uint64_t sent = 0, done = 0;
    long n = 0;

    for (; sent < b->depth && sent < count; sent++) {
        fill(b, &b->iocbs[sent]);
        list[n++] = &b->iocbs[sent];
    }
    submit(b, list, n);
    while (done < count) {
        long got = call(SYS_io_getevents, (long)b->ctx, 1, MAX_DEPTH,
                        (long)events, 0, 0);

        n = 0;
        for (long i = 0; i < got; i++, done++) {
            if (events[i].res != (int64_t)b->bytes) {
                fail("I/O error");
            }
            if (sent < count) {
                fill(b, &b->iocbs[events[i].data]);
                list[n++] = &b->iocbs[events[i].data];
                sent++;
            }
        }
        submit(b, list, n);
    }
}

static void run(struct bench *b, uint64_t count)
{
    if (b->depth == 1) {
        one_by_one(b, count);
    } else {
        many(b, count);
    }
}

static void prepare(struct bench *b, char **argv)
{
    uint64_t size;

    b->write = argv[2][0] == 'w';
    b->random = argv[3][0] == 'r';
    b->bytes = number(argv[4]);
    b->depth = number(argv[5]);
    b->count = number(argv[6]);
    b->seed = 1;
    if (b->depth > MAX_DEPTH || b->bytes > MAX_BYTES) {
        fail("too large");
    }
    b->fd = (int)call(SYS_open, (long)argv[1], O_RDWR | O_DIRECT, 0, 0, 0, 0);
    if (b->fd < 0 || call(SYS_ioctl, b->fd, BLKGETSIZE64, (long)&size, 0, 0,
                          0) != 0) {
        fail("cannot open the device");
    }
    b->blocks = size / b->bytes;
    b->buffers = (char *)call(SYS_mmap, 0, (long)(b->depth * b->bytes),
                              PROT_READ | PROT_WRITE, MAP_PRIVATE |
                              MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (call(SYS_io_setup, (long)MAX_DEPTH, (long)&b->ctx, 0, 0, 0, 0) != 0) {
        fail("io_setup");
    }
}

static __attribute__((used, noreturn)) void start(long *stack)
{
    char **argv = (char **)(stack + 1);
    static struct bench b;
    uint64_t before, after;

    if (stack[0] != 7) {
        fail("DEVICE read|write seq|rand BYTES DEPTH COUNT");
    }
    prepare(&b, argv);
    run(&b, b.depth * 4);              /* warm: grants, caches, maps */
    before = ticks();
    run(&b, b.count);
    after = ticks();
    say("BENCH");
    for (int i = 1; i < 7; i++) {
        say(" ");
        say(argv[i]);
    }
    say(" ");
    say_number(after - before);
    say("\n");
    end(0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
