/* SPDX-License-Identifier: MIT */
/*
 * init/units.h - hand the hooks of upper parts down to lower ones.
 */
#ifndef INIT_UNITS_H
#define INIT_UNITS_H

/* Boot, once the heap works and before the first domain. */
void units_init(void);

#endif
