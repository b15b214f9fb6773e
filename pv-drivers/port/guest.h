/* SPDX-License-Identifier: MIT */
/*
 * port/guest.h - what a guest needs for the front side of a device: pages to
 * share, grants of them, event channels, a clock.
 *
 * Owns    the guest's grant table (version 1) and its event channels.
 * Leaves  to the guest it is linked into: the hypercall itself, its memory
 *         (guest_env_*), the upcall.  The fronts never need one: they wait
 *         by polling their port, which must stay masked.
 * ABI     xen/grant_table.h, xen/event_channel.h
 * Tests   tests/guests/frontend, in the nested boots of the group hostile
 *
 * Freestanding: no libc.
 */
#ifndef PORT_GUEST_H
#define PORT_GUEST_H

#include <hv/errno.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Handles as structures, as guests have them. */
#if !defined(__XEN_TOOLS__) && !defined(__XEN_INTERFACE_VERSION__)
#define __XEN_INTERFACE_VERSION__ 0x00040900
#endif
#include <xen/xen.h>

#define GUEST_PAGE 4096u

/* ---- given by the guest ---- */
long guest_env_hypercall(unsigned int nr, uint64_t a1, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5);
void *guest_env_pages(unsigned int nr);          /* zeroed; NULL: none left */
uint64_t guest_env_frame(const void *page);      /* what a grant entry takes */
int guest_env_map_frame(void *page, uint64_t frame);  /* grant table */
uint64_t guest_env_now_ns(void);
struct shared_info *guest_env_shared_info(void);

/* ---- given to the fronts ---- */

/* Map the grant table.  0 or -errno. */
int guest_port_init(void);

/* Let @domid use @page: the reference, or -ENOSPC. */
long guest_grant(domid_t domid, const void *page, bool writable);
/* Take it back; false: it is in use right now, and stays granted. */
bool guest_grant_end(uint32_t ref);
/* The entries themselves, for those who must misuse them. */
struct grant_entry_v1 *guest_grant_entries(uint32_t *nr);

/* A port that @domid may bind: its number or -errno. */
long guest_event_open(domid_t domid);
void guest_event_close(uint32_t port);
void guest_event_send(uint32_t port);
/* Take a pending event of @port; true: there was one. */
bool guest_event_take(uint32_t port);
/* Sleep until @port is pending or @deadline_ns; true: it is pending. */
bool guest_event_wait(uint32_t port, uint64_t deadline_ns);

#endif
