/* SPDX-License-Identifier: MIT */
/*
 * A disk at 0:0 of 8 MiB whose sector n begins with n, an image file; a CD at
 * 1:0 of 1 MiB, the same by its blocks; and what a driver does with them.
 */
#ifndef TEST_IDE_RIG_H
#define TEST_IDE_RIG_H

#include "bench.h"

#include <dev/ide_int.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define DISK_SECTORS 16384u
#define CD_BLOCKS    512u
#define IDE_FN       PCI_DEVFN(1, 1)
#define BM           0xc000u
#define PRDS         0x8000u

struct fixture {
    struct bench b;
    char disk[32], cd[32];
};

int ide_start(void **state);
int ide_stop(void **state);
void task(struct bench *b, uint16_t port, uint32_t lba, uint8_t count,
          uint8_t cmd);
uint8_t status_of(struct bench *b, uint16_t port);
void read_words(struct bench *b, uint16_t port, void *to, unsigned int n);
void prd(struct bench *b, unsigned int i, uint32_t addr, uint16_t bytes,
         bool last);
void dma_go(struct bench *b, bool to_memory);
uint32_t word_at(struct bench *b, uint32_t gpa);
void packet(struct bench *b, const uint8_t p[12], uint16_t limit,
            bool dma);

#endif
