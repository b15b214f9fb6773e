/* SPDX-License-Identifier: MIT */
/*
 * pvdrv/blk_front.h - a block front on the host, for tests of the back end: its
 * ring and its grants are plain memory, its disk an image file.
 */
#ifndef TEST_PVDRV_BLK_FRONT_H
#define TEST_PVDRV_BLK_FRONT_H

#include "fake_port.h"

#include <back/blk.h>
#include <lib/err.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

#define IMAGE_SECTORS 65536u       /* 32 MiB, sparse */
#define DATA_REF      64u          /* first data page */

struct front {
    struct port port;
    struct blk_image image;
    struct blk_journal *journal;
    struct blk blk;
    struct blk_config config;
    char dir[64], path[96];
    int journal_fd;
    uint32_t req_prod, rsp_cons, nr;
};

extern uint8_t answered_op;

struct ring_header *hdr(struct front *f);
void *slot(struct front *f, uint32_t i);
void open_image(struct front *f);
void connect_with(struct front *f, bool resume);
int front_setup(void **state);
int front_teardown(void **state);
void front_stop(struct front *f);
void push(struct front *f, const void *request);
void push_rw(struct front *f, uint8_t op, uint64_t id, uint64_t sector,
             uint32_t ref, unsigned int nr);
void push_indirect(struct front *f, uint8_t op, uint64_t id, uint64_t sector,
                   uint32_t ref, unsigned int nr, uint32_t list);
int next_answer(struct front *f, uint64_t *id);
void fill_random(uint8_t *p, size_t len, uint32_t seed);
void read_image(struct front *f, uint64_t sector, void *buf, size_t len);

#define T(name) \
    cmocka_unit_test_setup_teardown(name, front_setup, front_teardown)

#endif
