/* SPDX-License-Identifier: MIT */
/*
 * boot/beside.h - a program on this machine that takes part in a boot: the
 * browser before the virtual machine's screen.
 *
 * Owns    its process group, its output (build/boot/NAME.beside.log), free
 *         ports for QEMU to forward: @PORT0@ and @PORT1@ in the words for
 *         QEMU, $PORT0 and $PORT1 for the program, which finds the boot's
 *         serial log as $LOG.  It must end by itself, with status 0.
 * Tests   nested boots (screen)
 */
#ifndef BOOT_BESIDE_H
#define BOOT_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BESIDE_PORTS 2

struct beside {
    pid_t pid;               /* 0: none, or it has ended */
    int ports[BESIDE_PORTS]; /* 0: not chosen */
    bool failed;
    char log[256];
};

/* Put port numbers in the place of @PORTn@. */
void beside_words(struct beside *b, const char *words, char *to, size_t size);
void beside_start(struct beside *b, const char *program, const char *build,
                  const char *name);
/* Has it failed already? */
bool beside_failed(struct beside *b);
/* Wait up to @seconds for its end, then end it: true if it did well. */
bool beside_finish(struct beside *b, int seconds);

#endif
