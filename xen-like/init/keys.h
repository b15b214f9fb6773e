/* SPDX-License-Identifier: MIT */
/*
 * init/keys.h - key handlers that look at several subsystems.
 */
#ifndef INIT_KEYS_H
#define INIT_KEYS_H

void keys_init(void);

#endif
