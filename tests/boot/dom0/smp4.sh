#!/bin/sh
# SPDX-License-Identifier: MIT
# A PV guest with 4 vCPUs, on a machine with fewer CPUs.
. /etc/paravane/tests/lib.sh
domain smp4 hello 256 4 > /tmp/smp4.xml
check 'vmctl create' vmctl create /tmp/smp4.xml
check 'guest reaches userspace' wait_for 180 said smp4 'GUEST CPUS'
same 'it counts 4 CPUs, all online' '4 online 0-3' "$(heard smp4 CPUS 1-3)"
same 'nproc and getconf agree' '4 4' "$(heard smp4 NPROC 1-2)"
check 'it ends by itself' wait_for 90 gone smp4
[ $failures = 0 ] || last_words smp4
finish
