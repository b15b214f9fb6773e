/* SPDX-License-Identifier: MIT */
/*
 * back/screen_device.h - frame buffers and keyboards as classes of devices.
 *
 * Owns    the keys of both on both sides (docs/screen-path.md).  Devices of
 *         both classes find their struct screen in struct back.
 * Tests   nested boots (screen)
 */
#ifndef BACK_SCREEN_DEVICE_H
#define BACK_SCREEN_DEVICE_H

#include <back/device.h>

extern const struct device_class fb_device_class, input_device_class;

#endif
