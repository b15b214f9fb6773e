/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest against the device model: bytes become port, memory and
 * configuration accesses, requests in the shared pages, lists of pieces for
 * the bus masters, commands, packets, time, frames, saved state.  What may
 * not happen: an access outside a buffer, a hang, memory that grows, a range
 * left behind, state that is not what was saved.
 * The device is chosen at run time, by a name of fuzz_machine_rows.c; without
 * one it is the whole machine.  Files live in memory, so nothing is left.
 * Covers hvm-emu/bus, guest, dev, run/request, run/server, host/image.
 *
 *   FUZZ_DEVICE=uart fuzz_machine [SECONDS [SEED]]            (gcc)
 *   FUZZ_DEVICE=uart libfuzzer_machine [libFuzzer's options]  (clang)
 *   FUZZ_DEVICE=list fuzz_machine                             (the names)
 */
#include "fuzz_machine.h"

#include <lib/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRESH      64u                 /* inputs until a new machine */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_machine f = { .line = -1, .wire = -1 };
static unsigned int inputs;

/* ---- which device -------------------------------------------------------------------- */

static void list_names(void)
{
    unsigned int i;

    for (i = 0; i < fuzz_nr_rows; i++) {
        puts(fuzz_rows[i].name);
    }
    fflush(stdout);
    _exit(0);                          /* libFuzzer takes an exit for a find */
}

static const struct fuzz_row *chosen(void)
{
    const char *name = getenv("FUZZ_DEVICE");
    unsigned int i;

    if (name != NULL && strcmp(name, "list") == 0) {
        list_names();
    }
    for (i = 0; i < fuzz_nr_rows; i++) {
        if (strcmp(fuzz_rows[i].name, name != NULL ? name : "machine") == 0) {
            return &fuzz_rows[i];
        }
    }
    fprintf(stderr, "there is no device %s\n", name);
    _exit(2);
}

static void once(void)
{
    f.row = chosen();
    log_to_fd(open("/dev/null", O_WRONLY));
}

static void tear_down(void)
{
    fuzz_machine_stop(&f);
    if (f.ranges_left != 0) {
        fprintf(stderr, "broken: %d ranges left\n", f.ranges_left);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };

    if (f.row == NULL) {
        once();
    }
    if (f.b == NULL) {
        fuzz_machine_start(&f, NULL);
    }
    while (in.left > 0) {
        f.row->ops[fuzz_take(&in, 1) % f.row->nr_ops](&f, &in);
    }
    devices_quiesce(&f.b->devices);
    devices_reset(&f.b->devices);
    if (f.spoiled || ++inputs % FRESH == 0) {
        tear_down();
    }
    return 0;
}
