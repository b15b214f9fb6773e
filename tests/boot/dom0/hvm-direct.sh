#!/bin/sh
# SPDX-License-Identifier: MIT
# A kernel without BIOS and disk to boot from: as bare metal, with an emulated
# disk by checksum, ACPI power-off; and with its PV drivers and four vCPUs.
. /etc/paravane/tests/lib.sh
cat /boot/guest.img /boot/hvm-extra.img > /tmp/direct-initrd
boot_of() { OS="<kernel>/boot/vmlinuz</kernel><initrd>$1</initrd><cmdline>$2</cmdline>"; }
blocks 100 108 > /tmp/data.raw
before=$(sha < /tmp/data.raw)
boot_of /tmp/direct-initrd 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=disk guest.disk=/dev/sda'
hvm bare 256 1 /tmp/data.raw > /tmp/bare.xml
check 'create of a kernel' vmctl create /tmp/bare.xml || { last_words bare; finish; }
check 'it reaches userspace' wait_for 240 serial_said bare 'GUEST UP' || { last_words bare; finish; }
check 'it writes its disk' wait_for 180 serial_said bare 'GUEST WROTE'
same 'checksum of what it read' "8388608 $before" "$(serial_heard bare DISK 1-2)"
check 'it switches itself off' wait_for 90 gone bare
same 'checksum of what it wrote' "$(sha < /tmp/data.raw)" "$(serial_heard bare WROTE 1)"
boot_of /boot/guest.img 'console=ttyS0 console=hvc0 quiet guest.run=hello'
hvm direct 256 4 > /tmp/direct.xml
check 'create with PV drivers and 4 vCPUs' vmctl create /tmp/direct.xml || { last_words direct; finish; }
check 'it reaches userspace too' wait_for 240 said direct 'GUEST CPUS' || { last_words direct; finish; }
same 'it counts 4 CPUs' '4 online 0-3' "$(heard direct CPUS 1-3)"
check 'it ends by itself' wait_for 120 gone direct
[ $failures = 0 ] || { last_words bare; last_words direct; }
finish
