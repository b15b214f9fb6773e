/* SPDX-License-Identifier: MIT */
/*
 * hostile/hostile.h - a guest whose device fronts lie, from a seed.
 *
 * Words of its command line: one of block, net, console, store, screen; ops=N, seed=N.
 * The same seed gives the same attempts; what the backend had done meanwhile
 * depends on its timing.  Ends with "HOSTILE <what> <operations> ..." on the
 * console.
 */
#ifndef GUESTS_HOSTILE_HOSTILE_H
#define GUESTS_HOSTILE_HOSTILE_H

#include <domu/domu.h>
#include <front/device.h>

#define DATA_PAGES 32u

struct hostile {
    uint64_t ops;                  /* done so far */
    uint64_t sessions;             /* connections that came about */
    uint64_t refused;              /* those that did not */
    uint64_t answers;              /* responses taken */
    uint64_t limit;
    uint8_t *pages;                /* DATA_PAGES, granted */
    uint32_t refs[DATA_PAGES];
};

extern struct hostile h;

void attack_block(void);
void attack_net(void);
void attack_console(void);
void attack_store(void);
void attack_screen(void);

/* True once in @n times. */
bool now_and_then(uint32_t n);
/* Grant the data pages to @domid; take all grants back, used or not. */
void grant_pages(domid_t domid);
void ungrant_pages(void);
/* A reference: mostly a good one, else read-only, foreign, revoked, none. */
uint32_t any_ref(void);
/* Take one page's grant away, whoever uses it, and give it back changed. */
void disturb_grant(void);
void flood_events(uint32_t port);
/* A number a backend should not like. */
uint64_t odd_number(void);

/* Keys of the device as nobody should write them; at the end all is closed. */
void disturb_keys(struct front_device *d);
/* The last attack: our whole directory, while we are connected. */
void delete_device(struct front_device *d);
/* Did the backend connect, within a few seconds? */
bool connected(struct front_device *d);
/* Closed and initialising again; false: the backend does not follow. */
bool begin_again(struct front_device *d);

/* What a device is attacked with, connection by connection. */
struct attack {
    bool (*connect)(void);
    void (*session)(void);
    void (*disconnect)(void);
};
/* Until the limit is reached; then the device's directory is deleted. */
void attack_sessions(struct front_device *d, const struct attack *a);

#endif
