/* SPDX-License-Identifier: MIT */
/*
 * back/net_device.h - network cards as a class of devices.
 *
 * Owns    the keys of a card on both sides and its tap.
 * Tests   nested boots
 */
#ifndef BACK_NET_DEVICE_H
#define BACK_NET_DEVICE_H

#include <back/device.h>

extern const struct device_class net_device_class;

#endif
