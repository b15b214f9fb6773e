/* SPDX-License-Identifier: MIT */
/*
 * One row per record: which may come when, and what its contents must be.
 * The pages of a guest may be anything; what is said about them may not.
 * Tests: tests/unit/save/test_stream.c, fuzz_save.c.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <save/check.h>
#include <save/check_hvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BIT(t) (1u << (t))

typedef int check_fn(struct save_state *s, const struct save_reader *r,
                     struct err *e);

uint64_t save_entry(const struct save_state *s, uint32_t i)
{
    uint64_t entry;

    memcpy(&entry, s->entries + i * sizeof(entry), sizeof(entry));
    return entry;
}

bool save_is_present(const struct save_state *s, uint64_t pfn)
{
    return pfn < s->guest.nr_pfns &&
           (s->present[pfn / 8] >> (pfn % 8) & 1) != 0;
}

const char *save_text_next(const char *at, const char *end)
{
    const char *zero = memchr(at, '\0', (size_t)(end - at));

    return zero == NULL ? NULL : zero + 1;
}

/* ---- what the domain is ------------------------------------------------------ */

static int check_xml(struct save_state *s, const struct save_reader *r,
                     struct err *e)
{
    if (r->len == 0 || r->len > SAVE_XML_MAX ||
        memchr(r->body, '\0', r->len) != NULL) {
        return save_reader_bad(r, e, "it is no text");
    }
    s->xml = strndup((const char *)r->body, r->len);
    return s->xml == NULL ? -ENOMEM : 0;
}

static int check_guest(struct save_state *s, const struct save_reader *r,
                       struct err *e)
{
    struct save_guest g;

    memcpy(&g, r->body, sizeof(g));
    if (g.kind < SAVE_KIND_PV64 || g.kind > SAVE_KIND_HVM) {
        return err_set(e, -EPROTO, ERR_UNSUPPORTED, "cannot restore",
                       "record GUEST", "a guest of kind %u is not known",
                       g.kind);
    }
    if (g.nr_vcpus == 0 || g.nr_vcpus > SAVE_VCPUS_MAX || g.nr_pfns == 0 ||
        g.nr_pfns > SAVE_PFNS_MAX || g.p2m_form > SAVE_P2M_LINEAR) {
        return save_reader_bad(r, e, "its numbers are out of range");
    }
    s->guest = g;
    s->present = calloc(1, (g.nr_pfns + 7) / 8);
    s->types = calloc(1, g.nr_pfns);
    return s->present == NULL || s->types == NULL ? -ENOMEM : 0;
}

static uint64_t count_bits(const uint8_t *map, uint64_t bytes)
{
    uint64_t nr = 0;

    for (uint64_t i = 0; i < bytes; i++) {
        nr += (uint64_t)__builtin_popcount(map[i]);
    }
    return nr;
}

static int check_memory(struct save_state *s, const struct save_reader *r,
                        struct err *e)
{
    uint64_t bytes = (s->guest.nr_pfns + 7) / 8;
    const uint8_t *map = r->body + sizeof(struct save_memory);
    struct save_memory m;

    memcpy(&m, r->body, sizeof(m));
    if (m.nr_pfns != s->guest.nr_pfns || r->len != sizeof(m) + bytes ||
        m.nr_pages == 0 || count_bits(map, bytes) != m.nr_pages ||
        (m.nr_pfns % 8 != 0 && map[bytes - 1] >> m.nr_pfns % 8 != 0)) {
        return save_reader_bad(r, e, "the map of its memory is wrong");
    }
    memcpy(s->present, map, bytes);
    s->nr_pages = m.nr_pages;
    for (uint64_t pfn = 0; pfn < m.nr_pfns; pfn++) {
        if (!save_is_present(s, pfn)) {
            s->types[pfn] = 0;
        }
    }
    return 0;
}

/* ---- pages --------------------------------------------------------------------- */

/* Only PV guests have page tables that mean anything to a hypervisor. */
static int check_entry(struct save_state *s, uint64_t entry)
{
    uint64_t pfn = entry & SAVE_ENTRY_PFN;
    unsigned int level = entry >> SAVE_ENTRY_TYPE & 7;
    uint8_t type = (uint8_t)(SAVE_T_SEEN | level);

    if (level != 0 && s->guest.kind != SAVE_KIND_PV64) {
        return -EINVAL;
    }
    if ((entry & ~SAVE_ENTRY_BITS) != 0 || !save_is_present(s, pfn) ||
        level > 4 || ((entry & SAVE_ENTRY_PINNED) != 0 && level == 0)) {
        return -EINVAL;
    }
    if ((entry & SAVE_ENTRY_PINNED) != 0) {
        type |= SAVE_T_PINNED;
    }
    if (s->verifying && (s->types[pfn] & SAVE_T_SEEN) == 0) {
        return -EINVAL;
    }
    s->types[pfn] = type;
    return 0;
}

static int unpack(struct save_state *s, const struct save_reader *r,
                  const uint8_t *data, size_t len, uint32_t raw_len,
                  struct err *e)
{
    size_t got;

    if (s->plain == NULL) {
        s->plain = malloc((size_t)SAVE_BATCH * SAVE_PAGE);
    }
    if (s->plain == NULL) {
        return -ENOMEM;
    }
    got = ZSTD_decompress(s->plain, (size_t)SAVE_BATCH * SAVE_PAGE, data, len);
    if (ZSTD_isError(got) || got != raw_len) {
        return save_reader_bad(r, e, "its pages do not unpack");
    }
    s->data = s->plain;
    return 0;
}

static int check_pages(struct save_state *s, const struct save_reader *r,
                       struct err *e)
{
    uint32_t with_data = 0;
    struct save_pages p;
    size_t head, len;

    memcpy(&p, r->body, sizeof(p));
    head = sizeof(p) + (size_t)p.count * 8;
    if (p.count == 0 || p.count > SAVE_BATCH || r->len < head ||
        p.encoding > SAVE_ZSTD) {
        return save_reader_bad(r, e, "its numbers are out of range");
    }
    s->count = p.count;
    s->entries = r->body + sizeof(p);
    s->data = r->body + head;
    len = r->len - head;
    for (uint32_t i = 0; i < p.count; i++) {
        uint64_t entry = save_entry(s, i);

        if (check_entry(s, entry) != 0) {
            return save_reader_bad(r, e, "it names a page that cannot be");
        }
        with_data += (entry & SAVE_ENTRY_ZERO) == 0;
    }
    if (p.raw_len != with_data * SAVE_PAGE ||
        (p.encoding == SAVE_RAW && len != p.raw_len)) {
        return save_reader_bad(r, e, "its length is wrong");
    }
    return p.encoding == SAVE_RAW ? 0 : unpack(s, r, s->data, len, p.raw_len,
                                               e);
}

static int check_p2m(struct save_state *s, const struct save_reader *r,
                     struct err *e)
{
    uint64_t want = (s->guest.nr_pfns + 511) / 512;
    struct save_p2m p;

    memcpy(&p, r->body, sizeof(p));
    if (p.count != want || r->len != sizeof(p) + want * 8) {
        return save_reader_bad(r, e, "its length is wrong");
    }
    free(s->p2m);
    s->p2m = malloc(want * 8);
    if (s->p2m == NULL) {
        return -ENOMEM;
    }
    memcpy(s->p2m, r->body + sizeof(p), want * 8);
    s->nr_p2m = want;
    for (uint64_t i = 0; i < want; i++) {
        if (!save_is_present(s, s->p2m[i])) {
            return save_reader_bad(r, e, "it names a page that cannot be");
        }
    }
    return 0;
}

static int check_verify(struct save_state *s, const struct save_reader *r,
                        struct err *e)
{
    s->verifying = true;
    return 0;
}

/* ---- vCPUs ----------------------------------------------------------------------- */

/* The registers of all vCPUs of other guests are in HVMCTX. */
static bool vcpu_known(const struct save_state *s, uint32_t id)
{
    return id < s->guest.nr_vcpus &&
           (s->guest.kind != SAVE_KIND_PV64 ||
            (s->vcpus[id / 64] >> id % 64 & 1) != 0);
}

static int check_vcpu(struct save_state *s, const struct save_reader *r,
                      struct err *e)
{
    struct save_vcpu v;

    memcpy(&v, r->body, sizeof(v));
    if (s->guest.kind == SAVE_KIND_PV64 &&
        (v.id >= s->guest.nr_vcpus || vcpu_known(s, v.id))) {
        return save_reader_bad(r, e, "no such vCPU, or twice the same");
    }
    if (r->len != sizeof(v) + sizeof(struct vcpu_guest_context)) {
        return save_reader_bad(r, e, "its length is wrong");
    }
    s->vcpus[v.id / 64] |= 1ull << v.id % 64;
    return 0;
}

/* The length of what follows the head of a record about a vCPU. */
static bool vcpu_length_ok(const struct save_reader *r,
                           const struct save_vcpu *v)
{
    size_t len = r->len - sizeof(*v);

    if (strcmp(r->name, "VCPUEXT") == 0) {
        return len == sizeof(struct xen_domctl_ext_vcpucontext);
    }
    if (strcmp(r->name, "MSRS") == 0) {
        return v->count <= 64 &&
               len == v->count * sizeof(struct xen_domctl_vcpu_msr);
    }
    return len >= 16 + 576 && len <= 64 * 1024;
}

/* VCPUEXT, XSTATE, MSRS: each once for a vCPU. */
static bool told_before(struct save_state *s, const struct save_reader *r,
                        uint32_t id)
{
    uint64_t *told = s->told[strcmp(r->name, "VCPUEXT") == 0 ? 0
                             : strcmp(r->name, "XSTATE") == 0 ? 1 : 2];
    bool before = (told[id / 64] >> id % 64 & 1) != 0;

    told[id / 64] |= 1ull << id % 64;
    return before;
}

static int check_vcpu_more(struct save_state *s, const struct save_reader *r,
                           struct err *e)
{
    struct save_vcpu v;

    memcpy(&v, r->body, sizeof(v));
    if (!vcpu_known(s, v.id)) {
        return save_reader_bad(r, e, "its vCPU has no registers yet");
    }
    if (told_before(s, r, v.id)) {
        return save_reader_bad(r, e, "twice of the same vCPU");
    }
    return vcpu_length_ok(r, &v) ? 0
               : save_reader_bad(r, e, "its length is wrong");
}

/* ---- the rest --------------------------------------------------------------------- */

static int check_nothing(struct save_state *s, const struct save_reader *r,
                         struct err *e)
{
    return 0;
}

static int check_params(struct save_state *s, const struct save_reader *r,
                        struct err *e)
{
    const char *why = save_check_params(r->body, r->len);

    return why == NULL ? 0 : save_reader_bad(r, e, why);
}

static int check_context(struct save_state *s, const struct save_reader *r,
                         struct err *e)
{
    const char *why = save_check_context(r->body, r->len, s->guest.nr_vcpus);

    return why == NULL ? 0 : save_reader_bad(r, e, why);
}

static int check_cpuid(struct save_state *s, const struct save_reader *r,
                       struct err *e)
{
    struct save_cpuid c;

    memcpy(&c, r->body, sizeof(c));
    return c.nr_leaves <= 4096 && c.nr_msrs <= 4096 &&
           r->len == sizeof(c) +
                     c.nr_leaves * sizeof(struct xen_cpuid_leaf) +
                     c.nr_msrs * sizeof(struct xen_msr_entry)
               ? 0 : save_reader_bad(r, e, "its length is wrong");
}

static int texts(const struct save_reader *r, unsigned int per_row,
                 struct err *e)
{
    const char *at = (const char *)r->body, *end = at + r->len;
    unsigned int nr = 0;

    while (at != NULL && at < end) {
        at = save_text_next(at, end);
        nr++;
    }
    return at != NULL && nr % per_row == 0
               ? 0 : save_reader_bad(r, e, "it is no list of texts");
}

static int check_store(struct save_state *s, const struct save_reader *r,
                       struct err *e)
{
    return r->len == 0 ? 0 : texts(r, 2, e);
}

static int check_disks(struct save_state *s, const struct save_reader *r,
                       struct err *e)
{
    return r->len == 0 ? 0 : texts(r, 3, e);
}

/* ---- the table --------------------------------------------------------------------- */

#define ONCE 1u                /* a second one is wrong */
#define MUST 2u                /* without it nothing can be restored */

/* Of which kinds of guests, as bits of SAVE_KIND_*; 0: of all. */
#define PV    BIT(SAVE_KIND_PV64)
#define NESTED (BIT(SAVE_KIND_PVH) | BIT(SAVE_KIND_HVM))
#define EMULATED BIT(SAVE_KIND_HVM)

static const struct row {
    const char *name;
    unsigned int flags;
    unsigned int after;        /* types that must have come */
    size_t min;                /* of the payload */
    size_t max;
    check_fn *check;
    unsigned int kinds;
} rows[SAVE_TYPES] = {
    [SAVE_XML] = { "XML", ONCE | MUST, 0, 1, SAVE_XML_MAX, check_xml },
    [SAVE_GUEST] = { "GUEST", ONCE | MUST, BIT(SAVE_XML),
                     sizeof(struct save_guest), sizeof(struct save_guest),
                     check_guest },
    [SAVE_MEMORY] = { "MEMORY", MUST, BIT(SAVE_GUEST),
                      sizeof(struct save_memory), SAVE_RECORD_MAX,
                      check_memory },
    [SAVE_PAGES] = { "PAGES", MUST, BIT(SAVE_MEMORY),
                     sizeof(struct save_pages), SAVE_RECORD_MAX,
                     check_pages },
    [SAVE_P2M] = { "P2M", MUST, BIT(SAVE_MEMORY), sizeof(struct save_p2m),
                   SAVE_RECORD_MAX, check_p2m, PV },
    [SAVE_VCPU] = { "VCPU", MUST, BIT(SAVE_GUEST), sizeof(struct save_vcpu),
                    65536, check_vcpu, PV },
    [SAVE_VCPUEXT] = { "VCPUEXT", 0, BIT(SAVE_VCPU),
                       sizeof(struct save_vcpu), 65536, check_vcpu_more, PV },
    [SAVE_XSTATE] = { "XSTATE", 0, BIT(SAVE_GUEST), sizeof(struct save_vcpu),
                      65536 + 16, check_vcpu_more },
    [SAVE_MSRS] = { "MSRS", 0, BIT(SAVE_VCPU), sizeof(struct save_vcpu),
                    65536, check_vcpu_more, PV },
    [SAVE_SHARED] = { "SHARED", ONCE | MUST, BIT(SAVE_GUEST), SAVE_PAGE,
                      SAVE_PAGE, check_nothing, PV },
    [SAVE_TSC] = { "TSC", ONCE | MUST, BIT(SAVE_GUEST),
                   sizeof(struct save_tsc), sizeof(struct save_tsc),
                   check_nothing },
    [SAVE_CPUID] = { "CPUID", ONCE, BIT(SAVE_GUEST),
                     sizeof(struct save_cpuid), 1u << 20, check_cpuid },
    [SAVE_STORE] = { "STORE", ONCE, BIT(SAVE_GUEST), 0, 65536, check_store },
    [SAVE_DISKS] = { "DISKS", ONCE, BIT(SAVE_GUEST), 0, 1u << 20,
                     check_disks },
    [SAVE_VERIFY] = { "VERIFY", ONCE, BIT(SAVE_PAGES), 0, 0, check_verify },
    [SAVE_HVMCTX] = { "HVMCTX", ONCE | MUST, BIT(SAVE_PAGES), 64, 1u << 20,
                      check_context, NESTED },
    [SAVE_PARAMS] = { "PARAMS", ONCE | MUST, BIT(SAVE_GUEST),
                      sizeof(struct save_param), 4096, check_params, NESTED },
    [SAVE_EMULATOR] = { "EMULATOR", ONCE | MUST, BIT(SAVE_GUEST), 64,
                        8u << 20, check_nothing, EMULATED },
};

static int find(const struct save_reader *r, struct err *e)
{
    for (int t = 0; t < SAVE_TYPES; t++) {
        if (strcmp(rows[t].name, r->name) == 0) {
            return t;
        }
    }
    if (r->name[0] >= 'a') {
        return SAVE_PASSED_OVER;
    }
    return err_set(e, -EPROTO, ERR_VERSION, "cannot restore", r->name,
                   "the save file needs a record of this name to be "
                   "understood, and this program does not know it");
}

/* Before GUEST has come, the order is wrong anyway. */
static bool for_kind(const struct save_state *s, const struct row *row)
{
    return row->kinds == 0 || s->guest.kind == 0 ||
           (row->kinds & BIT(s->guest.kind)) != 0;
}

static int check_place(const struct save_state *s, const struct save_reader *r,
                       int type, struct err *e)
{
    const struct row *row = &rows[type];

    if (!for_kind(s, row)) {
        return save_reader_bad(r, e, "a guest of this kind has none");
    }
    if ((row->after & ~s->seen) != 0) {
        return save_reader_bad(r, e, "it comes before what it needs");
    }
    if ((row->flags & ONCE) != 0 && (s->seen & BIT(type)) != 0) {
        return save_reader_bad(r, e, "it comes twice");
    }
    if (r->len < row->min || r->len > row->max) {
        return save_reader_bad(r, e, "its length is wrong");
    }
    return 0;
}

int save_check(struct save_state *s, const struct save_reader *r,
               struct err *e)
{
    int type = find(r, e);
    int rc = type;

    if (type < 0 || type == SAVE_PASSED_OVER) {
        return type;
    }
    rc = check_place(s, r, type, e);
    if (rc == 0) {
        rc = rows[type].check(s, r, e);
    }
    if (rc == -ENOMEM) {
        err_errno(e, rc, "cannot read the save file", "%s", r->name);
    }
    s->seen |= BIT(type);
    return rc == 0 ? type : rc;
}

static int lacks(struct err *e, const char *which, const char *why)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "not a usable save file", which,
                   "%s", why);
}

static int check_p2m_types(const struct save_state *s, struct err *e)
{
    for (uint64_t i = 0; i < s->nr_p2m; i++) {
        uint64_t pfn = s->p2m[i];

        if (!save_is_present(s, pfn) || s->types[pfn] != SAVE_T_SEEN) {
            return lacks(e, "P2M", "a page of the list is no plain page");
        }
    }
    return 0;
}

int save_check_complete(const struct save_state *s, struct err *e)
{
    for (int t = 0; t < SAVE_TYPES; t++) {
        if ((rows[t].flags & MUST) != 0 && for_kind(s, &rows[t]) &&
            (s->seen & BIT(t)) == 0) {
            return lacks(e, rows[t].name, "the record is missing");
        }
    }
    if (!vcpu_known(s, 0)) {
        return lacks(e, "VCPU", "vCPU 0 is missing");
    }
    for (uint64_t pfn = 0; pfn < s->guest.nr_pfns; pfn++) {
        if (save_is_present(s, pfn) && s->types[pfn] == 0) {
            return lacks(e, "PAGES", "a page of the guest never came");
        }
    }
    return check_p2m_types(s, e);
}

void save_state_fini(struct save_state *s)
{
    free(s->xml);
    free(s->present);
    free(s->types);
    free(s->p2m);
    free(s->plain);
    memset(s, 0, sizeof(*s));
}
