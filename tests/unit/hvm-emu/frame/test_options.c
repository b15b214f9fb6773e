/* SPDX-License-Identifier: MIT */
/* The command line, as vmctl writes it and as nobody should. */
#include <lib/err.h>
#include <run/options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define MAX_ARGS 48

/* @line cut at blanks; it stays in use. */
static int parse(struct emu_config *c, char *line, struct err *e)
{
    char *argv[MAX_ARGS] = { "paravane-hvm-emu" };
    int argc = 1;
    char *p;

    memset(e, 0, sizeof(*e));
    for (p = strtok(line, " "); p != NULL; p = strtok(NULL, " ")) {
        argv[argc++] = p;
    }
    return options_parse(c, argc, argv, e);
}

static void a_whole_line_is_understood(void **state)
{
    char line[] = "--domid 3 --memory 262144 --vcpus 4 --boot dcn --vga std "
        "--bios /b --vgabios /v --disk 0:0,raw,rw,/a,b.img "
        "--disk 0:1,qcow2,ro,/q --cdrom 1:0,/cd.iso --cdrom 1:1, "
        "--nic mac=00:16:3e:01:fe:03,tap=emu3.0,bridge=br0,mtu=9000 "
        "--serial pty --vnc listen=127.0.0.1,port=0,name=a "
        "--uuid 70617261-7661-6e65-0000-0000000000FF";
    struct emu_config c;
    struct err e;

    assert_int_equal(parse(&c, line, &e), 0);
    assert_int_equal(c.domid, 3);
    assert_int_equal(c.memory_kib, 262144);
    assert_int_equal(c.nr_vcpus, 4);
    assert_string_equal(c.boot, "dcn");
    assert_string_equal(c.disk[0].path, "/a,b.img");
    assert_false(c.disk[0].readonly);
    assert_string_equal(c.disk[1].format, "qcow2");
    assert_true(c.disk[1].readonly);
    assert_true(c.disk[2].cdrom && c.disk[2].readonly);
    assert_true(c.disk[3].present);
    assert_null(c.disk[3].path);
    assert_int_equal(c.nic[0].mac[4], 0xfe);
    assert_string_equal(c.nic[0].tap, "emu3.0");
    assert_string_equal(c.nic[0].bridge, "br0");
    assert_int_equal(c.nic[0].mtu, 9000);
    assert_int_equal(c.nic[0].fd, -1);
    assert_string_equal(c.vnc, "listen=127.0.0.1,port=0,name=a");
    assert_int_equal(c.uuid[0], 0x70);
    assert_int_equal(c.uuid[15], 0xff);
}

static void wrong_lines_are_refused_with_a_reason(void **state)
{
    static const char *const lines[] = {
        "", "--domid 0 --memory 262144", "--domid 1", "--domid x",
        "--domid 1 --memory 100", "--domid 1 --memory 9999999999999999999999",
        "--domid 40000 --memory 262144",
        "--domid 1 --memory 262144 --vcpus 0",
        "--domid 1 --memory 262144 --vcpus 129",
        "--domid 1 --memory 262144 --disk 2:0,raw,rw,/a",
        "--domid 1 --memory 262144 --disk 0:0,vhd,rw,/a",
        "--domid 1 --memory 262144 --disk 0:0,raw,rw",
        "--domid 1 --memory 262144 --disk 0:0,raw,rx,/a",
        "--domid 1 --memory 262144 --disk 0:0,raw,rw,/a --cdrom 0:0,/b",
        "--domid 1 --memory 262144 --nic mac=00:16:3e:01:fe,user",
        "--domid 1 --memory 262144 --nic mac=00:16:3e:01:fe:zz,user",
        "--domid 1 --memory 262144 --nic colour=red",
        "--domid 1 --memory 262144 --uuid 7061-",
        "--domid 1 --memory 262144 --what", "--domid 1 --memory 262144 more",
        "--domid",
    };
    unsigned int i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct emu_config c;
        struct err e;
        char line[200];

        strcpy(line, lines[i]);
        assert_int_not_equal(parse(&c, line, &e), 0);
        assert_int_equal(err_exit_status(&e), ERR_USAGE);
        assert_true(e.what[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_line_is_understood),
        cmocka_unit_test(wrong_lines_are_refused_with_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
