#!/bin/sh
# SPDX-License-Identifier: MIT
# 256 MiB of TCP each way between dom0, a guest on the bridge and one in user
# mode, both served by our back end.
driver=qemu mib=256
. /etc/paravane/tests/net-pair.sh
two_cards
both_end
