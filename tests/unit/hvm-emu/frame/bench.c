/* SPDX-License-Identifier: MIT */
/* A machine for tests, see the header. */
#include "bench.h"

#include <bus/irq.h>
#include <frame/timer.h>
#include <guest/guest_mem.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

static int fake_range(void *arg, bool map, enum hv_space space,
                      uint64_t first, uint64_t last)
{
    struct bench *b = arg;

    if (b->refuse_ranges) {
        return -ENOSPC;
    }
    b->ranges += map ? 1 : -1;
    return 0;
}

static int fake_isa(void *arg, unsigned int line, bool level)
{
    struct bench *b = arg;

    b->isa[line] = level;
    b->isa_calls++;
    return 0;
}

static int fake_pci(void *arg, unsigned int device, unsigned int pin,
                    bool level)
{
    ((struct bench *)arg)->pci[device][pin] = level;
    return 0;
}

static int fake_link(void *arg, unsigned int link, unsigned int line)
{
    ((struct bench *)arg)->link[link] = (uint8_t)line;
    return 0;
}

static int fake_msi(void *arg, uint64_t addr, uint32_t data)
{
    return 0;
}

static int fake_shutdown(void *arg, unsigned int reason)
{
    ((struct bench *)arg)->shutdown = (int)reason;
    return 0;
}

static int fake_dirty(void *arg, uint64_t gfn, uint32_t nr, uint8_t *bitmap)
{
    memset(bitmap, 0xff, (nr + 7) / 8);
    return 0;
}

static int fake_modified(void *arg, uint64_t gfn, uint32_t nr)
{
    return 0;
}

static int fake_readonly(void *arg, uint64_t gfn, uint32_t nr, bool on)
{
    return 0;
}

static int fake_populate(void *arg, uint64_t gfn, uint32_t nr)
{
    struct bench *b = arg;
    uint32_t i;

    if (nr > BENCH_MOVED - b->nr_moved) {
        return -ENOMEM;
    }
    for (i = 0; i < nr; i++) {
        b->moved[b->nr_moved++] = gfn + i;
    }
    return 0;
}

static int fake_relocate(void *arg, uint64_t from, uint64_t to, uint32_t nr)
{
    struct bench *b = arg;
    uint32_t i, found = 0;

    for (i = 0; i < b->nr_moved; i++) {
        if (b->moved[i] >= from && b->moved[i] < from + nr) {
            b->moved[i] += to - from;
            found++;
        }
    }
    return found == nr ? 0 : -EINVAL;
}

/* A page of windows as the devices see them: what is there, or nothing. */
static void *fake_window(void *arg, uint32_t nr)
{
    void *p = mmap(NULL, (size_t)nr * PAGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* Memory and pool are shared mappings of one descriptor each. */
static int backing(struct bench *b, uint64_t gfn, void **at)
{
    uint32_t n, i;

    if (gfn < BENCH_MEMORY / PAGE && (gfn < 0xa0 || gfn >= 0xc0)) {
        *at = b->memory + gfn * PAGE;
        return 0;
    }
    for (n = 0; n < b->nr_moved; n++) {
        i = (b->next_moved + n) % b->nr_moved;    /* mostly one by one */
        if (b->moved[i] == gfn) {
            *at = b->pool + (size_t)i * PAGE;
            b->next_moved = i + 1;
            return 0;
        }
    }
    return -EINVAL;
}

static int fake_map(void *arg, void *addr, uint64_t gfn, uint32_t nr,
                    int *errs)
{
    uint8_t *to = addr;
    uint32_t i;
    int rc = 0;

    for (i = 0; i < nr; i++) {
        void *page;
        int bad = backing(arg, gfn + i, &page);

        if (bad == 0 &&
            mremap(page, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                   to + (size_t)i * PAGE) == MAP_FAILED) {
            bad = -errno;
        }
        if (errs != NULL) {
            errs[i] = bad;
        } else if (bad != 0) {
            rc = bad;
        }
    }
    return rc;
}

static void fake_unmap(void *arg, void *addr, uint32_t nr)
{
    (void)mmap(addr, (size_t)nr * PAGE, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void fake_reset(struct machine *m, const char *by)
{
    ((struct bench *)m->hv_arg)->resets++;
}

static const struct hv_ops fake_ops = {
    .io_range = fake_range, .isa_level = fake_isa, .pci_level = fake_pci,
    .pci_link = fake_link, .msi = fake_msi, .shutdown = fake_shutdown,
    .dirty = fake_dirty, .modified = fake_modified,
    .readonly = fake_readonly, .populate = fake_populate,
    .relocate = fake_relocate, .window = fake_window, .map = fake_map,
    .unmap = fake_unmap,
};

static void notify(void *arg, unsigned int vcpu)
{
    ((struct bench *)arg)->notified |= 1u << vcpu;
}

static void *shared(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        abort();
    }
    return p;
}

void bench_start(struct bench *b)
{
    struct machine *m = &b->m;

    b->memory = shared(BENCH_MEMORY);
    b->pool = shared((size_t)BENCH_MOVED * PAGE);
    b->shutdown = -1;
    m->domid = 1;
    m->nr_vcpus = 2;
    m->low_end = BENCH_MEMORY;
    m->high_end = m->next_park = MACHINE_4G;
    m->config = &b->config;
    m->reset = fake_reset;
    m->hv = &fake_ops;
    m->hv_arg = b;
    m->timers = timers_new(m);
    m->mem = guest_mem_new(m);
    m->ranges = range_table_new();
    m->irq = irq_lines_new();
    m->pci = pci_bus_new(m);
    if (m->timers == NULL || m->mem == NULL || m->ranges == NULL ||
        m->irq == NULL || m->pci == NULL) {
        abort();
    }
    b->slots = calloc(1, PAGE);
    b->ring = calloc(1, PAGE);
    b->server = (struct server) { .m = m, .slots = b->slots, .ring = b->ring,
                                  .notify = notify, .arg = b };
}

void bench_devices(struct bench *b)
{
    struct err e;

    memset(&e, 0, sizeof(e));
    if (devices_create(&b->devices, &b->m, &e) != 0) {
        err_print(&e, stderr);
        abort();
    }
}

void bench_stop(struct bench *b)
{
    devices_destroy(&b->devices);
    pci_bus_free(b->m.pci);
    irq_lines_free(b->m.irq);
    range_table_free(b->m.ranges);
    guest_mem_forget(&b->m);
    guest_mem_free(b->m.mem);
    timers_free(b->m.timers);
    munmap(b->memory, BENCH_MEMORY);
    munmap(b->pool, (size_t)BENCH_MOVED * PAGE);
    free(b->slots);
    free(b->ring);
}

uint32_t bench_in(struct bench *b, uint16_t port, unsigned int bytes)
{
    return (uint32_t)range_read(&b->m, RANGE_PORT, port, bytes);
}

void bench_out(struct bench *b, uint16_t port, unsigned int bytes,
               uint32_t val)
{
    range_write(&b->m, RANGE_PORT, port, bytes, val);
}

uint32_t bench_cfg(struct bench *b, uint8_t devfn, uint8_t off,
                   unsigned int bytes)
{
    bench_out(b, 0xcf8, 4, 0x80000000u | (uint32_t)devfn << 8 | (off & 0xfcu));
    return bench_in(b, 0xcfc + (off & 3u), bytes);
}

void bench_cfg_set(struct bench *b, uint8_t devfn, uint8_t off,
                   unsigned int bytes, uint32_t val)
{
    bench_out(b, 0xcf8, 4, 0x80000000u | (uint32_t)devfn << 8 | (off & 0xfcu));
    bench_out(b, 0xcfc + (off & 3u), bytes, val);
}

void bench_run(struct bench *b, uint64_t ns)
{
    timers_run_until(b->m.timers, machine_now(&b->m) + ns);
}
