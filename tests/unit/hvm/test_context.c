/* SPDX-License-Identifier: MIT */
/*
 * The HVM context: what is saved is loaded again; what is cut, repeated, too
 * long, of nobody or cannot be is refused, and then nothing has changed; of
 * contexts made of random bytes none does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/xstate.h>
#include <core/log.h>
#include <domain/tsc_aux.h>
#include <domain/vtime.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <hvm/tsc.h>
#include <vdev/front.h>
#include <xen/hvm/save.h>

#include <domains.h>
#include <fake.h>

#define VCPUS 2u

static struct domain *d;
static struct hvm_domain hd;
static struct hvm_vcpu hv[VCPUS];
static struct vdev_domain vd;
static struct vlapic la[VCPUS];
static struct xstate xs[VCPUS];
static uint64_t reg[VCPUS][NR_HVM_REGS];
static struct hvm_segment seg[VCPUS][NR_HVM_SEGS];
static unsigned int changes;
static char said[160];

/* ---- what is around ---------------------------------------------------------- */

static uint64_t get_reg(const struct vcpu *v, enum hvm_reg r)
{
    return reg[v->vcpu_id][r];
}

static void set_reg(struct vcpu *v, enum hvm_reg r, uint64_t val)
{
    reg[v->vcpu_id][r] = val;
    changes++;
}

static void get_segment(const struct vcpu *v, enum hvm_seg s,
                        struct hvm_segment *out)
{
    *out = seg[v->vcpu_id][s];
}

static void set_segment(struct vcpu *v, enum hvm_seg s,
                        const struct hvm_segment *in)
{
    seg[v->vcpu_id][s] = *in;
    changes++;
}

static const struct hvm_backend backend = {
    .get_reg = get_reg, .set_reg = set_reg,
    .get_segment = get_segment, .set_segment = set_segment,
};
const struct hvm_backend *hvm_backend = &backend;

uint32_t tsc_khz = 1000000;
bool tsc_aux_set(struct vcpu *v, uint64_t val) { return true; }
void hvm_set_tsc(struct vcpu *v, uint64_t tsc, uint64_t now) { changes++; }
void xstate_load_fxsave(struct xstate *x, const void *fx) { changes++; }
void xstate_store_fxsave(const struct xstate *x, void *fx) { }
void xstate_reset(struct xstate *x) { changes++; }

void log_at(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(said, sizeof(said), fmt, ap);
    va_end(ap);
}

/* Devices: one record for the domain, of 16 bytes; two for each vcpu. */
#define LAPIC_OK 0xfee00900ull

int vdev_save(struct domain *dom, unsigned int type, unsigned int instance,
              void *record)
{
    if (type == HVM_SAVE_CODE(PIT) && instance == 0) {
        memset(record, 7, 16);
        return 16;
    }
    return -ENOENT;
}

int vdev_load(struct domain *dom, unsigned int type, unsigned int instance,
              const void *record, size_t bytes)
{
    if (type != HVM_SAVE_CODE(PIT)) {
        return -ENOENT;
    }
    changes++;
    return 0;
}

int vdev_load_check(const struct domain *dom, unsigned int type,
                    unsigned int instance, const void *record, size_t bytes)
{
    if (type == HVM_SAVE_CODE(LAPIC)) {
        return instance < VCPUS ? 0 : -ESRCH;
    }
    return type != HVM_SAVE_CODE(PIT) ? -ENOENT : bytes == 16 ? 0 : -EINVAL;
}

/* ---- a context ------------------------------------------------------------------ */

static char good[32768];
static uint32_t good_len;

static int up(void **state)
{
    fake_reset(1);
    d = test_domain(1, VCPUS, NULL);
    d->hvm = &hd;
    d->vdev = &vd;
    memset(hv, 0, sizeof(hv));
    memset(reg, 0, sizeof(reg));
    memset(seg, 0, sizeof(seg));
    for (unsigned int i = 0; i < VCPUS; i++) {
        d->vcpu[i]->hvm = &hv[i];
        d->vcpu[i]->vdev = &la[i];
        d->vcpu[i]->xstate = &xs[i];
        reg[i][HVM_PAT] = 0x0007040600070406ull;
        reg[i][HVM_CR3] = 0x1000 + i;
        seg[i][SEG_CS] = (struct hvm_segment){ 8, 0xa9b, ~0u, 0 };
        hv[i].regs.rip = 0x4000 + i;
    }
    assert_int_equal(hvm_context_save(d, good, sizeof(good), &good_len), 0);
    changes = 0;
    said[0] = '\0';
    return 0;
}

static int down(void **state)
{
    d->vdev = NULL;
    d->hvm = NULL;
    for (unsigned int i = 0; i < VCPUS; i++) {
        d->vcpu[i]->hvm = NULL;
        d->vcpu[i]->vdev = NULL;
        d->vcpu[i]->xstate = NULL;
    }
    test_domains_free();
    return 0;
}

static struct hvm_save_descriptor *record(char *buf, unsigned int type,
                                          unsigned int instance)
{
    struct hvm_save_descriptor *r = (void *)buf;

    while (r->typecode != type || r->instance != instance) {
        assert_int_not_equal(r->typecode, HVM_SAVE_CODE(END));
        r = (void *)((char *)(r + 1) + r->length);
    }
    return r;
}

static void refused(const void *buf, uint32_t len, const char *why)
{
    changes = 0;
    said[0] = '\0';
    assert_int_equal(hvm_context_load(d, buf, len), -EINVAL);
    assert_int_equal(changes, 0);
    assert_non_null(strstr(said, why));
}

static char *copy(void)
{
    char *c = malloc(good_len);

    assert_non_null(c);
    memcpy(c, good, good_len);
    return c;
}

/* ---- tests ------------------------------------------------------------------------- */

static void what_was_saved_is_loaded(void **state)
{
    memset(reg, 0, sizeof(reg));
    memset(seg, 0, sizeof(seg));
    memset(hv, 0, sizeof(hv));
    assert_int_equal(hvm_context_load(d, good, good_len), 0);
    for (unsigned int i = 0; i < VCPUS; i++) {
        assert_int_equal(reg[i][HVM_CR3], 0x1000 + i);
        assert_int_equal(seg[i][SEG_CS].attr, 0xa9b);
        assert_int_equal(hv[i].regs.rip, 0x4000 + i);
    }
    assert_int_equal(said[0], '\0');
}

static void one_cut_anywhere_is_refused(void **state)
{
    for (uint32_t len = 0; len < good_len; len++) {
        char *c = malloc(len + 1);

        memcpy(c, good, len);
        refused(c, len, "context refused");
        free(c);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        unsigned int type, instance;
        unsigned int at;                /* in the record; ~0: its length, */
        uint64_t val;                   /* ~1: its instance, ~2: its type */
        const char *why;
    } bad[] = {
        { HVM_SAVE_CODE(HEADER), 0, 0, 1, "no header" },
        { HVM_SAVE_CODE(HEADER), 0, ~0u, 8, "no header" },
        { HVM_SAVE_CODE(HEADER), 0, ~2u, 30, "not the first" },
        { HVM_SAVE_CODE(CPU), 0, ~2u, HVM_SAVE_CODE(HEADER), "not the first" },
        { HVM_SAVE_CODE(CPU), 0, ~0u, 1031, "length" },
        { HVM_SAVE_CODE(CPU), 0, ~0u, 0xffffffff, "cut short" },
        { HVM_SAVE_CODE(CPU), 0, ~0u, 0, "length" },
        { HVM_SAVE_CODE(CPU), 1, ~1u, 2, "no such vCPU" },
        { HVM_SAVE_CODE(CPU), 1, ~1u, 0xffff, "no such vCPU" },
        { HVM_SAVE_CODE(CPU), 1, ~1u, 0, "twice" },
        { HVM_SAVE_CODE(MTRR), 1, ~1u, 0, "twice" },
        { HVM_SAVE_CODE(MTRR), 0, 0, 2, "cannot be" },
        { HVM_SAVE_CODE(MTRR), 0, ~0u, 8, "length" },
        { HVM_SAVE_CODE(MTRR), 0, ~2u, HVM_SAVE_CODE(LAPIC), NULL },
        { HVM_SAVE_CODE(PIT), 0, ~0u, 8, "length" },
#define CPU_AT(f) HVM_SAVE_CODE(CPU), 0, offsetof(struct hvm_hw_cpu, f)
        { CPU_AT(msr_lstar), 1ull << 63, "cannot be" },
        { CPU_AT(sysenter_eip), 1ull << 48, "cannot be" },
        { CPU_AT(gs_base), 1ull << 62, "cannot be" },
        { CPU_AT(gdtr_base), 1ull << 50, "cannot be" },
        { CPU_AT(msr_efer), EFER_SVME, "cannot be" },
        { CPU_AT(dr7), 1ull << 32, "cannot be" },
        { CPU_AT(dr6), 1ull << 40, "cannot be" },
        { CPU_AT(msr_tsc_aux), 1ull << 33, "cannot be" },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        char *c = copy();
        struct hvm_save_descriptor *r = record(c, bad[i].type,
                                               bad[i].instance);

        if (bad[i].at == ~0u) {
            r->length = (uint32_t)bad[i].val;
        } else if (bad[i].at == ~1u) {
            r->instance = (uint16_t)bad[i].val;
        } else if (bad[i].at == ~2u) {
            r->typecode = (uint16_t)bad[i].val;
        } else {
            memcpy((char *)(r + 1) + bad[i].at, &bad[i].val, 8);
        }
        if (bad[i].why != NULL) {
            refused(c, good_len, bad[i].why);
        } else {
            assert_int_equal(hvm_context_load(d, c, good_len), 0);
        }
        free(c);
    }
}

/* Nobody's records, however many, are passed over. */
static void unknown_records_are_passed_over(void **state)
{
    struct hvm_save_descriptor *h = record(good, HVM_SAVE_CODE(HEADER), 0);
    uint32_t head = sizeof(*h) + h->length, len = 0;
    char *c = malloc(good_len + 3000 * sizeof(*h));

    memcpy(c, good, head);
    len = head;
    for (unsigned int i = 0; i < 3000; i++) {
        struct hvm_save_descriptor x = { (uint16_t)(100 + i % 3), 0, 0 };

        memcpy(c + len, &x, sizeof(x));
        len += sizeof(x);
    }
    memcpy(c + len, good + head, good_len - head);
    assert_int_equal(hvm_context_load(d, c, len + good_len - head), 0);
    free(c);
}

static void a_vcpu_amid_an_access_keeps_its_state(void **state)
{
    hv[1].io.resume = HVM_RESUME_PORT;
    assert_int_equal(hvm_context_load(d, good, good_len), -EBUSY);
    assert_int_equal(changes, 0);
}

/* Any bytes: loaded or refused, never read beyond, never half. */
static void random_bytes_do_no_harm(void **state)
{
    uint64_t x = 88172645463325252ull;
    unsigned int loaded = 0;

    for (unsigned int n = 0; n < 20000; n++) {
        char *c = copy();

        for (unsigned int k = 0; k < 1 + n % 4; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            c[x % (n % 2 ? good_len : 200)] ^= (char)(1u << (x >> 32 & 7));
        }
        changes = 0;
        if (hvm_context_load(d, c, good_len) == 0) {
            loaded++;
        } else {
            assert_int_equal(changes, 0);
        }
        free(c);
    }
    assert_in_range(loaded, 1000, 19000);
}

static void too_small_a_buffer_is_said(void **state)
{
    char small[1200];
    uint32_t len = 0;

    assert_int_equal(hvm_context_save(d, small, sizeof(small), &len),
                     -ENOSPC);
    assert_true(len <= sizeof(small));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(what_was_saved_is_loaded), T(one_cut_anywhere_is_refused),
        T(what_cannot_be_is_refused), T(unknown_records_are_passed_over),
        T(a_vcpu_amid_an_access_keeps_its_state), T(random_bytes_do_no_harm),
        T(too_small_a_buffer_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
