#!/bin/sh
# SPDX-License-Identifier: MIT
# The same with the kernel's back end for the guest on the bridge.
driver=vhost mib=256
. /etc/paravane/tests/net-pair.sh
two_cards
both_end
