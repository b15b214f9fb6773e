#!/bin/sh
# SPDX-License-Identifier: MIT
# An unmodified guest on emulated hardware under VMX, in an emulator that takes
# its time: BIOS, GRUB from an emulated disk, the stock kernel without PV
# drivers, a second disk by checksum, ACPI power-off.
. /etc/paravane/tests/lib.sh
PAUSE=3                          # looking costs what the guest could have
blocks 100 102 > /tmp/data.raw
before=$(sha < /tmp/data.raw)
hvm_disk /tmp/boot.raw 'console=ttyS0 earlyprintk=ttyS0,115200 quiet xen_nopv no_timer_check clearcpuid=xsavec cryptomgr.notests guest.run=disk guest.disk=/dev/sdb'
hvm emulated 192 1 /tmp/boot.raw /tmp/data.raw > /tmp/emulated.xml
check 'vmctl create' vmctl create /tmp/emulated.xml || { last_words emulated; finish; }
check 'BIOS and GRUB run' wait_for 300 serial_said emulated 'Booting' || { last_words emulated; finish; }
check 'guest reaches userspace' wait_for 900 serial_said emulated 'GUEST UP' || { last_words emulated; finish; }
check 'guest reads its disk' wait_for 200 serial_said emulated 'GUEST DISK' || { last_words emulated; finish; }
same 'checksum of what it read' "2097152 $before" "$(serial_heard emulated DISK 1-2)"
check 'guest writes its disk' wait_for 200 serial_said emulated 'GUEST WROTE'
check 'guest switches itself off' wait_for 120 gone emulated
same 'checksum of what it wrote' "$(sha < /tmp/data.raw)" "$(serial_heard emulated WROTE 1)"
[ $failures = 0 ] || last_words emulated
finish
