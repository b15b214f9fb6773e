/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/save/save_rig.h - a small saved guest in memory, for the tests
 * of toolstack/save and for fuzz_save.
 */
#ifndef SAVE_RIG_H
#define SAVE_RIG_H

#include <lib/xen_abi.h>
#include <save/check.h>
#include <save/writer.h>
#include <xen/hvm/save.h>

#define RIG_PFNS 20u
#define RIG_HOLE 7u            /* the pfn without memory */

struct rig {
    uint8_t *data;
    size_t len, room;
    size_t at;                 /* of reading */
    struct save_writer w;
    const char *skip;          /* leave this record out */
    const char *twice;         /* write this one two times */
    /* Changes a record before it is framed; NULL: as it is. */
    void (*spoil)(const char *name, uint8_t *body, size_t *len, void *arg);
    void *arg;
    bool packed;               /* pages in zstd */
    uint32_t kind;             /* SAVE_KIND_*; 0: PV */
};

/* Begin, then all records of a guest of RIG_PFNS pfns, then the end. */
void rig_write(struct rig *rig);
void rig_begin(struct rig *rig);
void rig_add(struct rig *rig, const char *name, const void *body, size_t len);
void rig_body(struct rig *rig);
void rig_free(struct rig *rig);

/* Read it whole: every record checked, and that none lacks. */
int rig_read(struct rig *rig, struct save_state *s, struct err *e);

/* HVMCTX: the header, two vCPUs, the end. */
struct rig_context {
    struct hvm_save_descriptor header;
    struct hvm_save_header h;
    struct {
        struct hvm_save_descriptor d;
        struct hvm_hw_cpu c;
    } cpu[2];
    struct hvm_save_descriptor end;
};
#define RIG_CPU(n) \
    { .d = { HVM_SAVE_CODE(CPU), (n), sizeof(struct hvm_hw_cpu) } }
#define RIG_CONTEXT { \
    { HVM_SAVE_CODE(HEADER), 0, sizeof(struct hvm_save_header) }, \
    { .magic = HVM_FILE_MAGIC }, { RIG_CPU(0), RIG_CPU(1) }, { 0, 0, 0 } }

#endif
