/* SPDX-License-Identifier: MIT */
/*
 * What a device calls, answered from arrays; see device_rig.h.
 */
#include "device_rig.h"

#include <bus/irq.h>
#include <bus/pci.h>
#include <frame/loop.h>
#include <frame/state.h>
#include <frame/timer.h>
#include <guest/guest_mem.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define MAX_RANGES 16u
#define MAX_WATCH  8u

struct rig rig;

struct loop_watch {
    int fd;
    uint32_t events;
    void (*fn)(void *arg, uint32_t events);
    void *arg;
};

static struct {
    enum range_space space;
    uint64_t base, len;
    const struct range_ops *ops;
    void *dev;
} ranges[MAX_RANGES];
static unsigned int nr_ranges;
static struct emu_timer *timers;
static struct loop_watch watches[MAX_WATCH];
static struct pci_dev *function;
static uint8_t *ram;                   /* of its one RAM window */

const struct state_table pci_dev_state;

static void on_reset(struct machine *m, const char *by)
{
    rig.resets++;
}

void rig_start(void)
{
    memset(&rig, 0, sizeof(rig));
    memset(watches, 0, sizeof(watches));
    nr_ranges = 0;
    timers = NULL;
    function = NULL;
    rig.now = 1;
    rig.mem = calloc(1, RIG_MEM);
    rig.m.config = &rig.config;
    rig.m.hv = &rig.hv;
    rig.m.reset = on_reset;
}

void rig_stop(void)
{
    free(rig.mem);
    free(ram);
    ram = NULL;
}

/* ---- ranges ----------------------------------------------------------------------------- */

int range_add(struct machine *m, enum range_space s, uint64_t base,
              uint64_t len, const struct range_ops *ops, void *dev)
{
    if (nr_ranges == MAX_RANGES) {
        return -1;
    }
    ranges[nr_ranges].space = s;
    ranges[nr_ranges].base = base;
    ranges[nr_ranges].len = len;
    ranges[nr_ranges].ops = ops;
    ranges[nr_ranges++].dev = dev;
    return 0;
}

void range_del(struct machine *m, enum range_space s, uint64_t base, void *dev)
{
}

static uint64_t ask(const struct range_ops *ops, void *dev, uint64_t off,
                    unsigned int bytes)
{
    uint64_t val = ops->read == NULL ? UINT64_MAX : ops->read(dev, off, bytes);

    return bytes == 8 ? val : val & ((1ull << (8 * bytes)) - 1);
}

uint64_t rig_read(enum range_space s, uint64_t addr, unsigned int bytes)
{
    unsigned int i;

    for (i = 0; i < nr_ranges; i++) {
        if (ranges[i].space == s && addr >= ranges[i].base &&
            addr + bytes <= ranges[i].base + ranges[i].len) {
            return ask(ranges[i].ops, ranges[i].dev, addr - ranges[i].base,
                       bytes);
        }
    }
    return UINT64_MAX;
}

void rig_write(enum range_space s, uint64_t addr, unsigned int bytes,
               uint64_t val)
{
    unsigned int i;

    for (i = 0; i < nr_ranges; i++) {
        if (ranges[i].space == s && addr >= ranges[i].base &&
            addr + bytes <= ranges[i].base + ranges[i].len &&
            ranges[i].ops->write != NULL) {
            ranges[i].ops->write(ranges[i].dev, addr - ranges[i].base, bytes,
                                 val);
            return;
        }
    }
}

/* ---- the function ------------------------------------------------------------------------ */

void pci_dev_init(struct pci_dev *p, const char *name, uint8_t devfn,
                  uint16_t vendor, uint16_t device, uint32_t class_code,
                  uint8_t revision, unsigned int pin)
{
    memset(p, 0, sizeof(*p));
    p->name = name;
    p->devfn = devfn;
    pci_set16(p->config, vendor);
    pci_set16(p->config + 2, device);
}

int pci_add(struct machine *m, struct pci_dev *p)
{
    unsigned int i;

    p->m = m;
    function = p;
    for (i = 0; i < 6; i++) {
        if (p->bar[i].kind == PCI_BAR_RAM) {
            free(ram);
            ram = calloc(1, p->bar[i].size);
            p->bar[i].ram = ram;
        }
    }
    return 0;
}

void pci_remove(struct machine *m, struct pci_dev *p)
{
    function = NULL;
}

void pci_dev_reset(struct pci_dev *p)
{
}

uint64_t rig_bar_read(unsigned int bar, uint64_t off, unsigned int bytes)
{
    return ask(function->bar[bar].ops, function->dev, off, bytes);
}

void rig_bar_write(unsigned int bar, uint64_t off, unsigned int bytes,
                   uint64_t val)
{
    function->bar[bar].ops->write(function->dev, off, bytes, val);
}

uint8_t *rig_bar_ram(unsigned int bar)
{
    return function->bar[bar].ram;
}

uint64_t rig_rom_read(uint64_t off, unsigned int bytes)
{
    return ask(function->rom.ops, function->dev, off, bytes);
}

void pci_irq(struct pci_dev *p, bool level)
{
    rig.pin_edges += level && !rig.pin;
    rig.pin = level;
}

void irq_isa(struct machine *m, unsigned int line, bool level)
{
    rig.isa_edges[line & 15] += level && !rig.isa[line & 15];
    rig.isa[line & 15] = level;
}

/* ---- memory ---------------------------------------------------------------------------------- */

int guest_read(struct machine *m, uint64_t gpa, void *buf, size_t len)
{
    if (gpa > RIG_MEM || len > RIG_MEM - gpa) {
        return -1;
    }
    memcpy(buf, rig.mem + gpa, len);
    return 0;
}

int guest_write(struct machine *m, uint64_t gpa, const void *buf, size_t len)
{
    if (gpa > RIG_MEM || len > RIG_MEM - gpa) {
        return -1;
    }
    memcpy(rig.mem + gpa, buf, len);
    return 0;
}

int pci_dma_read(struct pci_dev *p, uint64_t gpa, void *buf, size_t len)
{
    return rig.no_master ? -1 : guest_read(p->m, gpa, buf, len);
}

int pci_dma_write(struct pci_dev *p, uint64_t gpa, const void *buf, size_t len)
{
    return rig.no_master ? -1 : guest_write(p->m, gpa, buf, len);
}

/* ---- time ------------------------------------------------------------------------------------- */

void timer_init(struct machine *m, struct emu_timer *t, void (*fn)(void *arg),
                void *arg)
{
    t->fn = fn;
    t->arg = arg;
    t->due = 0;
    t->next = timers;
    timers = t;
}

void timer_set(struct emu_timer *t, uint64_t ns)
{
    t->due = rig.now + (ns == 0 ? 1 : ns);
}

void timer_stop(struct emu_timer *t)
{
    t->due = 0;
}

void timer_fini(struct emu_timer *t)
{
    struct emu_timer **at = &timers;

    while (*at != NULL && *at != t) {
        at = &(*at)->next;
    }
    if (*at == t) {
        *at = t->next;
    }
}

uint64_t timer_left(const struct emu_timer *t)
{
    return t->due == 0 ? 0 : t->due - rig.now;
}

uint64_t machine_now(const struct machine *m)
{
    return rig.now;
}

static struct emu_timer *first_due(uint64_t until)
{
    struct emu_timer *t, *first = NULL;

    for (t = timers; t != NULL; t = t->next) {
        if (t->due != 0 && t->due <= until &&
            (first == NULL || t->due < first->due)) {
            first = t;
        }
    }
    return first;
}

unsigned int rig_run(uint64_t ns)
{
    uint64_t until = rig.now + ns;
    struct emu_timer *t;
    unsigned int nr = 0;

    while ((t = first_due(until)) != NULL) {
        rig.now = t->due;
        t->due = 0;
        t->fn(t->arg);
        nr++;
    }
    rig.now = until;
    return nr;
}

/* ---- descriptors -------------------------------------------------------------------------------- */

struct loop_watch *loop_watch(struct machine *m, int fd, uint32_t events,
                              void (*fn)(void *arg, uint32_t events), void *arg)
{
    unsigned int i;

    for (i = 0; i < MAX_WATCH; i++) {
        if (watches[i].fn == NULL) {
            watches[i] = (struct loop_watch){ fd, events, fn, arg };
            return &watches[i];
        }
    }
    return NULL;
}

int loop_watch_mod(struct loop_watch *w, uint32_t events)
{
    w->events = events;
    return 0;
}

void loop_unwatch(struct loop_watch *w)
{
    if (w != NULL) {
        memset(w, 0, sizeof(*w));
    }
}

bool rig_listens(int fd)
{
    unsigned int i;

    for (i = 0; i < MAX_WATCH; i++) {
        if (watches[i].fn != NULL && watches[i].fd == fd) {
            return watches[i].events != 0;
        }
    }
    return false;
}

static bool fire(int fd, uint32_t always)
{
    unsigned int i;

    for (i = 0; i < MAX_WATCH; i++) {
        uint32_t events = watches[i].events | always;

        if (watches[i].fn != NULL && watches[i].fd == fd && events != 0) {
            watches[i].fn(watches[i].arg, events);
            return true;
        }
    }
    return false;
}

bool rig_ready(int fd)
{
    return fire(fd, 0);
}

bool rig_hangs_up(int fd)
{
    return fire(fd, EPOLLHUP);
}
