/* SPDX-License-Identifier: MIT */
/*
 * toolstack/config: XML in, typed configuration, XML out, and the message for
 * each thing that can be wrong.  Golden files are in tests/golden/xml.
 */
#include <config/defaults.h>
#include <config/validate.h>
#include <config/xml_format.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct loaded {
    struct domain_def def;
    struct diag dg;
    int rc;
};

static void load(struct loaded *l, const char *text, bool strict)
{
    def_init(&l->def);
    diag_init(&l->dg, "t.xml", strict);
    l->rc = xml_parse_memory(text, strlen(text), &l->def, &l->dg);
    if (l->rc == 0) {
        assert_int_equal(defaults_fill(&l->def), 0);
        l->rc = validate_def(&l->def, false, &l->dg);
    }
}

static void unload(struct loaded *l)
{
    def_fini(&l->def);
    diag_fini(&l->dg);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 65536);

    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) > 0);
    fclose(f);
    return text;
}

static char *formatted(const struct domain_def *def, int domid)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    xml_format(def, domid, f);
    fclose(f);
    return text;
}

/* ---- what is honoured ------------------------------------------------------ */

static void golden(const char *name)
{
    char in[160], out[160], *text, *want, *got, *again;
    struct loaded l, m;

    snprintf(in, sizeof(in), "tests/golden/xml/%s.in.xml", name);
    snprintf(out, sizeof(out), "tests/golden/xml/%s.out.xml", name);
    text = read_file(in);
    load(&l, text, false);
    assert_int_equal(l.rc, 0);
    got = formatted(&l.def, -1);
    if (getenv("GOLDEN_UPDATE") != NULL) {
        FILE *f = fopen(out, "w");

        fputs(got, f);
        fclose(f);
    }
    want = read_file(out);
    assert_string_equal(got, want);

    load(&m, got, false);
    assert_int_equal(m.rc, 0);
    again = formatted(&m.def, -1);
    assert_string_equal(again, want);

    free(text);
    free(want);
    free(got);
    free(again);
    unload(&l);
    unload(&m);
}

static void a_minimal_file_gets_its_defaults(void **state)
{
    golden("minimal");
}

static void what_is_written_reads_back_the_same(void **state)
{
    golden("full");
}

static void values_arrive_typed(void **state)
{
    char *text = read_file("tests/golden/xml/full.in.xml");
    struct loaded l;

    load(&l, text, false);

    assert_int_equal(l.rc, 0);
    assert_string_equal(l.def.name, "web & more");
    assert_int_equal(l.def.type, GUEST_PV);
    assert_int_equal(l.def.memory_kib, 976896);       /* 954 MiB, rounded up */
    assert_int_equal(l.def.current_kib, 524288);
    assert_int_equal(l.def.max_vcpus, 4);
    assert_int_equal(l.def.cur_vcpus, 2);
    assert_int_equal(l.def.weight, 512);
    assert_int_equal(l.def.tsc_mode, 2);
    assert_int_equal(l.def.on_poweroff, LIFE_PRESERVE);
    assert_int_equal(l.def.on_crash, LIFE_RESTART);
    assert_int_equal(l.def.nr_disks, 3);
    assert_int_equal(l.def.disks[0].vdev, 51712);
    assert_int_equal(l.def.disks[0].backend, BACKEND_OURS);
    assert_int_equal(l.def.disks[0].discard, DISCARD_UNMAP);
    assert_int_equal(l.def.disks[1].backend, BACKEND_KERNEL);
    assert_true(l.def.disks[1].readonly);
    assert_true(l.def.disks[2].readonly);
    assert_int_equal(l.def.max_grant_frames, 64);
    unload(&l);
    free(text);
}

static void cards_arrive_typed(void **state)
{
    const uint8_t mac[] = { 0x00, 0x16, 0x3e, 0, 0, 2 };
    char *text = read_file("tests/golden/xml/full.in.xml");
    const struct nic_def *nic;
    struct loaded l;

    load(&l, text, false);
    nic = l.def.nics;

    assert_int_equal(l.rc, 0);
    assert_int_equal(l.def.nr_nics, 4);
    assert_int_equal(nic[0].type, NIC_BRIDGE);
    assert_string_equal(nic[0].bridge, "br0");
    assert_int_equal(nic[0].backend, NIC_OURS);
    assert_int_equal(nic[1].type, NIC_USER);
    assert_memory_equal(nic[1].mac, mac, 6);
    assert_int_equal(nic[1].devid, 4);
    assert_int_equal(nic[1].mtu, 1400);
    assert_int_equal(nic[2].devid, 2);
    assert_int_equal(nic[2].queues, 2);
    assert_int_equal(nic[2].rate_kib, 1000);
    assert_true(nic[2].check_mac);
    assert_int_equal(nic[3].backend, NIC_KERNEL);
    assert_int_equal(nic[3].devid, 3);
    unload(&l);
    free(text);
}

/* Without an address it gets one of Xen's, another one each time. */
static void a_card_gets_an_address(void **state)
{
    static const char text[] =
        "<domain type='xen'><name>n</name><memory>65536</memory>"
        "<os><type>linux</type><kernel>/k</kernel></os>"
        "<devices><interface type='user'/><interface type='user'/></devices>"
        "</domain>";
    const uint8_t prefix[] = { 0x00, 0x16, 0x3e };
    struct loaded l;

    load(&l, text, true);

    assert_int_equal(l.rc, 0);
    assert_memory_equal(l.def.nics[0].mac, prefix, 3);
    assert_memory_equal(l.def.nics[1].mac, prefix, 3);
    assert_memory_not_equal(l.def.nics[0].mac, l.def.nics[1].mac, 6);
    assert_int_equal(l.def.nics[1].devid, 1);
    unload(&l);
}

/* ---- what is not: one message, its line and its class ---------------------- */

#define DOM(body) "<domain type='xen'>\n<name>n</name>\n" body "</domain>"
#define OS "<os><type>linux</type><kernel>/k</kernel></os>\n"
#define MEM "<memory>65536</memory>\n"
#define DISK(body) DOM(MEM OS "<devices>\n<disk type='file'>\n" body \
                       "</disk>\n</devices>\n")

#define HVM(device) DOM(MEM "<os><type>hvm</type></os>\n" \
                        "<devices>\n" device "</devices>\n")
#define NIC(type, body) DOM(MEM OS "<devices>\n<interface type='" type "'>\n" \
                            body "</interface>\n</devices>\n")

static const struct bad {
    const char *text;
    unsigned int line;
    enum err_class class;
    const char *words;
} bad[] = {
    { "", 0, ERR_CONFIG, "not well-formed" },
    { "<domain", 1, ERR_CONFIG, "not well-formed" },
    { "<domain type='xen'>\n<name>n</nme></domain>", 2, ERR_CONFIG,
      "not well-formed" },
    { "<!DOCTYPE d [<!ENTITY a 'b'>]>\n<domain type='xen'/>", 1, ERR_CONFIG,
      "document type" },
    { "<vm/>", 1, ERR_CONFIG, "root element" },
    { "<domain type='kvm'><name>n</name></domain>", 1, ERR_CONFIG,
      "must be 'xen'" },
    { DOM("<nmae>x</nmae>\n"), 3, ERR_CONFIG,
      "unknown element <nmae> in <domain>" },
    { DOM("stray\n"), 2, ERR_CONFIG, "unexpected text" },
    { DOM("<memory unit='MB' colour='red'>1</memory>"), 3, ERR_CONFIG,
      "unknown attribute 'colour'" },
    { DOM("<name>m</name>" MEM OS), 3, ERR_CONFIG, "given twice" },
    { DOM(MEM), 0, ERR_CONFIG, "<type> is missing" },
    { DOM(OS), 0, ERR_CONFIG, "<memory> is missing or zero" },
    { DOM("<memory>0</memory>" OS), 3, ERR_CONFIG, "missing or zero" },
    { DOM("<memory>-5</memory>" OS), 3, ERR_CONFIG, "not a number" },
    { DOM("<memory unit='parsec'>5</memory>" OS), 3, ERR_CONFIG,
      "unknown unit" },
    { DOM("<memory unit='TiB'>9000000000000000000</memory>" OS), 3,
      ERR_CONFIG, "more than this machine" },
    { DOM("<memory unit='TiB'>64</memory>" OS), 3, ERR_RESOURCE,
      "more than a guest" },
    { DOM(MEM OS "<currentMemory>99999</currentMemory>"), 3, ERR_CONFIG,
      "larger than" },
    { DOM(MEM OS "<vcpu>0</vcpu>"), 5, ERR_CONFIG, "needs one" },
    { DOM(MEM OS "<vcpu>4000</vcpu>"), 5, ERR_CONFIG, "more than the 128" },
    { DOM(MEM OS "<vcpu current='3'>2</vcpu>"), 5, ERR_CONFIG,
      "current=3 is more than 2" },
    { DOM(MEM OS "<uuid>zz</uuid>"), 5, ERR_CONFIG, "not a UUID" },
    { DOM(MEM OS "<on_crash>explode</on_crash>"), 5, ERR_CONFIG,
      "unknown action" },
    { DOM(MEM OS "<on_reboot>coredump-restart</on_reboot>"), 5, ERR_CONFIG,
      "unknown action" },
    { DOM(MEM OS "<bootloader>pygrub</bootloader>"), 5, ERR_UNSUPPORTED,
      "<bootloader> is not supported" },
    { DOM(MEM "<os><type>hvm</type><boot dev='fd'/></os>"), 4,
      ERR_UNSUPPORTED, "<boot dev='fd'>" },
    { DOM(MEM "<os><type>hvm</type><loader type='pflash'>/o</loader></os>"),
      4, ERR_UNSUPPORTED, "only 'rom'" },
    { DOM(MEM "<os firmware='coreboot'><type>hvm</type></os>"), 4,
      ERR_UNSUPPORTED, "only 'bios' and 'efi'" },
    { HVM("<disk><source file='/i'/><target dev='sda' bus='ide'/></disk>"), 6,
      ERR_CONFIG, "one of hda" },
    { HVM("<disk><source file='/i'/><target dev='sda' bus='scsi'/></disk>"),
      6, ERR_UNSUPPORTED, "bus 'scsi'" },
    { HVM("<serial type='tcp'/>"), 6, ERR_UNSUPPORTED, "<serial type='tcp'>" },
    { HVM("<serial type='file'/>"), 6, ERR_CONFIG, "needs a <source path=" },
    { HVM("<interface type='user'><model type='rtl8139'/></interface>"), 6,
      ERR_UNSUPPORTED, "'e1000'" },
    { DOM(MEM "<os><type>linux</type></os>"), 4, ERR_CONFIG,
      "<kernel> is missing" },
    { DOM(MEM "<os><type>linux</type>\n<kernel>k</kernel></os>"), 5,
      ERR_CONFIG, "not an absolute path" },
    { NIC("bridge", ""), 6, ERR_CONFIG, "has no <source bridge=" },
    { NIC("bridge", "<source bridge='a/b'/>"), 6, ERR_CONFIG,
      "not the name of a bridge" },
    { NIC("network", ""), 6, ERR_CONFIG, "has no <source network=" },
    { NIC("direct", ""), 6, ERR_UNSUPPORTED, "<interface type='direct'>" },
    { NIC("user", "<mac address='00:16:3e:00:00'/>"), 7, ERR_CONFIG,
      "not a MAC address" },
    { NIC("user", "<mac address='01:16:3e:00:00:01'/>"), 7, ERR_CONFIG,
      "an address of groups" },
    { NIC("user", "<driver name='vhost'/>"), 6, ERR_CONFIG,
      "needs our own back end" },
    { NIC("user", "<driver name='dpdk'/>"), 6, ERR_CONFIG, "unknown driver" },
    { NIC("user", "<driver queues='99'/>"), 7, ERR_CONFIG, "from 1 to 8" },
    { NIC("user", "<model type='e1000'/>"), 6, ERR_UNSUPPORTED,
      "only 'netfront'" },
    { NIC("user", "<mtu size='9x'/>"), 7, ERR_CONFIG, "not a number" },
    { NIC("user", "<target dev='an-interface-name'/>"), 6, ERR_CONFIG,
      "not the name of an interface" },
    { NIC("user", "<bandwidth><outbound average='0'/></bandwidth>"), 7,
      ERR_CONFIG, "not a number from 1" },
    { NIC("user", "<filterref filter='clean-traffic'/>"), 7, ERR_UNSUPPORTED,
      "only 'no-mac-spoofing'" },
    { NIC("user", "<vlan/>"), 7, ERR_UNSUPPORTED, "<vlan> is not supported" },
    { NIC("user", "<mac address='00:16:3e:00:00:01'/></interface>\n"
      "<interface type='user'><mac address='00:16:3e:00:00:01'/>"), 8,
      ERR_CONFIG, "is used on line 6 already" },
    { DISK("<target dev='xvda'/>"), 6, ERR_CONFIG, "<source> is missing" },
    { DISK("<source file='/a'/>"), 6, ERR_CONFIG, "has no <target" },
    { DISK("<source dev='/a'/>\n<target dev='xvda'/>"), 7, ERR_CONFIG,
      "named by file=" },
    { DISK("<source file='a'/><target dev='xvda'/>"), 6, ERR_CONFIG,
      "not an absolute path" },
    { DISK("<source file='/a'/><target dev='foo'/>"), 6, ERR_CONFIG,
      "not a disk name" },
    { DISK("<driver name='qemu' type='vmdk'/><source file='/a'/>"
           "<target dev='xvda'/>"), 6, ERR_UNSUPPORTED, "qemu-img convert" },
    { DISK("<driver name='zip'/><source file='/a'/><target dev='xvda'/>"), 6,
      ERR_CONFIG, "unknown driver" },
    { DISK("<source file='/a'/><target dev='xvda'/><transient/>"), 7,
      ERR_UNSUPPORTED, "<transient/>" },
    { DISK("<source file='/a'/><target dev='xvda'/></disk>\n<disk>"
           "<source file='/b'/><target dev='xvda'/>"), 8, ERR_CONFIG,
      "used on line 6" },
};

static bool as_expected(const struct bad *b, const struct loaded *l)
{
    const struct diag_msg *m;

    if (l->rc != -EINVAL || l->dg.nr_errors != 1 ||
        l->dg.class != b->class) {
        return false;
    }
    m = &l->dg.msg[l->dg.nr - 1];
    return strstr(m->text, b->words) != NULL &&
           (b->line == 0 || m->line == b->line);
}

static void each_fault_gives_one_message_with_line_and_class(void **state)
{
    int wrong = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct loaded l;

        load(&l, bad[i].text, false);
        if (!as_expected(&bad[i], &l)) {
            wrong++;
            fprintf(stderr, "case %zu: %s\n", i, bad[i].text);
            diag_print(&l.dg, stderr);
        }
        unload(&l);
    }
    assert_int_equal(wrong, 0);
}

static void legal_parts_not_honoured_warn_and_strict_refuses_them(void **state)
{
    static const char *const texts[] = {
        DOM(MEM OS "<features><acpi/></features>"),
        DOM(MEM OS "<devices><interface type='user'><link state='down'/>"
            "</interface></devices>"),
        DOM(MEM OS "<devices><graphics type='vnc' keymap='de'/></devices>"),
        DOM(MEM OS "<devices><graphics type='spice'/></devices>"),
        DOM(MEM OS "<devices><graphics type='vnc'/><graphics type='vnc'/>"
            "</devices>"),
        DOM(MEM OS "<devices><input type='tablet' bus='usb'/>"
            "<graphics type='vnc'/></devices>"),
        DOM(MEM OS "<devices><input type='mouse' bus='xen'/></devices>"),
        DOM(MEM OS "<devices><video><model type='xen'/></video></devices>"),
        DOM(MEM OS "<devices><graphics type='vnc'/><video>"
            "<model type='cirrus'/></video></devices>"),
        DOM(MEM OS "<memoryBacking><hugepages/></memoryBacking>"),
        DOM("<memory dumpCore='on'>65536</memory>" OS),
        DOM(MEM OS "<clock offset='localtime'/>"),
        DISK("<driver name='qemu' cache='none'/><source file='/a'/>"
             "<target dev='xvda'/>"),
        DISK("<source file='/a'/><target dev='sda' bus='scsi'/>"),
        DOM(MEM OS "<x:y xmlns:x='urn:x'/>"),
        DOM(MEM "<os><type>hvm</type><kernel>/k</kernel></os>"
            "<vcpu current='1'>2</vcpu>"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct loaded l;

        load(&l, texts[i], false);
        assert_int_equal(l.rc, 0);
        assert_int_equal(l.dg.nr, 1);
        assert_int_equal(l.dg.msg[0].level, DIAG_WARNING);
        assert_true(l.dg.msg[0].line > 0);
        unload(&l);

        load(&l, texts[i], true);
        assert_int_equal(l.rc, -EINVAL);
        assert_int_equal(l.dg.nr_errors, 1);
        unload(&l);
    }
}

static void files_that_are_named_must_exist(void **state)
{
    struct loaded l;

    load(&l, DISK("<source file='/nonexistent/a'/><target dev='xvda'/>"),
         false);
    assert_int_equal(l.rc, 0);
    assert_int_equal(validate_def(&l.def, true, &l.dg), -EINVAL);
    assert_int_equal(l.dg.nr_errors, 2);
    assert_non_null(strstr(l.dg.msg[0].text, "<kernel>: /k: No such file"));
    assert_non_null(strstr(l.dg.msg[1].text,
                           "/nonexistent/a: No such file"));
    unload(&l);
}

static void a_file_above_the_size_cap_is_refused(void **state)
{
    struct loaded l;
    char *big = malloc(XML_MAX_BYTES + 2);

    memset(big, ' ', XML_MAX_BYTES + 1);
    big[XML_MAX_BYTES + 1] = '\0';
    load(&l, big, false);
    assert_int_equal(l.rc, -EINVAL);
    assert_non_null(strstr(l.dg.msg[0].text, "larger than"));
    unload(&l);
    free(big);
}

static void many_errors_stop_at_the_limit(void **state)
{
    struct loaded l;
    char *text = calloc(1, 65536);

    strcpy(text, "<domain type='xen'>");
    for (int i = 0; i < 1000; i++) {
        strcat(text, "<wrong/>\n");
    }
    strcat(text, "</domain>");
    load(&l, text, false);
    assert_int_equal(l.dg.nr_errors, DIAG_MAX_ERRORS);
    unload(&l);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimal_file_gets_its_defaults),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(values_arrive_typed),
        cmocka_unit_test(cards_arrive_typed),
        cmocka_unit_test(a_card_gets_an_address),
        cmocka_unit_test(each_fault_gives_one_message_with_line_and_class),
        cmocka_unit_test(
            legal_parts_not_honoured_warn_and_strict_refuses_them),
        cmocka_unit_test(files_that_are_named_must_exist),
        cmocka_unit_test(a_file_above_the_size_cap_is_refused),
        cmocka_unit_test(many_errors_stop_at_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
