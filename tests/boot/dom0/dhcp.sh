#!/bin/sh
# SPDX-License-Identifier: MIT
# udhcpc's hook: takes the address it was given.
# shellcheck disable=SC2154
[ "$1" = bound ] || exit 0
ip addr add "$ip/${mask:-24}" dev "$interface"
