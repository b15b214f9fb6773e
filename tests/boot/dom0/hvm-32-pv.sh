#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's 32-bit kernel (PAE) with PV drivers: from GRUB on, on two vCPUs; by
# its PVH entry.
STORIES='drivers entry'
. /etc/paravane/tests/hvm-32.sh
