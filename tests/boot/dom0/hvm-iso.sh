#!/bin/sh
# SPDX-License-Identifier: MIT
# An HVM guest boots from a CD, the ISO of a distribution in small: GRUB from El
# Torito, kernel and initrd from ISO 9660.
. /etc/paravane/tests/lib.sh
CD=/tmp/guest.iso
mount -t iso9660 /dev/sr0 /mnt && cp /mnt/hvm/guest.iso $CD && umount /mnt
OS="<boot dev='cdrom'/><boot dev='hd'/>"
blocks 1 2 > /tmp/empty.raw
hvm iso 256 1 /tmp/empty.raw > /tmp/iso.xml
check 'vmctl create' vmctl create /tmp/iso.xml || { last_words iso; finish; }
check 'guest reaches userspace' wait_for 480 serial_said iso 'GUEST UP' || { last_words iso; finish; }
check 'guest reads its CD' wait_for 120 serial_said iso 'GUEST DISK' || { last_words iso; finish; }
same 'checksum of the CD' "$(stat -c %s $CD) $(sha < $CD)" "$(serial_heard iso DISK 1-2)"
check 'the guest cannot write it' serial_said iso 'GUEST REFUSED'
check 'guest switches itself off' wait_for 90 gone iso
[ $failures = 0 ] || last_words iso
finish
