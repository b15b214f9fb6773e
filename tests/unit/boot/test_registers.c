/* SPDX-License-Identifier: MIT */
/*
 * boot/registers.c: of a recorded log of CPU resets, the dumps of the reset that
 * ended the machine and no others, without what explains nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../boot/registers.h"

/* Power-on, and the start of the second CPU: QEMU 7.2, a machine with two. */
#define START \
    "CPU Reset (CPU 0)\nEIP=0000fff0 EFL=00000002 [-------] CPL=0\n" \
    "CPU Reset (CPU 1)\nEIP=0000fff0 EFL=00000002 [-------] CPL=0\n" \
    "CPU Reset (CPU 1)\nEIP=0000fff1 EFL=00000002 [-------] CPL=0\n"

#define CPU0 \
    "CPU Reset (CPU 0)\n" \
    "RAX=ffff82d012345678 RBX=0000000000000001 RCX=0 RDX=0\n" \
    "R8 =0000000000000000 R9 =0 R10=0 R11=0\n" \
    "RIP=ffff82d000100022 RFL=00010006 [-----P-] CPL=0 II=0 A20=1\n" \
    "ES =0010 00000000 ffffffff 00cf9300 DPL=0 DS   [-WA]\n" \
    "CS =e008 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\n" \
    "SS =0000 0000000000000000 00000000 00000000\n" \
    "LDT=0000 00000000 0000ffff 00008200 DPL=0 LDT\n" \
    "TR =e040 ffff82d000200000 00000067 00008b00 DPL=0 TSS64-busy\n" \
    "GDT=     ffff82d000201000 0000efff\n" \
    "IDT=     0000000000000000 00000000\n" \
    "CR0=80050033 CR2=00000000deadb000 CR3=00000000000ca000 CR4=000006e0\n" \
    "DR0=0000000000000000 DR1=0000000000000000\n" \
    "CCS=004a8000 CCD=00950000 CCO=SHLL\n" \
    "EFER=0000000000000d00\n" \
    "FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80\n" \
    "XMM00=0000000000000000 0000000000000000\n"
#define CPU1 \
    "CPU Reset (CPU 1)\n" \
    "RIP=ffff82d000300000 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 HLT=1\n" \
    "FPR0=0000000000000000 0000\n"

/* The firmware begins anew before somebody ends it. */
#define ANEW \
    "CPU Reset (CPU 1)\nEIP=0000fff2 EFL=00000002 [-------] CPL=0\n"

#define KEPT \
    "== CPU Reset (CPU 0)\n" \
    "== RAX=ffff82d012345678 RBX=0000000000000001 RCX=0 RDX=0\n" \
    "== R8 =0000000000000000 R9 =0 R10=0 R11=0\n" \
    "== RIP=ffff82d000100022 RFL=00010006 [-----P-] CPL=0 II=0 A20=1\n" \
    "== CS =e008 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\n" \
    "== SS =0000 0000000000000000 00000000 00000000\n" \
    "== TR =e040 ffff82d000200000 00000067 00008b00 DPL=0 TSS64-busy\n" \
    "== GDT=     ffff82d000201000 0000efff\n" \
    "== IDT=     0000000000000000 00000000\n" \
    "== CR0=80050033 CR2=00000000deadb000 CR3=00000000000ca000 CR4=000006e0\n" \
    "== EFER=0000000000000d00\n" \
    "== CPU Reset (CPU 1)\n" \
    "== RIP=ffff82d000300000 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 HLT=1\n"

static bool filter(const char *dump, char **text)
{
    FILE *from = tmpfile();
    size_t size;
    FILE *to = open_memstream(text, &size);
    bool triple;

    assert_non_null(from);
    assert_non_null(to);
    fputs(dump, from);
    triple = registers_of_reset(from, to);
    fclose(from);
    fclose(to);
    return triple;
}

static void a_triple_fault_shows_each_cpu_once(void **state)
{
    char *text;

    assert_true(filter(START "Triple fault\n" CPU0 CPU1 ANEW, &text));

    assert_string_equal(text, KEPT);
    free(text);
}

static void another_reset_shows_each_cpu_once(void **state)
{
    char *text;

    assert_false(filter(START CPU0 CPU1 ANEW, &text));

    assert_string_equal(text, KEPT);
    free(text);
}

/* What a triple fault left counts, not the start that followed it. */
static void the_triple_fault_is_kept_when_all_began_anew(void **state)
{
    char *text;

    assert_true(filter(START "Triple fault\n" CPU0 CPU1 START, &text));

    assert_string_equal(text, KEPT);
    free(text);
}

static void an_empty_log_is_no_triple_fault(void **state)
{
    char *text;

    assert_false(filter("", &text));

    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_triple_fault_shows_each_cpu_once),
        cmocka_unit_test(another_reset_shows_each_cpu_once),
        cmocka_unit_test(the_triple_fault_is_kept_when_all_began_anew),
        cmocka_unit_test(an_empty_log_is_no_triple_fault),
    };

    return cmocka_run_group_tests_name("registers", tests, NULL, NULL);
}
