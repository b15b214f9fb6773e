#!/bin/sh
# SPDX-License-Identifier: MIT
# A kernel on emulated hardware without BIOS under VMX, in an emulator that
# takes its time: no PV drivers, an emulated disk by checksum, ACPI power-off.
. /etc/paravane/tests/lib.sh
PAUSE=2                          # looking costs what the guest could have
cat /boot/guest.img /boot/hvm-extra.img > /tmp/initrd
blocks 100 102 > /tmp/data.raw
before=$(sha < /tmp/data.raw)
OS="<kernel>/boot/vmlinuz</kernel><initrd>/tmp/initrd</initrd>\
<cmdline>console=ttyS0 earlyprintk=ttyS0,115200 quiet xen_nopv no_timer_check clearcpuid=xsavec cryptomgr.notests guest.run=disk guest.disk=/dev/sda</cmdline>"
hvm bare 192 1 /tmp/data.raw > /tmp/bare.xml
check 'vmctl create' vmctl create /tmp/bare.xml || { last_words bare; finish; }
check 'guest reaches userspace' wait_for 600 serial_said bare 'GUEST UP' || { last_words bare; finish; }
check 'guest reads its disk' wait_for 200 serial_said bare 'GUEST DISK' || { last_words bare; finish; }
same 'checksum of what it read' "2097152 $before" "$(serial_heard bare DISK 1-2)"
check 'guest writes its disk' wait_for 200 serial_said bare 'GUEST WROTE'
check 'guest switches itself off' wait_for 120 gone bare
same 'checksum of what it wrote' "$(sha < /tmp/data.raw)" "$(serial_heard bare WROTE 1)"
[ $failures = 0 ] || last_words bare
finish
