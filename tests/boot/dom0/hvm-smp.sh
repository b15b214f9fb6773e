#!/bin/sh
# SPDX-License-Identifier: MIT
# Four vCPUs on emulated hardware, from the BIOS on; and a kernel without one.
. /etc/paravane/tests/lib.sh
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv guest.run=hello'
hvm smp 320 4 /tmp/boot.raw > /tmp/smp.xml
check 'vmctl create' vmctl create /tmp/smp.xml || { last_words smp; finish; }
check 'guest reaches userspace' wait_for 480 serial_said smp 'GUEST CPUS' || { last_words smp; finish; }
same 'it counts 4 CPUs, all online' '4 online 0-3' "$(serial_heard smp CPUS 1-3)"
check 'it ends by itself' wait_for 120 gone smp
OS='<kernel>/boot/vmlinuz</kernel><initrd>/boot/guest.img</initrd><cmdline>console=ttyS0 quiet guest.run=hello</cmdline>'
hvm direct 256 4 > /tmp/direct.xml
check 'create of a kernel' vmctl create /tmp/direct.xml || { last_words direct; finish; }
check 'it reaches userspace' wait_for 480 serial_said direct 'GUEST CPUS' || { last_words direct; finish; }
same 'it counts 4 CPUs too' '4 online 0-3' "$(serial_heard direct CPUS 1-3)"
check 'it ends too' wait_for 120 gone direct
[ $failures = 0 ] || { last_words smp; last_words direct; }
finish
