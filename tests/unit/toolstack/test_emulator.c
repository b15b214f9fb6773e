/* SPDX-License-Identifier: MIT */
/*
 * toolstack/lifecycle/emulator: from a configuration to a command line.
 */
#include <config/defaults.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lifecycle/emulator.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define HEAD "<domain type='xen'><name>n</name>" \
             "<memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type>hvm</type>"
#define UEFI "<domain type='xen'><name>n</name><memory unit='MiB'>256" \
             "</memory><vcpu>2</vcpu><os firmware='efi'><type>hvm</type>"
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

static void uefi_is_an_image_too(void **state)
{
    char line[2048];

    (void)state;
    line_of(UEFI "</os></domain>", line, sizeof(line));
    assert_non_null(strstr(line, "--bios /usr/share/ovmf/OVMF.fd"));
    line_of(UEFI "<loader type='rom'/></os></domain>", line, sizeof(line));
    assert_non_null(strstr(line, "--bios /usr/share/ovmf/OVMF.fd"));
    line_of(UEFI "<loader>/my/uefi</loader></os></domain>", line,
            sizeof(line));
    assert_non_null(strstr(line, "--bios /my/uefi"));
}

/* ---- its state, for whoever saves the guest ------------------------------------ */

static struct rundir run;
static int copy_fd = -1;
static const char *answer;
static size_t answer_len;

static void on_usr1(int signo)
{
    _exit(write(copy_fd, answer, answer_len) == (ssize_t)answer_len ? 0 : 1);
}

/* As backend_start() notes it: field 22 is when it began. */
static void note(pid_t pid)
{
    char path[64], stat[1024], words[64], *s;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "r");
    stat[fread(stat, 1, sizeof(stat) - 1, f)] = '\0';
    fclose(f);
    s = strrchr(stat, ')');
    for (int field = 2; field < 22; field++) {
        s = strchr(s + 1, ' ');
    }
    snprintf(words, sizeof(words), "%d %llu\n", pid,
             strtoull(s + 1, NULL, 10));
    assert_int_equal(rundir_write(&run, emulator_kind.pid_file, words), 0);
}

/* A process that answers SIGUSR1 as the device model does. */
static pid_t be_emulator(const char *text, size_t len)
{
    struct sigaction act = { .sa_handler = on_usr1 };
    char path[200], byte;
    int ready[2];
    pid_t pid;

    snprintf(path, sizeof(path), "%s/" EMULATOR_STATE ".copy", run.path);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        answer = text;
        answer_len = len;
        copy_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        sigaction(SIGUSR1, &act, NULL);
        (void)!write(ready[1], "", 1);
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    note(pid);
    return pid;
}

static void ended(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int make_rundir(void **state)
{
    static char dir[32];
    char path[200];

    strcpy(dir, "/tmp/emulatorXXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    setenv("VMCTL_RUN_DIR", dir, 1);
    rundir_init(&run, (const uint8_t *)"0123456789abcdef");
    snprintf(path, sizeof(path), "mkdir -p %s", run.path);
    *state = dir;
    return system(path);
}

static int drop_rundir(void **state)
{
    char cmd[64];

    snprintf(cmd, sizeof(cmd), "rm -r %s", (char *)*state);
    return system(cmd);
}

static void a_whole_copy_is_taken(void **state)
{
    static char text[100];
    struct buf got = BUF_INIT;
    struct err e = ERR_INIT;
    pid_t pid;

    memset(text, 'x', sizeof(text));
    memset(text + 68, 0, 32);
    strcpy(text + 68, "end");
    pid = be_emulator(text, sizeof(text));
    assert_int_equal(emulator_get_state(&run, 7, &got, &e), 0);
    assert_int_equal(got.len, 100);
    assert_int_equal(emulator_put_state(&run, &got, &e), 0);
    assert_true(emulator_left_state(&run));
    ended(pid);
    buf_free(&got);
}

static void a_busy_one_is_asked_again(void **state)
{
    struct buf got = BUF_INIT;
    struct err e = ERR_INIT;
    pid_t pid = be_emulator("busy\n", 5);

    assert_int_equal(emulator_get_state(&run, 7, &got, &e), -EAGAIN);
    ended(pid);
    assert_int_not_equal(emulator_get_state(&run, 7, &got, &e), 0);
    buf_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_is_described),
        cmocka_unit_test(a_kernel_needs_no_bios),
        cmocka_unit_test(another_bios_can_be_given),
        cmocka_unit_test(uefi_is_an_image_too),
        cmocka_unit_test_setup_teardown(a_whole_copy_is_taken, make_rundir,
                                        drop_rundir),
        cmocka_unit_test_setup_teardown(a_busy_one_is_asked_again, make_rundir,
                                        drop_rundir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
