/* SPDX-License-Identifier: MIT */
/*
 * core/params.h - the hypervisor's command line, one row per option.
 *
 * An option module adds a row to the table in core/params.c; unknown words
 * are warned about and ignored, a leading placeholder word is skipped.
 */
#ifndef CORE_PARAMS_H
#define CORE_PARAMS_H

#include <hv/types.h>

struct boot_params {
    uint64_t dom0_mem_bytes;        /* 0: not given */
    uint64_t dom0_mem_max_bytes;    /* 0: same as initial unless absent */
    bool dom0_mem_max_given;
    unsigned int dom0_max_vcpus;    /* 0: all CPUs */
    unsigned int maxcpus;           /* 0: all */
    bool noreboot;
    bool hvm;                       /* hardware-assisted guests, if it can */
    bool dom0_pvh;                  /* dom0=pvh */
    bool domu_first;                /* first module is an unprivileged domain */
    bool panic_test;                /* panic on purpose after the banner */
    char panic_kind[8];             /* panic_test=stack, =text: later, so */
    bool log_hypercalls;
    bool console_serial, console_vga;
    int loglevel;                   /* enum log_level printed */
    int guest_loglevel;
};

extern struct boot_params params;
void params_parse(const char *cmdline);

#endif
