/* SPDX-License-Identifier: MIT */
/*
 * A guest of 20 pfns with one hole: an L4 that is pinned, an L1, a page of
 * zeros, a p2m list in pfn 3, two vCPUs of which one is on line.
 */
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "save_rig.h"

static int put(void *arg, const void *data, size_t len)
{
    struct rig *rig = arg;

    if (rig->len + len > rig->room) {
        rig->room = (rig->len + len) * 2;
        rig->data = realloc(rig->data, rig->room);
    }
    memcpy(rig->data + rig->len, data, len);
    rig->len += len;
    return 0;
}

static long get(void *arg, void *buf, size_t len)
{
    struct rig *rig = arg;
    size_t n = rig->len - rig->at < len ? rig->len - rig->at : len;

    memcpy(buf, rig->data + rig->at, n);
    rig->at += n;
    return (long)n;
}

void rig_begin(struct rig *rig)
{
    rig->len = rig->at = 0;
    if (save_writer_init(&rig->w, put, rig, "rig") != 0) {
        abort();
    }
}

void rig_add(struct rig *rig, const char *name, const void *body, size_t len)
{
    unsigned int times = rig->twice != NULL && strcmp(rig->twice, name) == 0
                             ? 2 : 1;
    uint8_t *copy = malloc(len + 4096);

    memset(copy + len, 0, 4096);
    memcpy(copy, body, len);
    if (rig->spoil != NULL) {
        rig->spoil(name, copy, &len, rig->arg);
    }
    for (; times > 0; times--) {
        if (rig->skip == NULL || strcmp(rig->skip, name) != 0) {
            save_writer_add(&rig->w, name, copy, len);
        }
    }
    free(copy);
}

static bool rig_is_pv(const struct rig *rig)
{
    return rig->kind == 0 || rig->kind == SAVE_KIND_PV64;
}

static void add_memory(struct rig *rig)
{
    struct {
        struct save_memory m;
        uint8_t map[3];
    } r = { { RIG_PFNS, RIG_PFNS - 1 }, { 0x7f, 0xff, 0x0f } };

    rig_add(rig, "MEMORY", &r, sizeof(r.m) + sizeof(r.map));
}

static uint64_t entry_of(uint64_t pfn, bool pv)
{
    uint64_t level = !pv ? 0 : pfn == 1 ? 4 : pfn == 2 ? 1 : 0;

    return pfn | level << SAVE_ENTRY_TYPE |
           (pv && pfn == 1 ? SAVE_ENTRY_PINNED : 0) |
           (pfn == 5 ? SAVE_ENTRY_ZERO : 0);
}

static size_t fill_pages(uint64_t *entries, uint8_t *data, uint32_t *count,
                         bool pv)
{
    size_t len = 0;

    *count = 0;
    for (uint64_t pfn = 0; pfn < RIG_PFNS; pfn++) {
        if (pfn != RIG_HOLE) {
            entries[(*count)++] = entry_of(pfn, pv);
        }
        if (pfn != RIG_HOLE && pfn != 5) {
            memset(data + len, (int)pfn, SAVE_PAGE);
            len += SAVE_PAGE;
        }
    }
    return len;
}

static void add_pages(struct rig *rig)
{
    static uint8_t body[sizeof(struct save_pages) + (8 + 4096) * RIG_PFNS];
    static uint8_t data[SAVE_PAGE * RIG_PFNS];
    struct save_pages p = { .encoding = rig->packed ? SAVE_ZSTD : SAVE_RAW };
    uint64_t entries[RIG_PFNS];
    size_t len = fill_pages(entries, data, &p.count, rig_is_pv(rig)), head;

    p.raw_len = (uint32_t)len;
    head = sizeof(p) + p.count * 8;
    memcpy(body, &p, sizeof(p));
    memcpy(body + sizeof(p), entries, p.count * 8);
    if (rig->packed) {
        len = ZSTD_compress(body + head, sizeof(body) - head, data, len, 1);
    } else {
        memcpy(body + head, data, len);
    }
    rig_add(rig, "PAGES", body, head + len);
}

/* PVH: vCPUs, parameters; HVM: and a device model. */
static void add_nested(struct rig *rig)
{
    static const uint8_t emulator[96];
    static const struct rig_context context = RIG_CONTEXT;
    static struct {
        struct save_vcpu v;
        uint8_t bytes[16 + 576];
    } xstate = { .v = { .id = 1, .mask = 3 } };

    rig_add(rig, "HVMCTX", &context, sizeof(context));
    rig_add(rig, "XSTATE", &xstate, sizeof(xstate));
    if (rig->kind == SAVE_KIND_HVM) {
        rig_add(rig, "EMULATOR", emulator, sizeof(emulator));
    }
}

static void add_vcpus(struct rig *rig)
{
    static struct {
        struct save_vcpu v;
        struct vcpu_guest_context c;
    } ctx;
    static struct {
        struct save_vcpu v;
        struct xen_domctl_ext_vcpucontext c;
    } ext;
    static struct {
        struct save_vcpu v;
        uint8_t bytes[16 + 576];
    } xstate = { .v = { .mask = 3 } };
    struct save_vcpu msrs = { .count = 0 };

    rig_add(rig, "VCPU", &ctx, sizeof(ctx.v) + sizeof(ctx.c));
    rig_add(rig, "VCPUEXT", &ext, sizeof(ext.v) + sizeof(ext.c));
    rig_add(rig, "XSTATE", &xstate, sizeof(xstate));
    rig_add(rig, "MSRS", &msrs, sizeof(msrs));
}

void rig_body(struct rig *rig)
{
    static const char xml[] = "<domain type='xen'/>";
    static const char store[] = "control/feature-suspend\0" "1";
    static const char disks[] = "xvda\0" "4096\0" "/tmp/x.raw";
    static uint8_t shared[SAVE_PAGE];
    bool pv = rig_is_pv(rig);
    struct save_guest guest = { pv ? SAVE_KIND_PV64 : rig->kind, 2, RIG_PFNS,
                                pv ? SAVE_P2M_LINEAR : 0, 0 };
    struct save_param param = { 1, 0, 0xfefff };
    struct { struct save_p2m p; uint64_t pfn; } p2m = { { 1 }, 3 };
    struct save_tsc tsc = { .khz = 1000000 };
    struct save_cpuid cpuid = { 0, 0 };

    rig_add(rig, "XML", xml, sizeof(xml) - 1);
    rig_add(rig, "GUEST", &guest, sizeof(guest));
    rig_add(rig, "TSC", &tsc, sizeof(tsc));
    rig_add(rig, "CPUID", &cpuid, sizeof(cpuid));
    add_memory(rig);
    if (pv) {
        rig_add(rig, "P2M", &p2m, sizeof(p2m));
    } else {
        rig_add(rig, "PARAMS", &param, sizeof(param));
    }
    add_pages(rig);
    add_pages(rig);                    /* repeated, as a live one is */
    rig_add(rig, "VERIFY", "", 0);
    add_pages(rig);
    if (pv) {
        add_vcpus(rig);
        rig_add(rig, "SHARED", shared, sizeof(shared));
    } else {
        add_nested(rig);
    }
    rig_add(rig, "STORE", store, sizeof(store));
    rig_add(rig, "DISKS", disks, sizeof(disks));
}

void rig_write(struct rig *rig)
{
    rig_begin(rig);
    rig_body(rig);
    save_writer_end(&rig->w);
    save_writer_fini(&rig->w);
}

static int check_all(struct save_reader *r, struct save_state *s,
                     struct err *e)
{
    int rc;

    while ((rc = save_reader_next(r, e)) > 0) {
        rc = save_check(s, r, e);
        if (rc < 0) {
            return rc;
        }
    }
    return rc < 0 ? rc : save_check_complete(s, e);
}

int rig_read(struct rig *rig, struct save_state *s, struct err *e)
{
    struct save_reader r;
    int rc;

    memset(s, 0, sizeof(*s));
    memset(e, 0, sizeof(*e));
    rig->at = 0;
    rc = save_reader_init(&r, get, rig, true, e);
    if (rc == 0) {
        rc = check_all(&r, s, e);
    }
    save_reader_fini(&r);
    return rc;
}

void rig_free(struct rig *rig)
{
    free(rig->data);
    memset(rig, 0, sizeof(*rig));
}
