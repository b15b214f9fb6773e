#!/bin/sh
# SPDX-License-Identifier: MIT
# An unmodified guest on emulated hardware, by vmctl and our own device model:
# BIOS, GRUB from a disk, the stock kernel without PV drivers, a second disk by
# checksum, ACPI power-off; then pressed by the power button.
. /etc/paravane/tests/lib.sh
# As in pvh.sh: Debian's Xen under QEMU 7.2.
CLOCK="<timer name='tsc' mode='native'/>"
bare='console=ttyS0 quiet xen_nopv no_timer_check'
blocks 100 108 > /tmp/data.raw
before=$(sha < /tmp/data.raw)
# shellcheck disable=SC2086
hvm_disk /tmp/boot.raw $bare guest.run=disk guest.disk=0:0:1:0
hvm emulated 256 1 /tmp/boot.raw /tmp/data.raw > /tmp/emulated.xml
check 'vmctl create' vmctl create /tmp/emulated.xml || { last_words emulated; finish; }
check 'guest reaches userspace' wait_for 480 serial_said emulated 'GUEST UP' || { last_words emulated; finish; }
check 'guest reads its disk' wait_for 180 serial_said emulated 'GUEST DISK' || { last_words emulated; finish; }
same 'checksum of what it read' "8388608 $before" "$(serial_heard emulated DISK 1-2)"
check 'guest writes its disk' wait_for 180 serial_said emulated 'GUEST WROTE'
check 'guest switches itself off' wait_for 90 gone emulated
same 'checksum of what it wrote' "$(sha < /tmp/data.raw)" "$(serial_heard emulated WROTE 1)"
check 'its device model has gone' sh -c '! pidof paravane-hvm-emu'

# shellcheck disable=SC2086
hvm_disk /tmp/boot.raw $bare guest.run=button
hvm button 256 1 /tmp/boot.raw > /tmp/button.xml
check 'vmctl create again' vmctl create /tmp/button.xml
check 'it waits for its button' wait_for 480 serial_said button 'GUEST BUTTON' || { last_words button; finish; }
check 'vmctl shutdown' vmctl shutdown --wait --timeout 120 button
check 'the guest has seen the button' serial_said button 'GUEST PRESSED'
[ $failures = 0 ] || { last_words emulated; last_words button; }
finish
