/* SPDX-License-Identifier: MIT */
/*
 * toolstack/build: Linux started without a BIOS, and the first state of an
 * HVM guest.
 */
#include <build/hvm_context.h>
#include <build/hvm_kernel.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <xen/hvm/save.h>
#include <cmocka.h>

#define MIB (1ull << 20)

/* ---- kernel ---------------------------------------------------------------- */

#define SECTS      3
#define FILE_BYTES ((SECTS + 1) * 512 + 1000)

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
    uint64_t value = 0;

    for (unsigned int i = bytes; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

static void small_kernel(uint8_t f[FILE_BYTES])
{
    memset(f, 0, FILE_BYTES);
    f[0x1f1] = SECTS;
    put(f + 0x1fe, 0xaa55, 2);
    f[0x201] = 0x66;                   /* the header ends at 0x268 */
    memcpy(f + 0x202, "HdrS", 4);
    put(f + 0x206, 0x20f, 2);
    f[0x211] = 1;
    put(f + 0x22c, 0x7fffffff, 4);
    f[0x234] = 1;
    put(f + 0x258, 0x1000000, 8);
    put(f + 0x260, 0x2000000, 4);
}

static int parse(uint8_t *f, size_t len, struct hvm_kernel *k, struct err *e)
{
    struct bytes file = { .data = f, .len = len };

    return hvm_kernel_parse(&file, k, e);
}

static void kernel_is_read(void **state)
{
    uint8_t f[FILE_BYTES];
    struct hvm_kernel k;
    struct err e = ERR_INIT;

    (void)state;
    small_kernel(f);
    assert_int_equal(parse(f, sizeof(f), &k, &e), 0);
    assert_ptr_equal(k.code, f + (SECTS + 1) * 512);
    assert_int_equal(k.code_bytes, 1000);
    assert_int_equal(k.header_bytes, 0x268 - 0x1f1);
    assert_int_equal(k.needs_end, 48 * MIB);
    assert_int_equal(k.initrd_max, 0x80000000);
}

static void bad_kernels_are_refused(void **state)
{
    static const struct {
        unsigned int at, bytes;
        uint64_t value;
    } faults[] = {
        { 0x1fe, 2, 0 }, { 0x202, 4, 0 }, { 0x206, 2, 0x209 },
        { 0x211, 1, 0 }, { 0x1f1, 1, 60 }, { 0x258, 8, 0x1000 },
        { 0x258, 8, ~0ull },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint8_t f[FILE_BYTES];
        struct hvm_kernel k;
        struct err e = ERR_INIT;

        small_kernel(f);
        if (faults[i].at == 0x258) {
            f[0x234] = 0;              /* it runs there and nowhere else */
        }
        put(f + faults[i].at, faults[i].value, faults[i].bytes);
        assert_int_equal(parse(f, sizeof(f), &k, &e), -EINVAL);
        assert_int_equal(parse(f, 100, &k, &e), -EINVAL);
    }
}

static void initrd_lies_between_kernel_and_tables(void **state)
{
    uint8_t f[FILE_BYTES];
    struct hvm_kernel k;
    struct err e = ERR_INIT;
    uint64_t at;

    (void)state;
    small_kernel(f);
    assert_int_equal(parse(f, sizeof(f), &k, &e), 0);
    assert_int_equal(hvm_kernel_place_initrd(&k, 64 * MIB, 5 * MIB + 1, &at,
                                             &e), 0);
    assert_true(at + 5 * MIB + 1 <= hvm_tables(64 * MIB));
    assert_true(at >= k.needs_end && at % 4096 == 0);
    assert_int_equal(hvm_kernel_place_initrd(&k, 64 * MIB, 20 * MIB, &at, &e),
                     -ENOMEM);
    assert_int_equal(hvm_kernel_place_initrd(&k, 32 * MIB, 0, &at, &e),
                     -ENOMEM);
    assert_int_equal(hvm_kernel_place_initrd(&k, HVM_LOW_MAX, MIB, &at, &e),
                     0);
    assert_true(at + MIB <= k.initrd_max);
}

static void parameters_name_all_that_was_loaded(void **state)
{
    const struct hvm_range map[] = { { 0, 0x9fc00, 1 }, { MIB, 63 * MIB, 1 } };
    uint8_t f[FILE_BYTES], page[HVM_PARAMS_BYTES];
    struct hvm_kernel k;
    struct err e = ERR_INIT;

    (void)state;
    small_kernel(f);
    assert_int_equal(parse(f, sizeof(f), &k, &e), 0);
    hvm_kernel_params(&k, 0x3000000, 0x1234, map, 2, 0x3ff0000, page);
    assert_memory_equal(page + 0x202, "HdrS", 4);
    assert_int_equal(page[0x210], 0xff);
    assert_int_equal(get(page + 0x218, 4), 0x3000000);
    assert_int_equal(get(page + 0x21c, 4), 0x1234);
    assert_int_equal(get(page + 0x228, 4), HVM_CMDLINE_AT);
    assert_int_equal(get(page + 0x70, 8), 0x3ff0000);
    assert_int_equal(page[0x1e8], 2);
    assert_int_equal(get(page + 0x2d0 + 20, 8), MIB);
    assert_int_equal(get(page + 0x2d0 + 28, 8), 63 * MIB);
    assert_int_equal(get(page + 0x2d0 + 36, 4), 1);
}

/* ---- first state -------------------------------------------------------------- */

struct fresh {
    struct hvm_save_descriptor hd;
    struct hvm_save_header h;
    struct hvm_save_descriptor pd0;
    struct hvm_hw_vpic p0;
    struct hvm_save_descriptor pd1;
    struct hvm_hw_vpic p1;
    struct hvm_save_descriptor ld;
    struct hvm_hw_lapic_regs l;
    struct hvm_save_descriptor md;
    struct hvm_hw_mtrr m;
    struct hvm_save_descriptor end;
} __attribute__((packed));

static void fresh_records(struct fresh *f)
{
    memset(f, 0, sizeof(*f));
    f->hd = (struct hvm_save_descriptor){ HVM_SAVE_CODE(HEADER), 0,
                                          sizeof(f->h) };
    f->h.magic = HVM_FILE_MAGIC;
    f->pd0 = (struct hvm_save_descriptor){ HVM_SAVE_CODE(PIC), 0,
                                           sizeof(f->p0) };
    f->p0.irq_base = 8;
    f->pd1 = (struct hvm_save_descriptor){ HVM_SAVE_CODE(PIC), 1,
                                           sizeof(f->p1) };
    f->ld = (struct hvm_save_descriptor){ HVM_SAVE_CODE(LAPIC_REGS), 0,
                                          sizeof(f->l) };
    f->md = (struct hvm_save_descriptor){ HVM_SAVE_CODE(MTRR), 0,
                                          sizeof(f->m) };
}

static const void *record(const uint8_t *out, size_t len, uint16_t type,
                          uint16_t instance)
{
    for (size_t at = 0; at + 8 <= len;) {
        if (get(out + at, 2) == type && get(out + at + 2, 2) == instance) {
            return out + at + 8;
        }
        at += 8 + get(out + at + 4, 4);
    }
    return NULL;
}

static void a_pc_begins_at_the_reset_vector(void **state)
{
    const struct hvm_start s = { .nr_vcpus = 2, .hvm = true };
    struct fresh f;
    uint8_t out[8192];
    struct hvm_hw_cpu cpu;
    struct hvm_hw_mtrr m;
    struct hvm_hw_vpic p;
    const uint8_t *lapic;
    size_t len;

    (void)state;
    fresh_records(&f);
    len = hvm_context_start((uint8_t *)&f, sizeof(f), &s, out, sizeof(out));
    assert_int_not_equal(len, 0);
    memcpy(&cpu, record(out, len, HVM_SAVE_CODE(CPU), 0), sizeof(cpu));
    assert_int_equal(cpu.cs_base + cpu.rip, 0xffff0);
    assert_int_equal(cpu.cr0 & 1, 0);
    assert_int_equal(cpu.cs_arbytes, 0x9b);
    assert_int_equal(cpu.gdtr_limit, 0xffff);
    assert_null(record(out, len, HVM_SAVE_CODE(CPU), 1));
    memcpy(&m, record(out, len, HVM_SAVE_CODE(MTRR), 1), sizeof(m));
    assert_int_equal(m.msr_mtrr_def_type, 0xc06);
    assert_int_equal(m.msr_mtrr_fixed[2], 0);
    assert_int_equal(m.msr_mtrr_var[0], 0xf0000000);
    assert_int_equal(m.msr_mtrr_var[1] & 0xffffffff, 0xf0000800);
    memcpy(&p, record(out, len, HVM_SAVE_CODE(PIC), 0), sizeof(p));
    assert_int_equal(p.elcr, 0x20);
    assert_int_equal(p.irq_base, 8);
    memcpy(&p, record(out, len, HVM_SAVE_CODE(PIC), 1), sizeof(p));
    assert_int_equal(p.elcr, 0x0c);
    lapic = record(out, len, HVM_SAVE_CODE(LAPIC_REGS), 0);
    assert_int_equal(get(lapic + 0x350, 4) & 0x10700, 0x700);
    assert_int_equal(get(lapic + 0xf0, 4) & 0x100, 0x100);
}

static void linux_begins_with_its_parameters(void **state)
{
    const struct hvm_start s = { .entry = 0x100000, .boot_params = 0x90000,
                                 .gdt = 0x92000, .nr_vcpus = 1, .hvm = true };
    struct fresh f;
    uint8_t out[8192];
    struct hvm_hw_cpu cpu;
    size_t len;

    (void)state;
    fresh_records(&f);
    len = hvm_context_start((uint8_t *)&f, sizeof(f), &s, out, sizeof(out));
    memcpy(&cpu, record(out, len, HVM_SAVE_CODE(CPU), 0), sizeof(cpu));
    assert_int_equal(cpu.rip, 0x100000);
    assert_int_equal(cpu.rsi, 0x90000);
    assert_int_equal(cpu.rbx | cpu.rbp | cpu.rdi, 0);
    assert_int_equal(cpu.cr0, 0x11);
    assert_int_equal(cpu.cs_sel, 0x10);
    assert_int_equal(cpu.ds_sel, 0x18);
    assert_int_equal(cpu.gdtr_base, 0x92000);
    assert_int_equal(cpu.rflags, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_is_read),
        cmocka_unit_test(bad_kernels_are_refused),
        cmocka_unit_test(initrd_lies_between_kernel_and_tables),
        cmocka_unit_test(parameters_name_all_that_was_loaded),
        cmocka_unit_test(a_pc_begins_at_the_reset_vector),
        cmocka_unit_test(linux_begins_with_its_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
