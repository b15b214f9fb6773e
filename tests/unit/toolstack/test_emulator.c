/* SPDX-License-Identifier: MIT */
/*
 * toolstack/lifecycle/emulator: from a configuration to a command line.
 */
#include <config/defaults.h>
#include <config/xml_parse.h>
#include <lib/err.h>
#include <lifecycle/emulator.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HEAD "<domain type='xen'><name>n</name>" \
             "<memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type>hvm</type>"
#define DISKS \
    "<disk><source file='/a,b.raw'/><target dev='hda' bus='ide'/></disk>" \
    "<disk device='cdrom'><target dev='hdc' bus='ide'/></disk>" \
    "<disk><driver name='qemu' type='qcow2'/><source file='/q'/>" \
    "<target dev='hdd'/><readonly/></disk>" \
    "<disk><source file='/pv'/><target dev='xvde'/></disk>"
#define CARDS \
    "<interface type='user'><mac address='00:16:3e:00:00:01'/></interface>" \
    "<interface type='bridge'><source bridge='br0'/>" \
    "<mac address='00:16:3e:00:00:02'/><model type='e1000'/></interface>" \
    "<interface type='user'><model type='netfront'/></interface>"

/* The arguments in one line. */
static void line_of(const char *xml, char *line, size_t size)
{
    struct rundir run = { .path = "/run/x" };
    char *args[EMULATOR_MAX_ARGS];
    struct domain_def def;
    struct err e = ERR_INIT;
    struct diag dg;

    def_init(&def);
    diag_init(&dg, "test", false);
    assert_int_equal(xml_parse_memory(xml, strlen(xml), &def, &dg), 0);
    assert_int_equal(defaults_fill(&def), 0);
    assert_int_equal(emulator_args(&def, &run, 7, args, &e), 0);
    line[0] = '\0';
    for (int i = 0; args[i] != NULL; i++) {
        strncat(line, i == 0 ? "" : " ", size - strlen(line) - 1);
        strncat(line, args[i], size - strlen(line) - 1);
    }
    emulator_free_args(args);
    def_fini(&def);
    diag_fini(&dg);
}

static void a_machine_is_described(void **state)
{
    char line[2048];

    (void)state;
    line_of(HEAD "<boot dev='cdrom'/><boot dev='hd'/></os><devices>" DISKS
            CARDS "<serial type='file'><source path='/s.log'/></serial>"
            "<graphics type='vnc' passwd='x'/></devices></domain>", line,
            sizeof(line));
    assert_string_equal(line, "--memory 262144 --vcpus 2 --boot dc "
        "--control /run/x --vga std "
        "--vgabios /usr/share/seabios/vgabios-stdvga.bin "
        "--bios /usr/share/seabios/bios-256k.bin "
        "--disk 0:0,raw,rw,/a,b.raw --cdrom 1:0, --disk 1:1,qcow2,ro,/q "
        "--nic mac=00:16:3e:00:00:01,user "
        "--nic mac=00:16:3e:00:00:02,tap=emu7.1,bridge=br0 "
        "--serial /s.log "
        "--vnc listen=127.0.0.1,port=0,web=1,web-port=0,dir=/run/x,name=n "
        "--state /run/x/device-model.state");
}

static void a_kernel_needs_no_bios(void **state)
{
    char line[2048];

    (void)state;
    line_of(HEAD "<kernel>/k</kernel></os><devices/></domain>", line,
            sizeof(line));
    assert_null(strstr(line, "--bios"));
    assert_non_null(strstr(line, "--vgabios"));
    assert_non_null(strstr(line, "--boot c"));
}

static void another_bios_can_be_given(void **state)
{
    char line[2048];

    (void)state;
    line_of(HEAD "<loader>/usr/lib/xen-4.17/boot/hvmloader</loader></os>"
            "</domain>", line, sizeof(line));
    assert_non_null(strstr(line, "--bios /usr/share/seabios/bios-256k.bin"));
    line_of(HEAD "<loader>/my/bios</loader></os></domain>", line,
            sizeof(line));
    assert_non_null(strstr(line, "--bios /my/bios"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_is_described),
        cmocka_unit_test(a_kernel_needs_no_bios),
        cmocka_unit_test(another_bios_can_be_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
