/* SPDX-License-Identifier: MIT */
/*
 * main() for a harness with libFuzzer's entry, where there is no libFuzzer:
 * random inputs for a while.  The seed of the round is on standard error when
 * it fails; the same seed repeats it.
 *
 *   HARNESS [SECONDS [SEED]]       (FUZZ_DEVICE is what the harness calls it)
 */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 4096u
#define ROUND     64u                  /* inputs of one seed */
#define STUCK_S   60u                  /* an input that takes longer hangs */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t round_seed;

static uint32_t next(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static void say_seed(int signo)
{
    fprintf(stderr, "the seed was %u\n", round_seed);
    signal(signo, SIG_DFL);
    raise(signo);
}

static void run_round(uint32_t seed)
{
    static uint8_t input[INPUT_MAX];
    uint32_t s = seed | 1, i, n;

    for (i = 0; i < ROUND; i++) {
        uint32_t len = next(&s) % INPUT_MAX;

        for (n = 0; n < len; n++) {
            input[n] = (uint8_t)(next(&s) >> 11);
        }
        alarm(STUCK_S);
        LLVMFuzzerTestOneInput(input, len);
    }
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0)
                             : (uint32_t)time(NULL);
    const char *device = getenv("FUZZ_DEVICE");
    unsigned long rounds = 0;

    signal(SIGABRT, say_seed);
    signal(SIGALRM, say_seed);
    do {
        round_seed = seed + (uint32_t)rounds * 2654435761u;
        run_round(round_seed);
        rounds++;
    } while (argc <= 2 && time(NULL) < end);
    printf("%s: %lu inputs from seed %u: nothing found\n",
           device != NULL ? device : argv[0], rounds * ROUND, seed);
    return 0;
}
