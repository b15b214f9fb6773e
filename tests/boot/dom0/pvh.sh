#!/bin/sh
# SPDX-License-Identifier: MIT
# PVH guests from XML with the stock kernel: a disk by checksum, four vCPUs.
. /etc/paravane/tests/lib.sh
TYPE=xenpvh
# Under QEMU 7.2 the exit of an intercepted RDTSCP names another instruction,
# which Debian's Xen refuses: let the guest read the TSC itself.
CLOCK="<timer name='tsc' mode='native'/>"
blocks 100 108 > /tmp/pvh.raw
before=$(sha < /tmp/pvh.raw)
domain pvh disk 256 1 /tmp/pvh.raw > /tmp/pvh.xml
check 'vmctl create' vmctl create /tmp/pvh.xml || finish
check 'guest reaches userspace' wait_for 240 said pvh 'GUEST UP' || { last_words pvh; finish; }
check 'guest reads its disk' wait_for 120 said pvh 'GUEST DISK' || { last_words pvh; finish; }
same 'checksum of what it read' "8388608 $before" "$(heard pvh DISK 1-2)"
check 'guest writes its disk' wait_for 120 said pvh 'GUEST WROTE'
check 'guest switches itself off' wait_for 90 gone pvh
same 'checksum of what it wrote' "$(sha < /tmp/pvh.raw)" "$(heard pvh WROTE 1)"
domain pvh4 hello 256 4 > /tmp/pvh4.xml
check 'vmctl create with 4 vCPUs' vmctl create /tmp/pvh4.xml
check 'it reaches userspace' wait_for 240 said pvh4 'GUEST CPUS'
same 'it counts 4 CPUs, all online' '4 online 0-3' "$(heard pvh4 CPUS 1-3)"
check 'it ends by itself' wait_for 120 gone pvh4
[ $failures = 0 ] || { last_words pvh; last_words pvh4; }
finish
