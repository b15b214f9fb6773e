/* SPDX-License-Identifier: MIT */
/* For tests of core/: expect a panic. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <setjmp.h>
#include <stdbool.h>

extern jmp_buf *panic_expected;
extern char panic_text[200];

/* Runs @statement; true: it panicked. */
#define PANICS(statement) ({ \
        jmp_buf here; \
        volatile bool did = true; \
        panic_expected = &here; \
        if (setjmp(here) == 0) { \
            statement; \
            did = false; \
        } \
        panic_expected = NULL; \
        did; \
    })

#endif
