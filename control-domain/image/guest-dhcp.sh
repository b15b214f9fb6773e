#!/bin/sh
# SPDX-License-Identifier: MIT
# udhcpc's hook in the sample guest: takes the address and the router.
# shellcheck disable=SC2154
[ "$1" = bound ] || exit 0
ip address add "$ip/${mask:-24}" dev "$interface"
for r in $router; do ip route add default via "$r" dev "$interface" && break; done
