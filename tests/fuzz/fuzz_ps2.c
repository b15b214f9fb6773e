/* SPDX-License-Identifier: MIT */
/*
 * Keyboard and mouse under random commands, with viewers who type and move at
 * random.  Covers hvm-emu/dev/ps2*.
 *
 *   fuzz_ps2 [SECONDS [SEED]]
 */
#include "fuzz_device.h"

#include <dev/devices.h>
#include <dev/ps2.h>
#include <screen/link.h>

static void type(void *dev, uint32_t *seed)
{
    struct screen_msg m = {
        .kind = SCREEN_KEY + fuzz_rnd(seed, 5), .w = 8192, .h = 8192,
        .x = (int32_t)fuzz_value(seed), .y = (int32_t)fuzz_value(seed),
        .a = (int32_t)fuzz_rnd(seed, SCREEN_MAX_CODE + 2),
        .b = (int32_t)fuzz_rnd(seed, 2),
    };

    ps2_input(dev, &m);
}

int main(int argc, char **argv)
{
    static const struct fuzz_target targets[] = {
        { FUZZ_PORT, 0x60, 1, 3 }, { FUZZ_PORT, 0x64, 1, 2 },
    };
    static const struct fuzz_device device = {
        .name = "fuzz_ps2", .class = &ps2_class, .targets = targets,
        .nr_targets = 2, .also = type,
    };

    return fuzz_device_main(argc, argv, &device);
}
