#!/bin/sh
# SPDX-License-Identifier: MIT
# Four vCPUs on emulated hardware, from the BIOS on.
. /etc/paravane/tests/lib.sh
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=hello'
hvm smp 320 4 /tmp/boot.raw > /tmp/smp.xml
check 'vmctl create' vmctl create /tmp/smp.xml || { last_words smp; finish; }
check 'guest reaches userspace' wait_for 480 serial_said smp 'GUEST CPUS' || { last_words smp; finish; }
same 'it counts 4 CPUs, all online' '4 online 0-3' "$(serial_heard smp CPUS 1-3)"
check 'it ends by itself' wait_for 120 gone smp
[ $failures = 0 ] || last_words smp
finish
