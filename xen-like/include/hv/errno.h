/* SPDX-License-Identifier: MIT */
/*
 * hv/errno.h - error numbers as the ABI gives them to guests.
 *
 * ABI     xen/errno.h (values of Linux).  Functions return 0 or -Exxx.
 */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

#if defined(HOST_TEST) || __STDC_HOSTED__
#include <errno.h>
#else
#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
};
#endif

#ifndef ERESTART
#define ERESTART 85
#endif

#endif
