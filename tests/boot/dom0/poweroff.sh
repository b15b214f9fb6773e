#!/bin/sh
# SPDX-License-Identifier: MIT
# The shortest scenario: dom0 came up, says what it is and goes.
. /etc/paravane/tests/lib.sh
check hypervisor test -e /proc/xen/capabilities
check control_d grep -q control_d /proc/xen/capabilities
finish
