/* SPDX-License-Identifier: MIT */
/*
 * domu/domu.h - what a tiny guest has when a toolstack started it: its store,
 * its console, the memory and hypercalls that pv-drivers/front asks for.
 *
 * Owns    guest_env_* of port/guest.h; print() goes to the console.
 */
#ifndef GUESTS_DOMU_DOMU_H
#define GUESTS_DOMU_DOMU_H

#include <front/console.h>
#include <lib/guest.h>
#include <xenbus/guest_store.h>

extern struct guest_store store;
extern struct console_front console;

/* Connect to store and console; print() works from here on. */
void domu_start(void);
/* Does the command line hold the word "@name=..."?  Its number, else @def. */
uint64_t domu_number(const char *name, uint64_t def);
bool domu_word(const char *name);
/* The toolstack asked for the end (control/shutdown). */
bool domu_should_stop(void);

/* Seeded by "seed="; the same sequence on every run. */
uint32_t domu_random(uint32_t below);

/* CRC-32 of gzip over any number of pieces; begin with 0. */
uint32_t domu_crc(uint32_t crc, const void *data, size_t n);

#endif
